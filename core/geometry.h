/* The sizes of a convolution or a pooling, which input meets which output, and how long
 * sums over a batch's pixels are cut: for the kernels of every device. */
#ifndef LKS_GEOMETRY_H
#define LKS_GEOMETRY_H

#include "base/inline.h"
#include "kernels.h"

/* ---- convolution ---- */

typedef struct geometry {
    int64_t n, c, h, w;    /* input */
    int64_t o, cg, kh, kw; /* weight; cg = c / groups */
    int64_t og;            /* o / groups */
    int64_t oh, ow;        /* output */
    lks_conv2d_params params;
} geometry;

LKS_INLINE geometry geometry_of(const lks_view *x, const lks_view *w, const lks_view *y,
                                const lks_conv2d_params *params)
{
    geometry g;

    g.n = x->sizes[0];
    g.c = x->sizes[1];
    g.h = x->sizes[2];
    g.w = x->sizes[3];
    g.o = w->sizes[0];
    g.cg = w->sizes[1];
    g.kh = w->sizes[2];
    g.kw = w->sizes[3];
    g.og = w->sizes[0] / params->groups;
    g.oh = y->sizes[2];
    g.ow = y->sizes[3];
    g.params = *params;
    return g;
}

/* The input row, or column, that an output's tap meets; beyond the image: padding. */
LKS_INLINE int64_t row_of(const geometry *g, int64_t oh, int64_t kh)
{
    return oh * g->params.stride[0] - g->params.padding[0] + kh * g->params.dilation[0];
}

LKS_INLINE int64_t column_of(const geometry *g, int64_t ow, int64_t kw)
{
    return ow * g->params.stride[1] - g->params.padding[1] + kw * g->params.dilation[1];
}

/* The output, of n, whose tap `tap` along dimension d meets input `at`; false if none
 * does. */
LKS_INLINE bool output_at(const geometry *g, int d, int64_t at, int64_t tap, int64_t n,
                          int64_t *out)
{
    int64_t padded = at + g->params.padding[d] - tap * g->params.dilation[d];

    *out = padded / g->params.stride[d];
    return padded >= 0 && padded % g->params.stride[d] == 0 && *out < n;
}

/* Sums over a batch's pixels, for the gradients of weight and bias: images fall into
 * n / 16 chunks (one at least) as even as can be, the output rows of an image into blocks
 * of 1024 / ow (one at least). */
enum { LKS_IMAGES_PER_CHUNK = 16, LKS_PIXELS_PER_BLOCK = 1024 };

LKS_INLINE int64_t n_image_chunks(const geometry *g)
{
    return g->n < LKS_IMAGES_PER_CHUNK ? 1 : g->n / LKS_IMAGES_PER_CHUNK;
}

LKS_INLINE int64_t first_image(const geometry *g, int64_t chunk)
{
    return g->n * chunk / n_image_chunks(g);
}

LKS_INLINE int64_t rows_per_block(const geometry *g)
{
    int64_t n = LKS_PIXELS_PER_BLOCK / (g->ow > 0 ? g->ow : 1);

    return n > 0 ? n : 1;
}

/* ---- pooling ---- */

typedef struct pooling {
    lks_pool2d_params params;
    int64_t h, w, oh, ow;
} pooling;

LKS_INLINE pooling pooling_of(const lks_view *x, const lks_view *y,
                              const lks_pool2d_params *params)
{
    pooling p;

    p.params = *params;
    p.h = x->sizes[2];
    p.w = x->sizes[3];
    p.oh = y->sizes[2];
    p.ow = y->sizes[3];
    return p;
}

/* Windows side by side, or with gaps. */
LKS_INLINE bool are_apart(const pooling *p)
{
    const lks_pool2d_params *k = &p->params;

    return k->stride[0] > (k->kernel[0] - 1) * k->dilation[0] &&
           k->stride[1] > (k->kernel[1] - 1) * k->dilation[1];
}

/* The place along dimension d that tap k of window `at` takes, of n; -1 in the padding.
 */
LKS_INLINE int64_t tap_at(const pooling *p, int d, int64_t at, int64_t k, int64_t n)
{
    int64_t place =
        at * p->params.stride[d] - p->params.padding[d] + k * p->params.dilation[d];

    return place >= 0 && place < n ? place : -1;
}

/* The flat place in a plane of a window's tap; -1 in the padding. */
LKS_INLINE int64_t place_of(const pooling *p, int64_t at, int64_t kh, int64_t kw)
{
    int64_t h = tap_at(p, 0, at / p->ow, kh, p->h);
    int64_t w = tap_at(p, 1, at % p->ow, kw, p->w);

    return h < 0 || w < 0 ? -1 : h * p->w + w;
}

/* ---- averages ---- */

typedef struct averaging {
    lks_avg_pool2d_params params;
    int64_t in[2], out[2]; /* height, width */
} averaging;

LKS_INLINE averaging averaging_of(const lks_view *x, const lks_view *y,
                                  const lks_avg_pool2d_params *params)
{
    averaging p;

    p.params = *params;
    for (int d = 0; d < 2; d++) {
        p.in[d] = x->sizes[2 + d];
        p.out[d] = y->sizes[2 + d];
    }
    return p;
}

/* A window's places inside along one dimension, and how many count. */
typedef struct span {
    int64_t begin, end, count;
} span;

LKS_INLINE span span_of(const averaging *p, int d, int64_t at)
{
    const lks_avg_pool2d_params *k = &p->params;
    const int64_t size = p->in[d];
    span s;

    if (k->adaptive) {
        s.begin = at * size / p->out[d];
        s.end = ((at + 1) * size + p->out[d] - 1) / p->out[d];
        s.count = s.end - s.begin;
        return s;
    }
    s.begin = at * k->stride[d] - k->padding[d];
    s.end = s.begin + k->kernel[d];
    s.end = s.end < size + k->padding[d] ? s.end : size + k->padding[d];
    s.count = s.end - s.begin;
    s.begin = s.begin > 0 ? s.begin : 0;
    s.end = s.end < size ? s.end : size;
    s.count = k->leave_out_padding ? s.end - s.begin : s.count;
    return s;
}

/* What the sum over a window is divided by. */
LKS_INLINE int64_t divisor_of(const averaging *p, span rows, span columns)
{
    return p->params.divisor_override ? p->params.divisor_override
                                      : rows.count * columns.count;
}

#endif
