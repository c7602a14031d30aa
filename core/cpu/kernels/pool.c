#include "cpu/cpu.h"

#include <math.h>
#include <string.h>

#include "cpu/kernels/pool_2x2.h"
#include "cpu/parallel.h"
#include "layout/view.h"

/* One call's arguments; a plane is one channel of one image. */
typedef struct pooling {
    const lks_pool2d_params *params;
    int64_t h, w, oh, ow;
    const void *in;
    const int32_t *index_in; /* backward */
    void *out;
    int32_t *index_out; /* forward */
} pooling;

/* Whole windows of 2 x 2, side by side. */
static bool is_2x2(const pooling *pool)
{
    const lks_pool2d_params *p = pool->params;

    for (int d = 0; d < 2; d++)
        if (p->kernel[d] != 2 || p->stride[d] != 2 || p->padding[d] != 0 ||
            p->dilation[d] != 1)
            return false;
    return 2 * pool->oh <= pool->h && 2 * pool->ow <= pool->w;
}

/* The first place of a window inside [0, size), and the end of the window. */
static void clip_window(int64_t at, int64_t size, int64_t kernel, int64_t stride,
                        int64_t padding, int64_t dilation, int64_t *first, int64_t *end)
{
    int64_t begin = at * stride - padding;
    int64_t limit = begin + (kernel - 1) * dilation + 1;

    *first = begin < 0 ? begin + (-begin + dilation - 1) / dilation * dilation : begin;
    *end = limit < size ? limit : size;
}

/* Windows side by side, or with gaps. */
static bool are_apart(const lks_pool2d_params *p)
{
    for (int d = 0; d < 2; d++)
        if (p->stride[d] <= (p->kernel[d] - 1) * p->dilation[d])
            return false;
    return true;
}

/* From one place of a window to its next: one of a single place takes no step, however
 * wide. */
static int64_t step_of(const lks_pool2d_params *p, int d)
{
    return p->kernel[d] > 1 ? p->dilation[d] : 1;
}

#define POOL(T)                                                                          \
    static void max_pool_plane_##T(const pooling *p, const T *x, T *y, int32_t *index)   \
    {                                                                                    \
        const lks_pool2d_params *k = p->params;                                          \
        const int64_t step_h = step_of(k, 0), step_w = step_of(k, 1);                    \
                                                                                         \
        for (int64_t at = 0; at < p->oh * p->ow; at++) {                                 \
            int64_t h0, h_end, w0, w_end, best_at = -1;                                  \
            T best = (T)-INFINITY;                                                       \
                                                                                         \
            clip_window(at / p->ow, p->h, k->kernel[0], k->stride[0], k->padding[0],     \
                        k->dilation[0], &h0, &h_end);                                    \
            clip_window(at % p->ow, p->w, k->kernel[1], k->stride[1], k->padding[1],     \
                        k->dilation[1], &w0, &w_end);                                    \
            for (int64_t h = h0; h < h_end; h += step_h)                                 \
                for (int64_t w = w0; w < w_end; w += step_w) {                           \
                    T v = x[h * p->w + w];                                               \
                                                                                         \
                    if (best_at < 0 || LKS_BEATS(v, best)) {                             \
                        best = v;                                                        \
                        best_at = h * p->w + w;                                          \
                    }                                                                    \
                }                                                                        \
            y[at] = best;                                                                \
            index[at] = (int32_t)best_at;                                                \
        }                                                                                \
    }                                                                                    \
                                                                                         \
    static void max_pool_backward_plane_##T(const pooling *p, const T *dy,               \
                                            const int32_t *index, T *dx)                 \
    {                                                                                    \
        const bool apart = are_apart(p->params);                                         \
                                                                                         \
        memset(dx, 0, (size_t)(p->h * p->w) * sizeof(T));                                \
        for (int64_t at = 0; at < p->oh * p->ow; at++)                                   \
            dx[index[at]] = apart ? dy[at] : dx[index[at]] + dy[at];                     \
    }                                                                                    \
                                                                                         \
    static void max_pool_##T(int64_t first, int64_t last, void *context)                 \
    {                                                                                    \
        const pooling *p = context;                                                      \
                                                                                         \
        for (int64_t i = first; i < last; i++)                                           \
            max_pool_plane_##T(p, (const T *)p->in + i * p->h * p->w,                    \
                               (T *)p->out + i * p->oh * p->ow,                          \
                               p->index_out + i * p->oh * p->ow);                        \
    }                                                                                    \
                                                                                         \
    static void max_pool_backward_##T(int64_t first, int64_t last, void *context)        \
    {                                                                                    \
        const pooling *p = context;                                                      \
                                                                                         \
        for (int64_t i = first; i < last; i++)                                           \
            max_pool_backward_plane_##T(p, (const T *)p->in + i * p->oh * p->ow,         \
                                        p->index_in + i * p->oh * p->ow,                 \
                                        (T *)p->out + i * p->h * p->w);                  \
    }
