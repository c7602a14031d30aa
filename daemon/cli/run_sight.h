/* What can be seen of a run on this host, for its watch: its processes, and what mpirun
 * and the ranks have said. */
#ifndef LKS_DAEMON_CLI_RUN_SIGHT_H
#define LKS_DAEMON_CLI_RUN_SIGHT_H

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/cli/run_output.h"
#include "daemon/cli/run_watch.h"

/* The first three are the caller's and stay. */
typedef struct lks_run_eyes {
    const lks_run_output *output;
    const lks_run_watch *watch;
    const char *session; /* the private folder; "" where there is none */
    bool has_no_mpirun;  /* the guard has started the one rank itself */
    pid_t guard;
    pid_t mpirun;     /* 0: not seen yet */
    bool sees_rank_0; /* its process was here */
} lks_run_eyes;

/* Of now. is_held, is_deaf: mpirun's standard output, its standard error is not read at
 * present. The eyes must outlive what they give. */
lks_run_sight lks_run_see(lks_run_eyes *eyes, bool is_held, bool is_deaf);

#endif
