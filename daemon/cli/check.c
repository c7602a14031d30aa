/* `lockstep check`: is the job file right, are its data there, do its layers fit? */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/programs.h"
#include "proto/job_yaml.h"

/* Data and shapes are the worker's to know: become one. */
static lks_status become_worker(const lks_args *args)
{
    char *worker = NULL;
    lks_strings argv = {0};
    lks_status st;

    LKS_GO(lks_programs_worker(&worker));
    LKS_GO(lks_strings_add(&argv, worker));
    LKS_GO(lks_strings_add(&argv, "--check"));
    for (size_t i = 0; i < args->set.n_items; i++) {
        LKS_GO(lks_strings_add(&argv, "--set"));
        LKS_GO(lks_strings_add(&argv, args->set.items[i]));
    }
    LKS_GO(lks_strings_add(&argv, args->positional.items[0]));
    fflush(NULL);
    execv(worker, argv.items);
    st = lks_fail(LKS_IO, "%s: %s", worker, strerror(errno));
cleanup:
    lks_strings_release(&argv);
    lks_free(worker);
    return st;
}

static int check_job(const lks_args *args)
{
    lks_job job = {0};

    if (lks_job_read(args->positional.items[0], (const char *const *)args->set.items,
                     args->set.n_items, &job) != LKS_OK)
        return lks_cli_failed(LKS_EXIT_USAGE);
    lks_job_release(&job);
    become_worker(args);
    return lks_cli_failed(LKS_EXIT_FAILED);
}

static const lks_arg options[] = {LKS_ARG_SET, LKS_ARG_HELP};

const lks_command lks_command_check = {
    .name = "check",
    .arguments = "JOB [--set KEY=VALUE]…",
    .summary =
        "Check a job file, its data and the shapes of its layers, without training",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positional = 1,
    .max_positional = 1,
    .run = check_job,
};
