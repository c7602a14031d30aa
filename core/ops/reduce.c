/* Sums, products, the largest and the smallest over dimensions, and where the largest and the smallest stand. */
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

/* Into a tensor of the result's shape: its operation's code says what. */
static lks_status reduce_into(const lks_call *call, const lks_tensor *total)
{
    const reduction *params = call->params;
    const lks_shape in = lks_sizes(call->in[0]);
    const lks_shape kept = kept_shape(&in, params->dims);
    const lks_view out =
        lks_view_dense(call->device, total->view.data, total->view.dtype, &kept);

    return call->kernels->reduce((lks_reduce)call->op->code, &call->in[0]->view, &out);
}

static lks_status reduce_forward(lks_call *call)
{
    return reduce_into(call, call->out);
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
    LKS_GO(reduce_into(call, mean));
    LKS_GO(
        lks_scale_view(call, &mean->view, LKS_BINARY_div, group_size(&in, params->dims)));
    if (narrow)
        LKS_GO(call->kernels->copy(&mean->view, &call->out->view));
cleanup:
    if (narrow)
        lks_unref(mean);
    return st;
}

/* What is of the result's shape over every element that went into it: a view. */
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
    .code = LKS_REDUCE_SUM,
    .params_size = sizeof(reduction),
    .infer = reduce_infer,
    .forward = reduce_forward,
    .backward = sum_backward,
};

const lks_op lks_op_mean = {
    .name = "mean",
    .code = LKS_REDUCE_SUM,
    .params_size = sizeof(reduction),
    .infer = reduce_infer,
    .forward = mean_forward,
    .backward = mean_backward,
};

/* ---- the largest, the smallest ---- */

/* Of none there is neither. */
static lks_status extreme_infer(const lks_call *call, lks_shape *shape, lks_dtype *dtype)
{
    const lks_shape in = lks_sizes(call->in[0]);

    if (group_size(&in, ((const reduction *)call->params)->dims) == 0)
        return lks_fail(LKS_SHAPE, "%s: %s has no elements", call->op->name,
                        LKS_TEXT(call->in[0]));
    return reduce_infer(call, shape, dtype);
}

/* The same reduction of another tensor of the input's shape, its dimensions kept. */
static lks_tensor *reduce_alike(const lks_backprop *bp, const lks_op *op, lks_tensor *x)
{
    const reduction params = {((const reduction *)bp->params)->dims, true};

    return lks_op_apply(op, &x, 1, &params);
}

/* Equals share the gradient. */
static lks_status extreme_backward(lks_backprop *bp)
{
    lks_tensor *x = lks_saved_tensor(bp, LKS_IN(0));
    lks_tensor *best = spread(bp, lks_saved_tensor(bp, LKS_OUT));
    lks_tensor *is_best = lks_to(lks_eq(x, best), bp->dy->view.dtype);
    lks_tensor *n_best = reduce_alike(bp, &lks_op_sum, is_best);

    return lks_give(bp, 0, lks_div(lks_mul(spread(bp, bp->dy), is_best), n_best));
}

const lks_op lks_op_amax = {
    .name = "amax",
    .code = LKS_REDUCE_MAX,
    .params_size = sizeof(reduction),
    .needs = {LKS_IN(0) | LKS_OUT},
    .infer = extreme_infer,
    .forward = reduce_forward,
    .backward = extreme_backward,
};

const lks_op lks_op_amin = {
    .name = "amin",
    .code = LKS_REDUCE_MIN,
    .params_size = sizeof(reduction),
    .needs = {LKS_IN(0) | LKS_OUT},
    .infer = extreme_infer,
    .forward = reduce_forward,
    .backward = extreme_backward,
};

/* ---- products ---- */

/* The product of the others: y / x; at the only zero, what is left without it; 0 for all
 * others of its group, and where there are more zeros. */
static lks_status prod_backward(lks_backprop *bp)
{
    lks_tensor *x = lks_saved_tensor(bp, LKS_IN(0));
    lks_tensor *is_zero = lks_eq_scalar(x, 0);
    lks_tensor *n_zeros = reduce_alike(bp, &lks_op_sum, lks_to(is_zero, LKS_I64));
    lks_tensor *left =
        reduce_alike(bp, &lks_op_prod, lks_masked_fill_scalar(x, is_zero, 1));
    lks_tensor *at_zero = lks_masked_fill_scalar(left, lks_ne_scalar(n_zeros, 1), 0);
    lks_tensor *elsewhere = lks_div(spread(bp, lks_saved_tensor(bp, LKS_OUT)), x);

    return lks_give(bp, 0,
                    lks_mul(spread(bp, bp->dy), lks_where(is_zero, at_zero, elsewhere)));
}

const lks_op lks_op_prod = {
    .name = "prod",
    .code = LKS_REDUCE_PROD,
    .params_size = sizeof(reduction),
    .needs = {LKS_IN(0) | LKS_OUT},
    .infer = reduce_infer,
    .forward = reduce_forward,
    .backward = prod_backward,
};

