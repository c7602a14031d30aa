/* The reverse sweep. Gradients of leaves land in lks_grad(leaf).
 * source: PyTorch's torch.autograd.backward, whose order and meaning it follows */
#ifndef LKS_AUTOGRAD_BACKWARD_H
#define LKS_AUTOGRAD_BACKWARD_H

#include "tensor/tensor.h"

/* From a tensor of one element, with cotangent 1. Operations are taken in reverse program
 * order, so the same graph gives the same bits. The graph is freed as it is walked; a
 * second sweep over it is LKS_STATE. After a failure in mid-sweep, gradients are
 * undefined. Given NULL, returns the standing error's code: so a chain of operations is
 * checked once. Errors: LKS_STATE (a saved tensor was changed in place since; names the
 * operation; or the loss is a view of a tensor that was), LKS_SHAPE (not one element),
 * LKS_INVALID (nothing requires a gradient). */
lks_status lks_backward(lks_tensor *loss);

/* From any tensor, with a cotangent of its shape and dtype (LKS_SHAPE), on its device
 * (LKS_DEVICE). */
lks_status lks_backward_from(lks_tensor *y, lks_tensor *cotangent);

/* Called during the sweep, from its thread, once the last contribution of the sweep to a
 * leaf has landed; not called for a leaf that none reached, or that is gone. */
typedef void (*lks_grad_ready)(void *context, lks_tensor *leaf);

/* One listener a leaf; NULL ends it. */
void lks_on_grad_ready(lks_tensor *leaf, lks_grad_ready ready, void *context);

#endif
