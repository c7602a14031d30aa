/* Ranks, from their start to the one line that says how it ended: of a run, and of an
 * errand, which makes none. */
#ifndef LKS_DAEMON_CLI_RUN_H
#define LKS_DAEMON_CLI_RUN_H

#include "daemon/cli/run_plan.h"

/* Start the ranks that `args` asks for, pass on what they print, watch over them; gives
 * the exit status, and all has been said. `errand` NULL: they train the job that is named
 * first. */
int lks_run_ranks(const lks_args *args, const lks_errand *errand);

#endif
