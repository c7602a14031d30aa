#include "cpu/kernels/conv.h"

#include <string.h>

#include "cpu/kernels/tile.h"
#include "cpu/parallel.h"

/* One call. A row is one (c, kw) of a group: a plane of the shifted copies, into which
 * for each kh the sum over o of w dy is added. */
typedef struct backward {
    const lks_conv *conv;
    lks_band band;
    const float *dy, *w;
    float *dx;
    int64_t n_rows;   /* c * kw */
    int64_t dy_plane; /* of the copy of dy */
    int64_t n_parts, shifted_numel;
    int64_t *offsets; /* [o] */
    float *weights;   /* [group][kh][row block][o][rows of the block] */
    float *shifted;   /* [n_parts][shifted_numel] */
    float *dy_copies; /* [n_parts][o][dy_plane], and what vectors read beyond */
} backward;

static void pack_weights(backward *f)
{
    const lks_conv *conv = f->conv;
    float *to = f->weights;

    for (int64_t first = 0; first < conv->groups * conv->o; first += conv->o)
        for (int64_t kh = 0; kh < conv->kh; kh++)
            for (int64_t b = 0; b < lks_n_row_blocks(f->n_rows); b++)
                for (int64_t o = first; o < first + conv->o; o++)
                    for (int64_t row = lks_row_block(f->n_rows, b);
                         row < lks_row_block(f->n_rows, b + 1); row++)
                        *to++ = f->w[((o * conv->c + row / conv->kw) * conv->kh + kh) *
                                         conv->kw +
                                     row % conv->kw];
}

/* The output rows that meet the band's through kh. */
typedef struct meeting {
    int64_t first, n;
    int64_t at; /* where the first one's input row stands in a plane of the copies */
} meeting;

static meeting meet(const lks_band *band, int64_t kh)
{
    const lks_conv *conv = band->conv;
    int64_t before = kh * conv->dilation[0] / conv->stride[0]; /* rows of the residue */
    int64_t first = band->first > before ? band->first - before : 0;
    int64_t end = band->first + band->n - before;

    return (meeting){
        .first = first,
        .n = (end < conv->oh ? end : conv->oh) - first,
        .at = LKS_CPU(conv_band_offset)(band, kh) + (first - band->first) * conv->ow,
    };
}

static void run_band(const backward *f, const lks_band *band, int64_t unit,
                     const float *dy, float *shifted)
{
    const lks_conv *conv = f->conv;
    int64_t group = unit % conv->groups;

    memset(shifted, 0, (size_t)(f->n_rows * band->plane) * sizeof *shifted);
    for (int64_t kh = 0; kh < conv->kh; kh++) {
        const meeting m = meet(band, kh);

        for (int64_t b = 0; b < lks_n_row_blocks(f->n_rows) && m.n > 0; b++) {
            int64_t row = lks_row_block(f->n_rows, b);
            const lks_tile tile = {
                .n_rows = lks_row_block(f->n_rows, b + 1) - row,
                .n_terms = conv->o,
                .n = m.n * conv->ow,
                .w = f->weights + ((group * conv->kh + kh) * f->n_rows + row) * conv->o,
                .x = dy + m.first * conv->ow,
                .offsets = f->offsets,
                .y = shifted + row * band->plane + m.at,
                .y_stride = band->plane,
            };

            LKS_CPU(tile)(&tile);
        }
    }
    LKS_CPU(conv_band_add)(band, shifted, f->dx + unit * conv->c * conv->h * conv->w);
}

static void run_unit(const backward *f, int64_t unit, int64_t part)
{
    const lks_conv *conv = f->conv;
    int64_t dx_numel = conv->c * conv->h * conv->w;
    int64_t plane = conv->oh * conv->ow;
    const float *dy = f->dy + unit * conv->o * plane;
    float *dy_copy = f->dy_copies + part * conv->o * f->dy_plane;
    float *shifted = f->shifted + part * f->shifted_numel;
    lks_band band = f->band;

    for (int64_t o = 0; o < conv->o; o++)
        lks_copy_row(dy_copy + o * f->dy_plane, dy + o * plane, plane);
    memset(f->dx + unit * dx_numel, 0, (size_t)dx_numel * sizeof *f->dx);
    do
        run_band(f, &band, unit, dy_copy, shifted);
    while (LKS_CPU(conv_next_band)(&band));
}

static void run_parts(int64_t first, int64_t last, void *context)
{
    const backward *f = context;
    int64_t n_units = f->conv->n * f->conv->groups;

    for (int64_t part = first; part < last; part++)
        for (int64_t unit = n_units * part / f->n_parts;
             unit < n_units * (part + 1) / f->n_parts; unit++)
            run_unit(f, unit, part);
}

/* Planes of dy are copied apart by an odd number of vectors: a tile reads the same place
 * of all of them, and at a power of two these would fight for few sets of the cache. */
static int64_t spread(int64_t plane)
{
    return ((plane / LKS_LANES + 1) | 1) * LKS_LANES;
}

lks_status LKS_CPU(conv_backward_data)(const lks_conv *conv, const float *dy,
                                       const float *w, float *dx)
{
    backward f = {
        .conv = conv, .band = LKS_CPU(conv_input_band)(conv), .dy = dy, .w = w, .dx = dx};
    int64_t weights_numel, part_numel;
    size_t n_bytes;

    f.n_rows = conv->c * conv->kw;
    f.n_parts = lks_parallel_parts(conv->device_index, conv->n * conv->groups, 1);
    f.shifted_numel = LKS_CPU(conv_band_numel)(&f.band);
    f.dy_plane = spread(conv->oh * conv->ow);
    weights_numel = conv->groups * conv->kh * f.n_rows * conv->o;
    part_numel = lks_plus(f.shifted_numel, lks_times(conv->o, f.dy_plane));
    n_bytes = lks_scratch_bytes(
        conv->o, lks_plus(weights_numel + LKS_LANES, lks_times(f.n_parts, part_numel)));
    f.offsets = lks_cpu_alloc(conv->device_index, n_bytes);
    if (!f.offsets)
        return LKS_NOMEM;
    f.weights = (float *)(f.offsets + conv->o);
    f.shifted = f.weights + weights_numel;
    f.dy_copies = f.shifted + f.n_parts * f.shifted_numel;
    for (int64_t o = 0; o < conv->o; o++)
        f.offsets[o] = o * f.dy_plane;
    pack_weights(&f);
    lks_parallel_for(conv->device_index, f.n_parts, 1, run_parts, &f);
    lks_cpu_free(conv->device_index, f.offsets, n_bytes);
    return LKS_OK;
}
