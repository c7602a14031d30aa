/* `lockstep exec-bound PID -- PROGRAM ARG…` becomes PROGRAM, which the kernel then asks
 * to end (SIGTERM) when the process PID, its parent, is gone, however it went: so a
 * `kill -9` of `lockstep run` leaves no mpirun. A step of our own since libuv's spawn has
 * no hook between fork and exec. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "daemon/cli/cli.h"

static int exec_bound(const lks_args *args)
{
    pid_t parent = (pid_t)strtol(args->positional.items[0], NULL, 10);

    if (args->rest.n_items == 0) {
        lks_fail(LKS_INVALID, "exec-bound needs a program after --");
        return lks_cli_failed(LKS_EXIT_USAGE);
    }
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* gone before we asked */
        return LKS_EXIT_FAILED;
    execvp(args->rest.items[0], args->rest.items);
    lks_fail(LKS_IO, "%s: %s", args->rest.items[0], strerror(errno));
    return lks_cli_failed(LKS_EXIT_FAILED);
}

static const lks_arg options[] = {LKS_ARG_HELP};

const lks_command lks_command_exec_bound = {
    .name = "exec-bound",
    .arguments = "PID -- PROGRAM [ARG]…",
    .summary = "Become PROGRAM, to be ended with the process PID",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positional = 1,
    .max_positional = 1,
    .takes_rest = true,
    .hidden = true,
    .run = exec_bound,
};
