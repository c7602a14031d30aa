/* nn.Conv2d. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "kernels.h"
#include "nn/channels.h"
#include "nn/layer.h"
#include "nn/window.h"
#include "ops/ops.h"

typedef struct conv2d {
    int64_t out_channels, kernel[2];
    lks_conv2d_params params;
    bool bias;
} conv2d;

#define RULE(kind, ...) LKS_OPTION_RULE(conv2d, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_conv2d(RULE)};

static lks_status infer(lks_layer *layer)
{
    const conv2d *config = layer->config;
    const lks_conv2d_params *p = &config->params;
    const int64_t *kernel = config->kernel;
    int64_t place[2], out_channels = config->out_channels, in_channels;
    lks_init init;

    LKS_TRY(lks_window_infer(
        layer, &(lks_window){kernel, p->stride, p->padding, p->dilation, false}, place));
    LKS_TRY(lks_channels_check(layer, out_channels, p->groups));
    in_channels = layer->in[0].shape.sizes[0] / p->groups;
    init = lks_init_fan_in((double)in_channels * (double)kernel[0] * (double)kernel[1]);
    LKS_TRY(lks_layer_add_param(
        layer, "weight", LKS_SHAPE_OF(out_channels, in_channels, kernel[0], kernel[1]),
        init));
    if (config->bias)
        LKS_TRY(lks_layer_add_param(layer, "bias", LKS_SHAPE_OF(out_channels), init));
    layer->out[0].shape = LKS_SHAPE_OF(out_channels, place[0], place[1]);
    return LKS_OK;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const conv2d *config = layer->config;

    return lks_layer_put(out, lks_conv2d(in[0], run->params[0],
                                         config->bias ? run->params[1] : NULL,
                                         &config->params));
}

const lks_layer_type lks_layer_conv2d = {
    .name = "conv2d",
    .n_dims = 2,
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(conv2d),
    .infer = infer,
    .forward = forward,
};
