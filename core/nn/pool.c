/* nn.MaxPool2d. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "kernels.h"
#include "nn/layer.h"
#include "nn/window.h"
#include "ops/ops.h"
#include "ops/window.h"

#define RULE(kind, ...) LKS_OPTION_RULE(lks_pool2d_params, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_max_pool2d(RULE)};

static lks_status infer(lks_layer *layer)
{
    lks_pool2d_params *p = layer->config;
    int64_t place[2];

    for (int i = 0; i < 2; i++) {
        if (p->stride[i] == 0)
            p->stride[i] = p->kernel[i];
        /* PyTorch's limit: more makes windows of padding only, whatever the input */
        if (p->padding[i] > p->kernel[i] / 2)
            return lks_layer_refuse_options(
                layer, "padding is %lld; it must be at most half of kernel_size, %lld",
                (long long)p->padding[i], (long long)(p->kernel[i] / 2));
    }
    LKS_TRY(
        lks_window_infer(layer, p->kernel, p->stride, p->padding, p->dilation, place));
    for (int i = 0; i < 2; i++)
        if (lks_window_misses(layer->in[0].shape.sizes[1 + i], place[i], p->stride[i],
                              p->padding[i], p->dilation[i]))
            return lks_layer_refuse(
                layer,
                "with padding %lld x %lld and dilation %lld x %lld a window would lie in "
                "the padding alone",
                (long long)p->padding[0], (long long)p->padding[1],
                (long long)p->dilation[0], (long long)p->dilation[1]);
    layer->out[0].shape = LKS_SHAPE_OF(layer->in[0].shape.sizes[0], place[0], place[1]);
    return LKS_OK;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    (void)run;
    return lks_layer_put(out, lks_max_pool2d(in[0], layer->config));
}

const lks_layer_type lks_layer_max_pool2d = {
    .name = "max_pool2d",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(lks_pool2d_params),
    .infer = infer,
    .forward = forward,
};
