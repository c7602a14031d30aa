/* Threads: without signals, joined or not, and what is said where none is to be had. */
#define _GNU_SOURCE
#include "support/suite.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>

#include "base/thread.h"

typedef struct witness {
    sem_t is_done;
    sigset_t mask;
} witness;

static void *look(void *context)
{
    witness *w = context;

    pthread_sigmask(SIG_SETMASK, NULL, &w->mask);
    sem_post(&w->is_done);
    return w;
}

static void assert_hears_nothing(const witness *w)
{
    sigset_t own;

    ck_assert_int_eq(sigismember(&w->mask, SIGTERM), 1);
    ck_assert_int_eq(sigismember(&w->mask, SIGUSR1), 1);
    pthread_sigmask(SIG_SETMASK, NULL, &own);
    ck_assert_int_eq(sigismember(&own, SIGTERM), 0);
    ck_assert_int_eq(sigismember(&own, SIGUSR1), 1); /* as it was */
}

static void block_one_signal(void)
{
    sigset_t usr1;

    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_SETMASK, &usr1, NULL);
}

START_TEST(a_thread_hears_no_signals_and_is_joined)
{
    witness w;
    pthread_t thread;
    void *result = NULL;

    sem_init(&w.is_done, 0, 0);
    block_one_signal();
    ck_ok(lks_thread_start(&thread, look, &w, "the test"));
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    ck_assert_ptr_eq(result, &w);
    assert_hears_nothing(&w);
}
END_TEST

START_TEST(nobody_joins_a_thread_without_a_place)
{
    static witness w; /* outlives the thread */

    sem_init(&w.is_done, 0, 0);
    block_one_signal();
    ck_ok(lks_thread_start(NULL, look, &w, "the test"));
    while (sem_wait(&w.is_done) != 0)
        ck_assert_int_eq(errno, EINTR);
    assert_hears_nothing(&w);
}
END_TEST

/* A stack for which no address space is large enough: root too, whom no limit of threads
 * stops, has none. */
START_TEST(whose_thread_there_is_no_room_for_is_told)
{
    pthread_attr_t huge;
    pthread_t thread;
    witness w;

    pthread_attr_init(&huge);
    ck_assert_int_eq(pthread_attr_setstacksize(&huge, (size_t)1 << 50), 0);
    ck_assert_int_eq(pthread_setattr_default_np(&huge), 0);
    pthread_attr_destroy(&huge);
    lks_error_clear();
    ck_assert_int_eq(lks_thread_try(&thread, look, &w), EAGAIN);
    ck_assert_int_eq(lks_error_status(), LKS_OK);
    ck_assert_int_eq(lks_thread_start(&thread, look, &w, "the loader"), LKS_NOMEM);
    ck_assert_str_eq(lks_error_text(), "cannot start the thread of the loader: "
                                       "Resource temporarily unavailable");
}
END_TEST

LKS_SUITE("thread", a_thread_hears_no_signals_and_is_joined,
          nobody_joins_a_thread_without_a_place,
          whose_thread_there_is_no_room_for_is_told)
