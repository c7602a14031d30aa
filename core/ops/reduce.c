/* Sums over dimensions, and where the largest stands. */
#include "base/try.h"
#include "ops/op.h"

typedef struct reduction {
    unsigned dims; /* bit d: dimension d goes */
    bool keepdim;
} reduction;

/* x's sizes with 1 where a dimension goes. */
static lks_shape kept_shape(const lks_shape *shape, unsigned dims)
{
    lks_shape kept = *shape;

    for (int i = 0; i < kept.ndim; i++)
        if (dims >> i & 1)
            kept.sizes[i] = 1;
    return kept;
}

static lks_status reduce_infer(const lks_call *call, lks_shape *shape, lks_dtype *dtype)
{
    const reduction *params = call->params;
    const lks_shape in = lks_sizes(call->in[0]);

    *dtype = call->in[0]->view.dtype;
    *shape = kept_shape(&in, params->dims);
    if (params->keepdim)
        return LKS_OK;
    shape->ndim = 0;
    for (int i = 0; i < in.ndim; i++)
        if (!(params->dims >> i & 1))
            shape->sizes[shape->ndim++] = in.sizes[i];
    return LKS_OK;
}

/* Into a tensor of the result's shape. */
static lks_status sum_into(const lks_call *call, const lks_tensor *total)
{
    const reduction *params = call->params;
    const lks_shape in = lks_sizes(call->in[0]);
    const lks_shape kept = kept_shape(&in, params->dims);
    const lks_view out =
        lks_view_dense(call->device, total->view.data, total->view.dtype, &kept);

    return call->kernels->reduce(LKS_REDUCE_SUM, &call->in[0]->view, &out);
}

static lks_status sum_forward(lks_call *call)
{
    return sum_into(call, call->out);
}

/* Elements that went into one of the result. */
static double group_size(const lks_shape *shape, unsigned dims)
{
    double n = 1;

    for (int i = 0; i < shape->ndim; i++)
        if (dims >> i & 1)
            n *= (double)shape->sizes[i];
    return n;
}

/* f16 and bf16 hold neither every sum nor every number of elements: f32 does for them. */
static lks_dtype mean_dtype(lks_dtype dtype)
{
    return lks_dtype_size_bytes(dtype) < sizeof(float) ? LKS_F32 : dtype;
}

static lks_status mean_forward(lks_call *call)
{
    const lks_shape in = lks_sizes(call->in[0]), shape = lks_sizes(call->out);
    const reduction *params = call->params;
    const lks_dtype dtype = mean_dtype(call->out->view.dtype);
    bool narrow = dtype != call->out->view.dtype;
    lks_tensor *mean = call->out;
    lks_status st;

    if (narrow && !(mean = lks_tensor_create(&shape, dtype, call->device)))
        return LKS_NOMEM;
    LKS_GO(sum_into(call, mean));
    LKS_GO(
        lks_scale_view(call, &mean->view, LKS_BINARY_div, group_size(&in, params->dims)));
    if (narrow)
        LKS_GO(call->kernels->copy(&mean->view, &call->out->view));
cleanup:
    if (narrow)
        lks_unref(mean);
    return st;
}

/* dy over every element that went into it: a view. */
static lks_tensor *spread(const lks_backprop *bp, const lks_tensor *dy)
{
    const reduction *params = bp->params;
    const lks_shape *shape = lks_input_shape(bp, 0);
    const lks_shape kept = kept_shape(shape, params->dims);
    lks_view view;

    if (!dy || !lks_view_reshape(&dy->view, &kept, &view))
        return NULL; /* inserting sizes of 1 never takes a copy */
    view = lks_view_expand(&view, shape);
    return lks_scope_own(lks_tensor_alias(dy, &view));
}

static lks_status sum_backward(lks_backprop *bp)
{
    return lks_give(bp, 0, spread(bp, bp->dy));
}

static lks_status mean_backward(lks_backprop *bp)
{
    const reduction *params = bp->params;
    const lks_dtype dtype = mean_dtype(bp->dy->view.dtype);
    double n = group_size(lks_input_shape(bp, 0), params->dims);
    lks_tensor *dx =
        lks_div(lks_to(bp->dy, dtype), lks_full(LKS_SCALAR, n, dtype, bp->node->device));

    return lks_give(bp, 0, spread(bp, lks_to(dx, bp->dy->view.dtype)));
}

