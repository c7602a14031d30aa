/* Inside the CUDA device: what its kernels share. A kernel's file has the device code and
 * the function of the table, with C linkage; sizes, strides and pointers go by value.
 *
 * Everything is built without contraction: what is fused says LKS_FMA. No atomics on
 * floats, no order that a block's size or the number of processors would change. */
#ifndef LKS_CUDA_LAUNCH_CUH
#define LKS_CUDA_LAUNCH_CUH

#include <cuda_runtime.h>

#include <cmath>
#include <cstdint>

extern "C" {
#include "cuda/entries.h"
#include "cuda/queue.h"
#include "layout/nest.h"
}
#include "element.h"
#include "numerics.h"

enum { LKS_CUDA_THREADS = 256 /* of a block, where nothing else decides */ };

/* Queue a kernel: LKS_LAUNCH(q, kernel, grid, block, arguments…), from a function that
 * returns an lks_status. A kernel template stands in parentheses. */
#define LKS_LAUNCH(q, kernel, grid, block, ...)                                          \
    LKS_LAUNCH_SHARED(q, kernel, grid, block, 0, __VA_ARGS__)
#define LKS_LAUNCH_SHARED(q, kernel, grid, block, shared_bytes, ...)                     \
    do {                                                                                 \
        cudaLaunchConfig_t config_ = {};                                                 \
                                                                                         \
        config_.gridDim = dim3(grid);                                                    \
        config_.blockDim = dim3(block);                                                  \
        config_.dynamicSmemBytes = (shared_bytes);                                       \
        config_.stream = (q)->compute;                                                   \
        (q)->fresh = nullptr;                                                            \
        (q)->work.n_launches++;                                                          \
        LKS_TRY(lks_cuda_ok((q)->index, #kernel,                                         \
                            cudaLaunchKernelEx(&config_, kernel, __VA_ARGS__)));         \
    } while (0)

/* Blocks that n items make, `each` to a block. */
static inline unsigned lks_cuda_blocks(int64_t n, int64_t each)
{
    return (unsigned)((n + each - 1) / each);
}

/* The queue of a view's device. */
static inline lks_status lks_cuda_queue_for(const lks_view *view, lks_cuda_queue **out)
{
    return lks_cuda_queue_of(view->device.index, out);
}

static inline lks_status lks_cuda_no_dtype(const char *kernel, lks_dtype dtype)
{
    return lks_fail(LKS_DTYPE, "the cuda kernel %s does not take %s", kernel,
                    lks_dtype_name(dtype));
}

static inline size_t lks_cuda_bytes(const lks_view *view)
{
    return (size_t)lks_view_count(view) * lks_dtype_size_bytes(view->dtype);
}

/* What the kernel just queued moves and computes, at the least. */
static inline void lks_cuda_count_work(lks_cuda_queue *q, size_t n_bytes, double n_flops)
{
    q->work.n_bytes += n_bytes;
    q->work.n_flops += (uint64_t)n_flops;
}

/* Elements by dtype: element::F32 … with the types `stored` and `computed`, load and
 * store. */
namespace element
{
#define LKS_CUDA_ELEMENT(name, stored_, computed_, load_, store_)                        \
    struct name {                                                                        \
        typedef stored_ stored;                                                          \
        typedef computed_ computed;                                                      \
                                                                                         \
        static __device__ computed load(stored x)                                        \
        {                                                                                \
            return load_(x);                                                             \
        }                                                                                \
        static __device__ stored store(computed x)                                       \
        {                                                                                \
            return (stored)store_(x);                                                    \
        }                                                                                \
    };
LKS_ELEMENTS(LKS_CUDA_ELEMENT)
#undef LKS_CUDA_ELEMENT
} // namespace element

/* A nest of loops over N operands, on the device: where element i of each stands. */
template <int N> struct lks_cuda_loops {
    int64_t n; /* elements */
    int ndim;
    int64_t sizes[LKS_MAX_DIMS];
    int64_t strides[LKS_MAX_DIMS][N]; /* bytes */
    char *data[N];

    __device__ void at(int64_t i, char *(&out)[N]) const
    {
        for (int k = 0; k < N; k++)
            out[k] = data[k];
        for (int d = ndim - 1; d > 0; d--) {
            const int64_t rest = i / sizes[d], here = i - rest * sizes[d];

            for (int k = 0; k < N; k++)
                out[k] += here * strides[d][k];
            i = rest;
        }
        for (int k = 0; k < N; k++)
            out[k] += i * strides[0][k];
    }

    /* One loop in which every operand's elements, of n_bytes, follow each other. */
    bool is_dense(size_t n_bytes) const
    {
        for (int k = 0; k < N; k++)
            if (strides[0][k] != (int64_t)n_bytes && n > 1)
                return false;
        return ndim == 1;
    }

    bool is_aligned(size_t n_bytes) const
    {
        for (int k = 0; k < N; k++)
            if ((uintptr_t)data[k] % n_bytes != 0)
                return false;
        return true;
    }
};

/* `in_order`: element i is the i-th, row-major. */
template <int N>
static lks_cuda_loops<N> lks_cuda_loops_of(const lks_view *const (&views)[N],
                                           bool in_order = false)
{
    lks_cuda_loops<N> loops;
    lks_nest nest;

    (in_order ? lks_nest_init_in_order : lks_nest_init)(&nest, N, views);
    loops.ndim = nest.ndim;
    loops.n = 1;
    for (int d = 0; d < nest.ndim; d++) {
        loops.n *= nest.sizes[d];
        loops.sizes[d] = nest.sizes[d];
        for (int k = 0; k < N; k++)
            loops.strides[d][k] = nest.strides[d][k];
    }
    for (int k = 0; k < N; k++)
        loops.data[k] = nest.data[k];
    return loops;
}

/* N elements that are read and written at once. */
template <class T, int N> struct alignas(sizeof(T) * N) lks_cuda_pack {
    T items[N];
};

/* The number of the calling thread among all of a launch with one dimension. */
static inline __device__ int64_t lks_cuda_thread(void)
{
    return (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
}

/* What the text of a complaint says: that of the latest launch, whichever complains. */
static inline void lks_cuda_describe(lks_cuda_queue *q, lks_cuda_complaint about,
                                     const lks_view *x, int dim)
{
    q->trouble->shape[about] = lks_view_shape(x);
    q->trouble->dim[about] = dim;
}

/* An index out of range: the first is told when somebody waits (queue.h). */
static inline __device__ void lks_cuda_complain(lks_cuda_trouble *trouble,
                                                lks_cuda_complaint about, int64_t number,
                                                int64_t index)
{
    const uint32_t low = (uint32_t)lks_saturate_I32((double)index);
    const unsigned long long high =
        number < UINT32_MAX ? (unsigned long long)number : UINT32_MAX;

    atomicMin(&trouble->first[about], high << 32 | low);
}

#endif
