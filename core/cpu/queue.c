/* The CPU's queue is the calling thread: whatever it is told is done on return, so a mark
 * is passed as it is made and nothing waits. */
#include "cpu/cpu.h"

#include <string.h>

#include "base/cores.h"

/* One a core, and on a small machine enough to try what runs over several. */
int lks_cpu_count(void)
{
    enum { LEAST = 8 };
    const uint32_t n_cores = lks_cores_usable();

    return n_cores > LEAST ? (int)n_cores : LEAST;
}

lks_status lks_cpu_copy(int index, void *to, const void *from, size_t n_bytes)
{
    (void)index;
    if (n_bytes > 0)
        memcpy(to, from, n_bytes);
    return LKS_OK;
}

lks_status lks_cpu_copy_across(int to_index, void *to, int from_index, const void *from,
                               size_t n_bytes)
{
    (void)from_index;
    return lks_cpu_copy(to_index, to, from, n_bytes);
}

lks_status lks_cpu_mark(int index, lks_mark *out)
{
    (void)index;
    *out = (lks_mark){0};
    return LKS_OK;
}

lks_status lks_cpu_await(int index, const lks_mark *mark)
{
    (void)index, (void)mark;
    return LKS_OK;
}

lks_status lks_cpu_finish(int index)
{
    (void)index;
    return LKS_OK;
}
