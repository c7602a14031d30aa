#include "cpu/kernels/conv.h"

#include "cpu/kernels/tile.h"
#include "cpu/parallel.h"

/* One call. A unit is one group of one image; each part of the units has copies of its
 * own, weights and offsets are laid out once for all. */
typedef struct forward {
    const lks_conv *conv;
    lks_band band;
    const float *x, *w;
    float *y;
    int64_t n_terms; /* c * kh * kw */
    int64_t n_parts, shifted_numel;
    int64_t *offsets; /* [n_terms] */
    float *weights;   /* [group][row block][n_terms][rows of the block] */
    float *bias;      /* [group][o] */
    float *shifted;   /* [n_parts][shifted_numel] */
} forward;

static void find_offsets(forward *f)
{
    const lks_conv *conv = f->conv;
    int64_t *to = f->offsets;

    for (int64_t c = 0; c < conv->c; c++)
        for (int64_t kh = 0; kh < conv->kh; kh++)
            for (int64_t kw = 0; kw < conv->kw; kw++)
                *to++ = (c * conv->kw + kw) * f->band.plane +
                        LKS_CPU(conv_band_offset)(&f->band, kh);
}

static void pack_weights(forward *f)
{
    const lks_conv *conv = f->conv;
    float *to = f->weights;

    for (int64_t first = 0; first < conv->groups * conv->o; first += conv->o)
        for (int64_t b = 0; b < lks_n_row_blocks(conv->o); b++)
            for (int64_t t = 0; t < f->n_terms; t++)
                for (int64_t o = lks_row_block(conv->o, b);
                     o < lks_row_block(conv->o, b + 1); o++)
                    *to++ = f->w[(first + o) * f->n_terms + t];
}

static void run_band(const forward *f, const lks_band *band, int64_t unit, float *shifted)
{
    const lks_conv *conv = f->conv;
    int64_t group = unit % conv->groups, plane = conv->oh * conv->ow;
    float *y = f->y + unit * conv->o * plane + band->first * conv->ow;

    LKS_CPU(conv_band_copy)(band, f->x + unit * conv->c * conv->h * conv->w, shifted);
    for (int64_t b = 0; b < lks_n_row_blocks(conv->o); b++) {
        int64_t o = lks_row_block(conv->o, b);
        const lks_tile tile = {
            .n_rows = lks_row_block(conv->o, b + 1) - o,
            .n_terms = f->n_terms,
            .n = band->n * conv->ow,
            .w = f->weights + (group * conv->o + o) * f->n_terms,
            .x = shifted,
            .offsets = f->offsets,
            .bias = f->bias + group * conv->o + o,
            .y = y + o * plane,
            .y_stride = plane,
        };

        LKS_CPU(tile)(&tile);
    }
}

static void run_parts(int64_t first, int64_t last, void *context)
{
    const forward *f = context;
    int64_t n_units = f->conv->n * f->conv->groups;

    for (int64_t part = first; part < last; part++)
        for (int64_t unit = n_units * part / f->n_parts;
             unit < n_units * (part + 1) / f->n_parts; unit++) {
            lks_band band = f->band;

            do
                run_band(f, &band, unit, f->shifted + part * f->shifted_numel);
            while (LKS_CPU(conv_next_band)(&band));
        }
}

lks_status LKS_CPU(conv_forward)(const lks_conv *conv, const float *x, const float *w,
                                 const float *bias, float *y)
{
    forward f = {
        .conv = conv, .band = LKS_CPU(conv_output_band)(conv), .x = x, .w = w, .y = y};
    int64_t n_channels = conv->groups * conv->o;
    size_t n_bytes;

    f.n_terms = conv->c * conv->kh * conv->kw;
    f.n_parts = lks_parallel_parts(conv->device_index, conv->n * conv->groups, 1);
    f.shifted_numel = LKS_CPU(conv_band_numel)(&f.band);
    n_bytes =
        lks_scratch_bytes(f.n_terms, lks_plus(lks_times(n_channels, f.n_terms + 1),
                                              lks_times(f.n_parts, f.shifted_numel)));
    f.offsets = lks_cpu_alloc(conv->device_index, n_bytes);
    if (!f.offsets)
        return LKS_NOMEM;
    f.weights = (float *)(f.offsets + f.n_terms);
    f.bias = f.weights + n_channels * f.n_terms;
    f.shifted = f.bias + n_channels;
    find_offsets(&f);
    pack_weights(&f);
    for (int64_t o = 0; o < n_channels; o++)
        f.bias[o] = bias ? bias[o] : 0;
    lks_parallel_for(conv->device_index, f.n_parts, 1, run_parts, &f);
    lks_cpu_free(conv->device_index, f.offsets, n_bytes);
    return LKS_OK;
}
