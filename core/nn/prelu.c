/* nn.PReLU: below zero a slope that is learnt, one for all or one a channel. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct prelu {
    int64_t num_parameters;
    double init;
} prelu;

#define RULE(kind, ...) LKS_OPTION_RULE(prelu, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_prelu(RULE)};

static lks_status infer(lks_layer *layer)
{
    const prelu *config = layer->config;
    const lks_shape *in = &layer->in[0].shape;
    const int64_t n = config->num_parameters, channels = in->ndim > 0 ? in->sizes[0] : 1;

    if (n != 1 && n != channels)
        return lks_layer_refuse(
            layer, "num_parameters is %lld; it must be 1 or the channels, %lld",
            (long long)n, (long long)channels);
    if (n != 1)
        LKS_TRY(lks_layer_refuse_varying(layer));
    LKS_TRY(lks_layer_add_param(layer, "weight", LKS_SHAPE_OF(n),
                                lks_init_constant(config->init)));
    return lks_layer_same_shape(layer);
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    (void)layer;
    return lks_layer_put(out, lks_prelu(in[0], run->params[0]));
}

const lks_layer_type lks_layer_prelu = {
    .name = "prelu",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(prelu),
    .takes_varying = true,
    .infer = infer,
    .forward = forward,
};
