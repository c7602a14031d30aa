/* What a model says of the next token, as decoders take it. For core/nn's own files. */
#ifndef LKS_NN_TOKEN_SCORES_H
#define LKS_NN_TOKEN_SCORES_H

#include "tensor/tensor.h"

/* Of scores (N, T, V) those behind the last token, as logarithms of probabilities [N][V] to
 * the host. NULL scores give the standing error. */
lks_status lks_token_log_p(lks_tensor *scores, float *out);

#endif
