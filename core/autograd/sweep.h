/* The reverse sweep itself: what lks_backward and its like are made of. */
#ifndef LKS_AUTOGRAD_SWEEP_H
#define LKS_AUTOGRAD_SWEEP_H

#include "autograd/node.h"

/* From `root`, which the cotangent is handed to, down to the leaves. */
lks_status lks_sweep_run(lks_node *root, lks_tensor *cotangent);

#endif
