/* nn.Softmax, nn.LogSoftmax and nn.Softmin. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct softmax {
    int64_t dim; /* counts the batch dimension, as PyTorch does */
} softmax;

#define RULE(kind, ...) LKS_OPTION_RULE(softmax, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_softmax(RULE)};

static lks_status infer(lks_layer *layer)
{
    const softmax *config = layer->config;
    int dim;

    LKS_TRY(lks_layer_sample_dim(layer, "dim", config->dim, &dim));
    if (dim == 0)
        LKS_TRY(lks_layer_refuse_varying(layer));
    return lks_layer_same_shape(layer);
}

/* The layer `id`: `expression` of x along dim. */
#define LAYER(id, expression)                                                            \
    static lks_status id##_forward(const lks_layer *layer, const lks_layer_run *run,     \
                                   lks_tensor *const *in, lks_tensor **out)              \
    {                                                                                    \
        const softmax *config = layer->config;                                           \
        const int dim = (int)config->dim;                                                \
        lks_tensor *x = in[0];                                                           \
                                                                                         \
        (void)run;                                                                       \
        return lks_layer_put(out, expression);                                           \
    }                                                                                    \
    const lks_layer_type lks_layer_##id = {                                              \
        .name = #id,                                                                     \
        .options = options,                                                              \
        .n_options = sizeof options / sizeof *options,                                   \
        .config_size_bytes = sizeof(softmax),                                            \
        .takes_varying = true,                                                           \
        .steps = lks_layer_steps,                                                        \
        .infer = infer,                                                                  \
        .forward = id##_forward,                                                         \
    };

LAYER(softmax, lks_softmax(x, dim))
LAYER(log_softmax, lks_log_softmax(x, dim))
LAYER(softmin, lks_softmax(lks_neg(x), dim))
