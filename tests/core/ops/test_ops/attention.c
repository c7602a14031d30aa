/* Attention and the Transformer. Weights are cut from one input, in PyTorch's order. */
#include "cases.h"

static const lks_rng rng = {7, 1, 2, 3}; /* make_ops.py's, too */

/* Where the next weight begins in a flat input. */
typedef struct cutter {
    lks_tensor *from;
    int64_t at;
} cutter;

static lks_tensor *cut(cutter *c, lks_shape shape)
{
    int64_t n = 1;

    for (int i = 0; i < shape.ndim; i++)
        n *= shape.sizes[i];
    c->at += n;
    return lks_reshape(lks_narrow(c->from, 0, c->at - n, n), shape);
}

/* Whole numbers 0 … 200 as -1 … 1: weights that are not differentiated, of x's dtype. */
static lks_tensor *weights_of(lks_tensor *index, const lks_tensor *x)
{
    return lks_mul_scalar(lks_sub_scalar(lks_to(index, lks_tensor_dtype(x)), 100), 0.01);
}

static lks_tensor *truths(lks_tensor *index)
{
    return lks_to(index, LKS_BOOL);
}

/* ---- by products ---- */

#define ATTENTION(name, ...)                                                             \
    F(attention_##name,                                                                  \
      lks_scaled_dot_product_attention(                                                  \
          x[0], x[1], x[2], &(const lks_attention_options){__VA_ARGS__}, NULL))
F(attention_plain, lks_scaled_dot_product_attention(x[0], x[1], x[2], NULL, NULL))
ATTENTION(mask, .mask = x[3])
ATTENTION(causal, .is_causal = true)
ATTENTION(truths, .mask = truths(x[3]), .is_causal = true, .scale = 0.3)
ATTENTION(dropped, .dropout_p = 0.4, .rng = &rng)
static lks_tensor *attention_weights(lks_tensor *const *x)
{
    lks_tensor *weights;

    lks_scaled_dot_product_attention(x[0], x[1], x[1], NULL, &weights);
    return weights;
}
const lks_op_cases lks_op_cases_scaled_dot_product_attention = {
    .cases =
        CASES({"plain", attention_plain, {X(2, 3, 4), X(2, 5, 4), X(2, 5, 2)}},
              {"mask", attention_mask, {X(2, 3, 4), X(2, 5, 4), X(2, 5, 2), X(3, 5)}},
              {"causal", attention_causal, {X(2, 3, 4), X(2, 5, 4), X(2, 5, 2)}},
              {"truths",
               attention_truths,
               {X(2, 3, 4), X(2, 5, 4), X(2, 5, 2), INDEX(2, 3, 5)}},
              {"empty_rows",
               attention_truths,
               {X(2, 5, 4), X(2, 3, 4), X(2, 3, 2), INDEX(2, 5, 1)}},
              {"dropped", attention_dropped, {X(2, 3, 4), X(2, 5, 4), X(2, 5, 2)}},
              {"weights", attention_weights, {X(3, 2), X(3, 2)}}),
    .refusals = REFUSALS({"vectors",
                          attention_plain,
                          {X(4), X(2, 4), X(2, 4)},
                          LKS_SHAPE,
                          "scaled_dot_product_attention: takes (…, L, E), (…, S, E) and "
                          "(…, S, V), not (4,), (2, 4) and (2, 4)"},
                         {"mask",
                          attention_mask,
                          {X(2, 3, 4), X(2, 5, 4), X(2, 5, 2), X(3, 4)},
                          LKS_SHAPE,
                          "scaled_dot_product_attention: (2, 3, 5)"}),
};

/* ---- additive ---- */

/* Three numbers a pair: of query (N, L, 2), keys (N, S, 4) and 30 weights. */
static lks_tensor *additive(lks_tensor *const *x, const lks_attention_options *options,
                            lks_tensor **weights)
{
    cutter c = {x[2], 0};
    lks_additive_attention_params p;

    p.query_weight = cut(&c, LKS_SHAPE_OF(3, 2));
    p.key_weight = cut(&c, LKS_SHAPE_OF(3, 4));
    p.score_weight = cut(&c, LKS_SHAPE_OF(3));
    p.bias = cut(&c, LKS_SHAPE_OF(3));
    return lks_additive_attention(x[0], x[1], x[1], &p, options, weights);
}