POOL(float)
POOL(double)

static void max_pool_2x2(int64_t first, int64_t last, void *context)
{
    const pooling *p = context;

    for (int64_t i = first; i < last; i++)
        for (int64_t oh = 0; oh < p->oh; oh++) {
            int64_t out = (i * p->oh + oh) * p->ow;
            const float *top = (const float *)p->in + (i * p->h + 2 * oh) * p->w;

            lks_pool_row_2x2(p->ow, (int32_t)p->w, (int32_t)(2 * oh * p->w), top,
                             (float *)p->out + out, p->index_out + out);
        }
}

static void max_pool_backward_2x2(int64_t first, int64_t last, void *context)
{
    const pooling *p = context;

    for (int64_t i = first; i < last; i++) {
        float *dx = (float *)p->out + i * p->h * p->w;

        for (int64_t oh = 0; oh < p->oh; oh++) {
            int64_t in = (i * p->oh + oh) * p->ow;
            float *top = dx + 2 * oh * p->w;

            lks_unpool_row_2x2(p->ow, (int32_t)p->w, (int32_t)(2 * oh * p->w),
                               (const float *)p->in + in, p->index_in + in, top);
            if (p->w > 2 * p->ow) /* a column that no window has */
                top[p->w - 1] = top[2 * p->w - 1] = 0;
        }
        if (p->h > 2 * p->oh)
            memset(dx + (p->h - 1) * p->w, 0, (size_t)p->w * sizeof *dx);
    }
}

static lks_status run(const lks_view *in, const pooling *p, lks_range_fn f32,
                      lks_range_fn f64)
{
    if (in->dtype != LKS_F32 && in->dtype != LKS_F64)
        return lks_cpu_no_dtype("max_pool2d", in->dtype);
    if (lks_view_count(in) > 0) /* else a plane may be beyond all products */
        lks_parallel_for(in->device.index, in->sizes[0] * in->sizes[1],
                         16384 / (p->h * p->w) + 1, in->dtype == LKS_F32 ? f32 : f64,
                         (void *)(uintptr_t)p);
    return LKS_OK;
}

lks_status LKS_CPU(max_pool2d)(const lks_view *x, const lks_pool2d_params *params,
                               const lks_view *y, const lks_view *index)
{
    const pooling p = {
        .params = params,
        .h = x->sizes[2],
        .w = x->sizes[3],
        .oh = y->sizes[2],
        .ow = y->sizes[3],
        .in = x->data,
        .out = y->data,
        .index_out = index->data,
    };

    return run(x, &p, is_2x2(&p) ? max_pool_2x2 : max_pool_float, max_pool_double);
}

lks_status LKS_CPU(max_pool2d_backward)(const lks_view *dy, const lks_view *index,
                                        const lks_pool2d_params *params,
                                        const lks_view *dx)
{
    const pooling p = {
        .params = params,
        .h = dx->sizes[2],
        .w = dx->sizes[3],
        .oh = dy->sizes[2],
        .ow = dy->sizes[3],
        .in = dy->data,
        .index_in = index->data,
        .out = dx->data,
    };

    return run(dy, &p, is_2x2(&p) ? max_pool_backward_2x2 : max_pool_backward_float,
               max_pool_backward_double);
}
