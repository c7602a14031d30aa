/* Convolution of T, all arrays dense. The weight of output (o, oh, ow) at (c, kh, kw)
 * meets input row h = oh * stride - padding + kh * dilation, and column w alike. */
#include "reference/of.h"

/* A nest of loops is one line. */
/* clang-format off */
#define LOOP(i, n) for (int64_t i = 0; i < (n); i++)
/* clang-format on */

/* x at a place of an image that may lie in the padding, which is 0. */
static T OF(pixel)(const geometry *g, const T *image, int64_t h, int64_t w)
{
    return h < 0 || h >= g->h || w < 0 || w >= g->w ? 0 : image[h * g->w + w];
}

/* y: a chain of fused products from the bias or +0, over c, kh, kw ascending, padding
 * included. */
static void OF(conv2d)(const geometry *g, const T *x, const T *w, const T *bias, T *y)
{
    LOOP(n, g->n)
    LOOP(o, g->o) LOOP(oh, g->oh) LOOP(ow, g->ow)
    {
        const int64_t first_c = n * g->c + o / g->og * g->cg;
        const T *weight = w + o * g->cg * g->kh * g->kw;
        T sum = bias ? bias[o] : 0;

        LOOP(c, g->cg)
        LOOP(kh, g->kh) LOOP(kw, g->kw)
        {
            const T *image = x + (first_c + c) * g->h * g->w;

            sum = LKS_FMA(*weight++,
                          OF(pixel)(g, image, row_of(g, oh, kh), column_of(g, ow, kw)),
                          sum);
        }
        *y++ = sum;
    }
}

/* dx: +0, and for each kw ascending, if there is an output column, the chain of fused
 * products from +0 over kh ascending, if there is an output row, and o ascending. */
static void OF(conv2d_backward_data)(const geometry *g, const T *dy, const T *w, T *dx)
{
    LOOP(n, g->n)
    LOOP(channel, g->c) LOOP(h, g->h) LOOP(column, g->w)
    {
        const int64_t first_o = channel / g->cg * g->og, c = channel % g->cg;
        T sum = 0;
        int64_t oh, ow;

        LOOP(kw, g->kw)
        {
            T chain = 0;

            if (!output_at(g, 1, column, kw, g->ow, &ow))
                continue;
            LOOP(kh, g->kh)
            {
                if (!output_at(g, 0, h, kh, g->oh, &oh))
                    continue;
                LOOP(o, g->og)
                {
                    int64_t at_o = first_o + o;

                    chain =
                        LKS_FMA(w[((at_o * g->cg + c) * g->kh + kh) * g->kw + kw],
                                dy[((n * g->o + at_o) * g->oh + oh) * g->ow + ow], chain);
                }
            }
            sum += chain;
        }
        *dx++ = sum;
    }
}

/* Sums over images and pixels: a chunk's sum (geometry.h) starts at +0, each block of
 * each image is added to it, and the chunks are added in turn. */

/* dw's block: a chain of fused products from +0 over its pixels, padding included. */
static T OF(weight_block)(const geometry *g, const T *image, const T *dy, int64_t kh,
                          int64_t kw, int64_t begin, int64_t end)
{
    T sum = 0;

    for (int64_t oh = begin; oh < end; oh++)
        LOOP(ow, g->ow)
    sum = LKS_FMA(dy[oh * g->ow + ow],
                  OF(pixel)(g, image, row_of(g, oh, kh), column_of(g, ow, kw)), sum);
    return sum;
}

static T OF(weight_chunk)(const geometry *g, const T *x, const T *dy, int64_t o,
                          int64_t c, int64_t kh, int64_t kw, int64_t first, int64_t last)
{
    const int64_t channel = o / g->og * g->cg + c, step = rows_per_block(g);
    T sum = 0;

    for (int64_t n = first; n < last; n++)
        for (int64_t oh = 0; oh < g->oh; oh += step)
            sum += OF(weight_block)(g, x + (n * g->c + channel) * g->h * g->w,
                                    dy + (n * g->o + o) * g->oh * g->ow, kh, kw, oh,
                                    oh + step < g->oh ? oh + step : g->oh);
    return sum;
}

/* dbias's block is summed in virtual lanes, by the pixel. */
static T OF(bias_chunk)(const geometry *g, const T *dy, int64_t o, int64_t first,
                        int64_t last)
{
    const int64_t step = rows_per_block(g) * g->ow, plane = g->oh * g->ow;
    T sum = 0;

    for (int64_t n = first; n < last; n++)
        for (int64_t begin = 0; begin < plane; begin += step) {
            const T *block = dy + (n * g->o + o) * plane + begin;
            T lanes[LKS_SUM_LANES] = {0};

            LOOP(p, plane - begin < step ? plane - begin : step)
            lanes[p % LKS_SUM_LANES] += block[p];
            sum += OF(lks_meet_lanes)(lanes, 1);
        }
    return sum;
}

static void OF(conv2d_backward_weight)(const geometry *g, const T *x, const T *dy,
                                       bool accumulate, T *dw, T *dbias)
{
    const int64_t n_chunks = n_image_chunks(g);

    LOOP(o, g->o)
    LOOP(c, g->cg) LOOP(kh, g->kh) LOOP(kw, g->kw)
    {
        T sum = 0;

        LOOP(chunk, n_chunks)
        sum += OF(weight_chunk)(g, x, dy, o, c, kh, kw, first_image(g, chunk),
                                first_image(g, chunk + 1));
        *dw = accumulate ? *dw + sum : sum;
        dw++;
    }
    LOOP(o, dbias ? g->o : 0)
    {
        T sum = 0;

        LOOP(chunk, n_chunks)
        sum += OF(bias_chunk)(g, dy, o, first_image(g, chunk), first_image(g, chunk + 1));
        dbias[o] = accumulate ? dbias[o] + sum : sum;
    }
}

#undef LOOP
