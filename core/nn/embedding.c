/* nn.Embedding: a row of the weight for each i64 number; nn.EmbeddingBag: what the rows of a
 * sample come to.
 *
 * max_norm: rows that are used are cut down to that norm before they are, and stay so. A
 * lane works on what it looked up, cut down beside the weight. It counts the rows that it
 * used in its observed sums, and once a step, before the optimiser's, all rows that any lane
 * used are cut down where they stand: so neither depends on the number of ranks.
 *
 *     observed   0: how often each row was used   (num_embeddings)
 *
 * source: torch.nn.Embedding, torch.embedding_renorm_ */
#include <math.h>

#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct embedding {
    int64_t num_embeddings, embedding_dim;
    int64_t padding_idx;        /* LKS_OPTION_NO_INTEGER: none */
    double max_norm, norm_type; /* NaN: no row is cut down */
    int mode;                   /* lks_bag_mode, of bags */
} embedding;

#define RULE(kind, ...) LKS_OPTION_RULE(embedding, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_embedding(RULE)};
static const lks_option_rule bag_options[] = {LKS_OPTIONS_embedding_bag(RULE)};

_Static_assert(LKS_OPTION_NO_INTEGER == LKS_NO_PADDING_IDX, "null is no row");

/* ---- plan ---- */

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

/* As many as the vocabulary has, where nothing is said. */
static lks_status find_num_embeddings(const lks_layer *layer, int64_t *num_embeddings)
{
    const int64_t n_tokens = layer->in[0].n_tokens;

    if (*num_embeddings == 0)
        *num_embeddings = n_tokens;
    if (*num_embeddings == 0)
        return lks_layer_refuse_options(layer,
                                        "num_embeddings is missing: the data has no "
                                        "vocabulary that would tell it");
    if (n_tokens > *num_embeddings)
        return lks_layer_refuse(layer,
                                "the vocabulary has %lld tokens, num_embeddings is %lld",
                                (long long)n_tokens, (long long)*num_embeddings);
    return LKS_OK;
}

static lks_status add_weight(lks_layer *layer)
{
    embedding *config = layer->config;
    lks_init init;

    LKS_TRY(find_num_embeddings(layer, &config->num_embeddings));
    LKS_TRY(first_values(layer, &init));
    LKS_TRY(lks_layer_add_param(
        layer, "weight", LKS_SHAPE_OF(config->num_embeddings, config->embedding_dim),
        init));
    return isnan(config->max_norm)
               ? LKS_OK
               : lks_layer_add_observed(layer, LKS_SHAPE_OF(config->num_embeddings));
}

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
    layer->out[0].varies_with = layer->in[0].varies_with;
    return add_weight(layer);
}

static lks_status infer_bag(lks_layer *layer)
{
    const embedding *config = layer->config;

    if (layer->in[0].shape.ndim != 1)
        return lks_layer_refuse(layer, "embedding_bag wants numbers of rows, (length)");
    layer->out[0].shape = LKS_SHAPE_OF(config->embedding_dim);
    return add_weight(layer);
}

/* ---- forward ---- */

/* How often each row is used. */
static lks_status observe(const lks_layer_run *run, lks_tensor *input)
{
    lks_tensor *used = run->observed[0];
    lks_tensor *flat = lks_flatten(input, 0, -1);
    lks_tensor *ones =
        flat ? lks_ones(LKS_SHAPE_OF(lks_numel(flat)), LKS_F32, lks_tensor_device(input))
             : NULL;
    lks_tensor *zeros = lks_zeros(lks_sizes(used), LKS_F32, lks_tensor_device(input));

    return lks_layer_observe(run, 0, lks_index_add(zeros, 0, flat, ones, 1));
}

/* x as `values`, with the gradient of x: x - x is 0. */
static lks_tensor *stand_in(lks_tensor *x, lks_tensor *values)
{
    return lks_add(lks_sub(x, lks_detach(x)), lks_detach(values));
}

/* The rows of input (N, …), cut down where they must be, to *rows (N, …, d). */
static lks_status look_up(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *input, lks_tensor **rows)
{
    const embedding *config = layer->config;
    lks_tensor *x = lks_embedding(input, run->params[0], config->padding_idx);
    lks_tensor *flat;

    if (isnan(config->max_norm) || !x)
        return lks_layer_put(rows, x);
    if (run->training)
        LKS_TRY(observe(run, input));
    flat = lks_renorm(lks_reshape(lks_detach(x), LKS_SHAPE_OF(-1, lks_size(x, -1))),
                      config->norm_type, 0, config->max_norm);
    return lks_layer_put(rows, stand_in(x, lks_reshape(flat, lks_sizes(x))));
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    return look_up(layer, run, in[0], out);
}

/* (N, T) bool: which numbers are in their bag; NULL in *out: all. */
static lks_status members(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *input, lks_tensor **out)
{
    const embedding *config = layer->config;
    const int64_t given = config->padding_idx;
    lks_tensor *padding, *other;

    LKS_TRY(lks_layer_padding(run, 0, input, &padding));
    *out = NULL;
    if (padding)
        LKS_TRY(lks_layer_put(out, lks_logical_not(padding)));
    if (given == LKS_OPTION_NO_INTEGER)
        return LKS_OK;
    other = lks_ne_scalar(input,
                          (double)(given < 0 ? given + config->num_embeddings : given));
    return lks_layer_put(out, padding ? lks_logical_and(*out, other) : other);
}

/* The rows that were looked up are a table of their own, in order. */
static lks_status forward_bag(const lks_layer *layer, const lks_layer_run *run,
                              lks_tensor *const *in, lks_tensor **out)
{
    const embedding *config = layer->config;
    lks_embedding_bag_options o = {.mode = (lks_bag_mode)config->mode};
    lks_tensor *rows, *place;

    LKS_TRY(look_up(layer, run, in[0], &rows));
    LKS_TRY(members(layer, run, in[0], &o.members));
    place = lks_arange(lks_numel(in[0]), LKS_I64, lks_tensor_device(in[0]));
    return lks_layer_put(out, lks_embedding_bag(lks_reshape(place, lks_sizes(in[0])),
                                                lks_flatten(rows, 0, 1), &o));
}

/* ---- once a step ---- */

static lks_status update(const lks_layer *layer, const lks_layer_run *run)
{
    const embedding *config = layer->config;
    lks_tensor *weight = run->params[0];
    lks_tensor *is_used = lks_unsqueeze(lks_gt_scalar(run->observed[0], 0), 1);
    lks_tensor *cut = lks_renorm(weight, config->norm_type, 0, config->max_norm);

    return lks_copy_(weight, lks_where(is_used, cut, weight)) ? LKS_OK
                                                              : lks_error_status();
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
    .update = update,
};

const lks_layer_type lks_layer_embedding_bag = {
    .name = "embedding_bag",
    .options = bag_options,
    .n_options = sizeof bag_options / sizeof *bag_options,
    .config_size_bytes = sizeof(embedding),
    .takes = LKS_I64,
    .takes_varying = true,
    .infer = infer_bag,
    .forward = forward_bag,
    .update = update,
};
