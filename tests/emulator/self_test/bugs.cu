/* One bug each, for the checks to tell. Lines are named by what stands in them. */
#include "kernels.h"

#include <cuda_pipeline.h>
#include <cuda_runtime.h>

extern __shared__ __align__(16) unsigned char dynamic_shared[];

static int lines[32]; /* by bug, once its kernel ran */

#define HERE(bug) (lines[bug] = __LINE__)

static __device__ __noinline__ float deep(int depth, float *x)
{
    volatile float much[256];

    much[depth % 256] = x[0];
    return depth ? deep(depth - 1, x) + much[depth % 256] : much[0];
}

static __global__ void barrier_kernel(bug which, float *x)
{
    __shared__ float s[64];
    const unsigned t = threadIdx.x;

    s[t] = 0;
    __syncthreads();
    if (which == BUG_NO_BARRIER) {
        s[t] = x[t];
        HERE(BUG_NO_BARRIER), x[t] = s[63 - t];
    } else if (which == BUG_NO_SYNCWARP) {
        s[t] = x[t];
        HERE(BUG_NO_SYNCWARP), x[t] = t % 32 ? s[t - 1] : 0;
    } else if (which == BUG_DIVERGENT_BARRIER) {
        if (t < 40)
            HERE(BUG_DIVERGENT_BARRIER), __syncthreads();
    } else if (which == BUG_BARRIERS_OF_TWO_LINES) {
        if (t < 40)
            __syncthreads();
        else
            __syncthreads();
    } else if (which == BUG_HALF_WARP_SHUFFLE) {
        if (t % 32 < 16)
            HERE(BUG_HALF_WARP_SHUFFLE), x[t] = __shfl_xor_sync(0xffffffffu, x[t], 1);
    }
}

static __global__ void memory_kernel(bug which, float *x)
{
    __shared__ float s[64];
    const unsigned t = threadIdx.x;
    float *wild = reinterpret_cast<float *>(64 + reinterpret_cast<uintptr_t>(x) % 64);

    if (which == BUG_WRITES_BEHIND_END) {
        if (t == 63)
            HERE(BUG_WRITES_BEHIND_END), x[t + 1] = 1;
    } else if (which == BUG_READS_BEHIND_END) {
        if (t == 63)
            HERE(BUG_READS_BEHIND_END), x[0] = x[t + 1];
    } else if (which == BUG_UNINITIALISED_SHARED) {
        if (t < 32)
            s[t] = 1;
        __syncthreads();
        HERE(BUG_UNINITIALISED_SHARED), x[t] = s[t];
    } else if (which == BUG_MISALIGNED) {
        if (t == 0)
            HERE(BUG_MISALIGNED), x[0] = reinterpret_cast<const float4 *>(x + 1)->y;
    } else if (which == BUG_WILD_STORE) {
        if (t == 5)
            HERE(BUG_WILD_STORE), *wild = 1;
    } else if (which == BUG_DEEP_STACK) {
        if (t == 5)
            x[5] = deep(1000, x);
    }
}

/* Kernels of their own: compilers make one store of two that end branches. */
static __global__ void blocks_kernel(bug which, float *x)
{
    if (which == BUG_BLOCKS_RACE)
        HERE(BUG_BLOCKS_RACE), x[threadIdx.x] = static_cast<float>(blockIdx.x);
}

static __global__ void plain_sum_kernel(bug which, float *x)
{
    if (which == BUG_PLAIN_SUM)
        HERE(BUG_PLAIN_SUM), x[0] += 1;
}

static __global__ void shared_kernel(bug which, float *x)
{
    __shared__ float s[64];
    const unsigned t = threadIdx.x;
    float *dynamic = reinterpret_cast<float *>(dynamic_shared);

    if (which == BUG_NO_PIPELINE_WAIT) {
        __pipeline_memcpy_async(&s[t], &x[t], sizeof(float));
        __pipeline_commit();
        __syncthreads();
        HERE(BUG_NO_PIPELINE_WAIT), x[t] = s[t];
        __pipeline_wait_prior(0);
    } else if (which == BUG_NO_BARRIER_AFTER_COPY) {
        s[t] = 0;
        __syncthreads();
        __pipeline_memcpy_async(&s[t], &x[t], sizeof(float));
        __pipeline_commit();
        __pipeline_wait_prior(0);
        HERE(BUG_NO_BARRIER_AFTER_COPY), x[t] = s[63 - t];
    } else if (which == BUG_DYNAMIC_SHARED_BEHIND_END) {
        HERE(BUG_DYNAMIC_SHARED_BEHIND_END), dynamic[t + 1] = 1;
    } else if (which == BUG_SHARED_INDEX) {
        HERE(BUG_SHARED_INDEX), s[t + 1] = 1;
    } else if (which == BUG_LATE_READ) {
        s[t] = x[t];
        __syncthreads();
        x[t] = s[63 - t];
        HERE(BUG_LATE_READ), s[t] = 1;
    }
}

cudaError_t run_bug(bug which, unsigned n_blocks, float *x, cudaStream_t stream)
{
    cudaLaunchConfig_t config = {};

    config.gridDim = dim3(n_blocks);
    config.blockDim = dim3(64);
    config.dynamicSmemBytes = 64 * sizeof(float);
    config.stream = stream;
    for (cudaError_t error : {cudaLaunchKernelEx(&config, barrier_kernel, which, x),
                              cudaLaunchKernelEx(&config, memory_kernel, which, x),
                              cudaLaunchKernelEx(&config, blocks_kernel, which, x),
                              cudaLaunchKernelEx(&config, plain_sum_kernel, which, x),
                              cudaLaunchKernelEx(&config, shared_kernel, which, x)})
        if (error != cudaSuccess)
            return error;
    return cudaSuccess;
}

int line_of_bug(bug which)
{
    return lines[which];
}
