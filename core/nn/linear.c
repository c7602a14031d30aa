/* nn.Linear: y = x wᵀ + b over the last dimension. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct linear {
    int64_t out_features;
    bool bias;
} linear;

#define RULE(kind, ...) LKS_OPTION_RULE(linear, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_linear(RULE)};

/* Of a weight that is another layer's, its rows; else the option says. */
static lks_status find_out_features(const lks_layer *layer, int64_t *out_features)
{
    const lks_layer_param *lent = layer->lender ? lks_layer_weight(layer->lender) : NULL;
    char text[128];

    if (*out_features == 0 && lent && lent->shape.ndim > 0)
        *out_features = lent->shape.sizes[0];
    if (*out_features == 0)
        return lks_fail(LKS_INVALID, "%s needs out_features",
                        lks_layer_text(layer, text, sizeof text));
    return LKS_OK;
}

static lks_status infer(lks_layer *layer)
{
    linear *config = layer->config;
    lks_shape in = layer->in[0].shape;
    lks_init init;

    if (in.ndim == 0)
        return lks_layer_refuse(layer, "linear wants (features)");
    if (in.ndim == 1)
        LKS_TRY(lks_layer_refuse_varying(layer));
    LKS_TRY(find_out_features(layer, &config->out_features));
    int64_t in_features = in.sizes[in.ndim - 1];

    init = lks_init_fan_in((double)in_features);
    LKS_TRY(lks_layer_add_param(layer, "weight",
                                LKS_SHAPE_OF(config->out_features, in_features), init));
    if (config->bias)
        LKS_TRY(
            lks_layer_add_param(layer, "bias", LKS_SHAPE_OF(config->out_features), init));
    in.sizes[in.ndim - 1] = config->out_features;
    layer->out[0].shape = in;
    layer->out[0].varies_with = layer->in[0].varies_with;
    return LKS_OK;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const linear *config = layer->config;

    return lks_layer_put(
        out, lks_linear(in[0], run->params[0], config->bias ? run->params[1] : NULL));
}

const lks_layer_type lks_layer_linear = {
    .name = "linear",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(linear),
    .takes_varying = true,
    .steps = lks_layer_steps,
    .infer = infer,
    .forward = forward,
};
