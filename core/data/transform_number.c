/* Transforms of each number by itself. source: torchvision.transforms' ToTensor and
 * Normalize: x.float().div(255), (x - mean) / std, each step rounded to float32. */
#include <string.h>

#include "base/option_expand.h"
#include "base/transform_options.h"
#include "data/convert.h"
#include "data/transform.h"

static size_t numel(const lks_field *field)
{
    return lks_field_bytes(field) / lks_dtype_size_bytes(field->dtype);
}

/* ---- to_float ---- */

typedef struct to_float {
    double divisor;
} to_float;

#define RULE_OF_TO_FLOAT(kind, ...) LKS_OPTION_RULE(to_float, kind, __VA_ARGS__)
static const lks_option_rule to_float_options[] = {
    LKS_OPTIONS_to_float(RULE_OF_TO_FLOAT)};

static lks_status infer_float(const lks_transform *t, lks_field *out)
{
    if (t->in.dtype != LKS_F32 && !lks_convert_find(t->in.dtype, LKS_F32))
        return lks_transform_refuse(t, "inputs of %s do not become float32",
                                    lks_dtype_name(t->in.dtype));
    out->dtype = LKS_F32;
    return LKS_OK;
}

static void apply_float(const lks_transform *t, const lks_rng *rng, const void *in,
                        void *out)
{
    const float divisor = (float)((const to_float *)t->config)->divisor;
    const size_t n = numel(&t->in);
    float *x = out;

    (void)rng;
    if (t->in.dtype == LKS_F32)
        memcpy(out, in, n * sizeof *x);
    else
        lks_convert_find(t->in.dtype, LKS_F32)(in, n, out);
    for (size_t i = 0; i < n; i++)
        x[i] /= divisor;
}

const lks_transform_type lks_transform_to_float = {
    .name = "to_float",
    .options = to_float_options,
    .n_options = sizeof to_float_options / sizeof *to_float_options,
    .config_size_bytes = sizeof(to_float),
    .infer = infer_float,
    .apply = apply_float,
};

/* ---- normalize ---- */

typedef struct normalize {
    double mean[LKS_OPTION_MAX_VALUES], std[LKS_OPTION_MAX_VALUES];
} normalize;

#define RULE_OF_NORMALIZE(kind, ...) LKS_OPTION_RULE(normalize, kind, __VA_ARGS__)
static const lks_option_rule normalize_options[] = {
    LKS_OPTIONS_normalize(RULE_OF_NORMALIZE)};

static int64_t n_channels(const lks_transform *t)
{
    return t->in.n_dims > 0 ? t->in.sizes[0] : 1;
}

static int n_values(const lks_transform *t)
{
    return lks_option_find(t->options, "std")->n_values;
}

static lks_status infer_normalized(const lks_transform *t, lks_field *out)
{
    const int n_mean = lks_option_find(t->options, "mean")->n_values, n_std = n_values(t);

    (void)out;
    if (t->in.dtype != LKS_F32)
        return lks_transform_refuse(t,
                                    "it takes float32, these inputs are %s; to_float "
                                    "comes before it",
                                    lks_dtype_name(t->in.dtype));
    if (n_mean != n_std)
        return lks_transform_refuse(t, "mean has %d numbers, std %d", n_mean, n_std);
    if (n_std > 1 && n_std != n_channels(t))
        return lks_transform_refuse(t,
                                    "mean and std of %d channels; the inputs have %lld",
                                    n_std, (long long)n_channels(t));
    return LKS_OK;
}

static void apply_normalized(const lks_transform *t, const lks_rng *rng, const void *in,
                             void *out)
{
    const normalize *config = t->config;
    const int64_t n_parts = n_values(t) > 1 ? n_channels(t) : 1;
    const size_t n = numel(&t->in) / (size_t)n_parts;

    (void)rng;
    for (int64_t c = 0; c < n_parts; c++)
        lks_normalise_f32((const float *)in + (size_t)c * n, n, (float)config->mean[c],
                          (float)config->std[c], (float *)out + (size_t)c * n);
}

const lks_transform_type lks_transform_normalize = {
    .name = "normalize",
    .options = normalize_options,
    .n_options = sizeof normalize_options / sizeof *normalize_options,
    .config_size_bytes = sizeof(normalize),
    .infer = infer_normalized,
    .apply = apply_normalized,
};
