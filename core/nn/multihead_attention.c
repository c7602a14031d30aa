/* nn.MultiheadAttention, of batches (N, L, E): of one input to itself, of a second (queries;
 * keys that are values, too), or of three. Its weights, PyTorch's second output, are not
 * given. */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct attention {
    int64_t num_heads;
    double dropout;
    bool bias, add_bias_kv, add_zero_attn, causal;
    bool has_own; /* keys or values of another width: each of the three has its weight */
} attention;

#define RULE(kind, ...) LKS_OPTION_RULE(attention, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_multihead_attention(RULE)};

/* Which input has the keys, and which the values. */
static size_t keys_of(const lks_layer *layer)
{
    return layer->n_in > 1 ? 1 : 0;
}

static size_t values_of(const lks_layer *layer)
{
    return layer->n_in > 2 ? 2 : keys_of(layer);
}

static int64_t width(const lks_port *port)
{
    return port->shape.sizes[1];
}

static lks_status check(const lks_layer *layer)
{
    const attention *config = layer->config;
    const lks_port *k = &layer->in[keys_of(layer)], *v = &layer->in[values_of(layer)];
    const int64_t e = width(&layer->in[0]);

    for (size_t i = 0; i < layer->n_in; i++)
        if (layer->in[i].shape.ndim != 2)
            return lks_layer_refuse(layer,
                                    "multihead_attention wants sequences, (length, "
                                    "features)");
    if (e % config->num_heads != 0)
        return lks_layer_refuse(layer, "%lld feature%s not split into %lld heads",
                                (long long)e, e == 1 ? " does" : "s do",
                                (long long)config->num_heads);
    if (k->shape.sizes[0] != v->shape.sizes[0] || k->varies_with != v->varies_with)
        return lks_layer_refuse(layer, "keys and values differ in length");
    return LKS_OK;
}

static lks_status add_weight(lks_layer *layer, const char *name, int64_t rows,
                             int64_t columns)
{
    return lks_layer_add_param(layer, name, LKS_SHAPE_OF(rows, columns),
                               lks_init_xavier_uniform((double)columns, (double)rows, 1));
}

static lks_status add_bias_kv(lks_layer *layer, const char *name, int64_t e)
{
    return lks_layer_add_param(layer, name, LKS_SHAPE_OF(1, 1, e),
                               lks_init_xavier_normal((double)e, (double)e, 1));
}

/* In PyTorch's order and with its first values. */
static lks_status add_params(lks_layer *layer)
{
    attention *config = layer->config;
    const int64_t e = width(&layer->in[0]);
    const int64_t kdim = width(&layer->in[keys_of(layer)]),
                  vdim = width(&layer->in[values_of(layer)]);

    config->has_own = kdim != e || vdim != e;
    if (config->has_own) {
        LKS_TRY(add_weight(layer, "q_proj_weight", e, e));
        LKS_TRY(add_weight(layer, "k_proj_weight", e, kdim));
        LKS_TRY(add_weight(layer, "v_proj_weight", e, vdim));
    } else {
        LKS_TRY(add_weight(layer, "in_proj_weight", 3 * e, e));
    }
    if (config->bias)
        LKS_TRY(lks_layer_add_param(layer, "in_proj_bias", LKS_SHAPE_OF(3 * e),
                                    lks_init_constant(0)));
    if (config->add_bias_kv) {
        LKS_TRY(add_bias_kv(layer, "bias_k", e));
        LKS_TRY(add_bias_kv(layer, "bias_v", e));
    }
    LKS_TRY(lks_layer_add_param(layer, "out_proj.weight", LKS_SHAPE_OF(e, e),
                                lks_init_fan_in((double)e)));
    return config->bias ? lks_layer_add_param(layer, "out_proj.bias", LKS_SHAPE_OF(e),
                                              lks_init_constant(0))
                        : LKS_OK;
}

static lks_status infer(lks_layer *layer)
{
    LKS_TRY(check(layer));
    LKS_TRY(add_params(layer));
    layer->out[0] = layer->in[0];
    return LKS_OK;
}

static lks_multihead_attention_params params_of(const attention *config,
                                                lks_tensor *const *next)
{
    lks_multihead_attention_params p = {
        .n_heads = config->num_heads,
        .add_zero_attn = config->add_zero_attn,
        .is_causal = config->causal,
        .dropout_p = config->dropout,
    };

    if (config->has_own) {
        p.q_weight = *next++;
        p.k_weight = *next++;
        p.v_weight = *next++;
    } else {
        p.in_weight = *next++;
    }
    if (config->bias)
        p.in_bias = *next++;
    if (config->add_bias_kv) {
        p.bias_k = *next++;
        p.bias_v = *next++;
    }
    p.out_weight = *next++;
    if (config->bias)
        p.out_bias = *next;
    return p;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    lks_multihead_attention_params p = params_of(layer->config, run->params);
    const size_t k = keys_of(layer), v = values_of(layer);

    p.rng = run->training ? &run->rng : NULL;
    LKS_TRY(lks_layer_padding(run, k, in[k], &p.key_padding_mask));
    return lks_layer_put(out, lks_multihead_attention(in[0], in[k], in[v], &p, NULL));
}

const lks_layer_type lks_layer_multihead_attention = {
    .name = "multihead_attention",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(attention),
    .n_more_inputs = 2,
    .takes_varying = true,
    .infer = infer,
    .forward = forward,
};
