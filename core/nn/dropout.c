/* nn.Dropout, and of whole channels nn.Dropout1d and nn.Dropout2d. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "nn/layer.h"
#include "nn/window.h"
#include "ops/ops.h"

typedef struct dropout {
    double p;
} dropout;

#define RULE(kind, ...) LKS_OPTION_RULE(dropout, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_dropout(RULE)};

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const dropout *config = layer->config;

    return lks_layer_put(out, run->training && config->p > 0
                                  ? lks_dropout(in[0], config->p, &run->rng)
                                  : in[0]);
}

/* 0 or 1 / (1 - p) for each channel of each sample. */
static lks_status forward_channels(const lks_layer *layer, const lks_layer_run *run,
                                   lks_tensor *const *in, lks_tensor **out)
{
    const dropout *config = layer->config;
    lks_tensor *x = in[0], *ones;
    lks_shape shape = lks_sizes(x);

    if (!run->training || config->p == 0)
        return lks_layer_put(out, x);
    for (int i = 2; i < shape.ndim; i++)
        shape.sizes[i] = 1;
    ones = lks_ones(shape, LKS_F32, lks_tensor_device(x));
    return lks_layer_put(out, lks_mul(x, lks_dropout(ones, config->p, &run->rng)));
}

static lks_status infer_channels(lks_layer *layer)
{
    lks_status st = lks_window_check_input(layer);

    return st == LKS_OK ? lks_layer_same_shape(layer) : st;
}

const lks_layer_type lks_layer_dropout = {
    .name = "dropout",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(dropout),
    .takes_varying = true,
    .steps = lks_layer_steps,
    .infer = lks_layer_same_shape,
    .forward = forward,
};

/* Of sequences Dropout1d drops whole steps. */
#define TYPE(name_, n)                                                                   \
    const lks_layer_type lks_layer_##name_ = {                                           \
        .name = #name_,                                                                  \
        .options = options,                                                              \
        .n_options = sizeof options / sizeof *options,                                   \
        .config_size_bytes = sizeof(dropout),                                            \
        .n_dims = n,                                                                     \
        .takes_varying = n == 1,                                                         \
        .steps = n == 1 ? lks_layer_steps : NULL,                                        \
        .infer = infer_channels,                                                         \
        .forward = forward_channels,                                                     \
    }

TYPE(dropout1d, 1);
TYPE(dropout2d, 2);
