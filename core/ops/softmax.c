/* Softmax and its logarithm. The kernels work along the last dimension; another is moved
 * there. */
#include "base/try.h"
#include "ops/op.h"

static lks_status softmax_forward(lks_call *call)
{
    return call->kernels->softmax(&call->in[0]->view, call->op == &lks_op_log_softmax,
                                  &call->out->view);
}

static lks_status softmax_backward(lks_backprop *bp)
{
    lks_tensor *dy = lks_contiguous(bp->dy);
    lks_landing dx;

    if (!dy)
        return LKS_NOMEM;
    LKS_TRY(lks_land_open(bp, 0, false, &dx));
    return lks_land_close(bp, &dx,
                          bp->kernels->softmax_backward(
                              lks_saved_view(bp, LKS_OUT), &dy->view,
                              bp->node->op == &lks_op_log_softmax.graph, &dx.view));
}

const lks_op lks_op_softmax = {
    .name = "softmax",
    .needs = {LKS_OUT},
    .infer = lks_infer_same,
    .forward = softmax_forward,
    .backward = softmax_backward,
};

const lks_op lks_op_log_softmax = {
    .name = "log_softmax",
    .needs = {LKS_OUT},
    .infer = lks_infer_same,
    .forward = softmax_forward,
    .backward = softmax_backward,
};

static lks_tensor *along(const lks_op *op, lks_tensor *x, int dim)
{
    lks_tensor *y;

    if (!x || lks_dim_wrap(op->name, x->view.ndim, dim, &dim) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    bool is_last = dim >= x->view.ndim - 1;
    x = lks_contiguous(is_last ? x : lks_transpose(x, dim, -1));
    y = lks_op_apply(op, &x, 1, NULL);
    y = lks_scope_return(is_last ? y : lks_transpose(y, dim, -1));
    lks_scope_close();
    return y;
}

lks_tensor *lks_softmax(lks_tensor *x, int dim)
{
    return along(&lks_op_softmax, x, dim);
}

lks_tensor *lks_log_softmax(lks_tensor *x, int dim)
{
    return along(&lks_op_log_softmax, x, dim);
}
