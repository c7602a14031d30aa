/* Attention and the Transformer's modules, by the operations that the layers call. */
#include <stdio.h>
#include <string.h>

#include "table.h"

static void run_attention(call *c)
{
    const lks_attention_options options = {
        .mask = optional(c, arg(2, "attn_mask")),
        .is_causal = flag(c, arg(5, "is_causal"), false),
    };
    lks_tensor *y, *weights;

    only(c, arg(3, "dropout_p"), 0);
    y = lks_scaled_dot_product_attention(input(c), tensor(c, arg(0, "key")),
                                         tensor(c, arg(1, "value")), &options, &weights);
    flag(c, arg(4, "need_attn_weights"), true); /* the cases have them either way */
    give(c, y);
    give(c, weights);
}

/* In evaluation there is none, whatever its probability. */
static void has_no_dropout(call *c, int position)
{
    if (c->sample->training)
        only(c, ctor(position, "dropout"), 0);
    else
        number(c, ctor(position, "dropout"), 0);
}

static void run_multihead_attention(call *c)
{
    const bool has_own = given(c, state("q_proj_weight"));
    const lks_multihead_attention_params p = {
        .n_heads = integer(c, ctor(1, "num_heads"), 1),
        .in_weight = has_own ? NULL : tensor(c, state("in_proj_weight")),
        .q_weight = optional(c, state("q_proj_weight")),
        .k_weight = optional(c, state("k_proj_weight")),
        .v_weight = optional(c, state("v_proj_weight")),
        .in_bias = optional(c, state("in_proj_bias")),
        .out_weight = tensor(c, state("out_proj.weight")),
        .out_bias = optional(c, state("out_proj.bias")),
        .bias_k = optional(c, state("bias_k")),
        .bias_v = optional(c, state("bias_v")),
        .add_zero_attn = flag(c, ctor(5, "add_zero_attn"), false),
        .sequence_first = !flag(c, ctor(8, "batch_first"), false),
        .weights_of_heads = !flag(c, arg(6, "average_attn_weights"), true),
        .attn_mask = optional(c, arg(5, "attn_mask")),
        .key_padding_mask = optional(c, arg(3, "key_padding_mask")),
        .is_causal = flag(c, arg(7, "is_causal"), false),
    };
    const bool wants_weights = flag(c, arg(4, "need_weights"), true);
    lks_tensor *weights, *y;

    integer(c, ctor(0, "embed_dim"), 0); /* the weights' shapes say these */
    integer(c, ctor(6, "kdim"), 0);
    integer(c, ctor(7, "vdim"), 0);
    flag(c, ctor(3, "bias"), true);
    flag(c, ctor(4, "add_bias_kv"), false);
    has_no_dropout(c, 2);
    y = lks_multihead_attention(tensor(c, arg(0, "query")), tensor(c, arg(1, "key")),
                                tensor(c, arg(2, "value")), &p, &weights);
    give(c, y);
    if (wants_weights)
        give(c, weights);
}

/* ---- the Transformer ---- */

static lks_affine affine_of(call *c, const char *prefix, const char *name)
{
    char weight[128], bias[128];

    snprintf(weight, sizeof weight, "%s%sweight", prefix, name);
    snprintf(bias, sizeof bias, "%s%sbias", prefix, name);
    return (lks_affine){optional(c, state(weight)), optional(c, state(bias))};
}

static lks_transformer_layer layer_of(call *c, const char *prefix)
{
    static const char *const names[] = {
#define NAME(part, name) name,
        LKS_TRANSFORMER_PARTS(NAME)};
    lks_transformer_layer layer;

    for (int i = 0; i < LKS_N_TRANSFORMER_PARTS; i++)
        layer.parts[i] = affine_of(c, prefix, names[i]);
    return layer;
}

static lks_tensor *(*activation_of(call *c, int position))(lks_tensor *)
{
    const char *name = word(c, ctor(position, "activation"), "relu");

    if (strcmp(name, "relu") != 0 && strcmp(name, "gelu") != 0)
        lacks(c, "activation");
    return strcmp(name, "gelu") == 0 ? lks_gelu : lks_relu;
}

/* The constructor's arguments from dim_feedforward on, which stands at `position`; `more`
 * stand behind the activation. */
