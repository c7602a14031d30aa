/* Fast f32 convolution of any stride, padding, dilation and groups.
 *
 * An output row needs KH rows of the input, each at KW places. So an image is first
 * copied KW times, each copy shifted, padded and thinned so that it has the output's
 * width:
 *
 *     shifted[c][kw][row][ow] =
 *         x[c][row - padding][ow * stride - padding + kw * dilation]
 *
 * Then y[o][oh][ow] = sum over c, kh, kw of w[o][c][kh][kw] * shifted[c][kw][oh +
 * kh][ow], and for each (c, kh, kw) the elements of all rows follow one another as those
 * of y do: the sum runs in whole vectors over a plane, with the output in registers, no
 * element wasted, and a copy that is 1/KH of im2col's. (With a vertical stride the rows
 * of each residue lie together, which keeps that true.) Tall planes are cut into bands of
 * output rows whose copies fit the cache.
 *
 * The gradient of the data goes the same way back: sums over o into the shifted copies,
 * which then are added up into dx. Its bands are rows of the copies, lest the sums of one
 * row be split among two. */
#ifndef LKS_CPU_KERNELS_CONV_H
#define LKS_CPU_KERNELS_CONV_H

#include "cpu/cpu.h"
#include "cpu/kernels/simd.h"

typedef struct lks_conv {
    int device_index; /* whose threads share it */
    int64_t n, groups;
    int64_t c, o; /* of one group */
    int64_t h, w, kh, kw, oh, ow;
    int64_t stride[2], padding[2], dilation[2];
} lks_conv;

/* Sizes of scratch memory, none of them negative. What is too large for an int64_t stays
 * INT64_MAX, which lks_cpu_alloc refuses. */
LKS_INLINE int64_t lks_times(int64_t a, int64_t b)
{
    int64_t product;

    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

LKS_INLINE int64_t lks_plus(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

LKS_INLINE size_t lks_scratch_bytes(int64_t n_offsets, int64_t n_floats)
{
    return (size_t)lks_plus(lks_times(n_offsets, sizeof(int64_t)),
                            lks_times(n_floats, sizeof(float)));
}

/* How the shifted copies of one group of one image lie, and which part of them is at
 * hand. Rows step by the vertical stride: row i of residue r is input row
 * i * stride + r, counted with the padding. */
typedef struct lks_band {
    const lks_conv *conv;
    int64_t n_rows;   /* of the copies, over all bands */
    int64_t reach;    /* input rows that a row of a band needs after its first */
    int64_t height;   /* rows that the layout has room for */
    int64_t phase;    /* elements of the rows of one residue of the stride */
    int64_t plane;    /* elements of one (c, kw) */
    int64_t first, n; /* rows of this band; n is at most height */
} lks_band;

/* The first band of output rows, with the input rows that they need; the first band of
 * rows of each residue; the next one: false after the last. */
lks_band LKS_CPU(conv_output_band)(const lks_conv *conv);
lks_band LKS_CPU(conv_input_band)(const lks_conv *conv);
bool LKS_CPU(conv_next_band)(lks_band *band);

/* Elements of the copies, with those that vectors read beyond the last. */
int64_t LKS_CPU(conv_band_numel)(const lks_band *band);

/* Where in a plane of the copies stands what kh takes for a band's first output row. */
int64_t LKS_CPU(conv_band_offset)(const lks_band *band, int64_t kh);

/* x (c, h, w) to its copies; and the copies added up into dx (c, h, w). */
void LKS_CPU(conv_band_copy)(const lks_band *band, const float *x, float *shifted);
void LKS_CPU(conv_band_add)(const lks_band *band, const float *shifted, float *dx);

/* bias and dbias may be NULL. */
lks_status LKS_CPU(conv_forward)(const lks_conv *conv, const float *x, const float *w,
                                 const float *bias, float *y);
lks_status LKS_CPU(conv_backward_data)(const lks_conv *conv, const float *dy,
                                       const float *w, float *dx);
lks_status LKS_CPU(conv_backward_weight)(const lks_conv *conv, const float *x,
                                         const float *dy, bool accumulate, float *dw,
                                         float *dbias);

#endif
