/* A trained language model as a decoder (decode/decoder.h). */
#ifndef LKS_NN_LANGUAGE_DECODER_H
#define LKS_NN_LANGUAGE_DECODER_H

#include "decode/decoder.h"
#include "nn/model.h"

/* A model that gives scores (N, T, V) of the next token for tokens (N, T) of any number.
 * Its rows have read nothing; the first step tells how many they are. It evaluates, without
 * recording. A model of which every layer can take a token after the other is run so, with
 * what it carries; any other (a Transformer) has the row's last tokens run again at each
 * step, at most as many as its input was made for.
 *   model   borrowed, and the decoder's alone until that is destroyed
 *   errors  LKS_INVALID: it does not take one field of tokens, of any number; LKS_SHAPE: it
 *           does not give scores of each token's next */
lks_status lks_language_decoder_create(lks_model *model, lks_decoder *out);
/* One that is all zero is fine. */
void lks_language_decoder_destroy(lks_decoder *decoder);

#endif
