/* nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d and nn.AdaptiveMaxPool2d. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "nn/window.h"
#include "ops/ops.h"

typedef struct adaptive_pool {
    int64_t size[2]; /* of a line, the first */
} adaptive_pool;

#define RULE(kind, ...) LKS_OPTION_RULE(adaptive_pool, kind, __VA_ARGS__)
static const lks_option_rule options_1d[] = {LKS_OPTIONS_adaptive_avg_pool1d(RULE)};
static const lks_option_rule options_2d[] = {LKS_OPTIONS_adaptive_avg_pool2d(RULE)};

static lks_status infer(lks_layer *layer, int n)
{
    const adaptive_pool *config = layer->config;

    LKS_TRY(lks_window_check_input(layer, n));
    layer->out[0].shape = layer->in[0].shape;
    for (int i = 0; i < n; i++)
        layer->out[0].shape.sizes[1 + i] = config->size[i];
    return LKS_OK;
}

static lks_status infer_1d(lks_layer *layer)
{
    return infer(layer, 1);
}

static lks_status infer_2d(lks_layer *layer)
{
    return infer(layer, 2);
}

static lks_status forward_1d(const lks_layer *layer, const lks_layer_run *run,
                             lks_tensor *const *in, lks_tensor **out)
{
    const adaptive_pool *config = layer->config;

    (void)run;
    return lks_layer_put(out, lks_adaptive_avg_pool1d(in[0], config->size[0]));
}

static lks_status forward_2d(const lks_layer *layer, const lks_layer_run *run,
                             lks_tensor *const *in, lks_tensor **out)
{
    const adaptive_pool *config = layer->config;

    (void)run;
    return lks_layer_put(out, lks_adaptive_avg_pool2d(in[0], config->size));
}

static lks_status forward_max(const lks_layer *layer, const lks_layer_run *run,
                              lks_tensor *const *in, lks_tensor **out)
{
    const adaptive_pool *config = layer->config;

    (void)run;
    return lks_layer_put(out, lks_adaptive_max_pool2d(in[0], config->size, NULL));
}

const lks_layer_type lks_layer_adaptive_avg_pool1d = {
    .name = "adaptive_avg_pool1d",
    .options = options_1d,
    .n_options = sizeof options_1d / sizeof *options_1d,
    .config_size_bytes = sizeof(adaptive_pool),
    .infer = infer_1d,
    .forward = forward_1d,
};

const lks_layer_type lks_layer_adaptive_avg_pool2d = {
    .name = "adaptive_avg_pool2d",
    .options = options_2d,
    .n_options = sizeof options_2d / sizeof *options_2d,
    .config_size_bytes = sizeof(adaptive_pool),
    .infer = infer_2d,
    .forward = forward_2d,
};

const lks_layer_type lks_layer_adaptive_max_pool2d = {
    .name = "adaptive_max_pool2d",
    .options = options_2d,
    .n_options = sizeof options_2d / sizeof *options_2d,
    .config_size_bytes = sizeof(adaptive_pool),
    .infer = infer_2d,
    .forward = forward_max,
};
