/* Sharing a range with helpers: every item once, whoever comes. */
#define _GNU_SOURCE
#include "support/suite.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cpu/parallel.h"
#include "device.h"

enum { MOST = 1000 };

typedef struct marks {
    int64_t n;
    int times[MOST]; /* that each item was worked on */
} marks;

static void mark(int64_t first, int64_t last, void *context)
{
    for (int64_t i = first; i < last; i++)
        ((marks *)context)->times[i]++;
}

static bool each_once(int64_t n, int64_t grain)
{
    static _Thread_local marks m;

    memset(&m, 0, sizeof m);
    lks_parallel_for(0, n, grain, mark, &m);
    for (int64_t i = 0; i < MOST; i++)
        if (m.times[i] != (i < n))
            return false;
    return true;
}

START_TEST(every_item_is_worked_on_once)
{
    for (int threads = 1; threads <= 9; threads++) {
        lks_set_num_threads(lks_cpu, threads);
        for (int64_t n = 0; n <= 40; n++)
            for (int64_t grain = 0; grain <= 8; grain++)
                ck_assert_msg(each_once(n, grain), "%d threads, %d of %d", threads,
                              (int)n, (int)grain);
        for (int i = 0; i < 2000; i++) /* helpers come and are forestalled */
            ck_assert_msg(each_once(MOST, 1), "%d threads", threads);
    }
}
END_TEST

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

START_TEST(helpers_that_sleep_are_woken_and_the_caller_when_they_are_done)
{
    lks_set_num_threads(lks_cpu, 4);
    for (int i = 0; i < 100; i++) {
        ck_assert(each_once(MOST, 1));
        sleep_ms(1); /* longer than they spin */
    }
}
END_TEST

static void wait_for_both(int64_t first, int64_t last, void *context)
{
    _Atomic int *n_come = context;

    atomic_fetch_add(n_come, (int)(last - first));
    while (atomic_load(n_come) < 2)
        ;
    sleep_ms(first == 0 ? 1 : 20); /* the caller comes to wait for the helper */
}

START_TEST(parts_run_at_the_same_time)
{
    lks_set_num_threads(lks_cpu, 2);
    for (int i = 0; i < 5; i++) {
        _Atomic int n_come = 0;

        sleep_ms(1);
        lks_parallel_for(0, 2, 1, wait_for_both, &n_come);
        ck_assert_int_eq(atomic_load(&n_come), 2);
    }
}
END_TEST

static void share_within(int64_t first, int64_t last, void *context)
{
    for (int64_t i = first; i < last; i++)
        if (!each_once(MOST, 1))
            atomic_fetch_add((_Atomic int *)context, 1);
}

static void *share_beside(void *n_wrong)
{
    for (int i = 0; i < 200; i++)
        share_within(0, 1, n_wrong);
    return NULL;
}

START_TEST(ranges_within_parts_and_beside_each_other_are_whole)
{
    _Atomic int n_wrong = 0;
    pthread_t threads[4];

    lks_set_num_threads(lks_cpu, 4);
    for (int i = 0; i < 200; i++)
        lks_parallel_for(0, 8, 1, share_within, &n_wrong);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, share_beside, &n_wrong);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(atomic_load(&n_wrong), 0);
}
END_TEST

START_TEST(a_caller_whose_helpers_never_come_does_their_parts)
{
    pid_t child;
    int status;

    lks_set_num_threads(lks_cpu, 4);
    ck_assert(each_once(MOST, 1));
    sleep_ms(5);
    if ((child = fork()) == 0) { /* where threads other than the caller are not */
        alarm(20);
        _exit(each_once(MOST, 1) ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* The helpers, too. */
static void bind_all_threads(const cpu_set_t *cores)
{
    DIR *tasks = opendir("/proc/self/task");
    const struct dirent *task;
    int n_bound = 0;

    ck_assert_ptr_nonnull(tasks);
    while ((task = readdir(tasks)) != NULL)
        if (task->d_name[0] != '.') {
            const pid_t thread = (pid_t)strtol(task->d_name, NULL, 10);

            ck_assert_int_eq(sched_setaffinity(thread, sizeof *cores, cores), 0);
            n_bound++;
        }
    closedir(tasks);
    ck_assert_int_ge(n_bound, 2);
}

/* Another process on a core is for us as if that core were not there. */
START_TEST(two_threads_on_one_core_do_not_wait_for_each_other)
{
    cpu_set_t before, one;
    double began_s, took_s;

    lks_set_num_threads(lks_cpu, 2);
    ck_assert(each_once(MOST, 1));
    ck_assert_int_eq(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &before))
            CPU_SET(i, &one);
    bind_all_threads(&one);
    began_s = lks_clock_s();
    for (int i = 0; i < 2000; i++)
        ck_assert(each_once(MOST, 1));
    took_s = lks_clock_s() - began_s;
    ck_assert_msg(took_s < 2, "%.2f s for 2000 short ranges", took_s);
}
END_TEST

typedef struct slow_helper {
    pthread_t caller;
    _Atomic int n_begun; /* by the helper */
} slow_helper;

/* The caller waits until the helper has begun, the first time however long that takes, then
 * 2 ms: whoever works alone waits in vain. */
static void be_slow_as_helper(int64_t first, int64_t last, void *context)
{
    slow_helper *s = context;
    const int before = atomic_load(&s->n_begun);
    const double until_s = lks_clock_s() + 0.002;

    (void)last;
    if (!pthread_equal(pthread_self(), s->caller)) {
        atomic_fetch_add(&s->n_begun, 1);
        sleep_ms(8);
    } else if (first == 0) {
        while (atomic_load(&s->n_begun) == before &&
               (before == 0 || lks_clock_s() < until_s))
            sleep_ms(1);
    }
}

/* As one does whose core another process took once it had begun. */
START_TEST(a_helper_that_costs_time_is_not_asked_for_a_while)
{
    slow_helper s = {.caller = pthread_self()};

    lks_set_num_threads(lks_cpu, 2);
    for (int i = 0; i < 50; i++)
        lks_parallel_for(0, 2, 1, be_slow_as_helper, &s);
    ck_assert_int_ge(atomic_load(&s.n_begun), 1);
    ck_assert_int_le(atomic_load(&s.n_begun), 5);
}
END_TEST

START_TEST(each_device_has_its_own_number_of_threads)
{
    const lks_device other = {LKS_CPU, 1};

    lks_set_num_threads(lks_cpu, 3);
    lks_set_num_threads(other, 2);
    ck_assert_int_eq(lks_num_threads(lks_cpu), 3);
    ck_assert_int_eq(lks_num_threads(other), 2);
    ck_assert_int_eq(lks_parallel_parts(0, 100, 1), 3);
    ck_assert_int_eq(lks_parallel_parts(1, 100, 1), 2);
}
END_TEST

LKS_SUITE("parallel", every_item_is_worked_on_once,
          helpers_that_sleep_are_woken_and_the_caller_when_they_are_done,
          parts_run_at_the_same_time, ranges_within_parts_and_beside_each_other_are_whole,
          a_caller_whose_helpers_never_come_does_their_parts,
          two_threads_on_one_core_do_not_wait_for_each_other,
          a_helper_that_costs_time_is_not_asked_for_a_while,
          each_device_has_its_own_number_of_threads)
