/* Dropout: a thread draws one block of the stream and has the four elements that it
 * decides. A recorded one reads how many steps the stream is further. */
#include "cuda/launch.cuh"

#include "base/philox.h"

enum { PER_BLOCK = 4 };

template <class T>
static __global__ void dropout(int64_t n, const T *x, float p, T scale, lks_rng rng,
                               const uint32_t *steps, T *y)
{
    const int64_t block = lks_cuda_thread(), first = block * PER_BLOCK;
    uint32_t bits[PER_BLOCK];

    if (first >= n)
        return;
    if (steps)
        rng.step += *steps;
    lks_philox_block(&rng, (uint64_t)block, bits);
    for (int j = 0; j < PER_BLOCK && first + j < n; j++)
        y[first + j] = lks_philox_uniform_f32(bits[j]) >= p ? x[first + j] * scale : 0;
}

template <class T>
static lks_status run(const lks_view *x, double p, const lks_rng *rng, const lks_view *y)
{
    const int64_t n = lks_view_count(x);
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_for(x, &q));
    if (n == 0)
        return LKS_OK;
    LKS_LAUNCH(q, dropout<T>, lks_cuda_blocks(n, PER_BLOCK * LKS_CUDA_THREADS),
               LKS_CUDA_THREADS, n, (const T *)x->data, (float)p, (T)(1 / (1 - p)), *rng,
               (const uint32_t *)(lks_cuda_is_recording(q) ? q->steps : nullptr),
               (T *)y->data);
    lks_cuda_count_work(q, 2 * lks_cuda_bytes(x), (double)n);
    return LKS_OK;
}

lks_status lks_cuda_dropout(const lks_view *x, double p, const lks_rng *rng,
                            const lks_view *y)
{
    if (x->dtype == LKS_F32)
        return run<float>(x, p, rng, y);
    if (x->dtype == LKS_F64)
        return run<double>(x, p, rng, y);
    return lks_cuda_no_dtype("dropout", x->dtype);
}
