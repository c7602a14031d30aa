/* Inside the CUDA device: the frame of kernels that do the same to each element of some
 * arrays of one type and size. Where these lie without gaps, 16 bytes of each are read
 * and written at once.
 *
 * A body is a struct with
 *   static const unsigned reads, writes   bit k: operand k is read, is written
 *   __device__ void operator()(int64_t i, T (&e)[N]) const   element i of all of them
 * An operand that is neither read nor written may be any memory. */
#ifndef LKS_CUDA_EACH_CUH
#define LKS_CUDA_EACH_CUH

#include "cuda/launch.cuh"

enum { LKS_CUDA_PACK_BYTES = 16 };

template <class T, int N, class Body>
static __device__ void lks_cuda_one(char *const (&at)[N], int64_t i, const Body &body)
{
    T e[N];

    for (int k = 0; k < N; k++)
        if (Body::reads >> k & 1)
            e[k] = *(const T *)at[k];
    body(i, e);
    for (int k = 0; k < N; k++)
        if (Body::writes >> k & 1)
            *(T *)at[k] = e[k];
}

template <class T, int N, class Body>
static __global__ void each_strided(lks_cuda_loops<N> loops, Body body)
{
    const int64_t i = lks_cuda_thread();
    char *at[N];

    if (i >= loops.n)
        return;
    loops.at(i, at);
    lks_cuda_one<T>(at, i, body);
}

/* The last elements, which fill no pack, are the last thread's, one by one. */
template <class T, int N, class Body>
static __global__ void each_dense(lks_cuda_loops<N> loops, Body body)
{
    const int n_items = LKS_CUDA_PACK_BYTES / sizeof(T);
    typedef lks_cuda_pack<T, n_items> pack;
    const int64_t first = lks_cuda_thread() * n_items;
    pack packs[N];

    if (first + n_items > loops.n) {
        for (int64_t i = first; i < loops.n; i++) {
            char *at[N];

            for (int k = 0; k < N; k++)
                at[k] = loops.data[k] + i * (int64_t)sizeof(T);
            lks_cuda_one<T>(at, i, body);
        }
        return;
    }
#pragma unroll
    for (int k = 0; k < N; k++)
        if (Body::reads >> k & 1)
            packs[k] = ((const pack *)loops.data[k])[first / n_items];
#pragma unroll
    for (int j = 0; j < n_items; j++) {
        T e[N];

        for (int k = 0; k < N; k++)
            if (Body::reads >> k & 1)
                e[k] = packs[k].items[j];
        body(first + j, e);
        for (int k = 0; k < N; k++)
            if (Body::writes >> k & 1)
                packs[k].items[j] = e[k];
    }
#pragma unroll
    for (int k = 0; k < N; k++)
        if (Body::writes >> k & 1)
            ((pack *)loops.data[k])[first / n_items] = packs[k];
}

/* Views of equal sizes, the first one that is written in front. */
template <class T, int N, class Body>
static lks_status lks_cuda_each(const lks_view *const (&views)[N], const Body &body)
{
    const lks_cuda_loops<N> loops = lks_cuda_loops_of(views);
    const int n_items = LKS_CUDA_PACK_BYTES / sizeof(T);
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_for(views[0], &q));
    if (loops.n == 0)
        return LKS_OK;
    if (loops.is_dense(sizeof(T)) && loops.is_aligned(LKS_CUDA_PACK_BYTES))
        LKS_LAUNCH(q, (each_dense<T, N, Body>),
                   lks_cuda_blocks(loops.n, LKS_CUDA_THREADS * n_items), LKS_CUDA_THREADS,
                   loops, body);
    else
        LKS_LAUNCH(q, (each_strided<T, N, Body>),
                   lks_cuda_blocks(loops.n, LKS_CUDA_THREADS), LKS_CUDA_THREADS, loops,
                   body);
    lks_cuda_count_work(
        q,
        (size_t)loops.n * sizeof(T) *
            (size_t)(__builtin_popcount(Body::reads) + __builtin_popcount(Body::writes)),
        (double)loops.n);
    return LKS_OK;
}

#endif
