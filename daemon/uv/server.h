/* The coordinator with its sockets on a libuv loop in a thread of its own: what rank 0 of
 * a plain mpirun job hosts, and later lockstepd.
 *
 * All functions are called from one thread, not the loop's. The loop's takes no signals
 * and raises none: the program's own handling of SIGPIPE and others is left as it is. */
#ifndef LKS_DAEMON_UV_SERVER_H
#define LKS_DAEMON_UV_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "proto/handshake.h"

typedef struct lks_server_options {
    const char *job_id; /* of the run: its directory's name */
    const char *job_name;
    uint32_t world_size;
    uint32_t lanes;
    uint64_t total_steps;
    const lks_link_keys
        *link_keys; /* [world_size], borrowed until the server is stopped */
    const char
        *status_socket; /* path; refused (LKS_INVALID) when too long for a Unix socket */
    const char *worker_address; /* the address to listen on for workers, e.g. "127.0.0.1"
                                   or "0.0.0.0"; the port is chosen by the system */
    double rank_timeout_s;      /* a rank silent for this long is lost; 0: the default */
    /* From the loop's thread: the run cannot go on (a rank was lost). `reason` is one
     * line naming it. Called at most once; may not return, so the status socket's file is
     * removed before. */
    void (*on_failed)(void *context, const char *reason);
    void *context;
} lks_server_options;

typedef struct lks_server lks_server;

/* How many clients and strangers it serves at a time follows from the process's limit of
 * open files as it is now: see file_limit.h. */
lks_status lks_server_start(const lks_server_options *options, lks_server **out);

/* "host:port" where workers connect; the server's own. */
const char *lks_server_worker_address(const lks_server *server);

/* Close: waits (at most `timeout_s`) until every worker said goodbye, removes the status
 * socket, joins the thread. NULL is fine. */
void lks_server_stop(lks_server *server, double timeout_s);

#endif
