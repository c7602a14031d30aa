/* nn.MaxPool1d and nn.MaxPool2d. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "kernels.h"
#include "nn/layer.h"
#include "nn/window.h"
#include "ops/ops.h"
#include "ops/window.h"

#define RULE(kind, ...) LKS_OPTION_RULE(lks_pool2d_params, kind, __VA_ARGS__)
static const lks_option_rule options_1d[] = {LKS_OPTIONS_max_pool1d(RULE)};
static const lks_option_rule options_2d[] = {LKS_OPTIONS_max_pool2d(RULE)};

static lks_status refuse_padding_alone(const lks_layer *layer, const lks_pool2d_params *p)
{
    if (layer->type->n_dims == 1)
        return lks_layer_refuse(layer,
                                "with padding %lld and dilation %lld a window would lie "
                                "in the padding alone",
                                (long long)p->padding[0], (long long)p->dilation[0]);
    return lks_layer_refuse(
        layer,
        "with padding %lld x %lld and dilation %lld x %lld a window would lie in the "
        "padding alone",
        (long long)p->padding[0], (long long)p->padding[1], (long long)p->dilation[0],
        (long long)p->dilation[1]);
}

static lks_status infer(lks_layer *layer)
{
    const int n = layer->type->n_dims;
    lks_pool2d_params *p = layer->config;
    int64_t place[2];

    for (int i = 0; i < n; i++) {
        if (p->stride[i] == 0)
            p->stride[i] = p->kernel[i];
        LKS_TRY(lks_window_check_padding(layer, p->kernel[i], p->padding[i]));
    }
    LKS_TRY(lks_window_infer(
        layer, &(lks_window){p->kernel, p->stride, p->padding, p->dilation, p->ceil_mode},
        place));
    for (int i = 0; i < n; i++)
        if (lks_window_misses(layer->in[0].shape.sizes[1 + i], place[i], p->stride[i],
                              p->padding[i], p->dilation[i]))
            return refuse_padding_alone(layer, p);
    lks_window_put_shape(layer, place);
    lks_window_one_row(layer, p->kernel, 1);
    lks_window_one_row(layer, p->stride, 1);
    lks_window_one_row(layer, p->padding, 0);
    lks_window_one_row(layer, p->dilation, 1);
    return LKS_OK;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    lks_tensor *x = lks_window_row(layer, in[0]);

    (void)run;
    return lks_layer_put(out, lks_window_line(layer, lks_max_pool2d(x, layer->config)));
}

#define TYPE(name_, n)                                                                   \
    const lks_layer_type lks_layer_##name_ = {                                           \
        .name = #name_,                                                                  \
        .options = options_##n##d,                                                       \
        .n_options = sizeof options_##n##d / sizeof *options_##n##d,                     \
        .config_size_bytes = sizeof(lks_pool2d_params),                                  \
        .n_dims = n,                                                                     \
        .infer = infer,                                                                  \
        .forward = forward,                                                              \
    }

TYPE(max_pool1d, 1);
TYPE(max_pool2d, 2);
