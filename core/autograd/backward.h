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
 * operation, the tensor and its versions; or the loss is a view of a tensor that was),
 * LKS_SHAPE (not one element), LKS_INVALID (nothing requires a gradient). */
lks_status lks_backward(lks_tensor *loss);

/* From any tensor, with a cotangent of its shape and dtype (LKS_SHAPE), on its device
 * (LKS_DEVICE). */
lks_status lks_backward_from(lks_tensor *y, lks_tensor *cotangent);

/* How a sweep is to go. */
typedef struct lks_backward_options {
    bool retain_graph; /* keep the graph for another sweep */
    bool create_graph; /* LKS_INVALID: gradients have no history */
} lks_backward_options;

/* The same with options, NULL: none of them. A cotangent of NULL is 1, for a tensor of one
 * element. */
lks_status lks_backward_with(lks_tensor *y, lks_tensor *cotangent,
                             const lks_backward_options *options);

/* One sweep from n tensors: torch.autograd.backward. cotangents, or any of them, may be
 * NULL as above. */
lks_status lks_backward_all(lks_tensor *const *ys, lks_tensor *const *cotangents, int n,
                            const lks_backward_options *options);

/* How gradients are asked for. */
typedef struct lks_grad_options {
    bool retain_graph, create_graph; /* as above */
    bool allow_unused;               /* NULL of an input that no output depends on */
    bool materialize_grads;          /* zeros of such an input */
} lks_grad_options;

/* torch.autograd.grad: the gradients of the outputs' sum, each times its cotangent (NULL
 * as above), to n_inputs inputs, into grads: borrowed, the innermost scope's, shaped and
 * typed as the inputs; perhaps a cotangent itself. No leaf's gradient changes, and what
 * leads to no input is not computed. Inputs may be results of operations. Hooks are
 * called. After a failure grads are NULL. Errors beside lks_backward's: LKS_STATE: an
 * input requires no gradient, or no output depends on it. */
lks_status lks_autograd_grad(lks_tensor *const *outputs, int n_outputs,
                             lks_tensor *const *cotangents, lks_tensor *const *inputs,
                             int n_inputs, const lks_grad_options *options,
                             lks_tensor **grads);

/* Called during the sweep, from its thread, once the last contribution of the sweep to a
 * leaf has landed; not called for a leaf that none reached, or that is gone. */
typedef void (*lks_grad_ready)(void *context, lks_tensor *leaf);

/* One listener a leaf; NULL ends it. */
void lks_on_grad_ready(lks_tensor *leaf, lks_grad_ready ready, void *context);

#endif
