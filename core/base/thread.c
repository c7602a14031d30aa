#include "base/thread.h"

#include <signal.h>
#include <string.h>

static const int own_faults[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV};

static int start(pthread_t *out, const pthread_attr_t *how, void *(*run)(void *),
                 void *context)
{
    sigset_t all, before;
    int error;

    /* A thread inherits the mask of whoever makes it. What the thread itself gives rise
     * to is its own: a handler of it must be reached (a mapped file that was cut). */
    sigfillset(&all);
    for (size_t i = 0; i < sizeof own_faults / sizeof *own_faults; i++)
        sigdelset(&all, own_faults[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(out, how, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static int start_detached(void *(*run)(void *), void *context)
{
    pthread_attr_t detached;
    pthread_t thread;
    int error;

    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    error = start(&thread, &detached, run, context);
    pthread_attr_destroy(&detached);
    return error;
}

int lks_thread_try(pthread_t *out, void *(*run)(void *), void *context)
{
    return out ? start(out, NULL, run, context) : start_detached(run, context);
}

lks_status lks_thread_start(pthread_t *out, void *(*run)(void *), void *context,
                            const char *name)
{
    const int error = lks_thread_try(out, run, context);

    return error == 0 ? LKS_OK
                      : lks_fail(LKS_NOMEM, "cannot start the thread of %s: %s", name,
                                 strerror(error));
}
