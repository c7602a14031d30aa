#include <cuda_runtime_api.h>

#include "worker/comm/host_block.h"

void *lks_pinned_alloc(size_t n_bytes)
{
    void *block = NULL;

    if (cudaHostAlloc(&block, n_bytes, cudaHostAllocPortable) == cudaSuccess)
        return block;
    cudaGetLastError(); /* pageable memory does, slowly */
    return NULL;
}
