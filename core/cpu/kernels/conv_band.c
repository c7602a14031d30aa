#include "cpu/kernels/conv.h"

#include <string.h>

#include "cpu/kernels/vector.h"

/* A quarter of a megabyte: the copies should stay in the second cache. */
enum { MAX_BAND_NUMEL = 65536 };

static void lay_out(lks_band *band, int64_t height)
{
    const lks_conv *conv = band->conv;
    int64_t last_row =
        (height - 1) * conv->stride[0] + (conv->kh - 1) * conv->dilation[0];

    band->height = height;
    band->phase = (last_row / conv->stride[0] + 1) * conv->ow;
    band->plane = conv->stride[0] * band->phase;
}

lks_band LKS_CPU(conv_band)(const lks_conv *conv)
{
    lks_band band = {.conv = conv};

    lay_out(&band, conv->oh);
    while (band.height > 1 && band.plane * conv->c * conv->kw > MAX_BAND_NUMEL)
        lay_out(&band, (band.height + 1) / 2);
    band.n_oh = band.height;
    return band;
}

bool LKS_CPU(conv_next_band)(lks_band *band)
{
    int64_t left;

    band->first_oh += band->n_oh;
    left = band->conv->oh - band->first_oh;
    band->n_oh = left < band->height ? left : band->height;
    return left > 0;
}

int64_t LKS_CPU(conv_band_numel)(const lks_band *band)
{
    return band->conv->c * band->conv->kw * band->plane + LKS_LANES;
}

/* Input row r of the band, counted with the padding, in a plane of the copies. */
static int64_t row_offset(const lks_band *band, int64_t r)
{
    int64_t stride = band->conv->stride[0];

    return r % stride * band->phase + r / stride * band->conv->ow;
}

int64_t LKS_CPU(conv_band_offset)(const lks_band *band, int64_t kh)
{
    return row_offset(band, kh * band->conv->dilation[0]);
}

static int64_t n_rows(const lks_band *band)
{
    const lks_conv *conv = band->conv;

    return (band->n_oh - 1) * conv->stride[0] + (conv->kh - 1) * conv->dilation[0] + 1;
}

/* The range of ow for which ow * stride + first lies in [0, width). */
static void clip(int64_t first, int64_t stride, int64_t width, int64_t n, int64_t *begin,
                 int64_t *end)
{
    int64_t before = first < 0 ? (-first + stride - 1) / stride : 0;
    int64_t upto = first < width ? (width - 1 - first) / stride + 1 : 0;

    *end = upto < n ? upto : n;
    *begin = before < *end ? before : *end;
}

/* One (c, kw) of a band: which columns of the input its rows take. */
typedef struct shift {
    int64_t first, begin, end; /* ow in [begin, end) is column ow * stride + first */
} shift;

static shift shift_of(const lks_conv *conv, int64_t kw)
{
    shift s = {.first = kw * conv->dilation[1] - conv->padding[1]};

    clip(s.first, conv->stride[1], conv->w, conv->ow, &s.begin, &s.end);
    return s;
}

static void copy_row(const lks_conv *conv, const shift *s, const float *x, float *row)
{
    int64_t stride = conv->stride[1];

    for (int64_t ow = 0; ow < s->begin; ow++)
        row[ow] = 0;
    if (stride == 1)
        lks_copy_row(row + s->begin, x + s->first + s->begin, s->end - s->begin);
    else
        for (int64_t ow = s->begin; ow < s->end; ow++)
            row[ow] = x[ow * stride + s->first];
    for (int64_t ow = s->end; ow < conv->ow; ow++)
        row[ow] = 0;
}

static void add_row(const lks_conv *conv, const shift *s, const float *row, float *dx)
{
    int64_t stride = conv->stride[1];

    if (stride == 1)
        lks_add_row(dx + s->first + s->begin, row + s->begin, s->end - s->begin);
    else
        for (int64_t ow = s->begin; ow < s->end; ow++)
            dx[ow * stride + s->first] += row[ow];
}

void LKS_CPU(conv_band_copy)(const lks_band *band, const float *x, float *shifted)
{
    const lks_conv *conv = band->conv;
    int64_t first_h = band->first_oh * conv->stride[0] - conv->padding[0];

    for (int64_t c = 0; c < conv->c; c++, x += conv->h * conv->w)
        for (int64_t kw = 0; kw < conv->kw; kw++, shifted += band->plane) {
            const shift s = shift_of(conv, kw);

            for (int64_t r = 0; r < n_rows(band); r++) {
                float *row = shifted + row_offset(band, r);
                int64_t h = first_h + r;

                if (h >= 0 && h < conv->h)
                    copy_row(conv, &s, x + h * conv->w, row);
                else
                    memset(row, 0, (size_t)conv->ow * sizeof *row);
            }
        }
}

void LKS_CPU(conv_band_add)(const lks_band *band, const float *shifted, float *dx)
{
    const lks_conv *conv = band->conv;
    int64_t first_h = band->first_oh * conv->stride[0] - conv->padding[0];

    for (int64_t c = 0; c < conv->c; c++, dx += conv->h * conv->w)
        for (int64_t kw = 0; kw < conv->kw; kw++, shifted += band->plane) {
            const shift s = shift_of(conv, kw);

            for (int64_t r = 0; r < n_rows(band); r++) {
                int64_t h = first_h + r;

                if (h >= 0 && h < conv->h)
                    add_row(conv, &s, shifted + row_offset(band, r), dx + h * conv->w);
            }
        }
}
