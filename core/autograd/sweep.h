/* The reverse sweep itself: what lks_backward and its like are made of. */
#ifndef LKS_AUTOGRAD_SWEEP_H
#define LKS_AUTOGRAD_SWEEP_H

#include "autograd/node.h"

/* A node whose gradient is asked for. The sweep keeps `was`, what another sweep or the
 * user has in a leaf; that comes back when this sweep ends. */
typedef struct lks_capture {
    lks_node *node;
    lks_tensor *grad; /* the answer: a reference, the caller's; NULL: none came there */
    lks_leaf was;
    bool was_captured;
} lks_capture;

typedef struct lks_sweep_plan {
    const char *name; /* of the function that was called, for messages */
    lks_tensor *const *roots;
    lks_tensor *const *cotangents; /* an element NULL: 1, of a root of one element */
    int n_roots;
    bool retain_graph, create_graph; /* the latter is refused */
    /* Some: their gradients only are computed, and no leaf's changes. */
    lks_capture *captures;
    int n_captures;
} lks_sweep_plan;

/* From the roots, which the cotangents are handed to, down to the leaves. Checks them
 * first; their errors are lks_backward's. */
lks_status lks_sweep_run(const lks_sweep_plan *plan);

#endif
