/* nn.LayerNorm over the last dimension, and nn.GroupNorm. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct layer_norm {
    int64_t normalized_shape;
    double eps;
    bool elementwise_affine;
} layer_norm;

#define LAYER_RULE(kind, ...) LKS_OPTION_RULE(layer_norm, kind, __VA_ARGS__)
static const lks_option_rule layer_options[] = {LKS_OPTIONS_layer_norm(LAYER_RULE)};

static lks_status add_affine(lks_layer *layer, int64_t n)
{
    const lks_shape shape = LKS_SHAPE_OF(n);

    LKS_TRY(lks_layer_add_param(layer, "weight", shape, lks_init_constant(1)));
    return lks_layer_add_param(layer, "bias", shape, lks_init_constant(0));
}

static lks_status infer_layer(lks_layer *layer)
{
    const layer_norm *config = layer->config;
    const lks_shape *in = &layer->in[0].shape;

    if (in->ndim == 0 || in->sizes[in->ndim - 1] != config->normalized_shape)
        return lks_layer_refuse(layer, "layer_norm wants a last size of %lld",
                                (long long)config->normalized_shape);
    if (config->elementwise_affine)
        LKS_TRY(add_affine(layer, config->normalized_shape));
    return lks_layer_same_shape(layer);
}

static lks_status forward_layer(const lks_layer *layer, const lks_layer_run *run,
                                lks_tensor *const *in, lks_tensor **out)
{
    const layer_norm *config = layer->config;
    const bool affine = config->elementwise_affine;

    return lks_layer_put(out,
                         lks_layer_norm(in[0], LKS_SHAPE_OF(config->normalized_shape),
                                        affine ? run->params[0] : NULL,
                                        affine ? run->params[1] : NULL, config->eps));
}

const lks_layer_type lks_layer_layer_norm = {
    .name = "layer_norm",
    .options = layer_options,
    .n_options = sizeof layer_options / sizeof *layer_options,
    .config_size_bytes = sizeof(layer_norm),
    .infer = infer_layer,
    .forward = forward_layer,
};

typedef struct group_norm {
    int64_t num_groups;
    double eps;
    bool affine;
} group_norm;

#define GROUP_RULE(kind, ...) LKS_OPTION_RULE(group_norm, kind, __VA_ARGS__)
static const lks_option_rule group_options[] = {LKS_OPTIONS_group_norm(GROUP_RULE)};

static lks_status infer_group(lks_layer *layer)
{
    const group_norm *config = layer->config;
    const lks_shape *in = &layer->in[0].shape;

    if (in->ndim == 0)
        return lks_layer_refuse(layer, "group_norm wants (channels, …)");
    if (in->sizes[0] % config->num_groups != 0)
        return lks_layer_refuse(layer, "%lld channels do not split into %lld groups",
                                (long long)in->sizes[0], (long long)config->num_groups);
    if (config->affine)
        LKS_TRY(add_affine(layer, in->sizes[0]));
    return lks_layer_same_shape(layer);
}

static lks_status forward_group(const lks_layer *layer, const lks_layer_run *run,
                                lks_tensor *const *in, lks_tensor **out)
{
    const group_norm *config = layer->config;

    return lks_layer_put(out, lks_group_norm(in[0], config->num_groups,
                                             config->affine ? run->params[0] : NULL,
                                             config->affine ? run->params[1] : NULL,
                                             config->eps));
}

const lks_layer_type lks_layer_group_norm = {
    .name = "group_norm",
    .options = group_options,
    .n_options = sizeof group_options / sizeof *group_options,
    .config_size_bytes = sizeof(group_norm),
    .infer = infer_group,
    .forward = forward_group,
};
