/* Operations that make new memory of old: casts, copies, joins, picks. */
#include "base/try.h"
#include "ops/op.h"

static lks_status copy_forward(lks_call *call)
{
    return call->kernels->copy(&call->in[0]->view, &call->out->view);
}

/* clone */

static lks_status clone_backward(lks_backprop *bp)
{
    return lks_give(bp, 0, bp->dy);
}

const lks_op lks_op_clone = {
    .name = "clone",
    .infer = lks_infer_same,
    .forward = copy_forward,
    .backward = clone_backward,
};

lks_tensor *lks_clone(lks_tensor *x)
{
    return lks_op_apply(&lks_op_clone, &x, 1, NULL);
}

lks_tensor *lks_contiguous(lks_tensor *x)
{
    return x && x->dense ? lks_same(x) : lks_clone(x);
}

/* to */

static lks_status to_infer(const lks_call *call, lks_shape *shape, lks_dtype *dtype)
{
    *shape = lks_sizes(call->in[0]);
    *dtype = *(const lks_dtype *)call->params;
    return LKS_OK;
}

static lks_status to_backward(lks_backprop *bp)
{
    return lks_give(bp, 0, lks_to(bp->dy, bp->node->edges[0].dtype));
}

const lks_op lks_op_to = {
    .name = "to",
    .params_size = sizeof(lks_dtype),
    .infer = to_infer,
    .forward = copy_forward,
    .backward = to_backward,
};

lks_tensor *lks_to(lks_tensor *x, lks_dtype dtype)
{
    if (x && x->view.dtype == dtype)
        return lks_same(x);
    return lks_op_apply(&lks_op_to, &x, 1, &dtype);
}

/* cat */

static lks_status cat_check(const lks_call *call, int i, int dim)
{
    const lks_tensor *first = call->in[0], *t = call->in[i];
    bool fits = t->view.ndim == first->view.ndim;

    for (int d = 0; fits && d < first->view.ndim; d++)
        fits = d == dim || t->view.sizes[d] == first->view.sizes[d];
    if (!fits)
        return lks_fail(LKS_SHAPE, "cat: %s and %s differ beyond dimension %d",
                        LKS_TEXT(first), LKS_TEXT(t), dim);
    return LKS_OK;
}

static lks_status cat_infer(const lks_call *call, lks_shape *shape, lks_dtype *dtype)
{
    int dim = *(const int *)call->params;

    *shape = lks_sizes(call->in[0]);
    *dtype = call->in[0]->view.dtype;
    for (int i = 1; i < call->n; i++) {
        LKS_TRY(cat_check(call, i, dim));
        *dtype = lks_dtype_promote(*dtype, call->in[i]->view.dtype);
        if (__builtin_add_overflow(shape->sizes[dim], call->in[i]->view.sizes[dim],
                                   &shape->sizes[dim]))
            return lks_fail(LKS_SHAPE, "cat: dimension %d would be larger than 2^63 - 1",
                            dim);
    }
    return LKS_OK;
}

static lks_status cat_forward(lks_call *call)
{
    int dim = *(const int *)call->params;
    int64_t at = 0;

    for (int i = 0; i < call->n; i++) {
        const lks_view *x = &call->in[i]->view;
        lks_view part = lks_view_slice(&call->out->view, dim, at, 1, x->sizes[dim]);

        LKS_TRY(call->kernels->copy(x, &part));
        at += x->sizes[dim];
    }
    return LKS_OK;
}

static lks_status cat_backward(lks_backprop *bp)
{
    int dim = *(const int *)bp->params;
    int64_t at = 0;

    for (int i = 0; i < bp->node->n_edges; i++) {
        int64_t length = lks_input_shape(bp, i)->sizes[dim];

        if (lks_wants(bp, i))
            LKS_TRY(lks_give(
                bp, i,
                lks_to(lks_narrow(bp->dy, dim, at, length), bp->node->edges[i].dtype)));
        at += length;
    }
    return LKS_OK;
}

const lks_op lks_op_cat = {
    .name = "cat",
    .params_size = sizeof(int),
    .infer = cat_infer,
    .forward = cat_forward,
    .backward = cat_backward,
};

lks_tensor *lks_cat(lks_tensor *const *xs, int n, int dim)
{
    if (n <= 0) {
        lks_fail(LKS_INVALID, "cat: no tensors to join");
        return NULL;
    }
    if (!xs[0] || lks_dim_resolve("cat", xs[0]->view.ndim, dim, &dim) != LKS_OK)
        return NULL;
    return lks_op_apply(&lks_op_cat, xs, n, &dim);
}

/* index_select */

/* Whether its numbers are in range, the kernel sees. */
static lks_status check_index(const lks_tensor *index)
{
    if (index->view.dtype != LKS_I64 || index->view.ndim != 1)
        return lks_fail(index->view.dtype != LKS_I64 ? LKS_DTYPE : LKS_SHAPE,
                        "index_select: takes an index (n) of int64, not %s of %s",
                        LKS_TEXT(index), lks_dtype_name(index->view.dtype));
    return LKS_OK;
}

static lks_status index_select_infer(const lks_call *call, lks_shape *shape,
                                     lks_dtype *dtype)
{
    int dim = *(const int *)call->params;

    LKS_TRY(check_index(call->in[1]));
    *shape = lks_sizes(call->in[0]);
    *dtype = call->in[0]->view.dtype;
    shape->sizes[dim] = call->in[1]->numel;
    return LKS_OK;
}

static lks_status index_select_forward(lks_call *call)
{
    return call->kernels->index_select(&call->in[0]->view, *(const int *)call->params,
                                       &call->in[1]->view, &call->out->view);
}

static lks_status index_select_backward(lks_backprop *bp)
{
    lks_landing dx;
    lks_status st = LKS_OK;

    LKS_TRY(lks_land_open(bp, 0, true, &dx));
    if (!dx.add)
        st = bp->kernels->fill(&dx.view, 0);
    if (st == LKS_OK)
        st = bp->kernels->index_add(&bp->dy->view, *(const int *)bp->params,
                                    lks_saved_view(bp, LKS_IN(1)), &dx.view);
    return lks_land_close(bp, &dx, st);
}

const lks_op lks_op_index_select = {
    .name = "index_select",
    .params_size = sizeof(int),
    .needs = {LKS_IN(1)},
    .infer = index_select_infer,
    .forward = index_select_forward,
    .backward = index_select_backward,
};

/* A scalar counts as one row, and stays a scalar. */
static lks_tensor *select_of_scalar(lks_tensor *x, lks_tensor *index)
{
    lks_tensor *y;

    if (index && index->numel != 1) {
        lks_fail(LKS_SHAPE, "index_select: takes one index into a scalar, not %s",
                 LKS_TEXT(index));
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_index_select(lks_unsqueeze(x, 0), 0, index);
    y = lks_scope_return(lks_squeeze(y, 0));
    lks_scope_close();
    return y;
}

lks_tensor *lks_index_select(lks_tensor *x, int dim, lks_tensor *index)
{
    lks_tensor *in[2] = {x, index};

    if (!x || lks_dim_wrap("index_select", x->view.ndim, dim, &dim) != LKS_OK)
        return NULL;
    return x->view.ndim == 0 ? select_of_scalar(x, index)
                             : lks_op_apply(&lks_op_index_select, in, 2, &dim);
}
