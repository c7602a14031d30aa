/* nn.MaxPool1d and nn.MaxPool2d. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "kernels.h"
#include "nn/layer.h"
#include "nn/window.h"
#include "ops/ops.h"
#include "ops/window.h"

/* Of a line, the second of each two is left alone. */
#define RULE(kind, ...) LKS_OPTION_RULE(lks_pool2d_params, kind, __VA_ARGS__)
static const lks_option_rule options_1d[] = {LKS_OPTIONS_max_pool1d(RULE)};
static const lks_option_rule options_2d[] = {LKS_OPTIONS_max_pool2d(RULE)};

static lks_status refuse_padding_alone(const lks_layer *layer, const lks_pool2d_params *p,
                                       int n)
{
    if (n == 1)
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

static lks_status infer(lks_layer *layer, int n)
{
    lks_pool2d_params *p = layer->config;
    int64_t place[2];

    for (int i = 0; i < n; i++) {
        if (p->stride[i] == 0)
            p->stride[i] = p->kernel[i];
        LKS_TRY(lks_window_check_padding(layer, p->kernel[i], p->padding[i]));
    }
    LKS_TRY(lks_window_infer(
        layer,
        &(lks_window){n, p->kernel, p->stride, p->padding, p->dilation, p->ceil_mode},
        place));
    for (int i = 0; i < n; i++)
        if (lks_window_misses(layer->in[0].shape.sizes[1 + i], place[i], p->stride[i],
                              p->padding[i], p->dilation[i]))
            return refuse_padding_alone(layer, p, n);
    layer->out[0].shape = layer->in[0].shape;
    for (int i = 0; i < n; i++)
        layer->out[0].shape.sizes[1 + i] = place[i];
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
    const lks_pool2d_params *config = layer->config;
    const lks_pool1d_params p = {
        .kernel = config->kernel[0],
        .stride = config->stride[0],
        .padding = config->padding[0],
        .dilation = config->dilation[0],
        .ceil_mode = config->ceil_mode,
    };

    (void)run;
    return lks_layer_put(out, lks_max_pool1d(in[0], &p, NULL));
}

static lks_status forward_2d(const lks_layer *layer, const lks_layer_run *run,
                             lks_tensor *const *in, lks_tensor **out)
{
    (void)run;
    return lks_layer_put(out, lks_max_pool2d(in[0], layer->config));
}

const lks_layer_type lks_layer_max_pool1d = {
    .name = "max_pool1d",
    .options = options_1d,
    .n_options = sizeof options_1d / sizeof *options_1d,
    .config_size_bytes = sizeof(lks_pool2d_params),
    .infer = infer_1d,
    .forward = forward_1d,
};

const lks_layer_type lks_layer_max_pool2d = {
    .name = "max_pool2d",
    .options = options_2d,
    .n_options = sizeof options_2d / sizeof *options_2d,
    .config_size_bytes = sizeof(lks_pool2d_params),
    .infer = infer_2d,
    .forward = forward_2d,
};
