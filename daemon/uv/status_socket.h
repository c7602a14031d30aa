/* HTTP/1.1 on a Unix socket: libmicrohttpd, driven by the libuv loop and without a thread
 * of its own. It only carries requests and replies; what they mean is status_view's.
 *
 * Clients are limited in number, in header size, in idle time and in how much of the
 * thread's time their coming may take (gate.h), so that slow or hostile ones cost the
 * others nothing. The socket is the user's own (mode 0600). */
#ifndef LKS_DAEMON_UV_STATUS_SOCKET_H
#define LKS_DAEMON_UV_STATUS_SOCKET_H

#include <uv.h>

#include "base/status.h"
#include "daemon/status_view.h"

typedef struct lks_status_socket lks_status_socket;

typedef struct lks_status_socket_options {
    const char *path;        /* copied */
    unsigned idle_timeout_s; /* a silent client is closed; 0: 10 s */
    unsigned max_clients;    /* at a time, each with a descriptor; 0: 256 */
    /* On the loop's thread, once a request: as lks_status_respond. */
    lks_status (*respond)(void *context, const char *method, const char *path,
                          lks_status_reply *reply);
    void *context;
} lks_status_socket_options;

/* Takes the place of a socket file whose owner is dead. LKS_INVALID: the path is too long
 * for a Unix socket; LKS_IO: it cannot be made, or another process answers there. */
lks_status lks_status_socket_create(uv_loop_t *loop,
                                    const lks_status_socket_options *options,
                                    lks_status_socket **out);

/* Remove the socket's file and nothing else: for a process about to die. */
void lks_status_socket_unlink(lks_status_socket *socket);

/* Close every connection and remove the file; the loop frees the socket when its last
 * handle is closed. NULL is fine. */
void lks_status_socket_close(lks_status_socket *socket);

#endif
