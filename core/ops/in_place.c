/* Operations that change their first argument. */
#include "base/try.h"
#include "ops/op.h"

/* The second operand broadcasts to the first, whose dtype can hold the result. */
static lks_status check_operands(const lks_op *op, const lks_tensor *a,
                                 const lks_tensor *b)
{
    const lks_shape a_shape = lks_sizes(a), b_shape = lks_sizes(b);
    const lks_dtype dtype = lks_result_dtype(a, b);
    lks_shape shape;

    if (!lks_shapes_meet(&a_shape, &b_shape, &shape) ||
        !lks_shape_equal(&shape, &a_shape))
        return lks_fail(LKS_SHAPE, "%s_: %s does not broadcast to %s", op->name,
                        LKS_TEXT(b), LKS_TEXT(a));
    if (lks_dtype_kind(dtype) > lks_dtype_kind(a->view.dtype))
        return lks_fail(LKS_DTYPE, "%s_: a %s result does not go into %s", op->name,
                        lks_dtype_name(dtype), lks_dtype_name(a->view.dtype));
    return LKS_OK;
}

static lks_tensor *binary_(const lks_op *op,
                           lks_tensor *(*out_of_place)(lks_tensor *, lks_tensor *),
                           lks_tensor *a, lks_tensor *b)
{
    lks_tensor *in[2] = {a, b}, *y;
    lks_dtype dtype;

    if (!a || !b || check_operands(op, a, b) != LKS_OK)
        return NULL;
    dtype = a->view.dtype;
    if (dtype == b->view.dtype && dtype != LKS_BOOL)
        return lks_op_apply_(op, in, 2, NULL);
    if (lks_scope_open() != LKS_OK)
        return NULL;
    if (lks_result_dtype(a, b) == dtype && dtype != LKS_BOOL) {
        in[1] = lks_to(b, dtype);
        y = lks_op_apply_(op, in, 2, NULL);
    } else {
        y = lks_copy_(a, out_of_place(a, b));
    }
    lks_scope_close();
    return y;
}

lks_tensor *lks_add_(lks_tensor *a, lks_tensor *b)
{
    return binary_(&lks_op_add, lks_add, a, b);
}

lks_tensor *lks_mul_(lks_tensor *a, lks_tensor *b)
{
    return binary_(&lks_op_mul, lks_mul, a, b);
}

lks_tensor *lks_relu_(lks_tensor *x)
{
    return lks_op_apply_(&lks_op_relu, &x, 1, NULL);
}

/* What stood there before gets no gradient. */

static lks_status fill_forward(lks_call *call)
{
    return call->kernels->fill(&call->out->view, *(const double *)call->params);
}

static lks_status fill_backward(lks_backprop *bp)
{
    (void)bp;
    return LKS_OK;
}

const lks_op lks_op_fill_ = {
    .name = "fill",
    .params_size = sizeof(double),
    .forward = fill_forward,
    .backward = fill_backward,
};

lks_tensor *lks_fill_(lks_tensor *x, double value)
{
    return lks_op_apply_(&lks_op_fill_, &x, 1, &value);
}

static lks_status copy_forward(lks_call *call)
{
    const lks_shape shape = lks_sizes(call->out);
    const lks_view source = lks_view_expand(&call->in[1]->view, &shape);

    return call->kernels->copy(&source, &call->out->view);
}

static lks_status copy_backward(lks_backprop *bp)
{
    if (!lks_wants(bp, 1))
        return LKS_OK;
    return lks_give(
        bp, 1,
        lks_to(lks_sum_to(bp->dy, lks_input_shape(bp, 1)), bp->node->edges[1].dtype));
}

const lks_op lks_op_copy_ = {
    .name = "copy",
    .forward = copy_forward,
    .backward = copy_backward,
};

lks_tensor *lks_copy_(lks_tensor *x, lks_tensor *source)
{
    lks_tensor *in[2] = {x, source}, *y;
    lks_shape to, from, meet;

    if (!x || !source)
        return NULL;
    to = lks_sizes(x);
    from = lks_sizes(source);
    if (!lks_shapes_meet(&to, &from, &meet) || !lks_shape_equal(&meet, &to)) {
        lks_fail(LKS_SHAPE, "copy_: %s does not broadcast to %s", LKS_TEXT(source),
                 LKS_TEXT(x));
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    in[1] = lks_to_device(source, x->storage->device);
    y = lks_op_apply_(&lks_op_copy_, in, 2, NULL);
    lks_scope_close();
    return y;
}
