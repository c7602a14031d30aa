/* nn.Conv1d and nn.Conv2d. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "kernels.h"
#include "nn/channels.h"
#include "nn/layer.h"
#include "nn/window.h"
#include "ops/ops.h"

typedef struct conv {
    int64_t out_channels, kernel[2];
    lks_conv2d_params params;
    bool bias;
} conv;

#define RULE(kind, ...) LKS_OPTION_RULE(conv, kind, __VA_ARGS__)
static const lks_option_rule options_1d[] = {LKS_OPTIONS_conv1d(RULE)};
static const lks_option_rule options_2d[] = {LKS_OPTIONS_conv2d(RULE)};

/* weight (out, in / groups, kernel…) */
static lks_status add_params(lks_layer *layer)
{
    const conv *c = layer->config;
    lks_shape weight = {.ndim = 2};
    double fan = 1;

    weight.sizes[0] = c->out_channels;
    weight.sizes[1] = layer->in[0].shape.sizes[0] / c->params.groups;
    for (int d = 0; d < layer->type->n_dims; d++)
        weight.sizes[weight.ndim++] = c->kernel[d];
    for (int i = 1; i < weight.ndim; i++)
        fan *= (double)weight.sizes[i];
    LKS_TRY(lks_layer_add_param(layer, "weight", weight, lks_init_fan_in(fan)));
    if (!c->bias)
        return LKS_OK;
    return lks_layer_add_param(layer, "bias", LKS_SHAPE_OF(c->out_channels),
                               lks_init_fan_in(fan));
}

static lks_status infer(lks_layer *layer)
{
    conv *c = layer->config;
    lks_conv2d_params *p = &c->params;
    int64_t place[2];

    LKS_TRY(lks_window_infer(
        layer, &(lks_window){c->kernel, p->stride, p->padding, p->dilation, false},
        place));
    LKS_TRY(lks_channels_check(layer, c->out_channels, p->groups));
    LKS_TRY(add_params(layer));
    lks_window_put_shape(layer, place);
    layer->out[0].shape.sizes[0] = c->out_channels;
    lks_window_one_row(layer, p->stride, 1);
    lks_window_one_row(layer, p->padding, 0);
    lks_window_one_row(layer, p->dilation, 1);
    return LKS_OK;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const conv *c = layer->config;
    lks_tensor *x = lks_window_row(layer, in[0]);
    lks_tensor *weight = lks_window_row(layer, run->params[0]);
    lks_tensor *y = lks_conv2d(x, weight, c->bias ? run->params[1] : NULL, &c->params);

    return lks_layer_put(out, lks_window_line(layer, y));
}

#define TYPE(name_, n)                                                                   \
    const lks_layer_type lks_layer_##name_ = {                                           \
        .name = #name_,                                                                  \
        .options = options_##n##d,                                                       \
        .n_options = sizeof options_##n##d / sizeof *options_##n##d,                     \
        .config_size_bytes = sizeof(conv),                                               \
        .n_dims = n,                                                                     \
        .infer = infer,                                                                  \
        .forward = forward,                                                              \
    }

TYPE(conv1d, 1);
TYPE(conv2d, 2);
