/* nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d and nn.AdaptiveMaxPool2d. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "nn/window.h"
#include "ops/ops.h"

typedef struct adaptive_pool {
    int64_t size[2];
} adaptive_pool;

#define RULE(kind, ...) LKS_OPTION_RULE(adaptive_pool, kind, __VA_ARGS__)
static const lks_option_rule options_1d[] = {LKS_OPTIONS_adaptive_avg_pool1d(RULE)};
static const lks_option_rule options_2d[] = {LKS_OPTIONS_adaptive_avg_pool2d(RULE)};

static lks_status infer(lks_layer *layer)
{
    adaptive_pool *config = layer->config;

    LKS_TRY(lks_window_check_input(layer));
    lks_window_put_shape(layer, config->size);
    lks_window_one_row(layer, config->size, 1);
    return LKS_OK;
}

static lks_status forward_avg(const lks_layer *layer, const lks_layer_run *run,
                              lks_tensor *const *in, lks_tensor **out)
{
    const adaptive_pool *config = layer->config;
    lks_tensor *x = lks_window_row(layer, in[0]);

    (void)run;
    return lks_layer_put(
        out, lks_window_line(layer, lks_adaptive_avg_pool2d(x, config->size)));
}

static lks_status forward_max(const lks_layer *layer, const lks_layer_run *run,
                              lks_tensor *const *in, lks_tensor **out)
{
    const adaptive_pool *config = layer->config;
    lks_tensor *x = lks_window_row(layer, in[0]);

    (void)run;
    return lks_layer_put(
        out, lks_window_line(layer, lks_adaptive_max_pool2d(x, config->size, NULL)));
}

#define TYPE(name_, n, forward_)                                                         \
    const lks_layer_type lks_layer_##name_ = {                                           \
        .name = #name_,                                                                  \
        .options = options_##n##d,                                                       \
        .n_options = sizeof options_##n##d / sizeof *options_##n##d,                     \
        .config_size_bytes = sizeof(adaptive_pool),                                      \
        .n_dims = n,                                                                     \
        .infer = infer,                                                                  \
        .forward = forward_,                                                             \
    }

TYPE(adaptive_avg_pool1d, 1, forward_avg);
TYPE(adaptive_avg_pool2d, 2, forward_avg);
TYPE(adaptive_max_pool2d, 2, forward_max);
