/* A trained seq2seq (seq2seq.h) as a decoder (decode/decoder.h). */
#ifndef LKS_NN_SEQ2SEQ_DECODER_H
#define LKS_NN_SEQ2SEQ_DECODER_H

#include "decode/decoder.h"
#include "nn/model.h"

/* Over n sentences, row i being a translation of sentence i that has read nothing. The
 * encoder runs once; it evaluates, without recording.
 *   model    borrowed, and outlives the decoder
 *   source   [n] of lengths[i] tokens each, on the host; read before it returns
 *   errors   LKS_INVALID: the model is none, a sentence is empty, or has a token that is
 *            not in the vocabulary */
lks_status lks_seq2seq_decoder_create(const lks_model *model,
                                      const int64_t *const *source,
                                      const int64_t *lengths, size_t n, lks_decoder *out);
/* One that is all zero is fine. */
void lks_seq2seq_decoder_destroy(lks_decoder *decoder);

#endif
