#include "cpu/kernels/conv.h"

#include <string.h>

#include "cpu/kernels/vector.h"
#include "cpu/parallel.h"

/* dw[o][c][kh][kw] = sum over n, oh, ow of dy[n][o][oh][ow] * x[n][c][oh + kh][ow + kw].
 *
 * Vectors run over o. dy is transposed, so that one load yields a pixel of LANES
 * channels; it is multiplied with the input at RUNS runs of `run` neighbouring kw, whose
 * sums stay in registers for some rows of dy: MAX_PIXELS together, or one row. They are
 * then added to those before: two levels of summation keep f32 accurate over large
 * batches.
 *
 * Images fall into chunks by the batch size alone, so the threads that share the chunks
 * do not change the result. */

enum {
    MAX_RUN = 5,
    MAX_RUNS = 8,
    IMAGES_PER_CHUNK = 16,
    MAX_PIXELS = 1024, /* whose transposed dy stays in the first cache */
};

/* Runs that are summed at a time, for each length of a run: as registers allow. */
#if defined(__AVX512F__)
static const int runs_at_a_time[MAX_RUN + 1] = {0, 8, 8, 8, 6, 5};
#else
static const int runs_at_a_time[MAX_RUN + 1] = {0, 8, 6, 4, 3, 2};
#endif

/* One call. Sums are kept per chunk as [group][vector of o][run][place in it][lane]. */
typedef struct backward {
    const lks_conv *conv;
    const float *x, *dy;
    int64_t lanes;     /* 8 or LKS_LANES */
    int64_t n_vectors; /* of o */
    int64_t run;       /* kw that neighbour each other: 1 … MAX_RUN */
    int64_t
        runs_per_row; /* runs that cover the kw of one (c, kh); the last may overlap */
    int64_t n_runs;   /* padded to whole runs_at_a_time */
    int64_t padded_h, padded_w;
    int64_t n_parts, n_chunks, sums_numel, scratch_numel;
    int64_t *offsets; /* [n_runs] of a run's first input, from a pixel's */
    float *sums;      /* [n_chunks][sums_numel], the bias's [group][vector][lane] last */
    float *scratch;   /* [n_parts][scratch_numel]: padded x, then the transposed dy */
} backward;

/* What sum_runs needs: pixels of n_oh rows, and the sums of RUNS runs. */
typedef struct pixels {
    const lks_conv *conv;
    int64_t n_oh, row; /* elements from one output row's input to the next */
    const float *x, *dy;
    const int64_t *offsets;
    float *sums;
} pixels;

#define SUM_RUNS(vec, n_run, n_runs)                                                     \
    static void sum_runs_##vec##_##n_run(const pixels *p)                                \
    {                                                                                    \
        enum { LANES = sizeof(vec) / sizeof(float) };                                    \
        const int64_t n_ow = p->conv->ow, step = p->conv->stride[1];                     \
        const float *dy = p->dy, *rows[n_runs];                                          \
        vec sums[n_runs][n_run];                                                         \
                                                                                         \
        for (int r = 0; r < n_runs; r++) {                                               \
            rows[r] = p->x + p->offsets[r];                                              \
            for (int s = 0; s < n_run; s++)                                              \
                sums[r][s] = (vec){0};                                                   \
        }                                                                                \
        for (int64_t oh = 0; oh < p->n_oh; oh++) {                                       \
            int64_t at = oh * p->row;                                                    \
                                                                                         \
            for (int64_t ow = 0; ow < n_ow; ow++, at += step, dy += LANES) {             \
                vec factor = *(const vec *)dy;                                           \
                                                                                         \
                for (int r = 0; r < n_runs; r++)                                         \
                    for (int s = 0; s < n_run; s++)                                      \
                        sums[r][s] =                                                     \
                            vec##_fma(factor, vec##_all(rows[r][at + s]), sums[r][s]);   \
            }                                                                            \
        }                                                                                \
        for (int r = 0; r < n_runs; r++)                                                 \
            for (int s = 0; s < n_run; s++)                                              \
                *(vec *)(p->sums + (r * n_run + s) * LANES) += sums[r][s];               \
    }

