/* nn.TransformerEncoderLayer and nn.TransformerDecoderLayer, and stacks of them, of batches
 * (N, L, E). A decoder's takes its own sequence, then what it attends to, the memory. What
 * is padding in either takes no part. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct transformer {
    int64_t nhead, dim_feedforward;
    double dropout, eps;
    int activation; /* relu, gelu */
    bool norm_first, bias, causal;
    int64_t
        num_layers; /* of a stack; 0: one layer, and its parameters have no "layers.0." */
    bool norm;
} transformer;

#define RULE(kind, ...) LKS_OPTION_RULE(transformer, kind, __VA_ARGS__)
static const lks_option_rule layer_options[] = {
    LKS_OPTIONS_transformer_encoder_layer(RULE)};
static const lks_option_rule stack_options[] = {LKS_OPTIONS_transformer_encoder(RULE)};

static const char *const part_names[] = {
#define NAME(part, name) name,
    LKS_TRANSFORMER_PARTS(NAME)};

static bool is_decoder(const lks_layer *layer)
{
    return layer->type->n_inputs == 2;
}

static bool has_part(const lks_layer *layer, int part)
{
    return is_decoder(layer) ||
           (part != LKS_TRANSFORMER_MULTIHEAD_ATTN_IN &&
            part != LKS_TRANSFORMER_MULTIHEAD_ATTN_OUT && part != LKS_TRANSFORMER_NORM3);
}

static int64_t n_layers_of(const transformer *config)
{
    return config->num_layers > 0 ? config->num_layers : 1;
}

/* ---- parameters, in PyTorch's order and with its first values ---- */

static lks_status add_affine(lks_layer *layer, const char *prefix, const char *name,
                             lks_shape shape, lks_init weight, lks_init bias)
{
    const transformer *config = layer->config;
    char text[64];

    snprintf(text, sizeof text, "%s%sweight", prefix, name);
    LKS_TRY(lks_layer_add_param(layer, text, shape, weight));
    if (!config->bias)
        return LKS_OK;
    snprintf(text, sizeof text, "%s%sbias", prefix, name);
    return lks_layer_add_param(layer, text, LKS_SHAPE_OF(shape.sizes[0]), bias);
}

static lks_status add_part(lks_layer *layer, const char *prefix, int part, int64_t e,
                           int64_t f)
{
    const lks_init zero = lks_init_constant(0), one = lks_init_constant(1);
    const lks_init of_e = lks_init_fan_in((double)e), of_f = lks_init_fan_in((double)f);
    const lks_init joint = lks_init_xavier_uniform((double)e, 3 * (double)e, 1);
    const char *name = part_names[part];

    switch ((lks_transformer_part)part) {
    case LKS_TRANSFORMER_SELF_ATTN_IN:
    case LKS_TRANSFORMER_MULTIHEAD_ATTN_IN:
        return add_affine(layer, prefix, name, LKS_SHAPE_OF(3 * e, e), joint, zero);
    case LKS_TRANSFORMER_SELF_ATTN_OUT:
    case LKS_TRANSFORMER_MULTIHEAD_ATTN_OUT:
        return add_affine(layer, prefix, name, LKS_SHAPE_OF(e, e), of_e, zero);
    case LKS_TRANSFORMER_LINEAR1:
        return add_affine(layer, prefix, name, LKS_SHAPE_OF(f, e), of_e, of_e);
    case LKS_TRANSFORMER_LINEAR2:
        return add_affine(layer, prefix, name, LKS_SHAPE_OF(e, f), of_f, of_f);
    default:
        return add_affine(layer, prefix, name, LKS_SHAPE_OF(e), one, zero);
    }
}

static lks_status add_params(lks_layer *layer, int64_t e)
{
    const transformer *config = layer->config;
    char prefix[32] = "";

    for (int64_t i = 0; i < n_layers_of(config); i++) {
        if (config->num_layers > 0)
            snprintf(prefix, sizeof prefix, "layers.%lld.", (long long)i);
        for (int part = 0; part < LKS_N_TRANSFORMER_PARTS; part++)
            if (has_part(layer, part))
                LKS_TRY(add_part(layer, prefix, part, e, config->dim_feedforward));
    }
    return config->norm ? add_affine(layer, "", "norm.", LKS_SHAPE_OF(e),
                                     lks_init_constant(1), lks_init_constant(0))
                        : LKS_OK;
}

