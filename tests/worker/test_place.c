#define _GNU_SOURCE
#include "support/suite.h"

#include <pthread.h>
#include <sched.h>

#include "worker/place.h"

enum { MOST = 64 };

typedef struct place {
    int i, n;
    cpu_set_t cores;
} place;

static void *take_place(void *context)
{
    place *p = context;

    lks_place_thread(p->i, p->n);
    sched_getaffinity(0, sizeof p->cores, &p->cores);
    return NULL;
}

/* The cores of n threads, each from where this one is. */
static void take_places(int n, place *out)
{
    for (int i = 0; i < n; i++) {
        pthread_t thread;

        out[i] = (place){.i = i, .n = n};
        ck_assert_int_eq(pthread_create(&thread, NULL, take_place, &out[i]), 0);
        pthread_join(thread, NULL);
    }
}

static cpu_set_t own_cores(void)
{
    cpu_set_t cores;

    ck_assert_int_eq(sched_getaffinity(0, sizeof cores, &cores), 0);
    return cores;
}

START_TEST(threads_share_the_cores_out)
{
    const cpu_set_t all = own_cores();
    const int n_cores = CPU_COUNT(&all);
    place places[MOST];

    for (int n = 2; n <= n_cores && n <= MOST; n++) {
        cpu_set_t seen, both;
        int n_seen = 0;

        CPU_ZERO(&seen);
        take_places(n, places);
        for (int i = 0; i < n; i++) {
            CPU_AND(&both, &seen, &places[i].cores);
            ck_assert_int_eq(CPU_COUNT(&both), 0);
            CPU_OR(&seen, &seen, &places[i].cores);
            n_seen += CPU_COUNT(&places[i].cores);
        }
        ck_assert(CPU_EQUAL(&seen, &all) && n_seen == n_cores);
    }
}
END_TEST

START_TEST(twice_as_many_threads_as_cores_are_two_a_core)
{
    const cpu_set_t all = own_cores();
    const int n = 2 * CPU_COUNT(&all);
    place places[MOST];

    if (n > MOST)
        return;
    take_places(n, places);
    for (int i = 0; i < n; i++) {
        ck_assert_int_eq(CPU_COUNT(&places[i].cores), 1);
        ck_assert(CPU_EQUAL(&places[i].cores, &places[i / 2 * 2].cores));
    }
}
END_TEST

START_TEST(one_thread_and_an_odd_number_stay_where_they_are)
{
    const cpu_set_t all = own_cores();
    place places[MOST];

    take_places(1, places);
    ck_assert(CPU_EQUAL(&places[0].cores, &all));
    if (CPU_COUNT(&all) != 2)
        return;
    take_places(3, places);
    for (int i = 0; i < 3; i++)
        ck_assert(CPU_EQUAL(&places[i].cores, &all));
}
END_TEST

LKS_SUITE("place", threads_share_the_cores_out,
          twice_as_many_threads_as_cores_are_two_a_core,
          one_thread_and_an_odd_number_stay_where_they_are)
