/* The layer type `seq2seq`: its options and parameters (seq2seq_run.c is what it does). */
#include "nn/seq2seq.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/model_internal.h"
#include "nn/seq2seq_parts.h"

#define RULE(kind, ...) LKS_OPTION_RULE(lks_seq2seq_config, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_seq2seq(RULE)};

/* ---- parameters, named as the submodules of an nn.Module ---- */

static lks_status add(lks_layer *layer, lks_seq2seq_part part, const char *name,
                      lks_shape shape, lks_init init)
{
    lks_seq2seq_config *config = layer->config;

    config->at[part] = layer->n_params;
    return lks_layer_add_param(layer, name, shape, init);
}

/* Rows of the length 1 or so: nn.Embedding's own are too long to be an output's. */
static lks_status add_embedding(lks_layer *layer, lks_seq2seq_part part, const char *name,
                                int64_t rows)
{
    const lks_seq2seq_config *config = layer->config;
    const int64_t dim = config->embedding_dim;

    return add(layer, part, name, LKS_SHAPE_OF(rows, dim),
               lks_init_normal(0, 1 / sqrt((double)dim)));
}

/* nn.Linear's weight, and its bias too. */
static lks_status add_linear(lks_layer *layer, lks_seq2seq_part part, const char *owner,
                             int64_t in, int64_t out, bool bias)
{
    const lks_init init = lks_init_fan_in((double)in);
    char name[64];

    snprintf(name, sizeof name, "%s.weight", owner);
    LKS_TRY(add(layer, part, name, LKS_SHAPE_OF(out, in), init));
    snprintf(name, sizeof name, "%s.bias", owner);
    return bias ? lks_layer_add_param(layer, name, LKS_SHAPE_OF(out), init) : LKS_OK;
}

/* One layer and direction of nn.GRU or nn.LSTM. */
static lks_status add_direction(lks_layer *layer, const char *owner, const char *suffix,
                                int64_t in)
{
    const lks_seq2seq_config *config = layer->config;
    const int64_t h = config->hidden_size;
    const int64_t rows = (config->cell == LKS_SEQ2SEQ_LSTM ? 4 : 3) * h;
    const lks_init init = lks_init_fan_in((double)h);
    const struct {
        const char *name;
        lks_shape shape;
    } params[] = {{"weight_ih", LKS_SHAPE_OF(rows, in)},
                  {"weight_hh", LKS_SHAPE_OF(rows, h)},
                  {"bias_ih", LKS_SHAPE_OF(rows)},
                  {"bias_hh", LKS_SHAPE_OF(rows)}};
    char name[64];

    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        snprintf(name, sizeof name, "%s.%s%s", owner, params[i].name, suffix);
        LKS_TRY(lks_layer_add_param(layer, name, params[i].shape, init));
    }
    return LKS_OK;
}

static lks_status add_recurrent(lks_layer *layer, lks_seq2seq_part part,
                                const char *owner, int64_t in, int64_t num_layers,
                                bool bidirectional)
{
    lks_seq2seq_config *config = layer->config;
    char suffix[32];

    config->at[part] = layer->n_params;
    for (int64_t i = 0; i < num_layers; i++) {
        snprintf(suffix, sizeof suffix, "_l%lld", (long long)i);
        LKS_TRY(add_direction(layer, owner, suffix, in));
        snprintf(suffix, sizeof suffix, "_l%lld_reverse", (long long)i);
        if (bidirectional)
            LKS_TRY(add_direction(layer, owner, suffix, in));
        in = config->hidden_size * (bidirectional ? 2 : 1);
    }
    return LKS_OK;
}

static lks_status add_encoder(lks_layer *layer, int64_t width)
{
    const lks_seq2seq_config *config = layer->config;
    const int64_t h = config->hidden_size;

    LKS_TRY(add_embedding(layer, LKS_SEQ2SEQ_ENCODER_EMBEDDING,
                          "encoder.embedding.weight", config->source_vocabulary));
    LKS_TRY(add_recurrent(layer, LKS_SEQ2SEQ_ENCODER_RNN, "encoder.rnn",
                          config->embedding_dim, config->num_layers,
                          config->bidirectional));
    LKS_TRY(add_linear(layer, LKS_SEQ2SEQ_BRIDGE_H, "bridge.h", width, h, true));
    if (config->cell == LKS_SEQ2SEQ_LSTM)
        LKS_TRY(add_linear(layer, LKS_SEQ2SEQ_BRIDGE_C, "bridge.c", width, h, true));
    return LKS_OK;
}

static lks_status add_attention(lks_layer *layer, int64_t width)
{
    const lks_seq2seq_config *config = layer->config;
    const int64_t h = config->hidden_size;
    const bool additive = config->attention == LKS_SEQ2SEQ_ADDITIVE;

    if (config->attention == LKS_SEQ2SEQ_NO_ATTENTION)
        return LKS_OK;
    if (additive)
        LKS_TRY(add_linear(layer, LKS_SEQ2SEQ_QUERY, "attention.query", h, h, false));
    LKS_TRY(add_linear(layer, LKS_SEQ2SEQ_KEY, "attention.key", width, h, false));
    if (additive)
        LKS_TRY(add(layer, LKS_SEQ2SEQ_SCORE, "attention.v", LKS_SHAPE_OF(h),
                    lks_init_fan_in((double)h)));
    return LKS_OK;
}

