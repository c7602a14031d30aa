/* Writing to a descriptor, standard output say, without ever waiting for whoever reads
 * it: a loop that stands in write(2) hears of no signal and no timer. What does not fit
 * is kept and follows when there is room.
 *
 * Files always have room. Terminals and pipes are opened a second time, since O_NONBLOCK
 * would hold for everybody who shares the first. What cannot be, a socket or (after su)
 * another user's terminal or pipe, is shared, and gets its flag back at the end.
 *
 * Everything happens on the loop's thread. The loop goes on for as long as bytes are
 * kept. */
#ifndef LKS_DAEMON_UV_OUTLET_H
#define LKS_DAEMON_UV_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/text.h"

typedef struct lks_outlet {
    uv_poll_t poll;
    int fd, given_fd; /* what is written to; the same where it was not opened anew */
    bool has_poll;    /* it can be full */
    bool was_blocking;
    bool dropping;
    int lost_error; /* the errno for which bytes were lost first; 0: none were */
    lks_text kept;
    void (*on_empty)(void *context);
    void *context;
} lks_outlet;

/* `fd` stays the caller's, open until the loop has closed the outlet. `on_empty` is
 * called whenever what was kept has been written. */
void lks_outlet_init(lks_outlet *outlet, uv_loop_t *loop, int fd,
                     void (*on_empty)(void *context), void *context);

/* Bytes that cannot be written, for want of memory or of a reader, are dropped. */
void lks_outlet_write(lks_outlet *outlet, const char *bytes, size_t n_bytes);

/* Whether bytes are kept: better to bring no more until on_empty. */
bool lks_outlet_is_full(const lks_outlet *outlet);

/* Drop what is kept, and from now on what does not fit. */
void lks_outlet_drop(lks_outlet *outlet);

/* Drop what is kept and give everything back when the loop runs next. */
void lks_outlet_close(lks_outlet *outlet);

#endif
