/* Comparisons, and the choice between two elements: a thread an element. */
#include "cuda/launch.cuh"

#include "reference/of.h"

#define T float
#include "reference/compare_of.h"
#undef T
#define T double
#include "reference/compare_of.h"
#undef T
#define T int32_t
#include "reference/compare_of.h"
#undef T
#define T int64_t
#include "reference/compare_of.h"
#undef T

/* Operands: out, a, b. */
template <class E>
static __global__ void compare_each(lks_cuda_loops<3> loops, lks_compare op)
{
    typedef typename E::stored stored;
    const int64_t i = lks_cuda_thread();
    char *at[3];

    if (i >= loops.n)
        return;
    loops.at(i, at);
    *(uint8_t *)at[0] =
        compare(op, E::load(*(const stored *)at[1]), E::load(*(const stored *)at[2]));
}

/* Operands: out, condition, a, b. */
template <class T> static __global__ void where_each(lks_cuda_loops<4> loops)
{
    const int64_t i = lks_cuda_thread();
    char *at[4];

    if (i >= loops.n)
        return;
    loops.at(i, at);
    *(T *)at[0] = *(const uint8_t *)at[1] ? *(const T *)at[2] : *(const T *)at[3];
}

template <class E>
static lks_status run_compare(lks_compare op, const lks_view *a, const lks_view *b,
                              const lks_view *out)
{
    const lks_view *const views[] = {out, a, b};
    const lks_cuda_loops<3> loops = lks_cuda_loops_of(views);
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_for(out, &q));
    if (loops.n == 0)
        return LKS_OK;
    LKS_LAUNCH(q, compare_each<E>, lks_cuda_blocks(loops.n, LKS_CUDA_THREADS),
               LKS_CUDA_THREADS, loops, op);
    lks_cuda_count_work(q, lks_cuda_bytes(a) + lks_cuda_bytes(b) + lks_cuda_bytes(out),
                        (double)loops.n);
    return LKS_OK;
}

lks_status lks_cuda_compare(lks_compare op, const lks_view *a, const lks_view *b,
                            const lks_view *out)
{
    switch (a->dtype) {
#define COMPARE(name, stored, computed, load, store)                                     \
    case LKS_##name:                                                                     \
        return run_compare<element::name>(op, a, b, out);
        LKS_ELEMENTS(COMPARE)
    default:
        return LKS_OK;
    }
}

template <class T>
static lks_status run_where(const lks_view *condition, const lks_view *a,
                            const lks_view *b, const lks_view *out)
{
    const lks_view *const views[] = {out, condition, a, b};
    const lks_cuda_loops<4> loops = lks_cuda_loops_of(views);
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_for(out, &q));
    if (loops.n == 0)
        return LKS_OK;
    LKS_LAUNCH(q, where_each<T>, lks_cuda_blocks(loops.n, LKS_CUDA_THREADS),
               LKS_CUDA_THREADS, loops);
    lks_cuda_count_work(q, lks_cuda_bytes(condition) + 2 * lks_cuda_bytes(out), 0);
    return LKS_OK;
}

lks_status lks_cuda_where(const lks_view *condition, const lks_view *a, const lks_view *b,
                          const lks_view *out)
{
    switch (lks_dtype_size_bytes(out->dtype)) {
    case 1:
        return run_where<uint8_t>(condition, a, b, out);
    case 2:
        return run_where<uint16_t>(condition, a, b, out);
    case 4:
        return run_where<uint32_t>(condition, a, b, out);
    default:
        return run_where<uint64_t>(condition, a, b, out);
    }
}
