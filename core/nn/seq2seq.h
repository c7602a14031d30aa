/* The named model `seq2seq`: an encoder, an attention and a decoder, trained with teacher
 * forcing, and run step by step by those who decode.
 *
 *     source (N, S) -> embedding -> recurrent, both ways   values (N, S, D H), keys
 *     last states   -> bridge                              the decoder's first states
 *     inputs (N, T) -> embedding e -> recurrent            q (N, T, H)
 *                      attention of q over the keys        c (N, T, D H)
 *                      [q; c] -> recurrent, layers 2 …     h (N, T, H)
 *                      tanh of [h; c; e], projected        (N, T, E)
 *                      output, perhaps e's own weight      logits (N, T, V)
 *
 * The attention asks with what the decoder's first layer gives, of which no step needs the
 * step before: so each part is computed for the whole sequence at once.
 *   source   Cho et al. 2014 (encoder, decoder); Bahdanau, Cho & Bengio 2015 (additive
 *            attention); Luong, Pham & Manning 2015, 3.1 (global attention from the current
 *            state); Wu et al. 2016, 3 (of the lowest layer, and the context goes to those
 *            above); Press & Wolf 2017 (tied weights) */
#ifndef LKS_NN_SEQ2SEQ_H
#define LKS_NN_SEQ2SEQ_H

#include "nn/model.h"

typedef struct lks_seq2seq lks_seq2seq;

/* What the encoder gives of each sentence: a row of the first dimension each. The scope's.
 */
typedef struct lks_seq2seq_memory {
    lks_tensor *keys, *values; /* (N, S, H), (N, S, D H); NULL without attention */
    lks_tensor *mask;          /* (N, 1, S) bool: true takes part; NULL: all do */
} lks_seq2seq_memory;

/* Where a decoder stands: of its first layer, and of those above. */
typedef struct lks_seq2seq_state {
    lks_tensor *h[2], *c[2]; /* (layers, N, H); NULL of what it does not have */
} lks_seq2seq_state;

/* The model for evaluation, if it is a seq2seq layer and nothing else: LKS_INVALID. The
 * model is borrowed and outlives it. */
lks_status lks_seq2seq_open(const lks_model *model, lks_seq2seq **out);
void lks_seq2seq_close(lks_seq2seq *self); /* NULL is fine */
/* Tokens it knows on the target's side. */
int64_t lks_seq2seq_n_tokens(const lks_seq2seq *self);

/* source (N, S) i64, lengths (N) i64 or NULL: all are S. What a sentence gives does not
 * depend, to the bit, on those beside it nor on its padding. */
lks_status lks_seq2seq_encode(const lks_seq2seq *self, lks_tensor *source,
                              lks_tensor *lengths, lks_seq2seq_memory *memory,
                              lks_seq2seq_state *state);
/* Feed inputs (N, T) i64 to decoders that stand at `state`, which moves on; *logits
 * (N, T, V). One token after the other gives the bits of all at once. */
lks_status lks_seq2seq_decode(const lks_seq2seq *self, const lks_seq2seq_memory *memory,
                              lks_seq2seq_state *state, lks_tensor *inputs,
                              lks_tensor **logits);

#endif