#if defined(__AVX512F__)
#define SUM_RUNS_OF(vec)                                                                 \
    SUM_RUNS(vec, 1, 8)                                                                  \
    SUM_RUNS(vec, 2, 8)                                                                  \
    SUM_RUNS(vec, 3, 8)                                                                  \
    SUM_RUNS(vec, 4, 6)                                                                  \
    SUM_RUNS(vec, 5, 5)
#else
#define SUM_RUNS_OF(vec)                                                                 \
    SUM_RUNS(vec, 1, 8)                                                                  \
    SUM_RUNS(vec, 2, 6)                                                                  \
    SUM_RUNS(vec, 3, 4)                                                                  \
    SUM_RUNS(vec, 4, 3)                                                                  \
    SUM_RUNS(vec, 5, 2)
#endif
SUM_RUNS_OF(lks_vec)
SUM_RUNS_OF(lks_vec8)

typedef void (*sum_runs_fn)(const pixels *p);

static sum_runs_fn sum_runs_of(int64_t lanes, int64_t run)
{
    static const sum_runs_fn wide[] = {sum_runs_lks_vec_1, sum_runs_lks_vec_2,
                                       sum_runs_lks_vec_3, sum_runs_lks_vec_4,
                                       sum_runs_lks_vec_5};
    static const sum_runs_fn narrow[] = {sum_runs_lks_vec8_1, sum_runs_lks_vec8_2,
                                         sum_runs_lks_vec8_3, sum_runs_lks_vec8_4,
                                         sum_runs_lks_vec8_5};

    return (lanes == LKS_LANES ? wide : narrow)[run - 1];
}

/* dy of `n_rows` channels, `stride` apart, to [pixel][lane]; lanes beyond them are 0. */
static void transpose(int64_t n_rows, int64_t lanes, int64_t n_pixels, int64_t stride,
                      const float *dy, float *out)
{
    for (int64_t row = 0; row < lanes; row += 8)
        lks_transpose_rows(n_rows - row, n_pixels, dy + row * stride, stride, out + row,
                           lanes);
}

static void pad(const lks_conv *conv, const float *x, float *padded)
{
    int64_t padded_w = conv->w + 2 * conv->padding[1];
    int64_t padded_h = conv->h + 2 * conv->padding[0];

    memset(padded, 0, (size_t)(conv->c * padded_h * padded_w) * sizeof *padded);
    for (int64_t c = 0; c < conv->c; c++) {
        float *to = padded + (c * padded_h + conv->padding[0]) * padded_w;

        for (int64_t h = 0; h < conv->h; h++, x += conv->w)
            lks_copy_row(to + h * padded_w + conv->padding[1], x, conv->w);
    }
}

/* The sum of n numbers that are pixels of LANES channels, in PARTIAL sums a channel. */
#define SUM_BIAS(LANES)                                                                  \
    static void sum_bias_##LANES(int64_t n, const float *dy, float *bias_sums)           \
    {                                                                                    \
        enum { PARTIAL = 8, STEP = PARTIAL * LANES };                                    \
        float partial[STEP] = {0};                                                       \
        int64_t i = 0;                                                                   \
                                                                                         \
        for (; i + STEP <= n; i += STEP)                                                 \
            LKS_SIMD_FOR(j, STEP)                                                        \
        partial[j] += dy[i + j];                                                         \
        for (int64_t j = 0; j < STEP && i + j < n; j++)                                  \
            partial[j] += dy[i + j];                                                     \
        for (int p = 0; p < STEP; p += LANES)                                            \
            LKS_SIMD_FOR(lane, LANES)                                                    \
        bias_sums[lane] += partial[p + lane];                                            \
    }
SUM_BIAS(4)
SUM_BIAS(8)
SUM_BIAS(16)

static void sum_bias(int64_t lanes, int64_t n_pixels, const float *dy, float *bias_sums)
{
    void (*const sum)(int64_t, const float *, float *) = lanes == 16  ? sum_bias_16
                                                         : lanes == 8 ? sum_bias_8
                                                                      : sum_bias_4;

    sum(n_pixels * lanes, dy, bias_sums);
}

