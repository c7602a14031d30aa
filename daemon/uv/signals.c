#include "daemon/uv/signals.h"

#include <signal.h>
#include <stdbool.h>

static const int watched[LKS_SIGNALS_N] = {SIGINT, SIGTERM, SIGHUP};

static void forward(uv_signal_t *handle, int signal_number)
{
    lks_signals *signals = handle->data;

    signals->on_signal(signals->context, signal_number);
}

/* A shell ignores SIGINT, too, for what it starts in the background; but whoever sends
 * that means it. */
static bool is_wanted(int signal_number)
{
    struct sigaction now;

    return signal_number != SIGHUP || sigaction(SIGHUP, NULL, &now) != 0 ||
           now.sa_handler != SIG_IGN;
}

lks_status lks_signals_init(lks_signals *signals, uv_loop_t *loop,
                            void (*on_signal)(void *context, int signal_number),
                            void *context)
{
    int err = 0;

    *signals = (lks_signals){.on_signal = on_signal, .context = context};
    for (int i = 0; i < LKS_SIGNALS_N; i++) {
        int started = 0;

        uv_signal_init(loop, &signals->handles[i]);
        signals->handles[i].data = signals;
        uv_unref((uv_handle_t *)&signals->handles[i]);
        if (is_wanted(watched[i]))
            started = uv_signal_start(&signals->handles[i], forward, watched[i]);
        err = err ? err : started;
    }
    if (!err)
        return LKS_OK;
    lks_signals_release(signals);
    return lks_fail(LKS_IO, "cannot watch for signals: %s", uv_strerror(err));
}

void lks_signals_release(lks_signals *signals)
{
    for (int i = 0; i < LKS_SIGNALS_N; i++)
        uv_close((uv_handle_t *)&signals->handles[i], NULL);
}
