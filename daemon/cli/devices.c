/* `lockstep devices`: what jobs can train on here. */
#include "base/try.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/programs.h"

/* Devices are the worker's to know: become one. */
static lks_status become_worker(const lks_args *args)
{
    lks_strings argv = {0};
    lks_status st;

    LKS_GO(lks_strings_add(&argv, "--list-devices"));
    if (args->json)
        LKS_GO(lks_strings_add(&argv, "--json"));
    st = lks_programs_become_worker(&argv);
cleanup:
    lks_strings_release(&argv);
    return st;
}

static int list_devices(const lks_args *args)
{
    become_worker(args);
    return lks_cli_failed(LKS_EXIT_FAILED);
}

static const lks_arg options[] = {
    {"--json", NULL, NULL, "the same for programs", LKS_ARG_FLAG,
     offsetof(lks_args, json)},
    LKS_ARG_HELP,
};

const lks_command lks_command_devices = {
    .name = "devices",
    .arguments = "[--json]",
    .summary = "List what jobs can train on here: the CPU and the GPUs",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = list_devices,
};
