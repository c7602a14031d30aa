/* Gradients of a parameter block: their norm, and bounds for it and for each of them, as
 * torch.nn.utils has them. An optimiser does the same in its own pass (lks_optim_clip). */
#ifndef LKS_OPTIM_CLIP_H
#define LKS_OPTIM_CLIP_H

#include "nn/param_block.h"

/* The 2-norm of all gradients. LKS_DEVICE: the device failed (never a CPU). */
lks_status lks_grad_norm(const lks_param_block *block, double *out);

/* What gradients of this norm are multiplied by: max_norm / (norm + 1e-6), at most 1. */
double lks_clip_factor(double norm, double max_norm);

/* Scale the block's own gradients, so that their norm is at most `max_norm`.
 *   out   the norm before; may be NULL
 * LKS_DEVICE as above. */
lks_status lks_clip_grad_norm(const lks_param_block *block, double max_norm, double *out);

/* Bring each of them between -clip_value and clip_value. LKS_DEVICE as above. */
lks_status lks_clip_grad_value(const lks_param_block *block, double clip_value);

#endif
