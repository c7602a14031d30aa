/* The workers' end of the coordinator: a TCP port that turns what workers send into
 * events, and actions into frames and closed connections.
 *
 * A connection is a stranger until it has answered its challenge with the hello of a rank
 * (proto/handshake.h) and been welcomed. What a stranger does wrong (no hello in time,
 * one that is not genuine, bytes that are no frame) costs it its connection and nobody
 * else anything: the coordinator never hears of it. Strangers are limited in number, the
 * oldest goes first, and in how many come in a second: the others wait in the kernel's
 * backlog, or are turned away by the kernel.
 *
 * Everything runs on the loop's thread. */
#ifndef LKS_DAEMON_UV_WORKER_LINK_H
#define LKS_DAEMON_UV_WORKER_LINK_H

#include <uv.h>

#include "base/status.h"
#include "daemon/coordinator.h"
#include "proto/handshake.h"

typedef struct lks_worker_link lks_worker_link;

typedef struct lks_worker_link_options {
    const char *address; /* an IPv4 or IPv6 address of this host; "0.0.0.0": all */
    uint32_t world_size;
    const lks_link_keys *link_keys; /* [world_size], borrowed until the link is freed */
    double hello_timeout_s;         /* 0: 5 s */
    uint32_t max_strangers; /* at a time, each with a descriptor; 0: world size + 256 */

    /* Events of workers, without now_s. It may call lks_worker_link_perform and
     * lks_worker_link_close. */
    void (*on_event)(void *context, lks_event *event);
    void *context;
} lks_worker_link_options;

/* Listens on a port the system chooses. */
lks_status lks_worker_link_create(uv_loop_t *loop, const lks_worker_link_options *options,
                                  lks_worker_link **out);

/* "127.0.0.1:40123", "[::1]:40123"; the link's own. */
const char *lks_worker_link_address(const lks_worker_link *link);

/* Do what the coordinator asks: LKS_ACTION_WELCOME, REFUSE, CONTROL or CLOSE. */
void lks_worker_link_perform(lks_worker_link *link, const lks_action *action);

/* Time went on: closes strangers that said nothing in time. Call every LKS_TICK_S. */
void lks_worker_link_tick(lks_worker_link *link);

/* Close the port and every connection, without further events; the loop frees the link
 * when the last handle is closed. NULL is fine. */
void lks_worker_link_close(lks_worker_link *link);

#endif
