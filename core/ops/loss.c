/* Losses. */
#include "ops/loss.h"

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

lks_tensor *lks_cross_entropy_rows(lks_tensor *x, lks_tensor *target,
                                   lks_reduction reduction, int64_t ignored,
                                   const lks_tensor *count)
{
    cross_entropy params = {.reduction = reduction, .ignored = ignored};
    lks_tensor *const in[2] = {x, target};

    if (count)
        params.count = count->view;
    return lks_op_apply(&lks_op_cross_entropy, in, 2, &params);
}

lks_tensor *lks_mse_loss(lks_tensor *x, lks_tensor *target, lks_reduction reduction)
{
    const lks_status before = lks_error_status();
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
    return lks_named("mse_loss", before, loss);
}
