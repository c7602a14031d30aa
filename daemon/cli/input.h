/* Our standard input for the ranks of an errand. */
#ifndef LKS_DAEMON_CLI_INPUT_H
#define LKS_DAEMON_CLI_INPUT_H

#include <stdbool.h>

#include "base/status.h"

/* What the started program is to read, to the end of this process. mpirun reads a terminal
 * only where that is its own, which ours is not: then it gets a pipe, which a thread of
 * ours fills.
 *   has_mpirun  it is mpirun that reads
 *   errors      LKS_IO: there is no pipe; LKS_NOMEM */
lks_status lks_input_open(bool has_mpirun, int *fd);

#endif
