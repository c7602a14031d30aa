/* Whether a worker that says hello belongs to this run. */
#ifndef LKS_DAEMON_HELLO_CHECK_H
#define LKS_DAEMON_HELLO_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/line.h"
#include "daemon/progress.h"

/* False when it must be refused, with the cause in `reason`: another protocol, world size
 * or program version, a rank that is taken or out of range, other data than the ranks
 * that came before it. */
bool lks_hello_check(const Lks__Proto__Hello *hello, const lks_rank *ranks,
                     uint32_t world_size, lks_line *reason);

#endif
