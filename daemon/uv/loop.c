#include "daemon/uv/loop.h"

#include <assert.h>

#include "base/thread.h"
#include "base/try.h"

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

static void *run(void *argument)
{
    lks_loop *loop = argument;

    uv_run(&loop->uv, UV_RUN_DEFAULT);
    return NULL;
}

lks_status lks_loop_start(lks_loop *loop)
{
    LKS_TRY(lks_thread_start(&loop->thread, run, loop, "an event loop"));
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
        pthread_join(loop->thread, NULL);
    else
        uv_run(&loop->uv, UV_RUN_DEFAULT);
    code = uv_loop_close(&loop->uv);
    assert(code == 0);
    (void)code;
}
