/* Attention and the layers of the Transformer, as torch.nn has them: a part of ops.h, which
 * says what all operations have in common.
 *
 * A row of which nothing takes part, all of it being masked, is 0 in weights and result,
 * with gradients of 0. PyTorch's scaled_dot_product_attention says so, too; its
 * multi_head_attention_forward gives NaN where it is asked for weights. */
#ifndef LKS_OPS_ATTENTION_H
#define LKS_OPS_ATTENTION_H

#include "base/rng.h"
#include "tensor/tensor.h"

/* What takes part. All zeros: as with NULL. */
typedef struct lks_attention_options {
    lks_tensor *mask; /* broadcasts to (…, L, S): of bool what is true takes part; numbers
                           are added to the scores; or NULL */
    bool is_causal;   /* column s of row l takes part only where s <= l, too */
    double scale;     /* of the scores; 0: 1 / sqrt(E) */
    double dropout_p;   /* of the weights, as lks_dropout */
    const lks_rng *rng; /* NULL: no dropout */
} lks_attention_options;

/* q (…, L, E), k (…, S, E), v (…, S, V): softmax(scale q kᵀ + mask) v, (…, L, V). NULL
 * options: no mask. *weights, unless NULL: the softmax after its dropout, (…, L, S); NULL
 * after a failure. So below.
 *   source   torch.nn.functional.scaled_dot_product_attention; Vaswani et al. 2017, 3.2.1 */
lks_tensor *lks_scaled_dot_product_attention(lks_tensor *q, lks_tensor *k, lks_tensor *v,
                                             const lks_attention_options *options,
                                             lks_tensor **weights);

/* The weights of lks_additive_attention. */
typedef struct lks_additive_attention_params {
    lks_tensor *query_weight; /* (A, Q), or NULL: query is projected, (N, L, A) */
    lks_tensor *key_weight;   /* (A, K), or NULL: keys are, (N, S, A) */
    lks_tensor *score_weight; /* (A) */
    lks_tensor *bias;         /* (A), or NULL: added to both projections' sum */
} lks_additive_attention_params;

/* Bahdanau's: query (N, L, Q), keys (N, S, K), values (N, S, V): weights softmax(vᵀ
 * tanh(W q + U k) + mask) over the keys, and by them the sum of values, (N, L, V). Who asks
 * often projects the keys once. Of the options scale is not looked at; NULL as above. The
 * sums of all pairs take N L S A numbers.
 *   source   Bahdanau, Cho & Bengio 2015, A.1.2 */
lks_tensor *lks_additive_attention(lks_tensor *query, lks_tensor *keys,
                                   lks_tensor *values,
                                   const lks_additive_attention_params *params,
                                   const lks_attention_options *options,
                                   lks_tensor **weights);

/* nn.MultiheadAttention's state and arguments. What may be NULL is left out. */
typedef struct lks_multihead_attention_params {
    int64_t n_heads;
    lks_tensor *in_weight; /* (3 E, E): of q, k and v; or NULL: each has its own */
    lks_tensor *q_weight, *k_weight, *v_weight; /* (E, E), (E, kdim), (E, vdim) */
    lks_tensor *in_bias;                        /* (3 E) or NULL */
    lks_tensor *out_weight, *out_bias;          /* (E, E), (E) or NULL */
    lks_tensor *bias_k, *bias_v; /* (1, 1, E), one more position; or NULL */
    bool add_zero_attn;          /* and one of zeros */
    bool sequence_first;         /* q is (L, N, E): PyTorch's batch_first=False */
    bool weights_of_heads;       /* weights of each, (N, H, L, S) */
    lks_tensor *attn_mask,       /* (L, S) or (N H, L, S) */
        *key_padding_mask;       /* (N, S) or (S): true is left out, a number is added; or
                                    NULL */
    bool is_causal;     /* position s of row l takes part only where s <= l, too */
    double dropout_p;   /* of the weights, as lks_dropout */
    const lks_rng *rng; /* NULL: no dropout */
} lks_multihead_attention_params;
/* q (N, L, E), k (N, S, kdim) and v (N, S, vdim), or all without N, to (N, L, E). *weights,
 * unless NULL: the softmax, the mean over heads, (N, L, S). Where q, k and v are one tensor
 * it is projected once. */
lks_tensor *lks_multihead_attention(lks_tensor *q, lks_tensor *k, lks_tensor *v,
                                    const lks_multihead_attention_params *params,
                                    lks_tensor **weights);

/* ---- the Transformer ---- */

