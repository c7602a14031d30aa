/* The gate of a listening socket: takes connections in, as many as there are places, and
 * hands on who has begun to speak.
 *
 * Who says nothing waits at the gate, which costs little. When all places are taken the
 * newcomer gets that of the oldest who says nothing, and if all speak, that of who was
 * served longest ago. The time spent on taking in is limited, so that thousands a second
 * do not take the cores from the training. While more come than that allows, the kernel's
 * backlog is short: what is beyond it fails with EAGAIN or waits in connect(2), and who
 * gets into it does not stand behind hundreds. Without descriptors nothing is tried for a
 * while.
 *
 * Everything runs on the loop's thread. */
#ifndef LKS_DAEMON_UV_GATE_H
#define LKS_DAEMON_UV_GATE_H

#include <stdbool.h>
#include <uv.h>

#include "base/status.h"

typedef struct lks_gate lks_gate;
typedef struct lks_place lks_place; /* of one connection */

typedef struct lks_gate_options {
    int listener; /* non-blocking; the gate's, to close on failure too */
    int backlog;  /* it listens with; the gate shortens it while thousands come */
    unsigned n_places;
    double idle_timeout_s; /* who says nothing for so long goes */

    /* A connection that has bytes to read; the descriptor is the callee's from now on.
     * False: it is closed already. */
    bool (*admit)(void *context, int fd, lks_place *place);
    /* The connection is to be closed soon, by lks_gate_leave: a newcomer wants it. Its
     * descriptor has been shut down. */
    void (*make_room)(void *context);
    void *context;
} lks_gate_options;

/* LKS_NOMEM; LKS_IO: no descriptors. */
lks_status lks_gate_create(uv_loop_t *loop, const lks_gate_options *options,
                           lks_gate **out);

/* It was just served: others are to give up their places before it. */
void lks_gate_touch(lks_gate *gate, lks_place *place);

/* Who was admitted has left; twice is fine. */
void lks_gate_leave(lks_gate *gate, lks_place *place);

/* Time went on: who said nothing in time goes. */
void lks_gate_tick(lks_gate *gate);

/* Close the listener and who waits; the loop frees the gate. Those who were admitted have
 * left, or never call again. NULL is fine. */
void lks_gate_close(lks_gate *gate);

#endif
