/* The sizes of a convolution, and which input meets which output. */
#ifndef LKS_REFERENCE_GEOMETRY_H
#define LKS_REFERENCE_GEOMETRY_H

#include "element.h"
#include "kernels.h"

typedef struct geometry {
    int64_t n, c, h, w;    /* input */
    int64_t o, cg, kh, kw; /* weight; cg = c / groups */
    int64_t og;            /* o / groups */
    int64_t oh, ow;        /* output */
    const lks_conv2d_params *params;
} geometry;

LKS_INLINE geometry geometry_of(const lks_view *x, const lks_view *w, const lks_view *y,
                                const lks_conv2d_params *params)
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
        .og = w->sizes[0] / params->groups,
        .oh = y->sizes[2],
        .ow = y->sizes[3],
        .params = params,
    };
}

/* The input row, or column, that an output's tap meets; beyond the image: padding. */
LKS_INLINE int64_t row_of(const geometry *g, int64_t oh, int64_t kh)
{
    return oh * g->params->stride[0] - g->params->padding[0] +
           kh * g->params->dilation[0];
}

LKS_INLINE int64_t column_of(const geometry *g, int64_t ow, int64_t kw)
{
    return ow * g->params->stride[1] - g->params->padding[1] +
           kw * g->params->dilation[1];
}

/* The output, of n, whose tap `tap` along dimension d meets input `at`; false if none
 * does. */
LKS_INLINE bool output_at(const geometry *g, int d, int64_t at, int64_t tap, int64_t n,
                          int64_t *out)
{
    int64_t padded = at + g->params->padding[d] - tap * g->params->dilation[d];

    *out = padded / g->params->stride[d];
    return padded >= 0 && padded % g->params->stride[d] == 0 && *out < n;
}

#endif
