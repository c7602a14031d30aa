/* Layers that are one pointwise operation: nn.ReLU, nn.Tanh, … One more is a row. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "nn/layer.h"
#include "ops/ops.h"

/* The numbers of an activation, whichever it has. */
typedef struct activation {
    double p, q;
} activation;

#define RULE(kind, ...) LKS_OPTION_RULE(activation, kind, __VA_ARGS__)

/* The layer `id` called `name_`: `expression` of x and config; behind it, the rest of its
 * type. */
#define LAYER(id, name_, expression, ...)                                                \
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
                                           .infer = lks_layer_same_shape,                \
                                           .forward = id##_forward,                      \
                                           __VA_ARGS__};

/* With options, which stand in layer_options.h. */
#define LAYER_OF(id, name, expression)                                                   \
    static const lks_option_rule id##_options[] = {LKS_OPTIONS_##id(RULE)};              \
    LAYER(id, name, expression, .options = id##_options,                                 \
          .n_options = sizeof id##_options / sizeof *id##_options,                       \
          .config_size_bytes = sizeof(activation))

LAYER(relu, "relu", lks_relu(x), )
LAYER(tanh, "tanh", lks_tanh(x), )
LAYER(sigmoid, "sigmoid", lks_sigmoid(x), )
LAYER(identity, "identity", x, )
LAYER_OF(leaky_relu, "leaky_relu", lks_leaky_relu(x, config->p))
