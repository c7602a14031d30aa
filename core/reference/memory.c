/* Memory: blocks of the system's, each given back at once. */
#include "reference/reference.h"

#include <limits.h>

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
