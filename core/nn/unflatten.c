/* nn.Unflatten. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct unflatten {
    int64_t dim; /* counts the batch dimension, as PyTorch does */
    int64_t sizes[LKS_OPTION_MAX_VALUES];
} unflatten;

#define RULE(kind, ...) LKS_OPTION_RULE(unflatten, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_unflatten(RULE)};

/* The sizes that are given, -1 being what is left of `whole`. */
static lks_status read_sizes(const lks_layer *layer, int64_t whole, lks_shape *out)
{
    const unflatten *config = layer->config;
    int64_t product = 1;
    int open = -1;

    for (int i = 0; i < LKS_OPTION_MAX_VALUES && config->sizes[i] != 0; i++) {
        out->sizes[out->ndim++] = config->sizes[i];
        if (config->sizes[i] < 0 && open >= 0)
            return lks_layer_refuse_options(layer, "unflattened_size has -1 twice");
        if (config->sizes[i] < 0)
            open = i;
        else if (product <= whole)
            product *= config->sizes[i];
    }
    if (open >= 0 ? whole % product != 0 : product != whole)
        return lks_layer_refuse(
            layer, "a size of %lld does not unflatten to unflattened_size, %lld in all",
            (long long)whole, (long long)product);
    if (open >= 0)
        out->sizes[open] = whole / product;
    return LKS_OK;
}

static lks_status infer(lks_layer *layer)
{
    const unflatten *config = layer->config;
    const lks_shape *in = &layer->in[0].shape;
    lks_shape sizes = {0}, *out = &layer->out[0].shape;
    int dim;

    LKS_TRY(lks_layer_sample_dim(layer, "dim", config->dim, &dim));
    LKS_TRY(read_sizes(layer, in->sizes[dim], &sizes));
    if (in->ndim + sizes.ndim > LKS_MAX_DIMS)
        return lks_layer_refuse(layer, "there are %d dimensions at most", LKS_MAX_DIMS);
    for (int i = 0; i < in->ndim; i++) {
        if (i != dim)
            out->sizes[out->ndim++] = in->sizes[i];
        for (int j = 0; i == dim && j < sizes.ndim; j++)
            out->sizes[out->ndim++] = sizes.sizes[j];
    }
    return LKS_OK;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const lks_shape *sample = &layer->out[0].shape;
    lks_shape shape = {.ndim = 1, .sizes = {lks_size(in[0], 0)}};

    (void)run;
    for (int i = 0; i < sample->ndim; i++)
        shape.sizes[shape.ndim++] = sample->sizes[i];
    return lks_layer_put(out, lks_reshape(in[0], shape));
}

const lks_layer_type lks_layer_unflatten = {
    .name = "unflatten",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(unflatten),
    .infer = infer,
    .forward = forward,
};
