/* Convolution as its formula reads, summed in f64 in the order that comes first to mind:
 * what the kernels, the reference among them, are near to. Shapes as in kernels.h. */
#ifndef LKS_TESTS_CORE_CPU_NAIVE_CONV_H
#define LKS_TESTS_CORE_CPU_NAIVE_CONV_H

#include "kernels.h"

/* One product of the sum that a convolution is: element w_at of the weight times element
 * x_at of the input goes to element y_at of the output. */
typedef struct tap {
    int64_t x_at, w_at, y_at;
} tap;

typedef struct geometry {
    int64_t n, c, h, w;    /* input */
    int64_t o, cg, kh, kw; /* weight; cg = c / groups */
    int64_t oh, ow;        /* output */
    const lks_conv2d_params *params;
} geometry;

static inline geometry geometry_of(const lks_view *x, const lks_view *w,
                                   const lks_view *y, const lks_conv2d_params *params)
{
    return (geometry){
        .n = x->sizes[0],
        .c = x->sizes[1],
        .h = x->sizes[2],
        .w = x->sizes[3],
        .o = w->sizes[0],
        .cg = w->sizes[1],
        .kh = w->sizes[2],
        .kw = w->sizes[3],
        .oh = y->sizes[2],
        .ow = y->sizes[3],
        .params = params,
    };
}

static inline double element(const lks_view *x, int64_t i)
{
    return x->dtype == LKS_F64 ? ((const double *)x->data)[i]
                               : (double)((const float *)x->data)[i];
}

static inline void put(const lks_view *x, int64_t i, double value)
{
    if (x->dtype == LKS_F64)
        ((double *)x->data)[i] = value;
    else
        ((float *)x->data)[i] = (float)value;
}

/* The tap that joins output (n, o, oh, ow) and weight (o, c, kh, kw); false if it falls
 * into the padding. */
static inline bool tap_at(const geometry *g, int64_t n, int64_t o, int64_t oh, int64_t ow,
                          int64_t c, int64_t kh, int64_t kw, tap *out)
{
    const lks_conv2d_params *p = g->params;
    int64_t h = oh * p->stride[0] - p->padding[0] + kh * p->dilation[0];
    int64_t w = ow * p->stride[1] - p->padding[1] + kw * p->dilation[1];
    int64_t channel = o / (g->o / p->groups) * g->cg + c;

    if (h < 0 || h >= g->h || w < 0 || w >= g->w)
        return false;
    out->x_at = ((n * g->c + channel) * g->h + h) * g->w + w;
    out->w_at = ((o * g->cg + c) * g->kh + kh) * g->kw + kw;
    out->y_at = ((n * g->o + o) * g->oh + oh) * g->ow + ow;
    return true;
}

/* A nest of loops is one line. */
/* clang-format off */
#define FOR(i, n) for (int64_t i = 0; i < (n); i++)

static inline void naive_conv2d(const lks_view *x, const lks_view *w, const lks_view *bias,
                    const lks_conv2d_params *params, const lks_view *y)
{
    geometry g = geometry_of(x, w, y, params);
    tap t;

    FOR(n, g.n) FOR(o, g.o) FOR(oh, g.oh) FOR(ow, g.ow)
    {
        double sum = bias ? element(bias, o * bias->strides[0]) : 0;

        FOR(c, g.cg) FOR(kh, g.kh) FOR(kw, g.kw)
            if (tap_at(&g, n, o, oh, ow, c, kh, kw, &t))
                sum += element(x, t.x_at) * element(w, t.w_at);
        put(y, ((n * g.o + o) * g.oh + oh) * g.ow + ow, sum);
    }
}

static inline void naive_conv2d_backward_data(const lks_view *dy, const lks_view *w,
                                  const lks_conv2d_params *params, const lks_view *dx)
{
    geometry g = geometry_of(dx, w, dy, params);
    tap t;

    FOR(i, lks_view_count(dx))
        put(dx, i, 0);
    FOR(n, g.n) FOR(o, g.o) FOR(oh, g.oh) FOR(ow, g.ow)
        FOR(c, g.cg) FOR(kh, g.kh) FOR(kw, g.kw)
        if (tap_at(&g, n, o, oh, ow, c, kh, kw, &t))
            put(dx, t.x_at, element(dx, t.x_at) + element(dy, t.y_at) * element(w, t.w_at));
}

static inline void naive_conv2d_backward_weight(const lks_view *x, const lks_view *dy,
                                    const lks_conv2d_params *params, bool accumulate,
                                    const lks_view *dw, const lks_view *dbias)
{
    geometry g = geometry_of(x, dw, dy, params);
    int64_t w_at = 0;
    tap t;

    FOR(o, g.o) FOR(c, g.cg) FOR(kh, g.kh) FOR(kw, g.kw)
    {
        double sum = accumulate ? element(dw, w_at) : 0;

        FOR(n, g.n) FOR(oh, g.oh) FOR(ow, g.ow)
            if (tap_at(&g, n, o, oh, ow, c, kh, kw, &t))
                sum += element(x, t.x_at) * element(dy, t.y_at);
        put(dw, w_at++, sum);
    }
    if (!dbias)
        return;
    FOR(o, g.o)
    {
        double sum = accumulate ? element(dbias, o * dbias->strides[0]) : 0;

        FOR(n, g.n) FOR(i, g.oh * g.ow) sum += element(dy, (n * g.o + o) * g.oh * g.ow + i);
        put(dbias, o * dbias->strides[0], sum);
    }
}

#undef FOR

#endif
