/* One connection at the workers' port: a stranger's or a rank's. Private to
 * worker_link.c, which decides what becomes of it; here is how it is closed, and what is
 * written to it. The loop's thread only. */
#ifndef LKS_DAEMON_UV_WORKER_CONN_H
#define LKS_DAEMON_UV_WORKER_CONN_H

#include "daemon/bucket.h"
#include "daemon/uv/address.h"
#include "daemon/uv/worker_link.h"
#include "proto/frame.h"

enum { LKS_READ_BYTES = 64 * 1024, LKS_WHY_BYTES = 192 };

typedef struct lks_conn lks_conn;

struct lks_conn {
    uv_tcp_t tcp;
    lks_worker_link *link;
    lks_conn *older, *newer; /* among strangers */
    lks_frame_decoder decoder;
    double accepted_at_s;
    lks_nonce challenge, hello; /* of its handshake */
    uint32_t rank;
    bool is_joined, is_closing;
    char why[LKS_WHY_BYTES]; /* it is closed; empty: the coordinator wants it so */
};

struct lks_worker_link {
    lks_worker_link_options options;
    uv_tcp_t listener;
    uv_timer_t later;    /* takes in who waits */
    lks_bucket arrivals; /* connections that may be taken in; who joins gives it back */
    char address[LKS_ADDRESS_BYTES];
    lks_conn *oldest, *newest; /* of the strangers */
    uint32_t n_strangers;
    lks_conn **ranks;   /* [world_size]; NULL: not connected */
    uint32_t n_handles; /* not yet closed: the listener and every connection */
    bool is_closing;
    bool has_unaccepted;    /* one waits for its turn or for memory, others behind it */
    bool has_told_protocol; /* a stranger's, that is not ours */
    char input[LKS_READ_BYTES]; /* every read is used up at once */
};

/* Among the strangers, as the newest; and no longer among them. */
void lks_conn_be_stranger(lks_conn *conn);
void lks_conn_be_known(lks_conn *conn);

/* The event, if any, follows from the loop, so that this may be called from anywhere. An
 * empty `why` is not worth an event. `what` and `cause` are joined by a colon. */
void lks_conn_close(lks_conn *conn, const char *why);
void lks_conn_close_because(lks_conn *conn, const char *what, const char *cause);

/* Send, or close what cannot be sent to. */
void lks_conn_send(lks_conn *conn, const Lks__Proto__Message *message);
void lks_conn_challenge(lks_conn *conn);
void lks_conn_welcome(lks_conn *conn, const lks_action *action);

/* One of the link's handles is closed; with the last one the link is freed. */
void lks_worker_link_handle_closed(lks_worker_link *link);

#endif
