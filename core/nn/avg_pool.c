/* nn.AvgPool1d and nn.AvgPool2d. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "kernels.h"
#include "nn/layer.h"
#include "nn/window.h"
#include "ops/ops.h"

/* Of a line, the second of each two is left alone. */
typedef struct avg_pool {
    lks_avg_pool2d_params params;
    bool count_include_pad;
} avg_pool;

#define RULE(kind, ...) LKS_OPTION_RULE(avg_pool, kind, __VA_ARGS__)
static const lks_option_rule options_1d[] = {LKS_OPTIONS_avg_pool1d(RULE)};
static const lks_option_rule options_2d[] = {LKS_OPTIONS_avg_pool2d(RULE)};

static lks_status infer(lks_layer *layer, int n)
{
    avg_pool *config = layer->config;
    lks_avg_pool2d_params *p = &config->params;
    int64_t place[2];

    p->leave_out_padding = !config->count_include_pad;
    for (int i = 0; i < n; i++) {
        if (p->stride[i] == 0)
            p->stride[i] = p->kernel[i];
        LKS_TRY(lks_window_check_padding(layer, p->kernel[i], p->padding[i]));
    }
    LKS_TRY(lks_window_infer(
        layer, &(lks_window){n, p->kernel, p->stride, p->padding, NULL, p->ceil_mode},
        place));
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
    const avg_pool *config = layer->config;
    const lks_pool1d_params p = {
        .kernel = config->params.kernel[0],
        .stride = config->params.stride[0],
        .padding = config->params.padding[0],
        .leave_out_padding = config->params.leave_out_padding,
        .ceil_mode = config->params.ceil_mode,
    };

    (void)run;
    return lks_layer_put(out, lks_avg_pool1d(in[0], &p));
}

static lks_status forward_2d(const lks_layer *layer, const lks_layer_run *run,
                             lks_tensor *const *in, lks_tensor **out)
{
    const avg_pool *config = layer->config;

    (void)run;
    return lks_layer_put(out, lks_avg_pool2d(in[0], &config->params));
}

const lks_layer_type lks_layer_avg_pool1d = {
    .name = "avg_pool1d",
    .options = options_1d,
    .n_options = sizeof options_1d / sizeof *options_1d,
    .config_size_bytes = sizeof(avg_pool),
    .infer = infer_1d,
    .forward = forward_1d,
};

const lks_layer_type lks_layer_avg_pool2d = {
    .name = "avg_pool2d",
    .options = options_2d,
    .n_options = sizeof options_2d / sizeof *options_2d,
    .config_size_bytes = sizeof(avg_pool),
    .infer = infer_2d,
    .forward = forward_2d,
};
