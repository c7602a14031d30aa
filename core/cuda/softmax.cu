/* Softmax, and the cross-entropy on top of it, of dense rows: ../reference/softmax_of.h.
 * Sixteen threads have a row, one for each virtual lane of its sums; they meet by
 * shuffles, which leave the same bits with all of them. */
#include "cuda/launch.cuh"

#include "formulas.h"

#define T float
#include "reference/softmax_of.h"
#undef T
#define T double
#include "reference/softmax_of.h"
#undef T

enum {
    LANES = LKS_SUM_LANES,
    ROWS = LKS_CUDA_THREADS / LANES, /* of a block */
};

typedef struct rows {
    int64_t n, n_columns;
} rows;

static rows rows_of(const lks_view *x)
{
    const int64_t n = lks_view_count(x);
    rows r;

    r.n_columns = x->ndim > 0 ? x->sizes[x->ndim - 1] : 1;
    r.n = n > 0 ? n / r.n_columns : 0;
    return r;
}

static __device__ int64_t my_row(void)
{
    return (int64_t)blockIdx.x * ROWS + threadIdx.x / LANES;
}

static __device__ int my_lane(void)
{
    return threadIdx.x % LANES;
}

/* The columns of the calling thread's lane. */
#define FOR_LANE(i, n) for (int64_t i = my_lane(); i < (n); i += LANES)

template <class T> static __device__ T meet_sum(T lane)
{
    for (int step = LANES / 2; step > 0; step /= 2)
        lane += __shfl_xor_sync(~0u, lane, step, LANES);
    return lane;
}

template <class T> static __device__ T row_max(const T *x, int64_t n)
{
    T max = -(T)INFINITY;

    FOR_LANE(i, n)
    max = softmax_max(max, x[i]);
    for (int step = LANES / 2; step > 0; step /= 2) {
        const T other = __shfl_xor_sync(~0u, max, step, LANES);

        max = softmax_max(max, other);
    }
    return max;
}

/* The sum of e^(x - max). */
template <class T> static __device__ T exp_sum(const T *x, int64_t n, T max)
{
    T lane = 0;

    FOR_LANE(i, n)
    lane += M(exp)(x[i] - max);
    return meet_sum(lane);
}

/* A row beyond the last has no columns: its threads only take part in shuffles. */
static __device__ int64_t columns_of(const rows &r, int64_t row)
{
    return row < r.n ? r.n_columns : 0;
}

template <class T>
static __device__ void softmax_row(const T *x, int64_t n, bool log, T *y)
{
    const T max = row_max(x, n), sum = exp_sum(x, n, max);
    const T log_sum = log ? M(log)(sum) : 0;

    FOR_LANE(i, n)
    y[i] = log ? log_softmax_y(x[i], max, log_sum) : M(exp)(x[i] - max) / sum;
}

template <class T> static __global__ void softmax(rows r, const T *x, bool log, T *y)
{
    const int64_t row = my_row();

    softmax_row(x + row * r.n_columns, columns_of(r, row), log, y + row * r.n_columns);
}

template <class T>
static __global__ void softmax_backward(rows r, const T *y, const T *dy, bool log, T *dx)
{
    const int64_t row = my_row(), n = columns_of(r, row), first = row * r.n_columns;
    T lane = 0, sum;

    FOR_LANE(i, n)
    lane = log ? lane + dy[first + i] : softmax_term(lane, y[first + i], dy[first + i]);
    sum = meet_sum(lane);
    FOR_LANE(i, n)
    dx[first + i] = log ? log_softmax_dx(y[first + i], dy[first + i], sum)
                        : softmax_dx(y[first + i], dy[first + i], sum);
}

/* ---- cross-entropy ---- */

typedef struct targets {
    const char *first;
    int64_t stride; /* bytes */
    int64_t ignored;
} targets;

static targets targets_of(const lks_view *target, int64_t ignored)
{
    targets t;

    t.first = (const char *)target->data;
    t.stride = target->strides[0] * (int64_t)sizeof(int64_t);
    t.ignored = ignored;
    return t;
}

static __device__ int64_t target_at(const targets &t, int64_t row)
{
    return *(const int64_t *)(t.first + row * t.stride);
}

/* loss = -log_p[target], 0 where that is ignored */
template <class T>
static __global__ void cross_entropy(rows r, const T *x, targets t, T *log_p, char *loss,
                                     int64_t loss_stride, lks_cuda_trouble *trouble)
{
    const int64_t row = my_row(), n = columns_of(r, row);
    T *to = log_p + row * r.n_columns;
    int64_t target;

    softmax_row(x + row * r.n_columns, n, true, to);
    __syncwarp();
    if (row >= r.n || my_lane() != 0)
        return;
    target = target_at(t, row);
    if (target != t.ignored && (target < 0 || target >= n))
        lks_cuda_complain(trouble, LKS_CUDA_CROSS_ENTROPY, row, target);
    else
        *(T *)(loss + row * loss_stride) = target == t.ignored ? 0 : -to[target];
}

/* One block counts the rows that are not ignored. */
template <class T> static __global__ void count_targets(int64_t n, targets t, T *counted)
{
    __shared__ int64_t total[LKS_CUDA_THREADS];
    int64_t mine = 0;

    for (int64_t row = threadIdx.x; row < n; row += LKS_CUDA_THREADS)
        mine += target_at(t, row) != t.ignored;
    total[threadIdx.x] = mine;
    for (int step = LKS_CUDA_THREADS / 2; step > 0; step /= 2) {
        __syncthreads();
        if ((int)threadIdx.x < step)
            total[threadIdx.x] += total[threadIdx.x + step];
    }
    if (threadIdx.x == 0)
        *counted = (T)total[0];
}

