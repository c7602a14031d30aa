#include "cpu/kernels/conv.h"

#include <string.h>

#include "cpu/kernels/vector.h"

/* A quarter of a megabyte: the copies should stay in the second cache. */
enum { MAX_BAND_NUMEL = 65536 };

static void lay_out(lks_band *band, int64_t height)
{
    const lks_conv *conv = band->conv;
    int64_t last_row = (height - 1) * conv->stride[0] + band->reach;

    band->height = height;
    band->phase = lks_times(last_row / conv->stride[0] + 1, conv->ow);
    band->plane = lks_times(conv->stride[0], band->phase);
}

static void cut(lks_band *band)
{
    const lks_conv *conv = band->conv;

    lay_out(band, band->n_rows);
    while (band->height > 1 &&
           lks_times(band->plane, conv->c * conv->kw) > MAX_BAND_NUMEL)
        lay_out(band, (band->height + 1) / 2);
    band->n = band->height;
}

lks_band LKS_CPU(conv_output_band)(const lks_conv *conv)
{
    lks_band band = {
        .conv = conv, .n_rows = conv->oh, .reach = (conv->kh - 1) * conv->dilation[0]};

    cut(&band);
    return band;
}

lks_band LKS_CPU(conv_input_band)(const lks_conv *conv)
{
    lks_band band = {.conv = conv,
                     .n_rows =
                         conv->oh + (conv->kh - 1) * conv->dilation[0] / conv->stride[0],
                     .reach = conv->stride[0] - 1};

    cut(&band);
    return band;
}

bool LKS_CPU(conv_next_band)(lks_band *band)
{
    int64_t left;

    band->first += band->n;
    left = band->n_rows - band->first;
    band->n = left < band->height ? left : band->height;
    return left > 0;
}

int64_t LKS_CPU(conv_band_numel)(const lks_band *band)
{
    return lks_plus(lks_times(band->conv->c * band->conv->kw, band->plane), LKS_LANES);
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
    return (band->n - 1) * band->conv->stride[0] + band->reach + 1;
}

/* The range of ow for which ow * stride + first lies in [0, width). */
static void clip(int64_t first, int64_t stride, int64_t width, int64_t n, int64_t *begin,
                 int64_t *end)
{
    int64_t before = first < 0 ? (-first - 1) / stride + 1 : 0;
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

/* The shift's part of a row apart from its padding, at a horizontal stride. */
static void copy_strided(const lks_conv *conv, const shift *s, const float *x, float *row)
{
    for (int64_t ow = s->begin; ow < s->end; ow++)
        row[ow] = x[ow * conv->stride[1] + s->first];
}

static void add_strided(const lks_conv *conv, const shift *s, const float *row, float *dx)
{
    for (int64_t ow = s->begin; ow < s->end; ow++)
        dx[ow * conv->stride[1] + s->first] += row[ow];
}

static void copy_row(const lks_conv *conv, const shift *s, const float *x, float *row)
{
    for (int64_t ow = 0; ow < s->begin; ow++)
        row[ow] = 0;
    if (conv->stride[1] == 1)
        lks_copy_row(row + s->begin, x + s->first + s->begin, s->end - s->begin);
    else
        copy_strided(conv, s, x, row);
    for (int64_t ow = s->end; ow < conv->ow; ow++)
        row[ow] = 0;
}

static void add_row(const lks_conv *conv, const shift *s, const float *row, float *dx)
{
    if (conv->stride[1] == 1)
        lks_add_row(dx + s->first + s->begin, row + s->begin, s->end - s->begin);
    else
        add_strided(conv, s, row, dx);
}

/* The rows of a band's plane with one residue of the vertical stride: from `plane` on, n
 * of them, and those in [begin, end) are image rows first_h, first_h + stride and on. */
typedef struct rows {
    int64_t plane, n, begin, end, first_h;
} rows;

static rows rows_of(const lks_band *band, int64_t residue)
{
    const lks_conv *conv = band->conv;
    int64_t stride = conv->stride[0];
    int64_t first_h = band->first * stride - conv->padding[0] + residue;
    rows r = {.plane = residue * band->phase,
              .n = (n_rows(band) - residue + stride - 1) / stride};

    clip(first_h, stride, conv->h, r.n, &r.begin, &r.end);
    r.first_h = first_h + r.begin * stride;
    return r;
}

static void clear_rows(const lks_conv *conv, float *row, int64_t n)
{
    if (n > 0)
        memset(row, 0, (size_t)(n * conv->ow) * sizeof *row);
}

static void copy_rows(const lks_conv *conv, const rows *r, const shift *s, const float *x,
                      float *plane)
{
    float *row = plane + r->plane;

    x += r->first_h * conv->w;
    clear_rows(conv, row, r->begin);
    clear_rows(conv, row + r->end * conv->ow, r->n - r->end);
    row += r->begin * conv->ow;
    for (int64_t i = r->begin; i < r->end; i++) {
        copy_row(conv, s, x, row);
        row += conv->ow;
        x += conv->stride[0] * conv->w;
    }
}

static void add_rows(const lks_conv *conv, const rows *r, const shift *s,
                     const float *plane, float *dx)
{
    const float *row = plane + r->plane + r->begin * conv->ow;

    dx += r->first_h * conv->w;
    for (int64_t i = r->begin; i < r->end; i++) {
        add_row(conv, s, row, dx);
        row += conv->ow;
        dx += conv->stride[0] * conv->w;
    }
}

/* kw outside c in both: what one kw adds to a row of dx has then left the store buffer
 * before the next kw reads it at another alignment. */

void LKS_CPU(conv_band_copy)(const lks_band *band, const float *x, float *shifted)
{
    const lks_conv *conv = band->conv;

    for (int64_t residue = 0; residue < conv->stride[0]; residue++) {
        const rows r = rows_of(band, residue);

        for (int64_t kw = 0; kw < conv->kw; kw++) {
            const shift s = shift_of(conv, kw);

            for (int64_t c = 0; c < conv->c; c++)
                copy_rows(conv, &r, &s, x + c * conv->h * conv->w,
                          shifted + (c * conv->kw + kw) * band->plane);
        }
    }
}

void LKS_CPU(conv_band_add)(const lks_band *band, const float *shifted, float *dx)
{
    const lks_conv *conv = band->conv;

    for (int64_t residue = 0; residue < conv->stride[0]; residue++) {
        const rows r = rows_of(band, residue);

        for (int64_t kw = 0; kw < conv->kw; kw++) {
            const shift s = shift_of(conv, kw);

            for (int64_t c = 0; c < conv->c; c++)
                add_rows(conv, &r, &s, shifted + (c * conv->kw + kw) * band->plane,
                         dx + c * conv->h * conv->w);
        }
    }
}
