/* The inside of the layer `seq2seq`, for the seq2seq*.c files: its options, and where each
 * part's parameters stand. */
#ifndef LKS_NN_SEQ2SEQ_PARTS_H
#define LKS_NN_SEQ2SEQ_PARTS_H

#include "nn/layer.h"
#include "nn/seq2seq.h"

/* In the order of their parameters. A weight that is tied, an attention or a layer that is
 * not there have none. */
typedef enum lks_seq2seq_part {
    LKS_SEQ2SEQ_ENCODER_EMBEDDING,
    LKS_SEQ2SEQ_ENCODER_RNN,
    LKS_SEQ2SEQ_BRIDGE_H,
    LKS_SEQ2SEQ_BRIDGE_C,
    LKS_SEQ2SEQ_QUERY,
    LKS_SEQ2SEQ_KEY,
    LKS_SEQ2SEQ_SCORE,
    LKS_SEQ2SEQ_DECODER_EMBEDDING,
    LKS_SEQ2SEQ_DECODER_RNN,
    LKS_SEQ2SEQ_DECODER_UPPER,
    LKS_SEQ2SEQ_READOUT,
    LKS_SEQ2SEQ_OUTPUT,
    LKS_SEQ2SEQ_N_PARTS
} lks_seq2seq_part;

/* The words of the options, in their order. */
typedef enum lks_seq2seq_cell { LKS_SEQ2SEQ_GRU, LKS_SEQ2SEQ_LSTM } lks_seq2seq_cell;
typedef enum lks_seq2seq_attention {
    LKS_SEQ2SEQ_ADDITIVE,
    LKS_SEQ2SEQ_DOT,
    LKS_SEQ2SEQ_NO_ATTENTION
} lks_seq2seq_attention;

typedef struct lks_seq2seq_config {
    int64_t source_vocabulary, target_vocabulary, embedding_dim, hidden_size, num_layers;
    int cell, attention; /* the above enums' */
    bool bidirectional, tie_weights;
    double dropout;
    size_t at[LKS_SEQ2SEQ_N_PARTS]; /* each part's first parameter */
} lks_seq2seq_config;

/* What a run of it, or a decoder over it, works with. */
struct lks_seq2seq {
    const lks_seq2seq_config *config;
    lks_tensor *const *params;
    const lks_rng *rng; /* of dropout; NULL: none */
};

extern const lks_layer_type lks_layer_seq2seq;

#endif
