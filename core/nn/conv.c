/* nn.Conv2d. */
#include <stddef.h>

#include "base/try.h"
#include "kernels.h"
#include "nn/layer.h"
#include "nn/window.h"
#include "ops/ops.h"

typedef struct conv2d {
    int64_t out_channels, kernel[2];
    lks_conv2d_params params;
    bool bias;
} conv2d;

static const lks_option_rule options[] = {
    {.key = "out_channels",
     .kind = LKS_OPTION_INTEGER,
     .n_values = 1,
     .offset = offsetof(conv2d, out_channels),
     .required = true,
     .min = 1,
     .max = LKS_OPTION_MAX_SIZE},
    LKS_WINDOW_OPTION(conv2d, kernel, "kernel_size", 1, .required = true),
    LKS_WINDOW_OPTION(conv2d, params.stride, "stride", 1, .fallback = {1, 1}),
    LKS_WINDOW_OPTION(conv2d, params.padding, "padding", 0, .fallback = {0, 0}),
    LKS_WINDOW_OPTION(conv2d, params.dilation, "dilation", 1, .fallback = {1, 1}),
    {.key = "groups",
     .kind = LKS_OPTION_INTEGER,
     .n_values = 1,
     .offset = offsetof(conv2d, params.groups),
     .fallback = {1},
     .min = 1,
     .max = LKS_OPTION_MAX_SIZE},
    {.key = "bias",
     .kind = LKS_OPTION_BOOL,
     .n_values = 1,
     .offset = offsetof(conv2d, bias),
     .fallback = {1}},
};

static lks_status infer(lks_layer *layer)
{
    const conv2d *config = layer->config;
    const lks_conv2d_params *p = &config->params;
    const int64_t *kernel = config->kernel;
    int64_t place[2], out_channels = config->out_channels, in_channels;
    lks_init init;

    LKS_TRY(lks_window_infer(layer, kernel, p->stride, p->padding, p->dilation, place));
    in_channels = layer->in[0].shape.sizes[0];
    if (in_channels % p->groups != 0)
        return lks_layer_refuse(layer, "%lld channels do not split into groups of %lld",
                                (long long)in_channels, (long long)p->groups);
    if (out_channels % p->groups != 0)
        return lks_layer_refuse_options(
            layer, "out_channels is %lld; it must be a multiple of groups, %lld",
            (long long)out_channels, (long long)p->groups);
    in_channels /= p->groups;
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
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(conv2d),
    .infer = infer,
    .forward = forward,
};
