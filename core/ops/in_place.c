/* Operations that change their first argument. */
#include "ops/in_place.h"

#include "base/try.h"
#include "ops/op.h"

static lks_status check_kind(const char *name, const lks_tensor *x, lks_dtype result)
{
    if (lks_dtype_kind(result) > lks_dtype_kind(x->view.dtype))
        return lks_fail(LKS_DTYPE, "%s_: a %s result does not go into %s", name,
                        lks_dtype_name(result), lks_dtype_name(x->view.dtype));
    return LKS_OK;
}

static bool goes_into(const lks_tensor *source, const lks_tensor *x)
{
    const lks_shape to = lks_sizes(x), from = lks_sizes(source);
    lks_shape meet;

    return lks_shapes_meet(&to, &from, &meet) && lks_shape_equal(&meet, &to);
}

/* ---- what is computed elsewhere and put back ---- */

/* Opens a scope in which `name` is to be computed of what this returns: x, or where its
 * history may need x's values as they are, a copy. NULL: it is not open. */
static lks_tensor *begin(const char *name, lks_tensor *x)
{
    const bool may_record = x && lks_grad_enabled() && lks_dtype_is_float(x->view.dtype);

    if (!x || lks_check_in_place(name, x, may_record && x->node) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    if (!may_record)
        return x;
    if (!(x = lks_clone(x)))
        lks_scope_close();
    return x;
}

/* The result y into x, whose scope closes. */
static lks_tensor *finish(const char *name, lks_tensor *x, lks_tensor *y)
{
    if (y && (lks_ndim(y) > lks_ndim(x) || !goes_into(y, x))) {
        lks_fail(LKS_SHAPE, "%s_: a result %s does not go into %s", name, LKS_TEXT(y),
                 LKS_TEXT(x));
        y = NULL;
    }
    if (y && check_kind(name, x, y->view.dtype) != LKS_OK)
        y = NULL;
    y = y ? lks_copy_(x, y) : NULL;
    lks_scope_close();
    return y;
}

#define IN_PLACE(op_name, parameters, arguments)                                         \
    lks_tensor *lks_##op_name##_ parameters                                              \
    {                                                                                    \
        lks_tensor *const whole = x;                                                     \
                                                                                         \
        x = begin(#op_name, whole);                                                      \
        return x ? finish(#op_name, whole, lks_##op_name arguments) : NULL;              \
    }
LKS_IN_PLACE_LIST(IN_PLACE)

/* ---- pointwise ---- */

lks_tensor *lks_apply_unary_(const lks_op *op, lks_tensor *x, const double *numbers)
{
    lks_tensor *y;

    if (!x)
        return NULL;
    if (lks_dtype_is_float(x->view.dtype))
        return lks_op_apply_(op, &x, 1, numbers);
    y = begin(op->name, x);
    return y ? finish(op->name, x, lks_apply_unary(op, y, numbers)) : NULL;
}

/* The second operand broadcasts to the first, whose dtype can hold the result. */
static lks_status check_operands(const lks_op *op, const lks_tensor *a,
                                 const lks_tensor *b)
{
    if (!goes_into(b, a))
        return lks_fail(LKS_SHAPE, "%s_: %s does not broadcast to %s", op->name,
                        LKS_TEXT(b), LKS_TEXT(a));
    LKS_TRY(lks_check_binary(op, a, b));
    return check_kind(op->name, a, lks_binary_dtype(op, a, b));
}

lks_tensor *lks_apply_binary_(const lks_op *op, lks_tensor *a, lks_tensor *b)
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
    if (lks_binary_dtype(op, a, b) == dtype && dtype != LKS_BOOL) {
        in[1] = lks_to(b, dtype);
        y = lks_op_apply_(op, in, 2, NULL);
    } else {
        y = lks_copy_(a, lks_apply_binary(op, a, b));
    }
    lks_scope_close();
    return y;
}

/* ---- fill ---- */

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

/* ---- copy ---- */

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

    if (!x || !source)
        return NULL;
    if (!goes_into(source, x)) {
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
