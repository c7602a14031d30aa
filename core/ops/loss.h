/* The one node of cross_entropy. Private to core/ops. */
#ifndef LKS_OPS_LOSS_H
#define LKS_OPS_LOSS_H

#include "ops/ops.h"

/* x (N, C), target (N) i64, both dense: -log_softmax(x)[n, target[n]], 0 where the target
 * is `ignored`, reduced. `count`: a tensor () of x's dtype for how many are not ignored,
 * or NULL if nobody asks. */
lks_tensor *lks_cross_entropy_rows(lks_tensor *x, lks_tensor *target,
                                   lks_reduction reduction, int64_t ignored,
                                   const lks_tensor *count);

#endif
