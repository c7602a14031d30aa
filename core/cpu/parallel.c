#include "cpu/parallel.h"

#include <stdatomic.h>

#include "device.h"

static _Atomic int n_allowed = 1;

void lks_set_num_threads(int n_threads)
{
    atomic_store(&n_allowed, n_threads < 1 ? 1 : n_threads);
}

int lks_num_threads(void)
{
    return atomic_load_explicit(&n_allowed, memory_order_relaxed);
}

int64_t lks_parallel_parts(int64_t n, int64_t grain)
{
    int64_t n_parts = n / (grain < 1 ? 1 : grain);

    return n_parts > lks_num_threads() ? lks_num_threads() : n_parts < 1 ? 1 : n_parts;
}

void lks_parallel_for(int64_t n, int64_t grain, lks_range_fn work, void *context)
{
    int64_t n_parts = lks_parallel_parts(n, grain);

    if (n_parts == 1) {
        if (n > 0)
            work(0, n, context);
        return;
    }
#pragma omp parallel for num_threads((int)n_parts) schedule(static, 1)
    for (int64_t part = 0; part < n_parts; part++)
        work(n * part / n_parts, n * (part + 1) / n_parts, context);
}
