/* The CPU's queue is the calling thread: whatever it is told is done on return, so a mark
 * is passed as it is made and nothing waits. */
#include "cpu/cpu.h"

#include <limits.h>
#include <string.h>

/* As many as anybody names: each is a team of threads, made when it has work. */
int lks_cpu_count(void)
{
    return INT_MAX;
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
