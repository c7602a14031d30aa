#include "autograd/backprop.h"

#include "base/try.h"

bool lks_wants(const lks_backprop *bp, int i)
{
    const lks_node *node = bp->node;

    return i < node->n_edges && node->edges[i].to != NULL && !node->edges[i].is_cut;
}

const lks_shape *lks_input_shape(const lks_backprop *bp, int i)
{
    return &bp->node->edges[i].shape;
}

static const lks_saved *find_saved(const lks_backprop *bp, unsigned what)
{
    unsigned below = bp->node->saved_what & (what - 1);

    if (!(bp->node->saved_what & what))
        return NULL;
    return &bp->node->saved[__builtin_popcount(below)];
}

const lks_view *lks_saved_view(const lks_backprop *bp, unsigned what)
{
    const lks_saved *saved = find_saved(bp, what);
    return saved ? &saved->view : NULL;
}

lks_tensor *lks_saved_tensor(const lks_backprop *bp, unsigned what)
{
    const lks_saved *saved = find_saved(bp, what);

    if (!saved)
        return NULL;
    return lks_scope_own(lks_tensor_from_storage(saved->storage, &saved->view));
}

/* What stands in the gradient may be added to in place. A cotangent that something else
 * holds too, or that repeats elements, may not. */
static bool can_add_to(const lks_node *to)
{
    const lks_tensor *grad = to->grad;

    if (!to->op)
        return true;
    return grad->n_refs == 1 && grad->storage->n_refs == 1 && grad->storage->owned &&
           grad->dense;
}

bool lks_lands_on_more(const lks_backprop *bp, int i)
{
    const lks_node *to = bp->node->edges[i].to;
    return to->has_grad && can_add_to(to);
}

static void landed(lks_node *to)
{
    lks_leaf *leaf = lks_node_leaf(to);

    to->has_grad = true;
    to->grad->storage->version++;
    if (leaf)
        leaf->landed = true;
}

/* grad + dx, in place if it may be. */
static lks_status add_contribution(lks_node *to, lks_tensor *dx)
{
    lks_tensor *sum = to->grad;

    if (!can_add_to(to)) {
        const lks_shape shape = lks_sizes(dx);
        if (!(sum = lks_tensor_create(&shape, dx->view.dtype, to->device)))
            return LKS_NOMEM;
    }
    lks_status st =
        to->kernels->binary(LKS_BINARY_add, &to->grad->view, &dx->view, &sum->view);
    if (sum != to->grad) {
        lks_tensor *let_go = st == LKS_OK ? to->grad : sum;
        if (st == LKS_OK)
            to->grad = sum;
        lks_unref(let_go);
    }
    if (st == LKS_OK)
        landed(to);
    return st;
}

/* A leaf copies, so that its gradient is never another tensor's memory. */
static lks_status land_first_on_leaf(lks_node *leaf, const lks_tensor *dx)
{
    if (!leaf->grad) {
        const lks_shape shape = lks_sizes(dx);
        if (!(leaf->grad = lks_tensor_create(&shape, dx->view.dtype, leaf->device)))
            return LKS_NOMEM;
    }
    LKS_TRY(leaf->kernels->copy(&dx->view, &leaf->grad->view));
    landed(leaf);
    return LKS_OK;
}

lks_status lks_node_land(lks_node *to, lks_tensor *dx)
{
    if (to->has_grad)
        return add_contribution(to, dx);
    if (!to->op)
        return land_first_on_leaf(to, dx);
    to->grad = lks_ref(dx);
    to->has_grad = true;
    return LKS_OK;
}

lks_status lks_give(lks_backprop *bp, int i, lks_tensor *dx)
{
    if (!dx)
        return lks_error_status() != LKS_OK ? lks_error_status() : LKS_NOMEM;
    return lks_node_land(bp->node->edges[i].to, dx);
}

lks_status lks_land_open(lks_backprop *bp, int i, bool can_add, lks_landing *out)
{
    const lks_edge *edge = &bp->node->edges[i];
    lks_node *to = edge->to;
    lks_tensor *target = to->grad;

    *out = (lks_landing){.input = i, .add = can_add && lks_lands_on_more(bp, i)};
    if (!out->add && (to->has_grad || !target)) {
        target = lks_tensor_create(&edge->shape, edge->dtype, to->device);
        if (!target)
            return LKS_NOMEM;
        out->temporary = target;
    }
    out->view = target->view;
    return LKS_OK;
}

lks_status lks_land_close(lks_backprop *bp, lks_landing *landing, lks_status written)
{
    lks_node *to = bp->node->edges[landing->input].to;
    lks_status st = written;

    if (st == LKS_OK && landing->temporary && !to->grad) {
        to->grad = lks_ref(landing->temporary);
        landed(to);
    } else if (st == LKS_OK && landing->temporary) {
        st = lks_node_land(to, landing->temporary);
    } else if (st == LKS_OK) {
        landed(to);
    }
    lks_unref(landing->temporary);
    landing->temporary = NULL;
    return st;
}
