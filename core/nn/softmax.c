/* nn.Softmax and nn.LogSoftmax. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct softmax {
    int64_t dim; /* counts the batch dimension, as PyTorch does */
} softmax;

#define RULE(kind, ...) LKS_OPTION_RULE(softmax, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_softmax(RULE)};

static lks_status infer(lks_layer *layer)
{
    const softmax *config = layer->config;
    int dim;

    LKS_TRY(lks_layer_sample_dim(layer, "dim", config->dim, &dim));
    return lks_layer_same_shape(layer);
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const softmax *config = layer->config;

    (void)run;
    return lks_layer_put(out, lks_softmax(in[0], (int)config->dim));
}

static lks_status forward_log(const lks_layer *layer, const lks_layer_run *run,
                              lks_tensor *const *in, lks_tensor **out)
{
    const softmax *config = layer->config;

    (void)run;
    return lks_layer_put(out, lks_log_softmax(in[0], (int)config->dim));
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
