/* Lines in order, by merges of runs of 1, 2, 4 … elements. A thread has one element of
 * one run and looks for its place among those of the run beside it; runs are places in a
 * line, which move, while the elements stay where they are. */
#include "cuda/launch.cuh"

#include "formulas.h"

#define PAGE "reference/sort_of.h"
#include "reference/for_elements.h"

typedef struct sorting {
    lks_cuda_loops<3> firsts; /* values, index, x: of each line */
    int64_t n, strides[3];    /* of a line: elements, bytes */
    bool descending;
} sorting;

/* The frame's element i: which line it is of, and the how many-th there. */
struct element_at {
    int64_t line, at;
    char *data[3];

    __device__ element_at(const sorting &s, int64_t i) : line(i / s.n), at(i % s.n)
    {
        s.firsts.at(line, data);
    }
};

/* How an element of a dtype is read and compared. */
#define ORDER(dtype, stored_, computed_, load_, store_)                                  \
    struct order_##dtype {                                                               \
        typedef stored_ stored;                                                          \
        typedef computed_ computed;                                                      \
                                                                                         \
        static __device__ computed load(const char *at)                                  \
        {                                                                                \
            return sort_load_##dtype(at);                                                \
        }                                                                                \
        static __device__ bool before(computed a, computed b, bool descending)           \
        {                                                                                \
            return sorts_before_##dtype(a, b, descending);                               \
        }                                                                                \
    };
LKS_ELEMENTS(ORDER)

static __global__ void sort_begin(sorting s, int64_t *places)
{
    const int64_t i = lks_cuda_thread();

    if (i < s.firsts.n * s.n)
        places[i] = i % s.n;
}

/* How many of the run [first, last) come before `key`; its equals too if `with_equals`.
 */
template <class E>
static __device__ int64_t count_before(const sorting &s, const char *x,
                                       const int64_t *places, int64_t first, int64_t last,
                                       typename E::computed key, bool with_equals)
{
    const int64_t begin = first;

    while (first < last) {
        const int64_t middle = first + (last - first) / 2;
        const typename E::computed other = E::load(x + places[middle] * s.strides[2]);
        const bool is_before = with_equals ? !E::before(key, other, s.descending)
                                           : E::before(other, key, s.descending);

        if (is_before)
            first = middle + 1;
        else
            last = middle;
    }
    return first - begin;
}

/* Runs of `width` in `from` become runs of twice that in `to`. */
template <class E>
static __global__ void sort_merge(sorting s, int64_t width, const int64_t *from,
                                  int64_t *to)
{
    const int64_t i = lks_cuda_thread();

    if (i >= s.firsts.n * s.n)
        return;
    const element_at e(s, i);
    const int64_t *line = from + e.line * s.n;
    const int64_t run = e.at / width, first = run / 2 * 2 * width;
    const int64_t middle = s.n - first < width ? s.n : first + width;
    const int64_t last = s.n - middle < width ? s.n : middle + width;
    const bool is_second = run % 2 != 0;
    const typename E::computed key = E::load(e.data[2] + line[e.at] * s.strides[2]);
    const int64_t others =
        is_second ? count_before<E>(s, e.data[2], line, first, middle, key, true)
                  : count_before<E>(s, e.data[2], line, middle, last, key, false);

    to[e.line * s.n + first + (e.at - (is_second ? middle : first)) + others] =
        line[e.at];
}

template <class E> static __global__ void sort_end(sorting s, const int64_t *places)
{
    typedef typename E::stored stored;
    const int64_t i = lks_cuda_thread();

    if (i >= s.firsts.n * s.n)
        return;
    const element_at e(s, i);

    *(stored *)(e.data[0] + e.at * s.strides[0]) =
        *(const stored *)(e.data[2] + places[i] * s.strides[2]);
    *(int64_t *)(e.data[1] + e.at * s.strides[1]) = places[i];
}

template <class E>
static lks_status launch(lks_cuda_queue *q, const sorting &s, int64_t *places)
{
    const int64_t n_all = s.firsts.n * s.n;
    const unsigned n_blocks = lks_cuda_blocks(n_all, LKS_CUDA_THREADS);
    int64_t *from = places, *to = places + n_all;

    LKS_LAUNCH(q, sort_begin, n_blocks, LKS_CUDA_THREADS, s, from);
    for (int64_t width = 1; width < s.n; width *= 2) {
        int64_t *const sorted = to;

        LKS_LAUNCH(q, sort_merge<E>, n_blocks, LKS_CUDA_THREADS, s, width,
                   (const int64_t *)from, to);
        to = from;
        from = sorted;
    }
    LKS_LAUNCH(q, sort_end<E>, n_blocks, LKS_CUDA_THREADS, s, (const int64_t *)from);
    return LKS_OK;
}

template <class E> static lks_status run(lks_cuda_queue *q, const sorting &s)
{
    const size_t n_bytes = 2 * (size_t)(s.firsts.n * s.n) * sizeof(int64_t);
    int64_t *places = (int64_t *)lks_cuda_scratch(q, n_bytes);
    lks_status st;

    if (!places)
        return LKS_NOMEM;
    st = launch<E>(q, s, places);
    lks_cuda_scratch_free(q, places, n_bytes);
    return st;
}

static sorting sorting_of(const lks_view *const (&views)[3], int dim, bool descending)
{
    lks_view firsts[3];
    const lks_view *outer[3];
    sorting s;

    for (int k = 0; k < 3; k++) {
        firsts[k] = lks_view_without(views[k], dim);
        outer[k] = &firsts[k];
        s.strides[k] =
            views[k]->strides[dim] * (int64_t)lks_dtype_size_bytes(views[k]->dtype);
    }
    s.firsts = lks_cuda_loops_of(outer);
    s.n = views[0]->sizes[dim];
    s.descending = descending;
    return s;
}

lks_status lks_cuda_sort(const lks_view *x, int dim, bool descending,
                         const lks_view *values, const lks_view *index)
{
    const lks_view *const views[] = {values, index, x};
    const sorting s = sorting_of(views, dim, descending);
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_for(x, &q));
    if (s.firsts.n * s.n == 0)
        return LKS_OK;
    lks_cuda_count_work(q, 2 * lks_cuda_bytes(x) + lks_cuda_bytes(index), 0);
    switch (x->dtype) {
#define SORT(dtype, stored, computed, load, store)                                       \
    case LKS_##dtype:                                                                    \
        return run<order_##dtype>(q, s);
        LKS_ELEMENTS(SORT)
    default:
        return LKS_OK;
    }
}