static lks_transformer_options options_of(call *c, int position, int more)
{
    integer(c, ctor(0, "d_model"), 0); /* the weights' shapes say these */
    integer(c, ctor(position, "dim_feedforward"), 0);
    has_no_dropout(c, position + 1);
    return (lks_transformer_options){
        .n_heads = integer(c, ctor(1, "nhead"), 1),
        .activation = activation_of(c, position + 2),
        .eps = number(c, ctor(position + 3 + more, "layer_norm_eps"), 1e-5),
        .sequence_first = !flag(c, ctor(position + 4 + more, "batch_first"), false),
        .norm_first = flag(c, ctor(position + 5 + more, "norm_first"), false),
    };
}

static void run_encoder_layer(call *c)
{
    const lks_transformer_layer layer = layer_of(c, "");
    const lks_transformer_options o = options_of(c, 2, 0);
    const lks_transformer_masks m = {
        .attn_mask = optional(c, arg(1, "src_mask")),
        .key_padding_mask = optional(c, arg(2, "src_key_padding_mask")),
        .is_causal = flag(c, arg(3, "is_causal"), false),
    };

    give(c, lks_transformer_encoder_layer(tensor(c, arg(0, "src")), &layer, &o, &m));
}

static void run_decoder_layer(call *c)
{
    const lks_transformer_layer layer = layer_of(c, "");
    const lks_transformer_options o = options_of(c, 2, 0);
    const lks_transformer_masks m = {
        .attn_mask = optional(c, arg(2, "tgt_mask")),
        .key_padding_mask = optional(c, arg(4, "tgt_key_padding_mask")),
        .is_causal = flag(c, arg(6, "tgt_is_causal"), false),
    };
    const lks_transformer_masks memory_masks = {
        .attn_mask = optional(c, arg(3, "memory_mask")),
        .key_padding_mask = optional(c, arg(5, "memory_key_padding_mask")),
        .is_causal = flag(c, arg(7, "memory_is_causal"), false),
    };

    give(c, lks_transformer_decoder_layer(tensor(c, arg(0, "tgt")),
                                          tensor(c, arg(1, "memory")), &layer, &o, &m,
                                          &memory_masks));
}

enum { MAX_LAYERS = 16 };

/* "encoder.layers.0. …", "encoder.norm. …", into layers[MAX_LAYERS]. */
static lks_transformer_stack stack_of(call *c, const char *name, int64_t n,
                                      lks_transformer_layer *layers)
{
    char prefix[64];

    if (n > MAX_LAYERS)
        lacks(c, "more layers");
    for (int i = 0; i < n && i < MAX_LAYERS; i++) {
        snprintf(prefix, sizeof prefix, "%s.layers.%d.", name, i);
        layers[i] = layer_of(c, prefix);
    }
    snprintf(prefix, sizeof prefix, "%s.", name);
    return (lks_transformer_stack){layers, n < MAX_LAYERS ? n : MAX_LAYERS,
                                   affine_of(c, prefix, "norm.")};
}

static void run_transformer(call *c)
{
    const int64_t n_encoder = integer(c, ctor(2, "num_encoder_layers"), 6);
    const int64_t n_decoder = integer(c, ctor(3, "num_decoder_layers"), 6);
    lks_transformer_layer encoder[MAX_LAYERS], decoder[MAX_LAYERS];
    const lks_transformer_params p = {
        .encoder = stack_of(c, "encoder", n_encoder, encoder),
        .decoder = stack_of(c, "decoder", n_decoder, decoder),
        .src_masks = {.attn_mask = optional(c, arg(2, "src_mask")),
                      .key_padding_mask = optional(c, arg(5, "src_key_padding_mask"))},
        .tgt_masks = {.attn_mask = optional(c, arg(3, "tgt_mask")),
                      .key_padding_mask = optional(c, arg(6, "tgt_key_padding_mask"))},
        .memory_masks = {.attn_mask = optional(c, arg(4, "memory_mask")),
                         .key_padding_mask =
                             optional(c, arg(7, "memory_key_padding_mask"))},
    };
    const lks_transformer_options o = options_of(c, 4, 2);

    give(c, lks_transformer(tensor(c, arg(0, "src")), tensor(c, arg(1, "tgt")), &p, &o));
}

static const row rows[] = {
    {"nn.functional._scaled_dot_product_attention", .run = run_attention},
    {"nn.MultiheadAttention", .run = run_multihead_attention},
    {"nn.TransformerEncoderLayer", .run = run_encoder_layer},
    {"nn.TransformerDecoderLayer", .run = run_decoder_layer},
    {"nn.Transformer", .run = run_transformer},
};
FAMILY(attention, rows);