const lks_op lks_op_sum = {
    .name = "sum",
    .params_size = sizeof(reduction),
    .infer = reduce_infer,
    .forward = sum_forward,
    .backward = sum_backward,
};

const lks_op lks_op_mean = {
    .name = "mean",
    .params_size = sizeof(reduction),
    .infer = reduce_infer,
    .forward = mean_forward,
    .backward = mean_backward,
};

static lks_status collect_dims(const lks_op *op, const lks_tensor *x, const int *dims,
                               int n, unsigned *out)
{
    *out = n == 0 ? (1u << x->view.ndim) - 1 : 0;
    for (int i = 0; i < n; i++) {
        int dim;
        LKS_TRY(lks_dim_wrap(op->name, x->view.ndim, dims[i], &dim));
        if (*out >> dim & 1)
            return lks_fail(LKS_SHAPE, "%s: dimension %d is given twice", op->name, dim);
        *out |= 1u << dim;
    }
    return LKS_OK;
}

static lks_tensor *reduce(const lks_op *op, lks_tensor *x, const int *dims, int n,
                          bool keepdim)
{
    reduction params = {.keepdim = keepdim};

    if (!x || collect_dims(op, x, dims, n, &params.dims) != LKS_OK)
        return NULL;
    return lks_op_apply(op, &x, 1, &params);
}

lks_tensor *lks_sum(lks_tensor *x, const int *dims, int n, bool keepdim)
{
    lks_tensor *y;

    if (!x || lks_dtype_is_float(x->view.dtype) || x->view.dtype == LKS_I64)
        return reduce(&lks_op_sum, x, dims, n, keepdim);
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(reduce(&lks_op_sum, lks_to(x, LKS_I64), dims, n, keepdim));
    lks_scope_close();
    return y;
}

lks_tensor *lks_mean(lks_tensor *x, const int *dims, int n, bool keepdim)
{
    if (x && !lks_dtype_is_float(x->view.dtype)) {
        lks_fail(LKS_DTYPE, "mean: takes floating-point tensors, not %s; lks_to first",
                 lks_dtype_name(x->view.dtype));
        return NULL;
    }
    return reduce(&lks_op_mean, x, dims, n, keepdim);
}

lks_tensor *lks_sum_all(lks_tensor *x)
{
    return lks_sum(x, NULL, 0, false);
}

lks_tensor *lks_mean_all(lks_tensor *x)
{
    return lks_mean(x, NULL, 0, false);
}

lks_tensor *lks_sum_to(lks_tensor *t, const lks_shape *shape)
{
    reduction params = {.keepdim = true};
    lks_shape have;
    lks_tensor *sum;
    int lead;

    if (!t)
        return NULL;
    have = lks_sizes(t);
    if (lks_shape_equal(&have, shape))
        return t;
    lead = have.ndim - shape->ndim;
    for (int i = 0; i < have.ndim; i++)
        if (i < lead || (shape->sizes[i - lead] == 1 && have.sizes[i] != 1))
            params.dims |= 1u << i;
    sum = lks_op_apply(&lks_op_sum, &t, 1, &params);
    return lead > 0 ? lks_reshape(sum, *shape) : sum;
}

lks_tensor *lks_argmax(lks_tensor *x, int dim)
{
    lks_shape shape = {0};
    lks_tensor *index;
    lks_view view;

    if (!x || lks_dim_wrap("argmax", x->view.ndim, dim, &dim) != LKS_OK)
        return NULL;
    view = x->view.ndim > 0 ? x->view : lks_view_expand(&x->view, &LKS_SHAPE_OF(1));
    if (view.sizes[dim] == 0) {
        lks_fail(LKS_SHAPE, "argmax: dimension %d of %s has no elements", dim,
                 LKS_TEXT(x));
        return NULL;
    }
    for (int i = 0; i < view.ndim; i++)
        if (i != dim)
            shape.sizes[shape.ndim++] = view.sizes[i];
    index = lks_tensor_create(&shape, LKS_I64, x->storage->device);
    if (index && x->storage->kernels->arg_reduce(LKS_REDUCE_MAX, &view, dim,
                                                 &index->view) != LKS_OK) {
        lks_unref(index);
        return NULL;
    }
    return lks_scope_own(index);
}