F(additive_plain, additive(x, NULL, NULL))
static lks_tensor *additive_weights(lks_tensor *const *x)
{
    const lks_attention_options options = {.mask = truths(x[3])};
    lks_tensor *weights;

    additive(x, &options, &weights);
    return weights;
}
F(additive_projected, lks_additive_attention(x[0], x[1], x[2],
                                             &(const lks_additive_attention_params){
                                                 .score_weight = x[3], .bias = x[3]},
                                             NULL, NULL))
const lks_op_cases lks_op_cases_additive_attention = {
    .cases = CASES(
        {"plain", additive_plain, {X(2, 3, 2), X(2, 5, 4), X(24)}},
        {"weights", additive_weights, {X(2, 3, 2), X(2, 5, 4), X(24), INDEX(2, 2, 1, 5)}},
        {"projected", additive_projected, {X(2, 1, 3), X(2, 4, 3), X(2, 4, 2), X(3)}}),
    .refusals = REFUSALS({"matrices",
                          additive_projected,
                          {X(2, 3), X(4, 3), X(4, 2), X(3)},
                          LKS_SHAPE,
                          "additive_attention: takes (N, L, Q), (N, S, K), (N, S, V) and "
                          "a weight (A) of scores, not (2, 3), (4, 3), (4, 2) and (3,)"},
                         {"features",
                          additive_plain,
                          {X(2, 3, 3), X(2, 5, 4), X(24)},
                          LKS_SHAPE,
                          "additive_attention: input (2, 3, 3)"}),
};

/* ---- of several heads ---- */

#define HEADS(id, q, ...)                                                                \
    F(id, lks_multihead_attention(                                                       \
              q, x[0], x[0],                                                             \
              &(const lks_multihead_attention_params){.in_weight = x[1], __VA_ARGS__},   \
              NULL))
HEADS(heads_biased, x[0], .n_heads = 2, .in_bias = x[2], .out_weight = x[3])
HEADS(heads_masked, x[0], .n_heads = 1, .out_weight = x[2], .attn_mask = x[3])
HEADS(heads_extended, x[0], .n_heads = 2, .sequence_first = true, .out_weight = x[2],
      .bias_k = x[3], .bias_v = x[3], .add_zero_attn = true)
HEADS(heads_causal, x[3], .n_heads = 2, .out_weight = x[2], .is_causal = true)
HEADS(heads_causal_extended, x[0], .n_heads = 2, .out_weight = x[2], .is_causal = true,
      .add_zero_attn = true, .key_padding_mask = truths(x[3]))
HEADS(heads_dropped, x[0], .n_heads = 2, .out_weight = x[2], .dropout_p = 0.4,
      .rng = &rng)
HEADS(heads_three, x[0], .n_heads = 3, .out_weight = x[2])
HEADS(heads_half, x[0], .n_heads = 2, .out_weight = x[2], .bias_k = x[3])
static lks_tensor *heads_weights(lks_tensor *const *x)
{
    const int64_t padded[] = {0, 0, 1};
    lks_tensor *weights,
        *mask = lks_from_data(LKS_SHAPE_OF(3), LKS_I64, padded, lks_tensor_device(x[0]));

    lks_multihead_attention(
        x[0], x[0], x[0],
        &(const lks_multihead_attention_params){.n_heads = 2,
                                                .in_weight = x[1],
                                                .out_weight = x[2],
                                                .key_padding_mask = truths(mask)},
        &weights);
    return weights;
}
/* Of 4 features, keys of 3 and values of 2. A bias of keys has no gradient, which central
 * differences do not find to be 0: these biases are numbers. */
