/* The process's limit of open files (RLIMIT_NOFILE). */
#ifndef LKS_DAEMON_UV_FILE_LIMIT_H
#define LKS_DAEMON_UV_FILE_LIMIT_H

#include <stdint.h>

#include "daemon/descriptors.h"

/* Raise it, as far as the hard limit lets, so that a coordinator of so many ranks has
 * what it wants. Before the server starts; to be called by who owns the process. */
void lks_file_limit_raise(uint32_t world_size);

/* The shares under the limit as it is, with what is open now. */
lks_descriptor_shares lks_file_limit_share(uint32_t world_size);

#endif