/* ---- the functions ---- */

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

/* x taken as of another dtype. */
static lks_tensor *reduce_as(const lks_op *op, lks_dtype as, lks_tensor *x,
                             const int *dims, int n, bool keepdim)
{
    lks_tensor *y;

    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(reduce(op, lks_to(x, as), dims, n, keepdim));
    lks_scope_close();
    return y;
}

/* Integers are added up, and multiplied, in i64. */
static lks_tensor *accumulate(const lks_op *op, lks_tensor *x, const int *dims, int n,
                              bool keepdim)
{
    if (!x || lks_dtype_is_float(x->view.dtype) || x->view.dtype == LKS_I64)
        return reduce(op, x, dims, n, keepdim);
    return reduce_as(op, LKS_I64, x, dims, n, keepdim);
}

lks_tensor *lks_sum(lks_tensor *x, const int *dims, int n, bool keepdim)
{
    return accumulate(&lks_op_sum, x, dims, n, keepdim);
}

lks_tensor *lks_prod(lks_tensor *x, int dim, bool keepdim)
{
    return accumulate(&lks_op_prod, x, &dim, 1, keepdim);
}

lks_tensor *lks_prod_all(lks_tensor *x)
{
    return accumulate(&lks_op_prod, x, NULL, 0, false);
}

/* Of booleans too: as numbers. */
static lks_tensor *extreme(const lks_op *op, lks_tensor *x, const int *dims, int n,
                           bool keepdim)
{
    lks_tensor *y;

    if (!x || x->view.dtype != LKS_BOOL)
        return reduce(op, x, dims, n, keepdim);
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_to(reduce_as(op, LKS_U8, x, dims, n, keepdim), LKS_BOOL);
    lks_scope_return(y);
    lks_scope_close();
    return y;
}

lks_tensor *lks_amax(lks_tensor *x, const int *dims, int n, bool keepdim)
{
    return extreme(&lks_op_amax, x, dims, n, keepdim);
}

lks_tensor *lks_amin(lks_tensor *x, const int *dims, int n, bool keepdim)
{
    return extreme(&lks_op_amin, x, dims, n, keepdim);
}

lks_tensor *lks_max_all(lks_tensor *x)
{
    return lks_amax(x, NULL, 0, false);
}

lks_tensor *lks_min_all(lks_tensor *x)
{
    return lks_amin(x, NULL, 0, false);
}

/* Whether some element is true; all are where none is false. */

lks_tensor *lks_any(lks_tensor *x, const int *dims, int n, bool keepdim)
{
    lks_tensor *y;

    if (!x || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_ne_scalar(lks_sum(lks_ne_scalar(x, 0), dims, n, keepdim), 0);
    lks_scope_return(y);
    lks_scope_close();
    return y;
}

lks_tensor *lks_all(lks_tensor *x, const int *dims, int n, bool keepdim)
{
    lks_tensor *y;

    if (!x || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_eq_scalar(lks_sum(lks_eq_scalar(x, 0), dims, n, keepdim), 0);
    lks_scope_return(y);
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
    if (lks_view_has_shape(&t->view, shape))
        return t;
    have = lks_sizes(t);
    lead = have.ndim - shape->ndim;
    for (int i = 0; i < have.ndim; i++)
        if (i < lead || (shape->sizes[i - lead] == 1 && have.sizes[i] != 1))
            params.dims |= 1u << i;
    sum = lks_op_apply(&lks_op_sum, &t, 1, &params);
    return lead > 0 ? lks_reshape(sum, *shape) : sum;
}

static lks_tensor *arg_reduce(const char *name, lks_reduce op, lks_tensor *x, int dim)
{
    lks_shape shape = {0};
    lks_tensor *index;
    lks_view view;

    if (!x || lks_dim_wrap(name, x->view.ndim, dim, &dim) != LKS_OK)
        return NULL;
    view = x->view.ndim > 0 ? x->view : lks_view_expand(&x->view, &LKS_SHAPE_OF(1));
    if (view.sizes[dim] == 0) {
        lks_fail(LKS_SHAPE, "%s: dimension %d of %s has no elements", name, dim,
                 LKS_TEXT(x));
        return NULL;
    }
    for (int i = 0; i < view.ndim; i++)
        if (i != dim)
            shape.sizes[shape.ndim++] = view.sizes[i];
    index = lks_tensor_create(&shape, LKS_I64, x->storage->device);
    if (index &&
        x->storage->kernels->arg_reduce(op, &view, dim, &index->view) != LKS_OK) {
        lks_unref(index);
        return NULL;
    }
    return lks_scope_own(index);
}

lks_tensor *lks_argmax(lks_tensor *x, int dim)
{
    return arg_reduce("argmax", LKS_REDUCE_MAX, x, dim);
}

lks_tensor *lks_argmin(lks_tensor *x, int dim)
{
    return arg_reduce("argmin", LKS_REDUCE_MIN, x, dim);
}
