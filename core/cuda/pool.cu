/* Max pooling. Forward, a thread has an output; backward, an input, which gathers what
 * came from it, window after window, in the order of ../reference/pool_of.h. */
#include "cuda/launch.cuh"

#include "geometry.h"

/* Whether v takes the place of the best so far: NaN does, but not of a NaN. */
template <class T> static __device__ bool beats(T v, T best)
{
    return v > best || (v != v && best == best);
}

template <class T>
static __global__ void max_pool(pooling p, int64_t n, const T *x, T *y, int32_t *index)
{
    const int64_t i = lks_cuda_thread(), n_windows = p.oh * p.ow;
    int64_t best_at = -1;
    T best = 0;

    if (i >= n)
        return;
    x += i / n_windows * p.h * p.w;
    for (int64_t kh = 0; kh < p.params.kernel[0]; kh++)
        for (int64_t kw = 0; kw < p.params.kernel[1]; kw++) {
            const int64_t place = place_of(&p, i % n_windows, kh, kw);

            if (place >= 0 && (best_at < 0 || beats(x[place], best))) {
                best_at = place;
                best = x[place];
            }
        }
    y[i] = best;
    index[i] = (int32_t)best_at;
}

/* The windows, of n along dimension d, that may hold `at`: first to last. */
static __device__ void windows_at(const pooling &p, int d, int64_t at, int64_t n,
                                  int64_t *first, int64_t *last)
{
    const int64_t reach = (p.params.kernel[d] - 1) * p.params.dilation[d];
    const int64_t end = at + p.params.padding[d], begin = end - reach;

    *first = begin > 0 ? (begin + p.params.stride[d] - 1) / p.params.stride[d] : 0;
    *last = end / p.params.stride[d];
    *last = *last < n ? *last : n - 1;
}

template <class T>
static __global__ void max_pool_backward(pooling p, int64_t n, const T *dy,
                                         const int32_t *index, T *dx)
{
    const int64_t i = lks_cuda_thread(), plane = p.h * p.w;
    const int64_t at = i % plane, first = i / plane * p.oh * p.ow;
    const bool apart = are_apart(&p);
    int64_t first_oh, last_oh, first_ow, last_ow;
    T sum = 0;

    if (i >= n)
        return;
    windows_at(p, 0, at / p.w, p.oh, &first_oh, &last_oh);
    windows_at(p, 1, at % p.w, p.ow, &first_ow, &last_ow);
    for (int64_t oh = first_oh; oh <= last_oh; oh++)
        for (int64_t ow = first_ow; ow <= last_ow; ow++) {
            const int64_t window = first + oh * p.ow + ow;

            if (index[window] == at)
                sum = apart ? dy[window] : sum + dy[window];
        }
    dx[i] = sum;
}

template <class T>
static lks_status forward(const pooling &p, const lks_view *x, const lks_view *y,
                          const lks_view *index)
{
    const int64_t n = lks_view_count(y);
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_for(x, &q));
    if (n == 0)
        return LKS_OK;
    LKS_LAUNCH(q, max_pool<T>, lks_cuda_blocks(n, LKS_CUDA_THREADS), LKS_CUDA_THREADS, p,
               n, (const T *)x->data, (T *)y->data, (int32_t *)index->data);
    lks_cuda_count_work(q, lks_cuda_bytes(x) + lks_cuda_bytes(y) + lks_cuda_bytes(index),
                        0);
    return LKS_OK;
}

template <class T>
static lks_status backward(const pooling &p, const lks_view *dy, const lks_view *index,
                           const lks_view *dx)
{
    const int64_t n = lks_view_count(dx);
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_for(dy, &q));
    if (n == 0)
        return LKS_OK;
    LKS_LAUNCH(q, max_pool_backward<T>, lks_cuda_blocks(n, LKS_CUDA_THREADS),
               LKS_CUDA_THREADS, p, n, (const T *)dy->data, (const int32_t *)index->data,
               (T *)dx->data);
    lks_cuda_count_work(
        q, lks_cuda_bytes(dy) + lks_cuda_bytes(index) + lks_cuda_bytes(dx), (double)n);
    return LKS_OK;
}

lks_status lks_cuda_max_pool2d(const lks_view *x, const lks_pool2d_params *params,
                               const lks_view *y, const lks_view *index)
{
    const pooling p = pooling_of(x, y, params);

    if (x->dtype == LKS_F32)
        return forward<float>(p, x, y, index);
    if (x->dtype == LKS_F64)
        return forward<double>(p, x, y, index);
    return lks_cuda_no_dtype("max_pool2d", x->dtype);
}

lks_status lks_cuda_max_pool2d_backward(const lks_view *dy, const lks_view *index,
                                        const lks_pool2d_params *params,
                                        const lks_view *dx)
{
    const pooling p = pooling_of(dx, dy, params);

    if (dy->dtype == LKS_F32)
        return backward<float>(p, dy, index, dx);
    if (dy->dtype == LKS_F64)
        return backward<double>(p, dy, index, dx);
    return lks_cuda_no_dtype("max_pool2d", dy->dtype);
}
