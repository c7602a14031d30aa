/* The place of the largest, or of the smallest, along a dimension: a warp has a row. Which
 * of two places wins does not depend on who compares them: NaN before numbers, the larger
 * (the smaller), the first. */
#include "cuda/launch.cuh"

enum { WARP = 32, ROWS = LKS_CUDA_THREADS / WARP /* of a block */ };

template <class V> struct place {
    V value;
    int64_t at; /* -1: none yet */
};

template <class V>
static __device__ bool beats(const place<V> &a, const place<V> &b, bool smallest)
{
    const bool a_is_nan = a.value != a.value, b_is_nan = b.value != b.value;

    if (a.at < 0 || b.at < 0)
        return a.at >= 0;
    if (a_is_nan || b_is_nan)
        return a_is_nan && (!b_is_nan || a.at < b.at);
    if (a.value == b.value)
        return a.at < b.at;
    return smallest ? a.value < b.value : a.value > b.value;
}

template <class E>
static __global__ void arg_reduce(lks_cuda_loops<2> rows, int64_t n, int64_t stride,
                                  bool smallest)
{
    typedef typename E::computed V;
    const int lane = threadIdx.x % WARP;
    const int64_t row = (int64_t)blockIdx.x * ROWS + threadIdx.x / WARP;
    place<V> best = {0, -1};
    char *at[2];

    if (row >= rows.n)
        return;
    rows.at(row, at);
    for (int64_t j = lane; j < n; j += WARP) {
        const place<V> other = {
            E::load(*(const typename E::stored *)(at[1] + j * stride)), j};

        if (beats(other, best, smallest))
            best = other;
    }
    for (int step = WARP / 2; step > 0; step /= 2) {
        const place<V> other = {__shfl_down_sync(~0u, best.value, step),
                                __shfl_down_sync(~0u, best.at, step)};

        if (beats(other, best, smallest))
            best = other;
    }
    if (lane == 0)
        *(int64_t *)at[0] = best.at;
}

template <class E>
static lks_status run(lks_reduce op, const lks_view *x, int dim,
                      const lks_cuda_loops<2> &rows)
{
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_for(x, &q));
    if (rows.n == 0)
        return LKS_OK;
    LKS_LAUNCH(q, arg_reduce<E>, lks_cuda_blocks(rows.n, ROWS), LKS_CUDA_THREADS, rows,
               x->sizes[dim], x->strides[dim] * (int64_t)sizeof(typename E::stored),
               op == LKS_REDUCE_MIN);
    lks_cuda_count_work(q, lks_cuda_bytes(x) + (size_t)rows.n * sizeof(int64_t), 0);
    return LKS_OK;
}

lks_status lks_cuda_arg_reduce(lks_reduce op, const lks_view *x, int dim,
                               const lks_view *out)
{
    const lks_view firsts = lks_view_without(x, dim);
    const lks_view *const views[] = {out, &firsts};

    switch (x->dtype) {
#define ARG(name, stored, computed, load, store)                                         \
    case LKS_##name:                                                                     \
        return run<element::name>(op, x, dim, lks_cuda_loops_of(views));
        LKS_ELEMENTS(ARG)
    default:
        return LKS_OK;
    }
}
