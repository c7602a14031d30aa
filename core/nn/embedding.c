/* nn.Embedding: a row of the weight for each i64 number. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct embedding {
    int64_t num_embeddings, embedding_dim;
    int64_t padding_idx; /* LKS_OPTION_NO_INTEGER: none */
} embedding;

#define RULE(kind, ...) LKS_OPTION_RULE(embedding, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_embedding(RULE)};

_Static_assert(LKS_OPTION_NO_INTEGER == LKS_NO_PADDING_IDX, "null is no row");

/* Normal, the padding's row zero. */
static lks_status first_values(const lks_layer *layer, lks_init *out)
{
    const embedding *config = layer->config;
    const int64_t n = config->num_embeddings, d = config->embedding_dim;
    const int64_t given = config->padding_idx, row = given < 0 ? given + n : given;

    *out = lks_init_normal(0, 1);
    if (given == LKS_OPTION_NO_INTEGER)
        return LKS_OK;
    if (row < 0 || row >= n)
        return lks_layer_refuse_options(layer,
                                        "padding_idx is %lld; there are %lld embeddings",
                                        (long long)given, (long long)n);
    *out = lks_init_with_zeros(*out, (size_t)(row * d), (size_t)d);
    return LKS_OK;
}

static lks_status infer(lks_layer *layer)
{
    const embedding *config = layer->config;
    lks_shape *out = &layer->out[0].shape;
    lks_init init;

    *out = layer->in[0].shape;
    if (out->ndim >= LKS_MAX_DIMS - 1)
        return lks_layer_refuse(layer,
                                "embedding adds a dimension, and there are %d at "
                                "most",
                                LKS_MAX_DIMS);
    out->sizes[out->ndim++] = config->embedding_dim;
    layer->out[0].varies_with = layer->in[0].varies_with;
    if (layer->in[0].n_tokens > config->num_embeddings)
        return lks_layer_refuse(
            layer, "the vocabulary has %lld tokens, num_embeddings is %lld",
            (long long)layer->in[0].n_tokens, (long long)config->num_embeddings);
    LKS_TRY(first_values(layer, &init));
    return lks_layer_add_param(
        layer, "weight", LKS_SHAPE_OF(config->num_embeddings, config->embedding_dim),
        init);
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const embedding *config = layer->config;

    return lks_layer_put(out, lks_embedding(in[0], run->params[0], config->padding_idx));
}

const lks_layer_type lks_layer_embedding = {
    .name = "embedding",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(embedding),
    .takes = LKS_I64,
    .takes_varying = true,
    .steps = lks_layer_steps,
    .infer = infer,
    .forward = forward,
};
