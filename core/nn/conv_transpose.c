/* nn.ConvTranspose1d and nn.ConvTranspose2d. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "kernels.h"
#include "nn/channels.h"
#include "nn/layer.h"
#include "nn/window.h"
#include "ops/ops.h"
#include "ops/window.h"

typedef struct conv_transpose {
    int64_t out_channels, kernel[2];
    lks_conv2d_params params;
    int64_t output_padding[2];
    bool bias;
} conv_transpose;

#define RULE(kind, ...) LKS_OPTION_RULE(conv_transpose, kind, __VA_ARGS__)
static const lks_option_rule options_1d[] = {LKS_OPTIONS_conv_transpose1d(RULE)};
static const lks_option_rule options_2d[] = {LKS_OPTIONS_conv_transpose2d(RULE)};

static lks_status infer_size(const lks_layer *layer, int d, int64_t *out)
{
    const conv_transpose *c = layer->config;
    const lks_conv2d_params *p = &c->params;

    if (c->output_padding[d] >= p->stride[d] && c->output_padding[d] >= p->dilation[d])
        return lks_layer_refuse_options(
            layer, "output_padding is %lld; it must be below stride or dilation",
            (long long)c->output_padding[d]);
    *out = lks_conv_transpose_size(layer->in[0].shape.sizes[1 + d], c->kernel[d],
                                   p->stride[d], p->padding[d], p->dilation[d],
                                   c->output_padding[d]);
    if (*out < 0)
        return lks_layer_refuse(layer, "with padding %lld nothing is left",
                                (long long)p->padding[d]);
    return LKS_OK;
}

static void as_row(const lks_layer *layer, conv_transpose *c)
{
    lks_window_one_row(layer, c->kernel, 1);
    lks_window_one_row(layer, c->params.stride, 1);
    lks_window_one_row(layer, c->params.padding, 0);
    lks_window_one_row(layer, c->params.dilation, 1);
    lks_window_one_row(layer, c->output_padding, 0);
}

/* weight (in, out / groups, kernel…); PyTorch takes its second size for the fan in */
static lks_status infer(lks_layer *layer)
{
    conv_transpose *c = layer->config;
    lks_shape weight = {.ndim = 2}, *out = &layer->out[0].shape;
    double fan = 1;

    LKS_TRY(lks_window_check_input(layer));
    LKS_TRY(lks_channels_check(layer, c->out_channels, c->params.groups));
    weight.sizes[0] = layer->in[0].shape.sizes[0];
    weight.sizes[1] = c->out_channels / c->params.groups;
    *out = LKS_SHAPE_OF(c->out_channels);
    for (int d = 0; d < layer->type->n_dims; d++) {
        weight.sizes[weight.ndim++] = c->kernel[d];
        LKS_TRY(infer_size(layer, d, &out->sizes[out->ndim++]));
    }
    for (int i = 1; i < weight.ndim; i++)
        fan *= (double)weight.sizes[i];
    LKS_TRY(lks_layer_add_param(layer, "weight", weight, lks_init_fan_in(fan)));
    if (c->bias)
        LKS_TRY(lks_layer_add_param(layer, "bias", LKS_SHAPE_OF(c->out_channels),
                                    lks_init_fan_in(fan)));
    as_row(layer, c);
    return LKS_OK;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const conv_transpose *c = layer->config;
    lks_tensor *x = lks_window_row(layer, in[0]);
    lks_tensor *weight = lks_window_row(layer, run->params[0]);
    lks_tensor *y = lks_conv_transpose2d(x, weight, c->bias ? run->params[1] : NULL,
                                         &c->params, c->output_padding);

    return lks_layer_put(out, lks_window_line(layer, y));
}

#define TYPE(name_, n)                                                                   \
    const lks_layer_type lks_layer_##name_ = {                                           \
        .name = #name_,                                                                  \
        .options = options_##n##d,                                                       \
        .n_options = sizeof options_##n##d / sizeof *options_##n##d,                     \
        .config_size_bytes = sizeof(conv_transpose),                                     \
        .n_dims = n,                                                                     \
        .infer = infer,                                                                  \
        .forward = forward,                                                              \
    }

TYPE(conv_transpose1d, 1);
TYPE(conv_transpose2d, 2);
