/* Limits of this host that may be why a run did not start, or was killed. */
#ifndef LKS_DAEMON_CLI_RUN_LIMITS_H
#define LKS_DAEMON_CLI_RUN_LIMITS_H

#include <stdint.h>

#include "daemon/line.h"

/* Add "; at most 32 files may be open here (ulimit -n)" and its like: what is so narrow
 * that mpirun and a few ranks may not fit. `temp` is the folder for temporary files. */
void lks_run_limits_explain(const char *temp, lks_line *line);

/* How many processes the kernel has killed for want of memory since it started; 0 where
 * it does not tell. */
uint64_t lks_oom_kills(void);

#endif
