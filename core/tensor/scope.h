/* Scopes: who frees the tensors that expressions make on their way. Per thread, nested.
 */
#ifndef LKS_TENSOR_SCOPE_H
#define LKS_TENSOR_SCOPE_H

#include "tensor/tensor.h"

/* From here, results belong to this scope. LKS_NOMEM is recorded and returned. */
lks_status lks_scope_open(void);

/* Drop what the innermost scope owns. Closing more than was opened is our own bug: an
 * assertion. */
void lks_scope_close(void);

/* Take t out of the innermost scope: it is the caller's now, to lks_unref. Returns t;
 * NULL is passed on. A tensor that this scope does not own gains a reference instead. */
lks_tensor *lks_keep(lks_tensor *t);

/* Take t out of the innermost scope and into the one around it (or to the caller), once
 * this one closes. Returns t; NULL is passed on. A tensor that this scope does not own is
 * left to whoever does, without a further reference. */
lks_tensor *lks_scope_return(lks_tensor *t);

/* Whether operations record a graph, per thread; default true. Returns what it was:
 *     bool was = lks_set_grad_enabled(false); … lks_set_grad_enabled(was); */
bool lks_set_grad_enabled(bool enabled);
bool lks_grad_enabled(void);

#endif
