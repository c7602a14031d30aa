/* Gathering and scattering along a dimension, to places that differ from line to line. An
 * index out of range is told when somebody waits; nothing is read or written for it. */
#include "cuda/lines.cuh"

#include <cstring>

/* ---- gather ---- */

/* Operands, row-major: out, x at place 0 of the dimension, the index of each element. */
template <class T>
static __global__ void gather(lks_cuda_loops<3> loops, int64_t n_places, int64_t stride,
                              lks_cuda_trouble *trouble)
{
    const int64_t i = lks_cuda_thread();
    int64_t index;
    char *at[3];

    if (i >= loops.n)
        return;
    loops.at(i, at);
    index = *(const int64_t *)at[2];
    if (index >= 0 && index < n_places)
        *(T *)at[0] = *(const T *)(at[1] + index * stride);
    else
        lks_cuda_complain(trouble, LKS_CUDA_GATHER, i, index);
}

template <class T>
static lks_status run(const lks_view *x, int dim, const lks_view *index,
                      const lks_view *out)
{
    lks_view from = *x;
    const lks_view *const views[] = {out, &from, index};
    lks_cuda_queue *q;

    memcpy(from.sizes, out->sizes, sizeof from.sizes);
    from.strides[dim] = 0;
    LKS_TRY(lks_cuda_queue_for(out, &q));
    const lks_cuda_loops<3> loops = lks_cuda_loops_of(views, true);

    if (loops.n == 0)
        return LKS_OK;
    lks_cuda_describe(q, LKS_CUDA_GATHER, x, dim);
    LKS_LAUNCH(q, gather<T>, lks_cuda_blocks(loops.n, LKS_CUDA_THREADS), LKS_CUDA_THREADS,
               loops, x->sizes[dim], x->strides[dim] * (int64_t)sizeof(T), q->trouble_d);
    lks_cuda_count_work(q, 2 * lks_cuda_bytes(out) + lks_cuda_bytes(index), 0);
    return LKS_OK;
}

lks_status lks_cuda_gather(const lks_view *x, int dim, const lks_view *index,
                           const lks_view *out)
{
    switch (lks_dtype_size_bytes(x->dtype)) {
    case 1:
        return run<uint8_t>(x, dim, index, out);
    case 2:
        return run<uint16_t>(x, dim, index, out);
    case 4:
        return run<uint32_t>(x, dim, index, out);
    default:
        return run<uint64_t>(x, dim, index, out);
    }
}

/* ---- scatter ---- */

#define PAGE "reference/scatter_of.h"
#include "reference/for_elements.h"

#define BODY(dtype, stored, computed, load, store)                                       \
    struct scatter_##dtype {                                                             \
        bool add;                                                                        \
        int64_t n_places;                                                                \
                                                                                         \
        __device__ void operator()(int64_t n, char *const *data,                         \
                                   const int64_t *strides) const                         \
        {                                                                                \
            scatter_line_##dtype(add, n_places, n, data, strides);                       \
        }                                                                                \
    };
LKS_ELEMENTS(BODY)

/* Whoever walks a line does not know the number of an index in the whole: here it is. */
static __global__ void check(lks_cuda_loops<1> index, int64_t n_places,
                             lks_cuda_trouble *trouble)
{
    const int64_t i = lks_cuda_thread();
    char *at[1];

    if (i >= index.n)
        return;
    index.at(i, at);
    const int64_t place = *(const int64_t *)at[0];

    if (place < 0 || place >= n_places)
        lks_cuda_complain(trouble, LKS_CUDA_SCATTER, i, place);
}

static lks_status check_places(const lks_view *index, const lks_view *out, int dim)
{
    const lks_view *const views[] = {index};
    const lks_cuda_loops<1> loops = lks_cuda_loops_of(views, true);
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_for(out, &q));
    if (loops.n == 0)
        return LKS_OK;
    lks_cuda_describe(q, LKS_CUDA_SCATTER, out, dim);
    LKS_LAUNCH(q, check, lks_cuda_blocks(loops.n, LKS_CUDA_THREADS), LKS_CUDA_THREADS,
               loops, out->sizes[dim], q->trouble_d);
    return LKS_OK;
}

lks_status lks_cuda_scatter(const lks_view *x, int dim, const lks_view *index, bool add,
                            const lks_view *out)
{
    const lks_view *const views[] = {x, index, out};

    if (add && x->dtype == LKS_BOOL)
        return lks_cuda_no_dtype("scatter", x->dtype);
    LKS_TRY(check_places(index, out, dim));
    switch (x->dtype) {
#define SCATTER(dtype, stored, computed, load, store)                                    \
    case LKS_##dtype:                                                                    \
        return lks_cuda_lines(views, dim, scatter_##dtype{add, out->sizes[dim]});
        LKS_ELEMENTS(SCATTER)
    default:
        return LKS_OK;
    }
}