/* n_oh output rows of one image and one vector of channels. */
static void sum_rows(const backward *b, const float *x, const float *dy, int64_t n_oh,
                     float *sums, float *bias_sums)
{
    const lks_conv *conv = b->conv;
    const int64_t at_a_time = runs_at_a_time[b->run];
    const sum_runs_fn sum_runs = sum_runs_of(b->lanes, b->run);

    for (int64_t run = 0; run < b->n_runs; run += at_a_time) {
        const pixels p = {
            .conv = conv,
            .n_oh = n_oh,
            .row = conv->stride[0] * b->padded_w,
            .x = x,
            .dy = dy,
            .offsets = b->offsets + run,
            .sums = sums + run * b->run * b->lanes,
        };

        sum_runs(&p);
    }
    sum_bias(b->lanes, n_oh * conv->ow, dy, bias_sums);
}

static void sum_image(const backward *b, int64_t image, int64_t group, float *sums,
                      float *scratch)
{
    const lks_conv *conv = b->conv;
    int64_t unit = image * conv->groups + group, plane = conv->oh * conv->ow;
    int64_t vector_numel = b->n_runs * b->run * b->lanes;
    const float *x = b->x + unit * conv->c * conv->h * conv->w;
    const float *dy = b->dy + unit * conv->o * plane;
    float *transposed = scratch + conv->c * b->padded_h * b->padded_w;
    float *bias_sums = sums + conv->groups * b->n_vectors * vector_numel;
    int64_t n_oh = MAX_PIXELS / conv->ow > 0 ? MAX_PIXELS / conv->ow : 1;

    if (conv->padding[0] > 0 || conv->padding[1] > 0) {
        pad(conv, x, scratch);
        x = scratch;
    }
    for (int64_t v = 0; v < b->n_vectors; v++)
        for (int64_t oh = 0; oh < conv->oh; oh += n_oh) {
            int64_t rows = conv->oh - oh < n_oh ? conv->oh - oh : n_oh;
            int64_t channel = group * b->n_vectors + v;

            transpose(conv->o - v * b->lanes, b->lanes, rows * conv->ow, plane,
                      dy + v * b->lanes * plane + oh * conv->ow, transposed);
            sum_rows(b, x + oh * conv->stride[0] * b->padded_w, transposed, rows,
                     sums + channel * vector_numel, bias_sums + channel * b->lanes);
        }
}

static void run_parts(int64_t first, int64_t last, void *context)
{
    const backward *b = context;
    const lks_conv *conv = b->conv;

    for (int64_t part = first; part < last; part++)
        for (int64_t chunk = b->n_chunks * part / b->n_parts;
             chunk < b->n_chunks * (part + 1) / b->n_parts; chunk++) {
            float *sums = b->sums + chunk * b->sums_numel;

            memset(sums, 0, (size_t)b->sums_numel * sizeof *sums);
            for (int64_t image = conv->n * chunk / b->n_chunks;
                 image < conv->n * (chunk + 1) / b->n_chunks; image++)
                for (int64_t group = 0; group < conv->groups; group++)
                    sum_image(b, image, group, sums,
                              b->scratch + part * b->scratch_numel);
        }
}

/* Where run i begins: its row (c, kh), and its kw within. */
static int64_t run_row(const backward *b, int64_t i)
{
    return i / b->runs_per_row;
}

static int64_t run_kw(const backward *b, int64_t i)
{
    int64_t kw = i % b->runs_per_row * b->run, last = b->conv->kw - b->run;

    return kw < last ? kw : last;
}

static void find_offsets(backward *b)
{
    const lks_conv *conv = b->conv;
    int64_t n_real = conv->c * conv->kh * b->runs_per_row;

    for (int64_t i = 0; i < b->n_runs; i++) {
        int64_t run = i < n_real ? i : 0, row = run_row(b, run);

        b->offsets[i] =
            (row / conv->kh * b->padded_h + row % conv->kh * conv->dilation[0]) *
                b->padded_w +
            run_kw(b, run) * conv->dilation[1];
    }
}

static void add_chunks(backward *b)
{
    for (int64_t chunk = 1; chunk < b->n_chunks; chunk++) {
        const float *from = b->sums + chunk * b->sums_numel;

        LKS_SIMD_FOR(i, b->sums_numel)
        b->sums[i] += from[i];
    }
}

