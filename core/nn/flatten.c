/* nn.Flatten. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct flatten {
    int64_t start_dim, end_dim; /* count the batch dimension, as PyTorch does */
} flatten;

#define RULE(kind, ...) LKS_OPTION_RULE(flatten, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_flatten(RULE)};

static lks_status infer(lks_layer *layer)
{
    const flatten *config = layer->config;
    const lks_shape *in = &layer->in[0].shape;
    lks_shape *out = &layer->out[0].shape;
    int start, end;

    LKS_TRY(lks_layer_sample_dim(layer, "start_dim", config->start_dim, &start));
    LKS_TRY(lks_layer_sample_dim(layer, "end_dim", config->end_dim, &end));
    if (start > end)
        return lks_layer_refuse(layer, "start_dim %lld comes after end_dim %lld",
                                (long long)config->start_dim, (long long)config->end_dim);
    if (start == 0 && end > 0)
        LKS_TRY(lks_layer_refuse_varying(layer));
    layer->out[0].varies_with = layer->in[0].varies_with;
    for (int i = 0; i < in->ndim; i++) {
        if (i <= start || i > end)
            out->sizes[out->ndim++] = in->sizes[i];
        else
            out->sizes[out->ndim - 1] *= in->sizes[i];
    }
    return LKS_OK;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const flatten *config = layer->config;

    (void)run;
    return lks_layer_put(
        out, lks_flatten(in[0], (int)config->start_dim, (int)config->end_dim));
}

const lks_layer_type lks_layer_flatten = {
    .name = "flatten",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(flatten),
    .takes_varying = true,
    .infer = infer,
    .forward = forward,
};
