/* nn.Upsample. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct upsample {
    int64_t size[LKS_OPTION_MAX_VALUES];
    double scale_factor[LKS_OPTION_MAX_VALUES];
    int mode; /* an lks_interpolation */
    bool align_corners;
    lks_interpolate_params params;
} upsample;

#define RULE(kind, ...) LKS_OPTION_RULE(upsample, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_upsample(RULE)};

/* How many values an option has for n dimensions: one stands for all. */
static lks_status count(const lks_layer *layer, const char *option, int given, int n)
{
    if (given <= 1 || given == n)
        return LKS_OK;
    return lks_layer_refuse(layer, "%s has %d values; it takes 1 or %d", option, given,
                            n);
}

static lks_status read_params(lks_layer *layer, int n)
{
    upsample *c = layer->config;
    int n_sizes = 0, n_scales = 0;

    while (n_sizes < LKS_OPTION_MAX_VALUES && c->size[n_sizes] > 0)
        n_sizes++;
    while (n_scales < LKS_OPTION_MAX_VALUES && c->scale_factor[n_scales] > 0)
        n_scales++;
    if ((n_sizes > 0) == (n_scales > 0))
        return lks_layer_refuse_options(layer, "give size or scale_factor, one of them");
    LKS_TRY(count(layer, "size", n_sizes, n));
    LKS_TRY(count(layer, "scale_factor", n_scales, n));
    c->params.mode = (lks_interpolation)c->mode;
    c->params.align_corners = c->align_corners;
    for (int i = 0; i < n; i++) {
        c->params.size[i] = c->size[n_sizes > 1 ? i : 0];
        c->params.scale_factor[i] = c->scale_factor[n_scales > 1 ? i : 0];
    }
    return LKS_OK;
}

static lks_status infer(lks_layer *layer)
{
    upsample *c = layer->config;
    const lks_shape *in = &layer->in[0].shape;
    const int n = in->ndim - 1;
    char owner[128];

    if (n < 1 || n > 3)
        return lks_layer_refuse(layer, "upsample wants (channels, …) of one to three "
                                       "dimensions behind them");
    LKS_TRY(read_params(layer, n));
    layer->out[0].shape = *in;
    return lks_interpolate_sizes(&c->params, lks_layer_text(layer, owner, sizeof owner),
                                 n, in->sizes + 1, layer->out[0].shape.sizes + 1);
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const upsample *c = layer->config;

    (void)run;
    return lks_layer_put(out, lks_interpolate(in[0], &c->params));
}

const lks_layer_type lks_layer_upsample = {
    .name = "upsample",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(upsample),
    .infer = infer,
    .forward = forward,
};
