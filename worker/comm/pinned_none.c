/* In the place of pinned_cuda.c in a build without CUDA. */
#include "worker/comm/host_block.h"

void *lks_pinned_alloc(size_t n_bytes)
{
    (void)n_bytes;
    return NULL;
}
