/* nn.Dropout. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct dropout {
    double p;
} dropout;

#define RULE(kind, ...) LKS_OPTION_RULE(dropout, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_dropout(RULE)};

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const dropout *config = layer->config;

    return lks_layer_put(out, run->training && config->p > 0
                                  ? lks_dropout(in[0], config->p, &run->rng)
                                  : in[0]);
}

const lks_layer_type lks_layer_dropout = {
    .name = "dropout",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(dropout),
    .infer = lks_layer_same_shape,
    .forward = forward,
};
