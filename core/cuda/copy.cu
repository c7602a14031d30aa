/* Fills and copies, with casts. An element of the same dtype keeps its bits: those are
 * moved as integers of its width. */
#include "cuda/each.cuh"

#include <cstring>

#include "reference/copy_of.h"

/* ---- the same bits ---- */

template <class T> struct fill_body {
    static const unsigned reads = 0, writes = 1;
    T value;

    __device__ void operator()(int64_t, T (&e)[1]) const
    {
        e[0] = value;
    }
};

template <class T> struct move_body {
    static const unsigned reads = 2, writes = 1;

    __device__ void operator()(int64_t, T (&e)[2]) const
    {
        e[0] = e[1];
    }
};

template <class T> static lks_status fill_with(const lks_view *out, const void *bits)
{
    const lks_view *const views[] = {out};
    fill_body<T> body;

    memcpy(&body.value, bits, sizeof body.value);
    return lks_cuda_each<T>(views, body);
}

lks_status lks_cuda_fill(const lks_view *out, double value)
{
    uint64_t bits = 0;

    store_number(out->dtype, {true, value, 0}, (char *)&bits);
    switch (lks_dtype_size_bytes(out->dtype)) {
    case 1:
        return fill_with<uint8_t>(out, &bits);
    case 2:
        return fill_with<uint16_t>(out, &bits);
    case 4:
        return fill_with<uint32_t>(out, &bits);
    default:
        return fill_with<uint64_t>(out, &bits);
    }
}

static lks_status move(const lks_view *x, const lks_view *out)
{
    const lks_view *const views[] = {out, x};

    switch (lks_dtype_size_bytes(out->dtype)) {
    case 1:
        return lks_cuda_each<uint8_t>(views, move_body<uint8_t>());
    case 2:
        return lks_cuda_each<uint16_t>(views, move_body<uint16_t>());
    case 4:
        return lks_cuda_each<uint32_t>(views, move_body<uint32_t>());
    default:
        return lks_cuda_each<uint64_t>(views, move_body<uint64_t>());
    }
}

/* ---- casts ---- */

static __global__ void cast(lks_cuda_loops<2> loops, lks_dtype to, lks_dtype from)
{
    const int64_t i = lks_cuda_thread();
    char *at[2];

    if (i >= loops.n)
        return;
    loops.at(i, at);
    store_number(to, load_number(from, at[1]), at[0]);
}

lks_status lks_cuda_copy(const lks_view *x, const lks_view *out)
{
    const lks_view *const views[] = {out, x};
    const lks_cuda_loops<2> loops = lks_cuda_loops_of(views);
    lks_cuda_queue *q;

    if (x->dtype == out->dtype)
        return move(x, out);
    LKS_TRY(lks_cuda_queue_for(out, &q));
    if (loops.n == 0)
        return LKS_OK;
    LKS_LAUNCH(q, cast, lks_cuda_blocks(loops.n, LKS_CUDA_THREADS), LKS_CUDA_THREADS,
               loops, out->dtype, x->dtype);
    lks_cuda_count_work(q, lks_cuda_bytes(x) + lks_cuda_bytes(out), 0);
    return LKS_OK;
}
