/* What a seq2seq does: the encoder, and the decoder with its attention. */
#include "base/try.h"
#include "nn/seq2seq_parts.h"
#include "ops/ops.h"

/* Streams of a run's random numbers, of which a recurrent part takes one a layer. */
enum {
    DROP_SOURCE,
    DROP_INPUTS,
    DROP_UPPER,
    DROP_READOUT,
    DROP_ENCODER = 16,
    DROP_DECODER = 1024
};

static lks_tensor *param(const lks_seq2seq *self, lks_seq2seq_part part, size_t i)
{
    return self->params[self->config->at[part] + i];
}

/* nn.Linear over the last dimension. */
static lks_tensor *linear(const lks_seq2seq *self, lks_seq2seq_part part, lks_tensor *x)
{
    return lks_linear(x, param(self, part, 0), param(self, part, 1));
}

static lks_tensor *drop(const lks_seq2seq *self, uint32_t stream, lks_tensor *x)
{
    lks_rng rng;

    if (!self->rng || self->config->dropout == 0)
        return x;
    rng = lks_rng_part(self->rng, stream);
    return lks_dropout(x, self->config->dropout, &rng);
}

static lks_tensor *embed(const lks_seq2seq *self, lks_seq2seq_part part, uint32_t stream,
                         lks_tensor *tokens)
{
    return drop(self, stream,
                lks_embedding(tokens, param(self, part, 0), LKS_NO_PADDING_IDX));
}

/* One of the recurrent parts over x (N, T, …), from the states *h and *c, or from 0, which
 * become its last. */
static lks_tensor *recur(const lks_seq2seq *self, lks_seq2seq_part part, lks_tensor *x,
                         lks_tensor *lengths, lks_tensor **h, lks_tensor **c)
{
    const lks_seq2seq_config *config = self->config;
    const bool encodes = part == LKS_SEQ2SEQ_ENCODER_RNN;
    const lks_rng *rng = self->rng;
    lks_rnn_params params = {
        .kind = config->cell == LKS_SEQ2SEQ_LSTM ? LKS_LSTM : LKS_GRU,
        .num_layers = config->num_layers,
        .bias = true,
        .bidirectional = encodes && config->bidirectional,
        .batch_first = true,
        .dropout = config->dropout,
        .weights = self->params + config->at[part],
        .lengths = lengths,
    };
    lks_rng own;

    if (!encodes)
        params.num_layers = part == LKS_SEQ2SEQ_DECODER_RNN ? 1 : config->num_layers - 1;
    if (rng) {
        own = lks_rng_part(rng, encodes ? DROP_ENCODER : DROP_DECODER);
        params.rng = &own;
    }
    return lks_rnn(x, *h, *c, &params, h, c);
}

/* ---- the encoder ---- */

/* (N, 1, S): which words there are. */
static lks_tensor *mask_of(lks_tensor *source, lks_tensor *lengths)
{
    lks_tensor *places =
        lks_arange(lks_size(source, 1), LKS_I64, lks_tensor_device(source));
    const lks_shape column = LKS_SHAPE_OF(-1, 1, 1);

    return lks_lt(places, lks_reshape(lengths, column));
}

/* Each layer's last states (L D, N, H), those of both directions side by side, projected:
 * (L, N, H). */
static lks_tensor *bridge(const lks_seq2seq *self, lks_seq2seq_part part,
                          lks_tensor *last)
{
    const lks_seq2seq_config *config = self->config;
    const int64_t n = lks_size(last, 1), layers = config->num_layers;
    const int64_t both = config->bidirectional ? 2 : 1;
    const int swapped[] = {0, 2, 1, 3};

    last = lks_reshape(last, LKS_SHAPE_OF(layers, both, n, config->hidden_size));
    last = lks_reshape(lks_permute(last, swapped),
                       LKS_SHAPE_OF(layers, n, both * config->hidden_size));
    return linear(self, part, last);
}

/* The first layer's, and those of the layers above. */
static void split_state(lks_tensor *all, lks_tensor *out[2])
{
    const int64_t layers = lks_size(all, 0);

    out[0] = lks_narrow(all, 0, 0, 1);
    out[1] = layers > 1 ? lks_narrow(all, 0, 1, layers - 1) : NULL;
}

