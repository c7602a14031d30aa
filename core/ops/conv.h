/* What convolutions share, there and back. */
#ifndef LKS_OPS_CONV_H
#define LKS_OPS_CONV_H

#include "ops/op.h"

/* What is not given is 1, or 0 for padding. `name` begins the error. */
lks_status lks_conv2d_complete(const char *name, const lks_conv2d_params *given,
                               lks_conv2d_params *out);

/* Input 2's gradient, where it is the bias: dy (N, O, OH, OW) summed over all but O. */
lks_status lks_conv2d_give_bias(lks_backprop *bp, lks_tensor *dy);

#endif
