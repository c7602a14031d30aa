/* nn.Embedding: a row of the weight for each i64 number. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct embedding {
    int64_t num_embeddings, embedding_dim;
} embedding;

#define RULE(kind, ...) LKS_OPTION_RULE(embedding, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_embedding(RULE)};

static lks_status infer(lks_layer *layer)
{
    const embedding *config = layer->config;
    lks_shape *out = &layer->out[0].shape;

    *out = layer->in[0].shape;
    if (out->ndim >= LKS_MAX_DIMS - 1)
        return lks_layer_refuse(layer,
                                "embedding adds a dimension, and there are %d at "
                                "most",
                                LKS_MAX_DIMS);
    out->sizes[out->ndim++] = config->embedding_dim;
    return lks_layer_add_param(
        layer, "weight", LKS_SHAPE_OF(config->num_embeddings, config->embedding_dim),
        lks_init_normal(0, 1));
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    (void)layer;
    return lks_layer_put(out, lks_embedding(in[0], run->params[0], LKS_NO_PADDING_IDX));
}

const lks_layer_type lks_layer_embedding = {
    .name = "embedding",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(embedding),
    .takes = LKS_I64,
    .infer = infer,
    .forward = forward,
};