/* A weight and a bias, or NULL. */
typedef struct lks_affine {
    lks_tensor *weight, *bias;
} lks_affine;

/* What a layer is made of: X(part, its name in PyTorch's state dict, to which "weight" and
 * "bias" are appended), in PyTorch's order. An encoder's layer has no multihead_attn and no
 * norm3. */
#define LKS_TRANSFORMER_PARTS(X)                                                         \
    X(SELF_ATTN_IN, "self_attn.in_proj_")                                                \
    X(SELF_ATTN_OUT, "self_attn.out_proj.")                                              \
    X(MULTIHEAD_ATTN_IN, "multihead_attn.in_proj_")                                      \
    X(MULTIHEAD_ATTN_OUT, "multihead_attn.out_proj.")                                    \
    X(LINEAR1, "linear1.")                                                               \
    X(LINEAR2, "linear2.")                                                               \
    X(NORM1, "norm1.")                                                                   \
    X(NORM2, "norm2.")                                                                   \
    X(NORM3, "norm3.")

typedef enum lks_transformer_part {
#define LKS_TRANSFORMER_PART(part, name) LKS_TRANSFORMER_##part,
    LKS_TRANSFORMER_PARTS(LKS_TRANSFORMER_PART)
#undef LKS_TRANSFORMER_PART
        LKS_N_TRANSFORMER_PARTS
} lks_transformer_part;

/* One layer. With E features and F of linear1: (3 E, E), (E, E), (F, E), (E, F), norms (E);
 * biases as many as their weight has rows. */
typedef struct lks_transformer_layer {
    lks_affine parts[LKS_N_TRANSFORMER_PARTS];
} lks_transformer_layer;

/* Layers one behind the other, and a norm over what they give; norm.weight NULL: none. */
typedef struct lks_transformer_stack {
    const lks_transformer_layer *layers;
    int64_t n_layers;
    lks_affine norm;
} lks_transformer_stack;

/* What all layers have in common: nn.TransformerEncoderLayer's arguments. */
typedef struct lks_transformer_options {
    int64_t n_heads;
    bool norm_first;
    bool sequence_first;                     /* x is (L, N, E): batch_first=False */
    lks_tensor *(*activation)(lks_tensor *); /* NULL: lks_relu */
    double eps;                              /* layer_norm_eps; 0: 1e-5 */
    double dropout_p;                        /* wherever PyTorch has one */
    const lks_rng
        *rng; /* NULL: no dropout. Layer i draws from parts 8 i … 8 i + 7 of it */
} lks_transformer_options;

/* Which keys of one attention take part: as of lks_multihead_attention. */
typedef struct lks_transformer_masks {
    lks_tensor *attn_mask, *key_padding_mask;
    bool is_causal;
} lks_transformer_masks;

/* src, tgt and memory (N, L, E), or (L, E); masks of tgt's own attention and of the one
 * from tgt to memory. The result is shaped as src or tgt. NULL masks: all take part.
 *   source   torch.nn.TransformerEncoderLayer and its like; Vaswani et al. 2017, 3.1 */
lks_tensor *lks_transformer_encoder_layer(lks_tensor *src,
                                          const lks_transformer_layer *layer,
                                          const lks_transformer_options *options,
                                          const lks_transformer_masks *masks);
lks_tensor *lks_transformer_decoder_layer(lks_tensor *tgt, lks_tensor *memory,
                                          const lks_transformer_layer *layer,
                                          const lks_transformer_options *options,
                                          const lks_transformer_masks *masks,
                                          const lks_transformer_masks *memory_masks);
lks_tensor *lks_transformer_encoder(lks_tensor *src, const lks_transformer_stack *stack,
                                    const lks_transformer_options *options,
                                    const lks_transformer_masks *masks);
lks_tensor *lks_transformer_decoder(lks_tensor *tgt, lks_tensor *memory,
                                    const lks_transformer_stack *stack,
                                    const lks_transformer_options *options,
                                    const lks_transformer_masks *masks,
                                    const lks_transformer_masks *memory_masks);

/* Both stacks of nn.Transformer, and its masks. */
typedef struct lks_transformer_params {
    lks_transformer_stack encoder, decoder;
    lks_transformer_masks src_masks, tgt_masks, memory_masks;
} lks_transformer_params;
/* The decoder draws from parts behind the encoder's. */
lks_tensor *lks_transformer(lks_tensor *src, lks_tensor *tgt,
                            const lks_transformer_params *params,
                            const lks_transformer_options *options);

#endif
