#include "autograd/anomaly.h"

#include <math.h>

#include "autograd/backprop.h"
#include "base/alloc.h"
#include "base/try.h"

static _Thread_local bool is_enabled;

bool lks_set_detect_anomaly(bool enabled)
{
    const bool was = is_enabled;

    is_enabled = enabled;
    return was;
}

bool lks_detect_anomaly(void)
{
    return is_enabled;
}

/* The largest of all: a NaN if there is one. */
static lks_status find_nan(const lks_tensor *t, bool *found)
{
    _Alignas(8) char element[LKS_MAX_ELEMENT_BYTES];
    const lks_kernels *kernels = t->storage->kernels;
    lks_shape ones = lks_sizes(t);
    lks_tensor *largest;
    lks_status st;

    *found = false;
    if (t->numel == 0)
        return LKS_OK;
    for (int d = 0; d < ones.ndim; d++)
        ones.sizes[d] = 1;
    if (!(largest = lks_tensor_create(&ones, t->view.dtype, t->storage->device)))
        return LKS_NOMEM;
    LKS_GO(kernels->reduce(LKS_REDUCE_MAX, &t->view, &largest->view));
    LKS_GO(kernels->copy_out(t->storage->device.index, element, largest->view.data,
                             lks_dtype_size_bytes(t->view.dtype)));
    *found = isnan(lks_number_of(element, t->view.dtype));
cleanup:
    lks_unref(largest);
    return st;
}

/* Whether a NaN stands where input i's gradient goes. */
static lks_status look_at(const lks_backprop *bp, int i, bool *found)
{
    const lks_node *to = bp->node->edges[i].to;

    *found = false;
    if (!lks_wants(bp, i) || !to->has_grad || !to->grad)
        return LKS_OK;
    return find_nan(to->grad, found);
}

static lks_status tell(const lks_backprop *bp, int i)
{
    const lks_edge *edge = &bp->node->edges[i];
    char shape[LKS_SHAPE_TEXT];

    return lks_fail(
        LKS_NUMERIC,
        "backward: the gradient that %s gives its input %d, %s %s, %s%s, has a "
        "NaN",
        lks_node_name(bp->node), i, lks_dtype_name(edge->dtype),
        lks_shape_text(&edge->shape, shape, sizeof shape),
        edge->to->op ? "the result of " : "a leaf",
        edge->to->op ? lks_node_name(edge->to) : "");
}

/* A NaN that stood there before, from an earlier sweep, is not this operation's. */
lks_status lks_anomaly_backward(lks_backprop *bp)
{
    const int n = bp->node->n_edges;
    bool *before = lks_calloc((size_t)n, sizeof *before);
    lks_status st;

    if (!before)
        return LKS_NOMEM;
    for (int i = 0; i < n; i++)
        LKS_GO(look_at(bp, i, &before[i]));
    LKS_GO(bp->node->op->backward(bp));
    for (int i = 0; i < n; i++) {
        bool found;

        LKS_GO(look_at(bp, i, &found));
        if (found && !before[i])
            LKS_GO(tell(bp, i));
    }
cleanup:
    lks_free(before);
    return st;
}
