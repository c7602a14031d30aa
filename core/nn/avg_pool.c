/* nn.AvgPool1d and nn.AvgPool2d. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "kernels.h"
#include "nn/layer.h"
#include "nn/window.h"
#include "ops/ops.h"

typedef struct avg_pool {
    lks_avg_pool2d_params params;
    bool count_include_pad;
} avg_pool;

#define RULE(kind, ...) LKS_OPTION_RULE(avg_pool, kind, __VA_ARGS__)
static const lks_option_rule options_1d[] = {LKS_OPTIONS_avg_pool1d(RULE)};
static const lks_option_rule options_2d[] = {LKS_OPTIONS_avg_pool2d(RULE)};

static lks_status infer(lks_layer *layer)
{
    avg_pool *config = layer->config;
    lks_avg_pool2d_params *p = &config->params;
    int64_t place[2];

    p->leave_out_padding = !config->count_include_pad;
    for (int i = 0; i < layer->type->n_dims; i++) {
        if (p->stride[i] == 0)
            p->stride[i] = p->kernel[i];
        LKS_TRY(lks_window_check_padding(layer, p->kernel[i], p->padding[i]));
    }
    LKS_TRY(lks_window_infer(
        layer, &(lks_window){p->kernel, p->stride, p->padding, NULL, p->ceil_mode},
        place));
    lks_window_put_shape(layer, place);
    lks_window_one_row(layer, p->kernel, 1);
    lks_window_one_row(layer, p->stride, 1);
    lks_window_one_row(layer, p->padding, 0);
    return LKS_OK;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const avg_pool *config = layer->config;
    lks_tensor *x = lks_window_row(layer, in[0]);

    (void)run;
    return lks_layer_put(out, lks_window_line(layer, lks_avg_pool2d(x, &config->params)));
}

#define TYPE(name_, n)                                                                   \
    const lks_layer_type lks_layer_##name_ = {                                           \
        .name = #name_,                                                                  \
        .options = options_##n##d,                                                       \
        .n_options = sizeof options_##n##d / sizeof *options_##n##d,                     \
        .config_size_bytes = sizeof(avg_pool),                                           \
        .n_dims = n,                                                                     \
        .infer = infer,                                                                  \
        .forward = forward,                                                              \
    }

TYPE(avg_pool1d, 1);
TYPE(avg_pool2d, 2);
