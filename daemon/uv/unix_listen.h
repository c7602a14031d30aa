/* A listening Unix socket at a path. */
#ifndef LKS_DAEMON_UV_UNIX_LISTEN_H
#define LKS_DAEMON_UV_UNIX_LISTEN_H

#include "base/status.h"

enum { LKS_UNIX_BACKLOG = 128 };

/* The descriptor in *out: listening, non-blocking, closed on exec, its file of mode 0600.
 * A socket file that nobody listens on is replaced. LKS_INVALID: the path is too long;
 * LKS_IO: another process listens there, the path is something else, or the system's
 * reason. */
lks_status lks_unix_listen(const char *path, int *out);

/* Remove a socket file that nobody listens on; anything else stays. */
void lks_unix_remove_dead(const char *path);

#endif
