/* nn.Softmax and nn.LogSoftmax. */
#include <stddef.h>

#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct softmax {
    int64_t dim; /* counts the batch dimension, as PyTorch does */
} softmax;

static const lks_option_rule options[] = {
    {.key = "dim",
     .kind = LKS_OPTION_INTEGER,
     .n_values = 1,
     .offset = offsetof(softmax, dim),
     .fallback = {1}, /* what nn.Softmax(dim=None) takes for a batch of vectors */
     .min = -LKS_MAX_DIMS,
     .max = LKS_MAX_DIMS},
};

static lks_status infer(lks_layer *layer)
{
    const softmax *config = layer->config;
    int dim;

    LKS_TRY(lks_layer_sample_dim(layer, "dim", config->dim, &dim));
    return lks_layer_same_shape(layer);
}

static lks_tensor *forward(const lks_layer *layer, lks_tensor *const *params,
                           lks_tensor *x, const lks_layer_run *run)
{
    const softmax *config = layer->config;

    (void)params, (void)run;
    return lks_softmax(x, (int)config->dim);
}

static lks_tensor *forward_log(const lks_layer *layer, lks_tensor *const *params,
                               lks_tensor *x, const lks_layer_run *run)
{
    const softmax *config = layer->config;

    (void)params, (void)run;
    return lks_log_softmax(x, (int)config->dim);
}

const lks_layer_type lks_layer_softmax = {
    .name = "softmax",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(softmax),
    .infer = infer,
    .forward = forward,
};

const lks_layer_type lks_layer_log_softmax = {
    .name = "log_softmax",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(softmax),
    .infer = infer,
    .forward = forward_log,
};
