/* Inside the CUDA device: sums over a batch's pixels, for the gradients of a
 * convolution's weight and bias. Parts of the pixels, chunks or single blocks
 * (geometry.h), are added up beside each other, and their sums in order. */
#ifndef LKS_CUDA_CONV_SUMS_CUH
#define LKS_CUDA_CONV_SUMS_CUH

#include "cuda/launch.cuh"
#include "geometry.h"

namespace conv
{
/* Blocks of an image, of the batch; numbered image by image. */
LKS_INLINE int64_t n_blocks_each(const geometry &g)
{
    const int64_t step = rows_per_block(&g);

    return (g.oh + step - 1) / step;
}

/* Parts of the pixels: chunks, or single blocks. */
struct parts {
    bool are_blocks;
    int64_t first_chunk, last_chunk; /* that one launch is for */

    __host__ __device__ int64_t first_of(const geometry &g, int64_t chunk) const
    {
        return are_blocks ? first_image(&g, chunk) * n_blocks_each(g) : chunk;
    }
    __host__ __device__ int64_t count(const geometry &g) const
    {
        return first_of(g, last_chunk) - first_of(g, first_chunk);
    }
    /* The first block of part i of the launch; of the next one: its end. */
    __device__ int64_t first_block(const geometry &g, int64_t i) const
    {
        const int64_t part = first_of(g, first_chunk) + i;

        return are_blocks ? part : first_image(&g, part) * n_blocks_each(g);
    }
};

/* Chunks from the parts' sums, partial [part, n], and all chunks so far in turn: total
 * [n] has those of former launches. The last launch writes out [n], added to what stands
 * there if `accumulate`. Of f32 and f64. */
template <class T>
lks_status add_parts(lks_cuda_queue *q, const geometry &g, const parts &of, int64_t n,
                     const T *partial, T *total, bool accumulate, T *out);

/* dbias [o] from dy. Of f32 and f64. */
template <class T>
lks_status backward_bias(lks_cuda_queue *q, const geometry &g, const T *dy,
                         bool accumulate, T *dbias);
} // namespace conv

#endif
