/* Average pooling. Forward, a thread has an output; backward, an input, which gathers the
 * shares of its windows in the order of ../reference/avg_pool_of.h. */
#include "cuda/launch.cuh"

#include "geometry.h"

template <class T>
static __global__ void avg_pool(averaging p, int64_t n, const T *x, T *y)
{
    const int64_t i = lks_cuda_thread(), n_windows = p.out[0] * p.out[1];
    T sum = 0;

    if (i >= n)
        return;
    const span rows = span_of(&p, 0, i % n_windows / p.out[1]);
    const span columns = span_of(&p, 1, i % p.out[1]);
    x += i / n_windows * p.in[0] * p.in[1];
    for (int64_t h = rows.begin; h < rows.end; h++)
        for (int64_t w = columns.begin; w < columns.end; w++)
            sum += x[h * p.in[1] + w];
    y[i] = sum / (T)divisor_of(&p, rows, columns);
}

/* The windows along dimension d that have `at`: first to last. */
static __device__ void windows_with(const averaging &p, int d, int64_t at, int64_t *first,
                                    int64_t *last)
{
    const int64_t size = p.in[d], n = p.out[d];

    if (p.params.adaptive) {
        *first = at * n / size;
        *last = ((at + 1) * n + size - 1) / size - 1;
        return;
    }
    const int64_t stride = p.params.stride[d], end = at + p.params.padding[d];
    const int64_t begin = end - p.params.kernel[d] + 1;

    *first = begin > 0 ? (begin + stride - 1) / stride : 0;
    *last = end / stride;
    *last = *last < n ? *last : n - 1;
}

template <class T>
static __global__ void avg_pool_backward(averaging p, int64_t n, const T *dy, T *dx)
{
    const int64_t i = lks_cuda_thread(), plane = p.in[0] * p.in[1];
    int64_t first_oh, last_oh, first_ow, last_ow;
    T sum = 0;

    if (i >= n)
        return;
    dy += i / plane * p.out[0] * p.out[1];
    windows_with(p, 0, i % plane / p.in[1], &first_oh, &last_oh);
    windows_with(p, 1, i % p.in[1], &first_ow, &last_ow);
    for (int64_t oh = first_oh; oh <= last_oh; oh++)
        for (int64_t ow = first_ow; ow <= last_ow; ow++)
            sum += dy[oh * p.out[1] + ow] /
                   (T)divisor_of(&p, span_of(&p, 0, oh), span_of(&p, 1, ow));
    dx[i] = sum;
}

typedef struct work {
    averaging p;
    const lks_view *in, *out;
} work;

template <class T> static lks_status launch(const work &c, bool is_backward)
{
    const int64_t n = lks_view_count(c.out);
    const unsigned blocks = lks_cuda_blocks(n, LKS_CUDA_THREADS);
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_for(c.in, &q));
    if (n == 0)
        return LKS_OK;
    if (is_backward)
        LKS_LAUNCH(q, avg_pool_backward<T>, blocks, LKS_CUDA_THREADS, c.p, n,
                   (const T *)c.in->data, (T *)c.out->data);
    else
        LKS_LAUNCH(q, avg_pool<T>, blocks, LKS_CUDA_THREADS, c.p, n,
                   (const T *)c.in->data, (T *)c.out->data);
    lks_cuda_count_work(q, lks_cuda_bytes(c.in) + lks_cuda_bytes(c.out),
                        (double)lks_view_count(is_backward ? c.out : c.in));
    return LKS_OK;
}

lks_status lks_cuda_avg_pool2d(const lks_view *x, const lks_avg_pool2d_params *params,
                               const lks_view *y)
{
    const work c = {averaging_of(x, y, params), x, y};

    if (x->dtype == LKS_F32)
        return launch<float>(c, false);
    if (x->dtype == LKS_F64)
        return launch<double>(c, false);
    return lks_cuda_no_dtype("avg_pool2d", x->dtype);
}

lks_status lks_cuda_avg_pool2d_backward(const lks_view *dy,
                                        const lks_avg_pool2d_params *params,
                                        const lks_view *dx)
{
    const work c = {averaging_of(dx, dy, params), dy, dx};

    if (dy->dtype == LKS_F32)
        return launch<float>(c, true);
    if (dy->dtype == LKS_F64)
        return launch<double>(c, true);
    return lks_cuda_no_dtype("avg_pool2d_backward", dy->dtype);
}
