/* nn.Conv1d. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/channels.h"
#include "nn/layer.h"
#include "nn/window.h"
#include "ops/ops.h"

typedef struct conv1d {
    int64_t out_channels, kernel;
    lks_conv1d_params params;
    bool bias;
} conv1d;

#define RULE(kind, ...) LKS_OPTION_RULE(conv1d, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_conv1d(RULE)};

static lks_status infer(lks_layer *layer)
{
    const conv1d *config = layer->config;
    const lks_conv1d_params *p = &config->params;
    int64_t place, in_channels;
    lks_init init;

    LKS_TRY(lks_window_infer(
        layer,
        &(lks_window){&config->kernel, &p->stride, &p->padding, &p->dilation, false},
        &place));
    LKS_TRY(lks_channels_check(layer, config->out_channels, p->groups));
    in_channels = layer->in[0].shape.sizes[0] / p->groups;
    init = lks_init_fan_in((double)in_channels * (double)config->kernel);
    LKS_TRY(lks_layer_add_param(
        layer, "weight", LKS_SHAPE_OF(config->out_channels, in_channels, config->kernel),
        init));
    if (config->bias)
        LKS_TRY(
            lks_layer_add_param(layer, "bias", LKS_SHAPE_OF(config->out_channels), init));
    layer->out[0].shape = LKS_SHAPE_OF(config->out_channels, place);
    return LKS_OK;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const conv1d *config = layer->config;

    return lks_layer_put(out, lks_conv1d(in[0], run->params[0],
                                         config->bias ? run->params[1] : NULL,
                                         &config->params));
}

const lks_layer_type lks_layer_conv1d = {
    .name = "conv1d",
    .n_dims = 1,
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(conv1d),
    .infer = infer,
    .forward = forward,
};
