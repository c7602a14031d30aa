/* Sums, maxima and the places of maxima, in the order of ../reference/reduce.c.
 *
 * An output's elements fall into chunks and these into virtual lanes: a thread has one
 * lane of one chunk. A block has the lanes of some outputs' chunks side by side: lanes
 * fastest where the elements of an output follow each other in memory, outputs fastest
 * where those of several do. Lanes meet in shared memory; chunks, if there are several,
 * in a second kernel. */
#include "cuda/launch.cuh"

#include "formulas.h"

#define T double
#include "reference/reduce_of.h"
#undef T
#define T int64_t
#include "reference/reduce_of.h"
#undef T

enum {
    LANES = LKS_SUM_LANES,
    SUMS = LKS_CUDA_THREADS / LANES, /* of a block */
};

/* What is reduced, and where it goes. */
typedef struct reduction {
    lks_reduce op;
    lks_cuda_loops<2> kept;    /* outputs: the place of each, of its first element */
    lks_cuda_loops<1> reduced; /* the elements of an output, row-major */
    int64_t n_chunks;
    bool lanes_fastest;
    lks_dtype out;
    void *chunks; /* [n_chunks, kept.n] of Sum; NULL: there is one chunk */
} reduction;

/* A sum as the output's dtype has it. */
template <class E>
static __device__ void put(const reduction &r, int64_t output, double sum)
{
    char *at[2];

    r.kept.at(output, at);
    if (r.out == LKS_F64)
        *(double *)at[0] = sum;
    else if (r.out == LKS_F32)
        *(float *)at[0] = (float)sum;
    else
        *(typename E::stored *)at[0] = E::store((typename E::computed)sum);
}

template <class E>
static __device__ void put(const reduction &r, int64_t output, int64_t sum)
{
    char *at[2];

    r.kept.at(output, at);
    *(typename E::stored *)at[0] = E::store((typename E::computed)sum);
}

template <class E, class Sum>
static __device__ Sum sum_lane(const reduction &r, const char *first, int64_t chunk,
                               int lane)
{
    const int64_t begin = chunk * LKS_SUM_CHUNK, end = begin + LKS_SUM_CHUNK;
    const int64_t last = end < r.reduced.n ? end : r.reduced.n;
    Sum sum = reduce_start(r.op, (Sum)0);

    for (int64_t i = begin + lane; i < last; i += LANES) {
        char *at[1];

        r.reduced.at(i, at);
        sum = reduce_term(
            r.op, sum,
            (Sum)E::load(*(const typename E::stored *)(first + (intptr_t)at[0])));
    }
    return sum;
}

template <class E, class Sum> static __global__ void reduce(reduction r)
{
    __shared__ Sum lanes[SUMS][LANES + 1];
    const int lane = r.lanes_fastest ? threadIdx.x % LANES : threadIdx.x / SUMS;
    const int mine = r.lanes_fastest ? threadIdx.x / LANES : threadIdx.x % SUMS;
    const int64_t n_blocks = (r.kept.n + SUMS - 1) / SUMS;
    const int64_t chunk = blockIdx.x / n_blocks;
    const int64_t output = blockIdx.x % n_blocks * SUMS + mine;

    if (output < r.kept.n) {
        char *at[2];

        r.kept.at(output, at);
        lanes[mine][lane] = sum_lane<E, Sum>(r, at[1], chunk, lane);
    }
    __syncthreads();
    for (int step = LANES / 2; step > 0; step /= 2) {
        if (lane < step && output < r.kept.n)
            lanes[mine][lane] =
                reduce_meet(r.op, lanes[mine][lane], lanes[mine][lane + step]);
        __syncthreads();
    }
    if (lane != 0 || output >= r.kept.n)
        return;
    if (r.chunks)
        ((Sum *)r.chunks)[chunk * r.kept.n + output] = lanes[mine][0];
    else
        put<E>(r, output, lanes[mine][0]);
}