lks_status lks_seq2seq_encode(const lks_seq2seq *self, lks_tensor *source,
                              lks_tensor *lengths, lks_seq2seq_memory *memory,
                              lks_seq2seq_state *state)
{
    const lks_seq2seq_config *config = self->config;
    lks_tensor *x = embed(self, LKS_SEQ2SEQ_ENCODER_EMBEDDING, DROP_SOURCE, source);
    lks_tensor *h = NULL, *c = NULL;
    lks_tensor *y = recur(self, LKS_SEQ2SEQ_ENCODER_RNN, x, lengths, &h, &c);

    if (!y)
        return lks_error_status();
    *memory = (lks_seq2seq_memory){0};
    if (config->attention != LKS_SEQ2SEQ_NO_ATTENTION) {
        memory->values = y;
        memory->keys = lks_linear(y, param(self, LKS_SEQ2SEQ_KEY, 0), NULL);
        memory->mask = lengths ? mask_of(source, lengths) : NULL;
    }
    *state = (lks_seq2seq_state){0};
    split_state(lks_tanh(bridge(self, LKS_SEQ2SEQ_BRIDGE_H, h)), state->h);
    if (config->cell == LKS_SEQ2SEQ_LSTM)
        split_state(bridge(self, LKS_SEQ2SEQ_BRIDGE_C, c), state->c);
    return state->h[0] ? LKS_OK : lks_error_status();
}

/* ---- the decoder ---- */

/* Of each step what the layers gave, what attention found, if there is one, and the token's
 * embedding, if it takes part. */
static lks_tensor *join(lks_tensor *top, lks_tensor *context, lks_tensor *e)
{
    lks_tensor *parts[3] = {top};
    int n = 1;

    if (context)
        parts[n++] = context;
    if (e)
        parts[n++] = e;
    return n > 1 ? lks_cat(parts, n, -1) : top;
}

/* What q (N, T, H) finds in the memory: (N, T, D H). */
static lks_tensor *attend(const lks_seq2seq *self, const lks_seq2seq_memory *memory,
                          lks_tensor *q)
{
    const lks_attention_options options = {.mask = memory->mask};
    lks_additive_attention_params params;

    if (self->config->attention == LKS_SEQ2SEQ_DOT)
        return lks_scaled_dot_product_attention(q, memory->keys, memory->values, &options,
                                                NULL);
    params = (lks_additive_attention_params){
        .query_weight = param(self, LKS_SEQ2SEQ_QUERY, 0),
        .score_weight = param(self, LKS_SEQ2SEQ_SCORE, 0),
    };
    return lks_additive_attention(q, memory->keys, memory->values, &params, &options,
                                  NULL);
}

/* To logits (N, T, V). */
static lks_tensor *read_out(const lks_seq2seq *self, lks_tensor *joined)
{
    lks_tensor *x = lks_tanh(linear(self, LKS_SEQ2SEQ_READOUT, joined));

    x = drop(self, DROP_READOUT, x);
    return self->config->tie_weights
               ? lks_linear(x, param(self, LKS_SEQ2SEQ_DECODER_EMBEDDING, 0),
                            param(self, LKS_SEQ2SEQ_OUTPUT, 0))
               : linear(self, LKS_SEQ2SEQ_OUTPUT, x);
}

lks_status lks_seq2seq_decode(const lks_seq2seq *self, const lks_seq2seq_memory *memory,
                              lks_seq2seq_state *state, lks_tensor *inputs,
                              lks_tensor **logits)
{
    lks_tensor *e = embed(self, LKS_SEQ2SEQ_DECODER_EMBEDDING, DROP_INPUTS, inputs);
    lks_tensor *context = NULL, *top;

    top = recur(self, LKS_SEQ2SEQ_DECODER_RNN, e, NULL, &state->h[0], &state->c[0]);
    if (memory->keys && !(context = attend(self, memory, top)))
        return lks_error_status();
    if (state->h[1]) {
        top = join(drop(self, DROP_UPPER, top), context, NULL);
        top =
            recur(self, LKS_SEQ2SEQ_DECODER_UPPER, top, NULL, &state->h[1], &state->c[1]);
    }
    *logits = read_out(self, join(top, context, e));
    return *logits ? LKS_OK : lks_error_status();
}