/* `width`: of the context. */
static lks_status add_decoder(lks_layer *layer, int64_t width)
{
    const lks_seq2seq_config *config = layer->config;
    const int64_t h = config->hidden_size, e = config->embedding_dim;
    const int64_t v = config->target_vocabulary;

    LKS_TRY(add_embedding(layer, LKS_SEQ2SEQ_DECODER_EMBEDDING,
                          "decoder.embedding.weight", v));
    LKS_TRY(add_recurrent(layer, LKS_SEQ2SEQ_DECODER_RNN, "decoder.rnn", e, 1, false));
    LKS_TRY(add_recurrent(layer, LKS_SEQ2SEQ_DECODER_UPPER, "decoder.upper", h + width,
                          config->num_layers - 1, false));
    LKS_TRY(add_linear(layer, LKS_SEQ2SEQ_READOUT, "readout", h + width + e, e, true));
    if (!config->tie_weights)
        return add_linear(layer, LKS_SEQ2SEQ_OUTPUT, "output", e, v, true);
    return add(layer, LKS_SEQ2SEQ_OUTPUT, "output.bias", LKS_SHAPE_OF(v),
               lks_init_fan_in((double)e));
}

/* ---- the layer ---- */

/* `size`, the option `key`, is the vocabulary's where nothing is said. */
static lks_status check_vocabulary(const lks_layer *layer, const char *key,
                                   const lks_port *tokens, int64_t *size)
{
    if (*size == 0)
        *size = tokens->n_tokens;
    if (*size == 0)
        return lks_layer_refuse_options(layer,
                                        "%s is missing: the data has no vocabulary that "
                                        "would tell it",
                                        key);
    if (*size < tokens->n_tokens)
        return lks_layer_refuse_options(layer,
                                        "%s is %lld; the vocabulary has %lld tokens", key,
                                        (long long)*size, (long long)tokens->n_tokens);
    return LKS_OK;
}

static lks_status infer(lks_layer *layer)
{
    lks_seq2seq_config *config = layer->config;
    const int64_t width = config->hidden_size * (config->bidirectional ? 2 : 1);
    const bool attends = config->attention != LKS_SEQ2SEQ_NO_ATTENTION;
    const lks_port *inputs = &layer->in[0], *source = &layer->in[1];

    if (inputs->shape.ndim != 1 || source->shape.ndim != 1)
        return lks_layer_refuse(layer, "seq2seq wants sequences of tokens, (T) and (S)");
    LKS_TRY(
        check_vocabulary(layer, "source_vocabulary", source, &config->source_vocabulary));
    LKS_TRY(
        check_vocabulary(layer, "target_vocabulary", inputs, &config->target_vocabulary));
    LKS_TRY(add_encoder(layer, width));
    LKS_TRY(add_attention(layer, width));
    LKS_TRY(add_decoder(layer, attends ? width : 0));
    layer->out[0].shape = LKS_SHAPE_OF(inputs->shape.sizes[0], config->target_vocabulary);
    layer->out[0].varies_with = inputs->varies_with;
    return LKS_OK;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const lks_seq2seq self = {layer->config, run->params,
                              run->training ? &run->rng : NULL};
    lks_seq2seq_memory memory;
    lks_seq2seq_state state;

    LKS_TRY(lks_seq2seq_encode(&self, in[1], run->lengths[1], &memory, &state));
    return lks_seq2seq_decode(&self, &memory, &state, in[0], out);
}

const lks_layer_type lks_layer_seq2seq = {
    .name = "seq2seq",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(lks_seq2seq_config),
    .n_inputs = 2,
    .takes = LKS_I64,
    .takes_varying = true,
    .infer = infer,
    .forward = forward,
};

/* ---- for those who decode ---- */

lks_status lks_seq2seq_open(const lks_model *model, lks_seq2seq **out)
{
    const lks_layer *layer = lks_plan_last(model->plan);
    const lks_param_block *block = lks_model_params(model);
    lks_seq2seq *self;
    lks_tensor **params;

    if (model->plan->n_layers != 1 || layer->type != &lks_layer_seq2seq)
        return lks_fail(LKS_INVALID, "the model is not one seq2seq, which alone "
                                     "translates");
    if (!(self = lks_calloc(1, sizeof *self)))
        return LKS_NOMEM;
    if (!(params = lks_calloc(layer->n_params, sizeof *params))) {
        lks_free(self);
        return LKS_NOMEM;
    }
    for (size_t i = 0; i < layer->n_params; i++)
        params[i] = lks_param_block_at(block, i)->tensor;
    *self = (lks_seq2seq){.config = layer->config, .params = params};
    *out = self;
    return LKS_OK;
}

void lks_seq2seq_close(lks_seq2seq *self)
{
    if (!self)
        return;
    lks_free((lks_tensor **)self->params);
    lks_free(self);
}

int64_t lks_seq2seq_n_tokens(const lks_seq2seq *self)
{
    return self->config->target_vocabulary;
}