static lks_status infer(lks_layer *layer)
{
    const transformer *config = layer->config;
    const int64_t e = layer->in[0].shape.sizes[1];

    for (size_t i = 0; i < layer->n_in; i++)
        if (layer->in[i].shape.ndim != 2 || layer->in[i].shape.sizes[1] != e)
            return lks_layer_refuse(layer, "%s wants %s", layer->type->name,
                                    is_decoder(layer)
                                        ? "two sequences, (length, features) of as many "
                                          "features"
                                        : "a sequence, (length, features)");
    if (e % config->nhead != 0)
        return lks_layer_refuse(layer, "%lld feature%s not split into %lld heads",
                                (long long)e, e == 1 ? " does" : "s do",
                                (long long)config->nhead);
    LKS_TRY(add_params(layer, e));
    layer->out[0] = layer->in[0];
    return LKS_OK;
}

/* ---- forward ---- */

static lks_affine take_affine(lks_tensor *const **next, bool bias)
{
    lks_affine affine = {*(*next)++, NULL};

    if (bias)
        affine.bias = *(*next)++;
    return affine;
}

/* The run's parameters, into layers[n_layers_of]. */
static lks_transformer_stack stack_of(const lks_layer *layer, lks_tensor *const *next,
                                      lks_transformer_layer *layers)
{
    const transformer *config = layer->config;
    lks_transformer_stack stack = {.layers = layers, .n_layers = n_layers_of(config)};

    for (int64_t i = 0; i < stack.n_layers; i++)
        for (int part = 0; part < LKS_N_TRANSFORMER_PARTS; part++)
            if (has_part(layer, part))
                layers[i].parts[part] = take_affine(&next, config->bias);
    if (config->norm)
        stack.norm = take_affine(&next, config->bias);
    return stack;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const transformer *config = layer->config;
    const lks_transformer_options o = {
        .n_heads = config->nhead,
        .norm_first = config->norm_first,
        .activation = config->activation == 1 ? lks_gelu : lks_relu,
        .eps = config->eps,
        .dropout_p = config->dropout,
        .rng = run->training ? &run->rng : NULL,
    };
    lks_transformer_masks own = {.is_causal = config->causal}, memory = {0};
    lks_transformer_layer *layers =
        lks_calloc((size_t)n_layers_of(config), sizeof *layers);
    lks_transformer_stack stack;
    lks_status st;

    if (!layers)
        return LKS_NOMEM;
    stack = stack_of(layer, run->params, layers);
    LKS_GO(lks_layer_padding(run, 0, in[0], &own.key_padding_mask));
    if (is_decoder(layer))
        LKS_GO(lks_layer_padding(run, 1, in[1], &memory.key_padding_mask));
    st = lks_layer_put(
        out, is_decoder(layer)
                 ? lks_transformer_decoder(in[0], in[1], &stack, &o, &own, &memory)
                 : lks_transformer_encoder(in[0], &stack, &o, &own));
cleanup:
    lks_free(layers);
    return st;
}

#define TYPE(name_, options_, n_inputs_)                                                 \
    const lks_layer_type lks_layer_##name_ = {                                           \
        .name = #name_,                                                                  \
        .options = options_,                                                             \
        .n_options = sizeof options_ / sizeof *options_,                                 \
        .config_size_bytes = sizeof(transformer),                                        \
        .n_inputs = n_inputs_,                                                           \
        .takes_varying = true,                                                           \
        .infer = infer,                                                                  \
        .forward = forward,                                                              \
    }

TYPE(transformer_encoder_layer, layer_options, 1);
TYPE(transformer_decoder_layer, layer_options, 2);
TYPE(transformer_encoder, stack_options, 1);
TYPE(transformer_decoder, stack_options, 2);
