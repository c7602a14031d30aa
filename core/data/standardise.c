#include "data/standardise.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "data/convert.h"
#include "data/wrapper.h"

struct lks_input_scale {
    int field; /* of the data that it is measured on */
    int64_t n_channels;
    size_t numel;      /* of a channel */
    double *sums;      /* [n_channels] while it is made */
    float *mean, *std; /* [n_channels] */
};

/* ---- the scale ---- */

static lks_status look_at_field(const lks_dataset *dataset, lks_input_scale *out)
{
    const int number = lks_dataset_find(dataset, "inputs");
    const lks_field *field = number >= 0 ? lks_dataset_field(dataset, number) : NULL;

    if (!field)
        return lks_fail(LKS_INVALID, "normalize: the data have no field named inputs");
    if (field->dtype != LKS_F32 || field->varies)
        return lks_fail(
            LKS_INVALID, "normalize: inputs are float32, all of one size; these are %s%s",
            lks_dtype_name(field->dtype), field->varies ? " and differ in size" : "");
    out->field = number;
    out->n_channels = field->n_dims > 0 ? field->sizes[0] : 1;
    out->numel = lks_field_bytes(field) / sizeof(float) / (size_t)out->n_channels;
    return LKS_OK;
}

/* Each channel's numbers, or with means the squares of their distances from these. */
static void add_up(lks_input_scale *self, const float *sample, const double *means)
{
    for (int64_t c = 0; c < self->n_channels; c++, sample += self->numel)
        for (size_t i = 0; i < self->numel; i++) {
            const double x = (double)sample[i] - (means ? means[c] : 0);

            self->sums[c] += means ? x * x : x;
        }
}

/* sums[c] / n over all samples. */
static lks_status average(lks_input_scale *self, const lks_dataset *training,
                          float *sample, const double *means)
{
    lks_field_place places[LKS_DATASET_MAX_FIELDS] = {{0}};
    const uint64_t n = lks_dataset_n_samples(training);

    places[self->field].data = sample;
    for (int64_t c = 0; c < self->n_channels; c++)
        self->sums[c] = 0;
    for (uint64_t i = 0; i < n; i++) {
        LKS_TRY(lks_dataset_get(training, i, places));
        add_up(self, sample, means);
    }
    for (int64_t c = 0; c < self->n_channels; c++) {
        self->sums[c] /= (double)n * (double)self->numel;
        if (!isfinite(self->sums[c])) {
            LKS_TRY(lks_dataset_check_finite(training, self->field)); /* which names it */
            return lks_fail(
                LKS_NUMERIC,
                "normalize: channel %lld has inputs of which there is no mean",
                (long long)c);
        }
    }
    return LKS_OK;
}

static lks_status measure(lks_input_scale *self, const lks_dataset *training)
{
    const size_t n = (size_t)self->n_channels;
    float *sample = lks_malloc_aligned(n * self->numel * sizeof *sample);
    double *means = lks_calloc(n, sizeof *means);
    lks_status st = LKS_OK;

    self->sums = lks_calloc(n, sizeof *self->sums);
    self->mean = lks_calloc(n, sizeof *self->mean);
    self->std = lks_calloc(n, sizeof *self->std);
    if (!sample || !means || !self->sums || !self->mean || !self->std)
        LKS_GO(LKS_NOMEM);
    LKS_GO(average(self, training, sample, NULL));
    for (size_t c = 0; c < n; c++) {
        means[c] = self->sums[c];
        self->mean[c] = (float)means[c];
    }
    LKS_GO(average(self, training, sample, means));
    for (size_t c = 0; c < n; c++) {
        const float std = (float)sqrt(self->sums[c]);

        self->std[c] = std > 0 ? std : 1;
    }
cleanup:
    lks_free(means);
    lks_free(sample);
    return st;
}

lks_status lks_input_scale_create(const lks_dataset *training, lks_input_scale **out)
{
    lks_input_scale *self = lks_calloc(1, sizeof *self);
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    LKS_GO(look_at_field(training, self));
    LKS_GO(measure(self, training));
    *out = self;
    self = NULL;
cleanup:
    lks_input_scale_destroy(self);
    return st;
}

lks_status lks_input_scale_of(int64_t n_channels, size_t numel, const float *mean,
                              const float *std, lks_input_scale **out)
{
    const size_t n = (size_t)n_channels;
    lks_input_scale *self = lks_calloc(1, sizeof *self);
    lks_status st = self ? LKS_OK : LKS_NOMEM;

    LKS_GO(st);
    self->n_channels = n_channels;
    self->numel = numel;
    self->mean = lks_calloc(n, sizeof *self->mean);
    self->std = lks_calloc(n, sizeof *self->std);
    if (!self->mean || !self->std)
        LKS_GO(LKS_NOMEM);
    memcpy(self->mean, mean, n * sizeof *mean);
    memcpy(self->std, std, n * sizeof *std);
    *out = self;
    self = NULL;
cleanup:
    lks_input_scale_destroy(self);
    return st;
}

void lks_input_scale_destroy(lks_input_scale *self)
{
    if (!self)
        return;
    lks_free(self->sums);
    lks_free(self->mean);
    lks_free(self->std);
    lks_free(self);
}

int64_t lks_input_scale_n(const lks_input_scale *self)
{
    return self->n_channels;
}

size_t lks_input_scale_numel(const lks_input_scale *self)
{
    return self->numel;
}

const float *lks_input_scale_mean(const lks_input_scale *self)
{
    return self->mean;
}

const float *lks_input_scale_std(const lks_input_scale *self)
{
    return self->std;
}

/* ---- the dataset ---- */

typedef struct scaled {
    lks_wrapper wrapper;
    const lks_input_scale *scale;
    int field; /* the inputs */
} scaled;

static lks_status visit(const void *self, uint64_t index, const lks_rng *rng,
                        lks_field_place *places)
{
    const scaled *s = self;
    const lks_input_scale *scale = s->scale;
    float *x = places[s->field].data;

    LKS_TRY(lks_dataset_visit(s->wrapper.inner, index, rng, places));
    for (int64_t c = 0; x && c < scale->n_channels; c++, x += scale->numel)
        lks_normalise_f32(x, scale->numel, scale->mean[c], scale->std[c], x);
    return LKS_OK;
}

lks_status lks_dataset_standardise(const lks_dataset *dataset,
                                   const lks_input_scale *scale, lks_dataset **out)
{
    static const lks_dataset_ops ops = {
        .visit = visit,
        .fingerprint = lks_wrapper_fingerprint,
        .origin = lks_wrapper_origin,
        .class_name = lks_wrapper_class_name,
        .n_streams = lks_wrapper_n_streams,
        .length = lks_wrapper_length,
        .row = lks_wrapper_row,
        .destroy = lks_free,
    };
    lks_input_scale here = {0};
    scaled *self;
    lks_status st;

    LKS_TRY(look_at_field(dataset, &here));
    if (here.n_channels != scale->n_channels || here.numel != scale->numel)
        return lks_fail(
            LKS_INVALID,
            "normalize: inputs of %lld channels of %zu numbers; training data "
            "have %lld of %zu",
            (long long)here.n_channels, here.numel, (long long)scale->n_channels,
            scale->numel);
    if (!(self = lks_malloc(sizeof *self)))
        return LKS_NOMEM;
    *self = (scaled){{dataset}, scale, here.field};
    st = lks_wrapper_create(&ops, self, lks_dataset_n_samples(dataset), NULL, out);
    if (st != LKS_OK)
        lks_free(self);
    return st;
}