template <class E, class Sum> static __global__ void add_chunks(reduction r)
{
    const int64_t output = lks_cuda_thread();
    const Sum *chunk = (const Sum *)r.chunks + output;
    Sum total;

    if (output >= r.kept.n)
        return;
    total = *chunk;
    for (int64_t i = 1; i < r.n_chunks; i++)
        total = reduce_meet(r.op, total, chunk[i * r.kept.n]);
    put<E>(r, output, total);
}

/* The smallest step between x's elements along dimensions that are reduced, or kept. */
static int64_t smallest_stride(const lks_view *x, const lks_view *out, bool reduced)
{
    int64_t smallest = INT64_MAX;

    for (int d = 0; d < x->ndim; d++)
        if (x->sizes[d] > 1 && (out->sizes[d] != x->sizes[d]) == reduced &&
            llabs(x->strides[d]) < smallest)
            smallest = llabs(x->strides[d]);
    return smallest;
}

static reduction reduction_of(lks_reduce op, const lks_view *x, const lks_view *out)
{
    lks_view kept = *x, part = *x;
    const lks_view *const outputs[] = {out, &kept}, *const parts[] = {&part};
    reduction r;

    for (int d = 0; d < x->ndim; d++) {
        kept.sizes[d] = out->sizes[d];
        if (out->sizes[d] == x->sizes[d])
            part.sizes[d] = 1;
    }
    part.data = nullptr;
    r.op = op;
    r.kept = lks_cuda_loops_of(outputs);
    r.reduced = lks_cuda_loops_of(parts, true);
    r.n_chunks = (r.reduced.n + LKS_SUM_CHUNK - 1) / LKS_SUM_CHUNK;
    r.n_chunks = r.n_chunks > 0 ? r.n_chunks : 1;
    r.lanes_fastest = smallest_stride(x, out, true) <= smallest_stride(x, out, false);
    r.out = out->dtype;
    r.chunks = nullptr;
    return r;
}

template <class E, class Sum>
static lks_status launch(lks_cuda_queue *q, const reduction &r)
{
    LKS_LAUNCH(q, (reduce<E, Sum>), (unsigned)((r.kept.n + SUMS - 1) / SUMS * r.n_chunks),
               LKS_CUDA_THREADS, r);
    if (r.chunks)
        LKS_LAUNCH(q, (add_chunks<E, Sum>), lks_cuda_blocks(r.kept.n, LKS_CUDA_THREADS),
                   LKS_CUDA_THREADS, r);
    return LKS_OK;
}

template <class E, class Sum> static lks_status run(lks_cuda_queue *q, reduction r)
{
    const size_t n_bytes = (size_t)(r.n_chunks * r.kept.n) * sizeof(Sum);
    lks_status st;

    if (r.n_chunks > 1 && !(r.chunks = lks_cuda_scratch(q, n_bytes)))
        return LKS_NOMEM;
    st = launch<E, Sum>(q, r);
    lks_cuda_scratch_free(q, r.chunks, n_bytes);
    return st;
}

lks_status lks_cuda_reduce(lks_reduce op, const lks_view *x, const lks_view *out)
{
    const reduction r = reduction_of(op, x, out);
    lks_cuda_queue *q;

    if (x->dtype == LKS_BOOL)
        return lks_cuda_no_dtype("reduce", x->dtype);
    LKS_TRY(lks_cuda_queue_for(x, &q));
    if (r.kept.n == 0)
        return LKS_OK;
    lks_cuda_count_work(q, lks_cuda_bytes(x) + lks_cuda_bytes(out),
                        (double)lks_view_count(x));
    switch (x->dtype) {
#define REDUCE_FLOAT(name, stored, computed, load, store)                                \
    case LKS_##name:                                                                     \
        return run<element::name, double>(q, r);
#define REDUCE_INT(name, stored, computed, load, store)                                  \
    case LKS_##name:                                                                     \
        return run<element::name, int64_t>(q, r);
        LKS_FLOAT_ELEMENTS(REDUCE_FLOAT)
        LKS_INT_ELEMENTS(REDUCE_INT)
    default:
        return LKS_OK;
    }
}
