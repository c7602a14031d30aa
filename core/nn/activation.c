/* Layers that are one pointwise operation: nn.ReLU, nn.Tanh, … One more is a row. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "nn/layer.h"
#include "ops/ops.h"

/* The numbers of an activation, whichever it has, and which of its kinds it is. */
typedef struct activation {
    double p, q;
    int kind;
} activation;

#define RULE(kind, ...) LKS_OPTION_RULE(activation, kind, __VA_ARGS__)

/* The layer `id` called `name_`: `expression` of x and config; behind it, the rest of its
 * type. */
#define LAYER_INFERRED(id, name_, infer_, expression, ...)                               \
    static lks_status id##_forward(const lks_layer *layer, const lks_layer_run *run,     \
                                   lks_tensor *const *in, lks_tensor **out)              \
    {                                                                                    \
        const activation *config = layer->config;                                        \
        lks_tensor *x = in[0];                                                           \
                                                                                         \
        (void)config, (void)run;                                                         \
        return lks_layer_put(out, expression);                                           \
    }                                                                                    \
    const lks_layer_type lks_layer_##id = {.name = name_,                                \
                                           .takes_varying = true,                        \
                                           .steps = lks_layer_steps,                     \
                                           .infer = infer_,                              \
                                           .forward = id##_forward,                      \
                                           __VA_ARGS__};

#define LAYER(id, name, expression, ...)                                                 \
    LAYER_INFERRED(id, name, lks_layer_same_shape, expression, __VA_ARGS__)

/* With options, which stand in layer_options.h and `infer` may find not to go together. */
#define LAYER_CHECKED(id, name, infer, expression)                                       \
    static const lks_option_rule id##_options[] = {LKS_OPTIONS_##id(RULE)};              \
    LAYER_INFERRED(id, name, infer, expression, .options = id##_options,                 \
                   .n_options = sizeof id##_options / sizeof *id##_options,              \
                   .config_size_bytes = sizeof(activation))
#define LAYER_OF(id, name, expression)                                                   \
    LAYER_CHECKED(id, name, lks_layer_same_shape, expression)

LAYER(relu, "relu", lks_relu(x), )
LAYER(tanh, "tanh", lks_tanh(x), )
LAYER(sigmoid, "sigmoid", lks_sigmoid(x), )
LAYER(identity, "identity", x, )
LAYER_OF(leaky_relu, "leaky_relu", lks_leaky_relu(x, config->p))
LAYER_OF(elu, "elu", lks_elu(x, config->p))
LAYER(selu, "selu", lks_selu(x), )
LAYER_OF(celu, "celu", lks_celu(x, config->p))
LAYER_OF(gelu, "gelu", config->kind ? lks_gelu_tanh(x) : lks_gelu(x))
LAYER(silu, "silu", lks_silu(x), )
LAYER(mish, "mish", lks_mish(x), )
LAYER_OF(softplus, "softplus", lks_softplus(x, config->p, config->q))
LAYER(softsign, "softsign", lks_softsign(x), )
LAYER(logsigmoid, "logsigmoid", lks_logsigmoid(x), )
LAYER(tanhshrink, "tanhshrink", lks_tanhshrink(x), )
LAYER_OF(softshrink, "softshrink", lks_softshrink(x, config->p))
LAYER_OF(hardshrink, "hardshrink", lks_hardshrink(x, config->p))
LAYER(hardsigmoid, "hardsigmoid", lks_hardsigmoid(x), )
LAYER(hardswish, "hardswish", lks_hardswish(x), )

/* source: torch.nn.Hardtanh, which asserts it */
static lks_status infer_hardtanh(lks_layer *layer)
{
    const activation *config = layer->config;

    if (config->p >= config->q)
        return lks_layer_refuse_options(
            layer, "min_val is %g; it must be below max_val, %g", config->p, config->q);
    return lks_layer_same_shape(layer);
}

LAYER_CHECKED(hardtanh, "hardtanh", infer_hardtanh, lks_hardtanh(x, config->p, config->q))
LAYER(relu6, "relu6", lks_relu6(x), )
LAYER_OF(threshold, "threshold", lks_threshold(x, config->p, config->q))
