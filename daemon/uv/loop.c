#include "daemon/uv/loop.h"

#include <assert.h>
#include <signal.h>

lks_status lks_uv_fail(int uv_code, const char *what)
{
    return lks_fail(uv_code == UV_ENOMEM ? LKS_NOMEM : LKS_IO, "%s: %s", what,
                    uv_strerror(uv_code));
}

static void woken(uv_async_t *handle)
{
    lks_loop *loop = handle->data;

    loop->on_wake(loop->context);
}

lks_status lks_loop_init(lks_loop *loop, void (*on_wake)(void *context), void *context)
{
    int code = uv_loop_init(&loop->uv);

    if (code != 0)
        return lks_uv_fail(code, "cannot create an event loop");
    code = uv_async_init(&loop->uv, &loop->wake, woken);
    if (code != 0) {
        uv_loop_close(&loop->uv);
        return lks_uv_fail(code, "cannot create an event loop");
    }
    loop->wake.data = loop;
    loop->on_wake = on_wake;
    loop->context = context;
    loop->is_running = false;
    return LKS_OK;
}

static void run(void *argument)
{
    lks_loop *loop = argument;

    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

lks_status lks_loop_start(lks_loop *loop)
{
    sigset_t all, before;
    int code;

    /* a thread inherits its creator's mask */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = uv_thread_create(&loop->thread, run, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0)
        return lks_uv_fail(code, "cannot start a thread");
    loop->is_running = true;
    return LKS_OK;
}

void lks_loop_wake(lks_loop *loop)
{
    uv_async_send(&loop->wake);
}

void lks_loop_finish(lks_loop *loop)
{
    uv_close((uv_handle_t *)&loop->wake, NULL);
}

void lks_loop_join(lks_loop *loop)
{
    int code;

    if (loop->is_running)
        uv_thread_join(&loop->thread);
    else
        uv_run(&loop->uv, UV_RUN_DEFAULT);
    code = uv_loop_close(&loop->uv);
    assert(code == 0);
    (void)code;
}
