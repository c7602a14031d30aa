/* Losses. */
#include "base/try.h"
#include "ops/op.h"

/* cross_entropy: one node for log-softmax, picking and reduction. Inputs are x (N, C) and
 * target (N), dense. Backward needs log_softmax(x) and, for a mean, how many rows count:
 * aux is the one, flat, with the other behind it. */
typedef struct cross_entropy {
    lks_reduction reduction;
    int64_t ignored; /* a target that does not count */
    lks_view count;  /* where forward leaves how many do; data of NULL: nobody asks */
} cross_entropy;

static lks_status cross_entropy_infer(const lks_call *call, lks_shape *shape,
                                      lks_dtype *dtype)
{
    const cross_entropy *params = call->params;

    *dtype = call->in[0]->view.dtype;
    *shape =
        params->reduction == LKS_REDUCTION_NONE ? lks_sizes(call->in[1]) : LKS_SCALAR;
    return LKS_OK;
}

static lks_view log_p_of(const lks_view *aux, const lks_shape *x)
{
    return lks_view_dense(aux->device, aux->data, aux->dtype, x);
}

static lks_view n_counted_of(const lks_view *aux)
{
    return lks_view_scalar(aux->device, lks_view_at(aux, aux->sizes[0] - 1), aux->dtype);
}

/* loss (N) summed into the result (). */
static lks_status reduce_rows(lks_call *call, const lks_view *rows)
{
    const cross_entropy *params = call->params;
    const lks_view n_counted = n_counted_of(&call->aux->view);
    const lks_view *total = &call->out->view;
    const lks_view out = lks_view_flat(call->device, total->data, rows->dtype, 1);

    LKS_TRY(call->kernels->reduce(LKS_REDUCE_SUM, rows, &out));
    if (params->reduction == LKS_REDUCTION_SUM)
        return LKS_OK;
    return call->kernels->binary(LKS_BINARY_div, total, &n_counted, total);
}

static lks_status cross_entropy_forward(lks_call *call)
{
    const lks_tensor *x = call->in[0], *target = call->in[1];
    const cross_entropy *params = call->params;
    const lks_shape shape = lks_sizes(x), rows_shape = lks_sizes(target);
    const lks_shape aux_shape = LKS_SHAPE_OF(x->numel + 1);
    const bool reduces = params->reduction != LKS_REDUCTION_NONE;
    const bool asked = params->count.data != NULL;
    lks_tensor *rows = call->out;
    lks_view log_p, kept, n_counted;
    lks_status st;

    call->aux = lks_tensor_create(&aux_shape, x->view.dtype, call->device);
    if (reduces)
        rows = lks_tensor_create(&rows_shape, x->view.dtype, call->device);
    if (!call->aux || !rows)
        LKS_GO(LKS_NOMEM);
    log_p = log_p_of(&call->aux->view, &shape);
    kept = n_counted_of(&call->aux->view);
    n_counted = asked ? params->count : kept;
    LKS_GO(call->kernels->cross_entropy(&x->view, &target->view, params->ignored, &log_p,
                                        &rows->view, &n_counted));
    if (asked && params->reduction == LKS_REDUCTION_MEAN)
        LKS_GO(call->kernels->copy(&n_counted, &kept));
    if (reduces)
        LKS_GO(reduce_rows(call, &rows->view));
cleanup:
    if (reduces)
        lks_unref(rows);
    return st;
}

/* dx[n, c] = scale[n] (softmax(x)[n, c] - [c = target[n]]), scale dy or dy / count. */
static lks_status cross_entropy_backward(lks_backprop *bp)
{
    const cross_entropy *params = bp->params;
    const lks_view *target = lks_saved_view(bp, LKS_IN(1));
    const lks_view *aux = lks_saved_view(bp, LKS_AUX);
    const lks_view log_p = log_p_of(aux, lks_input_shape(bp, 0));
    const lks_view n_counted = n_counted_of(aux);
    const lks_shape rows = lks_view_shape(target);
    lks_tensor *scale = bp->dy;
    lks_view scales;
    lks_landing dx;

    if (params->reduction == LKS_REDUCTION_MEAN) {
        if (!(scale = lks_empty_like(bp->dy)))
            return LKS_NOMEM;
        LKS_TRY(
            bp->kernels->binary(LKS_BINARY_div, &bp->dy->view, &n_counted, &scale->view));
    }
    scales = lks_view_expand(&scale->view, &rows);
    LKS_TRY(lks_land_open(bp, 0, false, &dx));
    return lks_land_close(bp, &dx,
                          bp->kernels->cross_entropy_backward(
                              &log_p, target, params->ignored, &scales, &dx.view));
}

