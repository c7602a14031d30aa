/* Hooks: what is called with a tensor's gradient in a sweep, and may put another in its
 * place; and gradients that stay with tensors that are no leaves.
 * source: torch.Tensor.register_hook, retain_grad */
#ifndef LKS_AUTOGRAD_HOOK_H
#define LKS_AUTOGRAD_HOOK_H

#include <stdint.h>

#include "tensor/tensor.h"

/* Given the tensor's gradient, borrowed: of this sweep alone, and whole. Returns NULL to
 * leave it, or another of its shape, dtype and device; not the same one changed in place,
 * which may be others' too. A failure that stands when it returns NULL ends the sweep.
 * Called from the sweep's thread, in a scope, without recording. */
typedef lks_tensor *(*lks_hook)(void *context, lks_tensor *grad);

/* Hooks of a tensor are called in the order they came in, each with what the one before
 * gave; before the gradient is added to a leaf's, or goes to the operation that the tensor
 * is the result of. They are of the tensor's value now: a recorded change in place makes
 * another, without hooks. Returns the hook's number, from 1; 0 for a failure: LKS_STATE: t
 * requires no gradient; LKS_NOMEM. `context` outlives the graph, or the hook. */
int64_t lks_register_hook(lks_tensor *t, lks_hook hook, void *context);

/* Whether there was such a hook. A hook may remove itself, or another. */
bool lks_remove_hook(lks_tensor *t, int64_t hook);

/* Let sweeps leave t's gradient (what its hooks made of it) in lks_grad(t), added up until
 * lks_zero_grad, though t is the result of an operation. Of a leaf nothing changes.
 * LKS_STATE: t requires no gradient. */
lks_status lks_retain_grad(lks_tensor *t);
bool lks_retains_grad(const lks_tensor *t); /* false of leaves */

#endif
