/* nn.Bilinear: y = aᵀ w b + bias over the last dimensions of two inputs. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct bilinear {
    int64_t out_features;
    bool bias;
} bilinear;

#define RULE(kind, ...) LKS_OPTION_RULE(bilinear, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_bilinear(RULE)};

static lks_status infer(lks_layer *layer)
{
    const bilinear *config = layer->config;
    const lks_shape *a = &layer->in[0].shape, *b = &layer->in[1].shape;
    bool fits = a->ndim > 0 && a->ndim == b->ndim &&
                layer->in[0].varies_with == layer->in[1].varies_with;
    lks_init init;

    for (int i = 0; fits && i < a->ndim - 1; i++)
        fits = a->sizes[i] == b->sizes[i];
    if (!fits)
        return lks_layer_refuse(layer, "these differ in more than their last size");
    if (a->ndim == 1)
        LKS_TRY(lks_layer_refuse_varying(layer));
    init = lks_init_fan_in((double)a->sizes[a->ndim - 1]);
    LKS_TRY(lks_layer_add_param(
        layer, "weight",
        LKS_SHAPE_OF(config->out_features, a->sizes[a->ndim - 1], b->sizes[b->ndim - 1]),
        init));
    if (config->bias)
        LKS_TRY(
            lks_layer_add_param(layer, "bias", LKS_SHAPE_OF(config->out_features), init));
    layer->out[0] = layer->in[0];
    layer->out[0].shape.sizes[a->ndim - 1] = config->out_features;
    return LKS_OK;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const bilinear *config = layer->config;

    return lks_layer_put(out, lks_bilinear(in[0], in[1], run->params[0],
                                           config->bias ? run->params[1] : NULL));
}

const lks_layer_type lks_layer_bilinear = {
    .name = "bilinear",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(bilinear),
    .n_inputs = 2,
    .takes_varying = true,
    .steps = lks_layer_steps,
    .infer = infer,
    .forward = forward,
};