static lks_tensor *heads_own(lks_tensor *const *x)
{
    cutter c = {x[3], 0};
    lks_multihead_attention_params p = {.n_heads = 2};

    p.in_bias = lks_arange(12, LKS_F64, lks_tensor_device(x[0]));
    p.in_bias = lks_to(lks_mul_scalar(p.in_bias, 0.1), lks_tensor_dtype(x[0]));
    p.q_weight = cut(&c, LKS_SHAPE_OF(4, 4));
    p.k_weight = cut(&c, LKS_SHAPE_OF(4, 3));
    p.v_weight = cut(&c, LKS_SHAPE_OF(4, 2));
    p.out_weight = cut(&c, LKS_SHAPE_OF(4, 4));
    p.out_bias = cut(&c, LKS_SHAPE_OF(4));
    return lks_multihead_attention(x[0], x[1], x[2], &p, NULL);
}
const lks_op_cases lks_op_cases_multihead_attention = {
    .cases =
        CASES({"biased", heads_biased, {X(2, 3, 4), X(12, 4), X(12), X(4, 4)}},
              {"masked", heads_masked, {X(2, 3, 2), X(6, 2), X(2, 2), X(3, 3)}},
              {"extended", heads_extended, {X(3, 2, 4), X(12, 4), X(4, 4), X(1, 1, 4)}},
              {"causal", heads_causal, {X(2, 3, 4), X(12, 4), X(4, 4), X(2, 2, 4)}},
              {"causal_extended",
               heads_causal_extended,
               {X(2, 3, 4), X(12, 4), X(4, 4), INDEX(2, 2, 3)}},
              {"dropped", heads_dropped, {X(2, 3, 4), X(12, 4), X(4, 4)}},
              {"own", heads_own, {X(2, 2, 4), X(2, 3, 3), X(2, 3, 2), X(56)}},
              {"weights", heads_weights, {X(3, 4), X(12, 4), X(4, 4)}}),
    .refusals = REFUSALS({"heads",
                          heads_three,
                          {X(2, 3, 4), X(12, 4), X(4, 4)},
                          LKS_INVALID,
                          "multihead_attention: 4 features do not split into 3 heads"},
                         {"one bias",
                          heads_half,
                          {X(2, 3, 4), X(12, 4), X(4, 4), X(1, 1, 4)},
                          LKS_INVALID,
                          "bias_k and bias_v come both or neither"},
                         {"weight",
                          heads_three,
                          {X(2, 3, 4), X(8, 4), X(4, 4)},
                          LKS_SHAPE,
                          "multihead_attention: takes (N, L, E)"},
                         {"own weights",
                          heads_own,
                          {X(2, 2, 4), X(2, 3, 3), X(2, 3, 3), X(56)},
                          LKS_SHAPE,
                          "these do not go with (2, 2, 4), (2, 3, 3) and (2, 3, 3)"},
                         {"out",
                          heads_three,
                          {X(2, 3, 4), X(12, 4), X(4, 3)},
                          LKS_SHAPE,
                          "takes an out_weight (E, E), not (4, 3)"}),
};

/* ---- the Transformer: 4 features, 3 of linear1, 2 heads ---- */

enum { E = 4, HIDDEN = 3 };

static const lks_transformer_options plain = {.n_heads = 2};
static const lks_transformer_options first = {
    .n_heads = 2, .norm_first = true, .activation = lks_gelu, .eps = 0.1};
static const lks_transformer_options dropped = {
    .n_heads = 2, .dropout_p = 0.4, .rng = &rng};

static lks_affine cut_affine(cutter *c, lks_shape shape)
{
    lks_affine affine = {cut(c, shape), NULL};

    affine.bias = cut(c, LKS_SHAPE_OF(shape.sizes[0]));
    return affine;
}

static lks_transformer_layer cut_layer(cutter *c, bool is_decoder)
{
    static const lks_shape shapes[] = {
        {2, {3 * E, E}},  {2, {E, E}}, {2, {3 * E, E}}, {2, {E, E}}, {2, {HIDDEN, E}},
        {2, {E, HIDDEN}}, {1, {E}},    {1, {E}},        {1, {E}},
    };
    lks_transformer_layer layer = {0};

    for (int i = 0; i < LKS_N_TRANSFORMER_PARTS; i++)
        if (is_decoder ||
            (i != LKS_TRANSFORMER_MULTIHEAD_ATTN_IN &&
             i != LKS_TRANSFORMER_MULTIHEAD_ATTN_OUT && i != LKS_TRANSFORMER_NORM3))
            layer.parts[i] = cut_affine(c, shapes[i]);
    return layer;
}

/* src, weights, key_padding_mask */
static lks_tensor *encode(lks_tensor *const *x, const lks_transformer_options *o)
{
    cutter c = {x[1], 0};
    const lks_transformer_layer layer = cut_layer(&c, false);
    const lks_transformer_masks masks = {.key_padding_mask = x[2] ? truths(x[2]) : NULL,
                                         .is_causal = true};

    return x[2] ? lks_transformer_encoder_layer(x[0], &layer, o, &masks)
                : lks_transformer_encoder_layer(x[0], &layer, o, NULL);
}
F(encoder_plain, encode((lks_tensor *const[]){x[0], x[1], NULL}, &plain))
#define FIXED weights_of(x[1], x[0])
F(encoder_masked, encode((lks_tensor *const[]){x[0], FIXED, x[2]}, &plain))
F(encoder_dropped, encode((lks_tensor *const[]){x[0], FIXED, NULL}, &dropped))
const lks_op_cases lks_op_cases_transformer_encoder_layer = {
    .cases =
        CASES({"plain", encoder_plain, {X(2, 3, 4), X(127)}},
              {"masked", encoder_masked, {X(2, 3, 4), INDEX(201, 127), INDEX(2, 2, 3)}},
              {"dropped", encoder_dropped, {X(2, 2, 4), INDEX(201, 127)}}),
    .refusals = REFUSALS({"features",
                          encoder_plain,
                          {X(2, 3, 5), X(127)},
                          LKS_SHAPE,
                          "transformer_encoder_layer: takes (N, L, E)"}),
};

