/* A libuv loop in a thread of its own.
 *
 * Handles are set up before lks_loop_start, on the caller's thread, so that what cannot
 * be set up is a status of an ordinary call; from then on they belong to the loop's
 * thread. Only lks_loop_wake may be called from any thread. */
#ifndef LKS_DAEMON_UV_LOOP_H
#define LKS_DAEMON_UV_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <uv.h>

#include "base/status.h"

typedef struct lks_loop {
    uv_loop_t uv;
    uv_async_t wake;
    pthread_t thread;
    bool is_running;
    void (*on_wake)(void *context);
    void *context;
} lks_loop;

/* on_wake is called on the loop's thread, once for one or more lks_loop_wake. */
lks_status lks_loop_init(lks_loop *loop, void (*on_wake)(void *context), void *context);

/* Run in a new thread that takes no signals: they are the program's own business, and a
 * broken connection is an error code instead of SIGPIPE. */
lks_status lks_loop_start(lks_loop *loop);

void lks_loop_wake(lks_loop *loop);

/* On the loop's thread (or before it started): give up the loop's own handle, so that the
 * loop ends once all others are closed. */
void lks_loop_finish(lks_loop *loop);

/* After lks_loop_finish: wait for the thread's end (if it never started, run what is left
 * here) and release the loop. A handle that was not closed is a bug, and asserted. */
void lks_loop_join(lks_loop *loop);

/* LKS_IO: "what: libuv's words". */
lks_status lks_uv_fail(int uv_code, const char *what);

#endif
