/* The signals that ask a program to end, as events of a libuv loop. */
#ifndef LKS_DAEMON_UV_SIGNALS_H
#define LKS_DAEMON_UV_SIGNALS_H

#include <uv.h>

#include "base/status.h"

enum { LKS_SIGNALS_N = 3 };

/* The caller's storage; it must stay until the loop has run after lks_signals_release. */
typedef struct lks_signals {
    uv_signal_t handles[LKS_SIGNALS_N];
    void (*on_signal)(void *context, int signal_number);
    void *context;
} lks_signals;

/* Call on_signal for SIGINT, SIGTERM and SIGHUP from now on; not for a SIGHUP that is
 * ignored, as nohup(1) has it. Does not keep the loop alive. */
lks_status lks_signals_init(lks_signals *signals, uv_loop_t *loop,
                            void (*on_signal)(void *context, int signal_number),
                            void *context);

/* Give the signals back. */
void lks_signals_release(lks_signals *signals);

#endif
