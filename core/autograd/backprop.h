/* One node's turn in the reverse sweep, as its operation's backward sees it: what was
 * saved, the cotangent, and where the inputs' gradients go.
 *
 * A backward hands over each wanted gradient in one of two ways:
 *
 *     lks_give(bp, i, dx)                 a finished tensor; no copy is made where the
 *                                         tensor itself can stand in
 *     lks_land_open … lks_land_close      memory to write into, a leaf's gradient block
 *                                         itself where it is a leaf
 */
#ifndef LKS_AUTOGRAD_BACKPROP_H
#define LKS_AUTOGRAD_BACKPROP_H

#include "autograd/node.h"

typedef struct lks_backprop {
    lks_node *node;
    const lks_kernels *kernels;
    const void *params;
    lks_tensor *dy; /* the output's cotangent; of any strides */
} lks_backprop;

/* Whether input i wants a gradient; false too for an i that was not given. */
bool lks_wants(const lks_backprop *bp, int i);

/* Input i's shape. */
const lks_shape *lks_input_shape(const lks_backprop *bp, int i);

/* What was saved under LKS_IN(i), LKS_OUT or LKS_AUX: as a view, or as a tensor of the
 * scope's without history. NULL if it was not saved. */
const lks_view *lks_saved_view(const lks_backprop *bp, unsigned what);
lks_tensor *lks_saved_tensor(const lks_backprop *bp, unsigned what);

/* dx of input i's shape and dtype, or NULL for a failure that is recorded. Borrowed. */
lks_status lks_give(lks_backprop *bp, int i, lks_tensor *dx);

/* The forward or backward (`half`) of the custom function `name` failed with `st`: that,
 * and a text that says so unless the failure has left one. */
lks_status lks_custom_failed(const char *name, const char *half, lks_status st);

/* What the backward of the custom function `name` gave, one an input: given where it is
 * wanted, once its shape and dtype and its device, which is that of `beside`, are
 * checked. */
lks_status lks_give_custom(lks_backprop *bp, const char *name, const lks_tensor *beside,
                           lks_tensor *const *grads);

/* Dense memory for input i's gradient. */
typedef struct lks_landing {
    lks_view view;
    bool add; /* add to what stands there, else overwrite it */
    lks_tensor *temporary;
    int input;
} lks_landing;

/* can_add: the writer is able to add. */
lks_status lks_land_open(lks_backprop *bp, int i, bool can_add, lks_landing *out);
/* After the write, whose status is passed through: if it went well, the contribution
 * counts. Always called after a successful open. */
lks_status lks_land_close(lks_backprop *bp, lks_landing *landing, lks_status written);

/* A contribution to a node from outside any node: the sweep's start. */
lks_status lks_node_land(lks_node *to, lks_tensor *dx);

/* The node's backward, and LKS_NUMERIC if it gave a NaN: anomaly.h. */
lks_status lks_anomaly_backward(lks_backprop *bp);

/* Whether lks_land_open(can_add = true) would ask the writer to add. */
bool lks_lands_on_more(const lks_backprop *bp, int i);

#endif
