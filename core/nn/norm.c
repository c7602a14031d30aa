/* nn.LayerNorm over the last dimensions, and nn.GroupNorm. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct layer_norm {
    int64_t normalized_shape[LKS_OPTION_MAX_VALUES];
    double eps;
    bool elementwise_affine, bias;
    lks_shape shape; /* normalized_shape's */
} layer_norm;

#define LAYER_RULE(kind, ...) LKS_OPTION_RULE(layer_norm, kind, __VA_ARGS__)
static const lks_option_rule layer_options[] = {LKS_OPTIONS_layer_norm(LAYER_RULE)};

static lks_status add_affine(lks_layer *layer, lks_shape shape, bool bias)
{
    LKS_TRY(lks_layer_add_param(layer, "weight", shape, lks_init_constant(1)));
    return bias ? lks_layer_add_param(layer, "bias", shape, lks_init_constant(0))
                : LKS_OK;
}

static lks_status refuse_shape(const lks_layer *layer, const lks_shape *shape)
{
    char text[LKS_SHAPE_TEXT];

    if (shape->ndim == 1)
        return lks_layer_refuse(layer, "layer_norm wants a last size of %lld",
                                (long long)shape->sizes[0]);
    return lks_layer_refuse(layer, "layer_norm wants last sizes of %s",
                            lks_shape_text(shape, text, sizeof text));
}

static lks_status infer_layer(lks_layer *layer)
{
    layer_norm *config = layer->config;
    const lks_shape *in = &layer->in[0].shape;
    lks_shape *shape = &config->shape;
    bool fits;

    while (shape->ndim < LKS_OPTION_MAX_VALUES &&
           config->normalized_shape[shape->ndim] > 0) {
        shape->sizes[shape->ndim] = config->normalized_shape[shape->ndim];
        shape->ndim++;
    }
    fits = shape->ndim <= in->ndim;
    for (int i = 1; fits && i <= shape->ndim; i++)
        fits = in->sizes[in->ndim - i] == shape->sizes[shape->ndim - i];
    if (!fits)
        return refuse_shape(layer, shape);
    if (shape->ndim == in->ndim)
        LKS_TRY(lks_layer_refuse_varying(layer));
    if (config->elementwise_affine)
        LKS_TRY(add_affine(layer, *shape, config->bias));
    return lks_layer_same_shape(layer);
}

static lks_status forward_layer(const lks_layer *layer, const lks_layer_run *run,
                                lks_tensor *const *in, lks_tensor **out)
{
    const layer_norm *config = layer->config;
    const bool affine = config->elementwise_affine;

    return lks_layer_put(
        out, lks_layer_norm(in[0], config->shape, affine ? run->params[0] : NULL,
                            affine && config->bias ? run->params[1] : NULL, config->eps));
}

const lks_layer_type lks_layer_layer_norm = {
    .name = "layer_norm",
    .options = layer_options,
    .n_options = sizeof layer_options / sizeof *layer_options,
    .config_size_bytes = sizeof(layer_norm),
    .takes_varying = true,
    .steps = lks_layer_steps,
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
        return lks_layer_refuse(
            layer, "%lld channel%s not split into %lld groups", (long long)in->sizes[0],
            in->sizes[0] == 1 ? " does" : "s do", (long long)config->num_groups);
    if (config->affine)
        LKS_TRY(add_affine(layer, LKS_SHAPE_OF(in->sizes[0]), true));
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