/* tgt, memory, memory_mask */
static lks_tensor *decode(lks_tensor *const *x, lks_tensor *weights,
                          const lks_transformer_options *o, lks_tensor *mask)
{
    cutter c = {weights, 0};
    const lks_transformer_layer layer = cut_layer(&c, true);
    const lks_transformer_masks masks = {.is_causal = true};
    const lks_transformer_masks memory_masks = {.attn_mask = mask};

    return lks_transformer_decoder_layer(x[0], x[1], &layer, o, &masks, &memory_masks);
}
F(decoder_first, decode(x, weights_of(x[2], x[0]), &first, x[3]))
F(decoder_dropped, decode(x, weights_of(x[2], x[0]), &dropped, NULL))
const lks_op_cases lks_op_cases_transformer_decoder_layer = {
    .cases = CASES(
        {"first", decoder_first, {X(2, 2, 4), X(2, 3, 4), INDEX(201, 215), X(2, 3)}},
        {"dropped", decoder_dropped, {X(1, 2, 4), X(1, 3, 4), INDEX(201, 215)}}),
    .refusals = REFUSALS({"features",
                          decoder_dropped,
                          {X(2, 2, 4), X(2, 3, 5), INDEX(201, 215)},
                          LKS_SHAPE,
                          "transformer_decoder_layer: takes (N, L, E)"}),
};

/* ---- stacks ---- */

/* n layers into layers[] and a norm. */
static lks_transformer_stack cut_stack(cutter *c, bool is_decoder, int64_t n,
                                       lks_transformer_layer *layers)
{
    for (int64_t i = 0; i < n; i++)
        layers[i] = cut_layer(c, is_decoder);
    return (lks_transformer_stack){layers, n, cut_affine(c, LKS_SHAPE_OF(E))};
}

static lks_tensor *encoder_one(lks_tensor *const *x)
{
    cutter c = {weights_of(x[1], x[0]), 0};
    lks_transformer_layer layer;
    const lks_transformer_stack stack = cut_stack(&c, false, 1, &layer);

    return lks_transformer_encoder(x[0], &stack, &plain, NULL);
}
const lks_op_cases lks_op_cases_transformer_encoder = {
    .cases = CASES({"one", encoder_one, {X(2, 2, 4), INDEX(201, 135)}}),
    .refusals = REFUSALS({"features",
                          encoder_one,
                          {X(2, 3, 5), INDEX(201, 135)},
                          LKS_SHAPE,
                          "transformer_encoder: takes (N, L, E)"}),
};

static lks_tensor *decoder_one(lks_tensor *const *x)
{
    cutter c = {weights_of(x[2], x[0]), 0};
    lks_transformer_layer layer;
    const lks_transformer_stack stack = cut_stack(&c, true, 1, &layer);

    return lks_transformer_decoder(x[0], x[1], &stack, &first, NULL, NULL);
}
const lks_op_cases lks_op_cases_transformer_decoder = {
    .cases = CASES({"one", decoder_one, {X(2, 4), X(3, 4), INDEX(201, 223)}}),
    .refusals = REFUSALS({"features",
                          decoder_one,
                          {X(2, 4), X(3, 5), INDEX(201, 223)},
                          LKS_SHAPE,
                          "transformer_decoder: takes (N, L, E)"}),
};

static lks_tensor *transformer_whole(lks_tensor *const *x)
{
    cutter c = {weights_of(x[2], x[0]), 0};
    lks_transformer_layer layer;
    lks_transformer_params p = {.tgt_masks.is_causal = true};

    p.encoder = cut_stack(&c, false, 0, NULL); /* its norm is left */
    p.decoder = cut_stack(&c, true, 1, &layer);
    return lks_transformer(x[0], x[1], &p, &plain);
}
const lks_op_cases lks_op_cases_transformer = {
    .cases =
        CASES({"whole", transformer_whole, {X(2, 3, 4), X(2, 2, 4), INDEX(201, 231)}}),
    .refusals = REFUSALS({"features",
                          transformer_whole,
                          {X(2, 3, 4), X(2, 2, 3), INDEX(201, 231)},
                          LKS_SHAPE,
                          "transformer: takes (N, L, E)"}),
};