const lks_op lks_op_cross_entropy = {
    .name = "cross_entropy",
    .params_size = sizeof(cross_entropy),
    .needs = {LKS_IN(1) | LKS_AUX},
    .infer = cross_entropy_infer,
    .forward = cross_entropy_forward,
    .backward = cross_entropy_backward,
};

static lks_status check_shapes(const lks_tensor *x, const lks_tensor *target)
{
    bool fits = x->view.ndim >= 2 && target->view.ndim == x->view.ndim - 1;

    for (int i = 0; fits && i < target->view.ndim; i++)
        fits = target->view.sizes[i] == x->view.sizes[i == 0 ? 0 : i + 1];
    if (!fits)
        return lks_fail(LKS_SHAPE,
                        "cross_entropy: input %s does not go with target %s: takes "
                        "(N, C, …) and (N, …)",
                        LKS_TEXT(x), LKS_TEXT(target));
    if (x->view.sizes[1] == 0)
        return lks_fail(LKS_SHAPE, "cross_entropy: input %s has no classes", LKS_TEXT(x));
    if (target->view.dtype != LKS_I64)
        return lks_fail(LKS_DTYPE, "cross_entropy: targets are int64 classes, not %s",
                        lks_dtype_name(target->view.dtype));
    return LKS_OK;
}

/* x (N, C, d1, …) as (N d1 …, C). */
static lks_tensor *classes_last(lks_tensor *x)
{
    int dims[LKS_MAX_DIMS], ndim = x->view.ndim;

    if (ndim == 2)
        return lks_contiguous(x);
    for (int i = 0; i < ndim; i++)
        dims[i] = i == 0 ? 0 : i == ndim - 1 ? 1 : i + 1;
    x = lks_contiguous(lks_permute(x, dims));
    return lks_flatten(x, 0, -2);
}

/* `count`: (), NULL if nobody asks. */
static lks_tensor *apply_cross_entropy(lks_tensor *x, lks_tensor *target,
                                       const lks_cross_entropy_options *options,
                                       const lks_tensor *count)
{
    cross_entropy params = {.reduction = options->reduction,
                            .ignored = options->ignore_index};
    lks_tensor *in[2], *loss;

    if (check_shapes(x, target) != LKS_OK)
        return NULL;
    if (count)
        params.count = count->view;
    in[0] = classes_last(x);
    in[1] = lks_contiguous(target);
    if (target->view.ndim > 1)
        in[1] = lks_flatten(in[1], 0, -1);
    loss = lks_op_apply(&lks_op_cross_entropy, in, 2, &params);
    if (options->reduction == LKS_REDUCTION_NONE && target->view.ndim > 1)
        loss = lks_reshape(loss, lks_sizes(target));
    return loss;
}

static const lks_cross_entropy_options defaults = {LKS_REDUCTION_MEAN,
                                                   LKS_NO_IGNORE_INDEX};

lks_tensor *lks_cross_entropy(lks_tensor *x, lks_tensor *target,
                              const lks_cross_entropy_options *options)
{
    lks_tensor *loss;

    if (!x || !target || lks_scope_open() != LKS_OK)
        return NULL;
    loss = apply_cross_entropy(x, target, options ? options : &defaults, NULL);
    lks_scope_return(loss);
    lks_scope_close();
    return loss;
}

lks_tensor *lks_cross_entropy_counted(lks_tensor *x, lks_tensor *target,
                                      const lks_cross_entropy_options *options,
                                      lks_tensor **n_counted)
{
    lks_tensor *loss = NULL, *count;

    *n_counted = NULL;
    if (!x || !target)
        return NULL;
    if (!(count = lks_empty(LKS_SCALAR, x->view.dtype, x->storage->device)))
        return NULL;
    if (lks_scope_open() != LKS_OK)
        return NULL;
    loss = apply_cross_entropy(x, target, options ? options : &defaults, count);
    lks_scope_return(loss);
    lks_scope_close();
    *n_counted = loss ? count : NULL;
    return loss;
}

lks_tensor *lks_mse_loss(lks_tensor *x, lks_tensor *target, lks_reduction reduction)
{
    lks_tensor *loss;

    if (lks_scope_open() != LKS_OK)
        return NULL;
    loss = lks_square(lks_sub(x, target));
    if (reduction == LKS_REDUCTION_MEAN)
        loss = lks_mean_all(loss);
    else if (reduction == LKS_REDUCTION_SUM)
        loss = lks_sum_all(loss);
    lks_scope_return(loss);
    lks_scope_close();
    return loss;
}