static void write_weights(const backward *b, bool accumulate, float *dw)
{
    const lks_conv *conv = b->conv;
    int64_t n_rows = conv->c * conv->kh, vector_numel = b->n_runs * b->run * b->lanes;

    for (int64_t o = 0; o < conv->groups * conv->o; o++) {
        int64_t in_group = o % conv->o;
        int64_t vector = o / conv->o * b->n_vectors + in_group / b->lanes;
        const float *sums = b->sums + vector * vector_numel + in_group % b->lanes;

        for (int64_t i = 0; i < n_rows * b->runs_per_row; i++) {
            float *to = dw + (o * n_rows + run_row(b, i)) * conv->kw;
            int64_t kw = run_kw(b, i);

            for (int64_t s = i % b->runs_per_row * b->run - kw; s < b->run; s++) {
                float sum = sums[(i * b->run + s) * b->lanes];

                to[kw + s] = accumulate ? to[kw + s] + sum : sum;
            }
        }
    }
}

static void write_bias(const backward *b, bool accumulate, float *dbias)
{
    const lks_conv *conv = b->conv;
    const float *sums =
        b->sums + conv->groups * b->n_vectors * b->n_runs * b->run * b->lanes;

    for (int64_t o = 0; o < conv->groups * conv->o; o++) {
        int64_t vector = o / conv->o * b->n_vectors + o % conv->o / b->lanes;
        float sum = sums[vector * b->lanes + o % conv->o % b->lanes];

        dbias[o] = accumulate ? dbias[o] + sum : sum;
    }
}

static backward plan(const lks_conv *conv, const float *x, const float *dy)
{
    backward b = {.conv = conv, .x = x, .dy = dy};
    int64_t at_a_time;

    b.lanes = conv->o <= 8 && LKS_LANES > 8 ? 8 : LKS_LANES;
    b.n_vectors = (conv->o + b.lanes - 1) / b.lanes;
    b.runs_per_row = (conv->kw + MAX_RUN - 1) / MAX_RUN;
    b.run = (conv->kw + b.runs_per_row - 1) / b.runs_per_row;
    if (conv->dilation[1] != 1) {
        b.runs_per_row = conv->kw;
        b.run = 1;
    }
    at_a_time = runs_at_a_time[b.run];
    b.n_runs = conv->c * conv->kh * b.runs_per_row;
    b.n_runs = (b.n_runs + at_a_time - 1) / at_a_time * at_a_time;
    b.padded_h = conv->h + 2 * conv->padding[0];
    b.padded_w = conv->w + 2 * conv->padding[1];
    b.n_chunks = conv->n < IMAGES_PER_CHUNK ? 1 : conv->n / IMAGES_PER_CHUNK;
    b.n_parts = lks_parallel_parts(conv->device_index, b.n_chunks, 1);
    b.sums_numel =
        lks_times(conv->groups * b.n_vectors, lks_times(b.n_runs * b.run + 1, b.lanes));
    b.scratch_numel = lks_plus(lks_times(conv->c, lks_times(b.padded_h, b.padded_w)),
                               (MAX_PIXELS + conv->ow) * b.lanes);
    return b;
}

lks_status LKS_CPU(conv_backward_weight)(const lks_conv *conv, const float *x,
                                         const float *dy, bool accumulate, float *dw,
                                         float *dbias)
{
    backward b = plan(conv, x, dy);
    size_t n_bytes =
        lks_scratch_bytes(b.n_runs, lks_plus(lks_times(b.n_chunks, b.sums_numel),
                                             lks_times(b.n_parts, b.scratch_numel)));

    b.offsets = lks_cpu_alloc(conv->device_index, n_bytes);
    if (!b.offsets)
        return LKS_NOMEM;
    b.sums = (float *)(b.offsets + b.n_runs);
    b.scratch = b.sums + b.n_chunks * b.sums_numel;
    find_offsets(&b);
    lks_parallel_for(conv->device_index, b.n_parts, 1, run_parts, &b);
    add_chunks(&b);
    write_weights(&b, accumulate, dw);
    if (dbias)
        write_bias(&b, accumulate, dbias);
    lks_cpu_free(conv->device_index, b.offsets, n_bytes);
    return LKS_OK;
}
