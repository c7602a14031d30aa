/* nn.Dropout. */
#include <stddef.h>

#include "nn/layer.h"
#include "ops/ops.h"

typedef struct dropout {
    double p;
} dropout;

static const lks_option_rule options[] = {
    {.key = "p",
     .kind = LKS_OPTION_REAL,
     .n_values = 1,
     .offset = offsetof(dropout, p),
     .fallback = {0.5},
     .min = 0,
     .max = 1,
     .max_excluded = true},
};

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
