/* nn.LocalResponseNorm. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct local_response_norm {
    int64_t size;
    double alpha, beta, k;
} local_response_norm;

#define RULE(kind, ...) LKS_OPTION_RULE(local_response_norm, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_local_response_norm(RULE)};

static lks_status infer(lks_layer *layer)
{
    if (layer->in[0].shape.ndim < 2)
        return lks_layer_refuse(layer, "local_response_norm wants (channels, length, …)");
    return lks_layer_same_shape(layer);
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const local_response_norm *c = layer->config;

    (void)run;
    return lks_layer_put(
        out, lks_local_response_norm(in[0], c->size, c->alpha, c->beta, c->k));
}

const lks_layer_type lks_layer_local_response_norm = {
    .name = "local_response_norm",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(local_response_norm),
    .infer = infer,
    .forward = forward,
};
