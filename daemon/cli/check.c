/* `lockstep check`: is the job file right, are its data there, do its layers fit, and
 * what would it train on? */
#include "base/try.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/programs.h"
#include "daemon/cli/run_plan.h"
#include "proto/job_yaml.h"

/* Data and shapes are the worker's to know: become one. */
static lks_status become_worker(const lks_args *args, uint32_t ranks)
{
    lks_strings argv = {0};
    lks_status st;

    LKS_GO(lks_strings_add(&argv, "--check"));
    LKS_GO(lks_strings_add(&argv, "--ranks"));
    LKS_GO(lks_strings_addf(&argv, "%u", ranks));
    if (args->devices) {
        LKS_GO(lks_strings_add(&argv, "--devices"));
        LKS_GO(lks_strings_add(&argv, args->devices));
    }
    for (size_t i = 0; i < args->set.n_items; i++) {
        LKS_GO(lks_strings_add(&argv, "--set"));
        LKS_GO(lks_strings_add(&argv, args->set.items[i]));
    }
    LKS_GO(lks_strings_add(&argv, args->positional.items[0]));
    st = lks_programs_become_worker(&argv);
cleanup:
    lks_strings_release(&argv);
    return st;
}

static int check_job(const lks_args *args)
{
    lks_job job = {0};
    uint32_t ranks;

    if (lks_job_read(args->positional.items[0], (const char *const *)args->set.items,
                     args->set.n_items, &job) != LKS_OK)
        return lks_cli_failed(LKS_EXIT_USAGE);
    ranks = lks_run_plan_ranks(args, &job);
    lks_job_release(&job);
    become_worker(args, ranks);
    return lks_cli_failed(LKS_EXIT_FAILED);
}

static const lks_arg options[] = {
    {"--ranks", "-n", "N", "as for `lockstep run`", LKS_ARG_COUNT,
     offsetof(lks_args, ranks)},
    {"--devices", NULL, "LIST", "as for `lockstep run`", LKS_ARG_TEXT,
     offsetof(lks_args, devices)},
    LKS_ARG_SET,
    LKS_ARG_HELP,
};

const lks_command lks_command_check = {
    .name = "check",
    .arguments = "JOB [OPTION]…",
    .summary = "Check a job file, its data and the shapes of its layers, without "
               "training, and say what it would train on",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positional = 1,
    .max_positional = 1,
    .run = check_job,
};
