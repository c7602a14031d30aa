#define _GNU_SOURCE
#include "worker/place.h"

#include <pthread.h>
#include <sched.h>

/* Cores [begin, end) of those in `all`. */
static cpu_set_t take(const cpu_set_t *all, int begin, int end)
{
    cpu_set_t share;
    int at = 0;

    CPU_ZERO(&share);
    for (size_t core = 0; core < CPU_SETSIZE; core++) {
        if (!CPU_ISSET(core, all))
            continue;
        if (at >= begin && at < end)
            CPU_SET(core, &share);
        at++;
    }
    return share;
}

void lks_place_thread(int i, int n)
{
    cpu_set_t all, share;
    int n_cores, begin, end;

    if (n < 2 || sched_getaffinity(0, sizeof all, &all) != 0)
        return;
    n_cores = CPU_COUNT(&all);
    if (n_cores < n && n % n_cores != 0)
        return;
    begin = i * n_cores / n;
    end = n_cores < n ? begin + 1 : (i + 1) * n_cores / n;
    share = take(&all, begin, end);
    (void)pthread_setaffinity_np(pthread_self(), sizeof share, &share);
}
