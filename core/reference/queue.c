/* Memory, and a queue that is the calling thread. */
#include "reference/reference.h"

#include <limits.h>
#include <string.h>

#include "base/alloc.h"

int lks_reference_count(void)
{
    return INT_MAX;
}

void *lks_reference_alloc(int index, size_t n_bytes)
{
    (void)index;
    if (n_bytes >= PTRDIFF_MAX) { /* sanitizers abort where malloc would refuse */
        lks_fail(LKS_NOMEM, "cannot allocate %zu bytes", n_bytes);
        return NULL;
    }
    return lks_malloc_aligned(n_bytes);
}

void lks_reference_free(int index, void *block, size_t n_bytes)
{
    (void)index, (void)n_bytes;
    lks_free(block);
}

lks_status lks_reference_move(int index, void *to, const void *from, size_t n_bytes)
{
    (void)index;
    if (n_bytes > 0)
        memcpy(to, from, n_bytes);
    return LKS_OK;
}

lks_status lks_reference_move_across(int to_index, void *to, int from_index,
                                     const void *from, size_t n_bytes)
{
    (void)from_index;
    return lks_reference_move(to_index, to, from, n_bytes);
}

lks_status lks_reference_mark(int index, lks_mark *out)
{
    (void)index;
    *out = (lks_mark){0};
    return LKS_OK;
}

lks_status lks_reference_await(int index, const lks_mark *mark)
{
    (void)index, (void)mark;
    return LKS_OK;
}

lks_status lks_reference_finish(int index)
{
    (void)index;
    return LKS_OK;
}