/* dx = scale (e^log_p - [i == target]), 0 if that is ignored */
template <class T>
static __global__ void cross_entropy_backward(rows r, const T *log_p, targets t,
                                              const char *scales, int64_t scale_stride,
                                              T *dx)
{
    const int64_t i = lks_cuda_thread(), row = i / r.n_columns;
    int64_t target;
    T scale;

    if (row >= r.n)
        return;
    target = target_at(t, row);
    scale = *(const T *)(scales + row * scale_stride);
    dx[i] =
        target == t.ignored
            ? 0
            : cross_entropy_dx(M(exp)(log_p[i]), target == i - row * r.n_columns, scale);
}

/* ---- the table's ---- */

#define BY_DTYPE(kernel, x, run, ...)                                                    \
    (x)->dtype == LKS_F32   ? run<float>(__VA_ARGS__)                                    \
    : (x)->dtype == LKS_F64 ? run<double>(__VA_ARGS__)                                   \
                            : lks_cuda_no_dtype(kernel, (x)->dtype)

template <class T>
static lks_status run_softmax(const lks_view *x, bool log, const lks_view *y)
{
    const rows r = rows_of(x);
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_for(x, &q));
    if (r.n == 0)
        return LKS_OK;
    LKS_LAUNCH(q, softmax<T>, lks_cuda_blocks(r.n, ROWS), LKS_CUDA_THREADS, r,
               (const T *)x->data, log, (T *)y->data);
    lks_cuda_count_work(q, 2 * lks_cuda_bytes(x), 5.0 * (double)lks_view_count(x));
    return LKS_OK;
}

lks_status lks_cuda_softmax(const lks_view *x, bool log, const lks_view *y)
{
    return BY_DTYPE("softmax", x, run_softmax, x, log, y);
}

template <class T>
static lks_status run_softmax_backward(const lks_view *y, const lks_view *dy, bool log,
                                       const lks_view *dx)
{
    const rows r = rows_of(y);
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_for(y, &q));
    if (r.n == 0)
        return LKS_OK;
    LKS_LAUNCH(q, softmax_backward<T>, lks_cuda_blocks(r.n, ROWS), LKS_CUDA_THREADS, r,
               (const T *)y->data, (const T *)dy->data, log, (T *)dx->data);
    lks_cuda_count_work(q, 3 * lks_cuda_bytes(y), 4.0 * (double)lks_view_count(y));
    return LKS_OK;
}

lks_status lks_cuda_softmax_backward(const lks_view *y, const lks_view *dy, bool log,
                                     const lks_view *dx)
{
    return BY_DTYPE("softmax_backward", y, run_softmax_backward, y, dy, log, dx);
}

template <class T>
static lks_status run_cross_entropy(const lks_view *x, const lks_view *target,
                                    int64_t ignored, const lks_view *log_p,
                                    const lks_view *loss, const lks_view *n_counted)
{
    const rows r = rows_of(x);
    const targets t = targets_of(target, ignored);
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_for(x, &q));
    if (n_counted)
        LKS_LAUNCH(q, count_targets<T>, 1, LKS_CUDA_THREADS, target->sizes[0], t,
                   (T *)n_counted->data);
    if (r.n == 0)
        return LKS_OK;
    q->trouble->shape[LKS_CUDA_CROSS_ENTROPY] = lks_view_shape(x);
    LKS_LAUNCH(q, cross_entropy<T>, lks_cuda_blocks(r.n, ROWS), LKS_CUDA_THREADS, r,
               (const T *)x->data, t, (T *)log_p->data, (char *)loss->data,
               loss->strides[0] * (int64_t)sizeof(T), q->trouble_d);
    lks_cuda_count_work(q, 2 * lks_cuda_bytes(x) + 2 * lks_cuda_bytes(loss),
                        5.0 * (double)lks_view_count(x));
    return LKS_OK;
}

lks_status lks_cuda_cross_entropy(const lks_view *x, const lks_view *target,
                                  int64_t ignored, const lks_view *log_p,
                                  const lks_view *loss, const lks_view *n_counted)
{
    return BY_DTYPE("cross_entropy", x, run_cross_entropy, x, target, ignored, log_p,
                    loss, n_counted);
}

template <class T>
static lks_status run_cross_entropy_backward(const lks_view *log_p,
                                             const lks_view *target, int64_t ignored,
                                             const lks_view *scale, const lks_view *dx)
{
    const rows r = rows_of(log_p);
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_for(log_p, &q));
    if (r.n == 0)
        return LKS_OK;
    LKS_LAUNCH(q, cross_entropy_backward<T>,
               lks_cuda_blocks(r.n * r.n_columns, LKS_CUDA_THREADS), LKS_CUDA_THREADS, r,
               (const T *)log_p->data, targets_of(target, ignored),
               (const char *)scale->data, scale->strides[0] * (int64_t)sizeof(T),
               (T *)dx->data);
    lks_cuda_count_work(q, 2 * lks_cuda_bytes(dx), 3.0 * (double)lks_view_count(dx));
    return LKS_OK;
}

lks_status lks_cuda_cross_entropy_backward(const lks_view *log_p, const lks_view *target,
                                           int64_t ignored, const lks_view *scale,
                                           const lks_view *dx)
{
    return BY_DTYPE("cross_entropy_backward", log_p, run_cross_entropy_backward, log_p,
                    target, ignored, scale, dx);
}
