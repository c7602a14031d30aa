/* Running sums and products along a dimension. */
#include "base/try.h"
#include "ops/op.h"

static lks_status scan_forward(lks_call *call)
{
    return call->kernels->scan((lks_reduce)call->op->code, &call->in[0]->view,
                               *(const int *)call->params, &call->out->view);
}

static lks_view reversed(const lks_view *view, int dim)
{
    const int64_t n = view->sizes[dim];

    return n == 0 ? *view : lks_view_slice(view, dim, n - 1, -1, n);
}

/* Sums from each element to its line's last. */
static lks_status sum_back(const lks_kernels *kernels, const lks_view *x, int dim,
                           const lks_view *out)
{
    const lks_view from = reversed(x, dim), to = reversed(out, dim);

    return kernels->scan(LKS_REDUCE_SUM, &from, dim, &to);
}

static lks_status cumsum_backward(lks_backprop *bp)
{
    lks_landing dx;

    LKS_TRY(lks_land_open(bp, 0, false, &dx));
    return lks_land_close(
        bp, &dx,
        sum_back(bp->kernels, &bp->dy->view, *(const int *)bp->params, &dx.view));
}

const lks_op lks_op_cumsum = {
    .name = "cumsum",
    .code = LKS_REDUCE_SUM,
    .params_size = sizeof(int),
    .infer = lks_infer_same,
    .forward = scan_forward,
    .backward = cumsum_backward,
};

/* The sums of dy y from each element to its line's last. */
static lks_tensor *weighted(const lks_backprop *bp, lks_tensor *y)
{
    lks_tensor *terms = lks_mul(bp->dy, y), *sums = terms ? lks_empty_like(terms) : NULL;

    if (!sums || sum_back(bp->kernels, &terms->view, *(const int *)bp->params,
                          &sums->view) != LKS_OK)
        return NULL;
    return sums;
}

/* Before a line's first zero dx[k] is the sum over i >= k of dy[i] y[i] / x[k]. At it,
 * the same with the zero taken as 1, since a product is nothing from the second zero on.
 * Behind it, nothing. */
static lks_status cumprod_backward(lks_backprop *bp)
{
    const int dim = *(const int *)bp->params;
    lks_tensor *x = lks_saved_tensor(bp, LKS_IN(0));
    lks_tensor *y = lks_saved_tensor(bp, LKS_OUT);
    lks_tensor *is_zero = lks_eq_scalar(x, 0), *n_zeros = lks_cumsum(is_zero, dim);
    lks_tensor *is_first = lks_logical_and(is_zero, lks_eq_scalar(n_zeros, 1));
    lks_tensor *before = lks_div(weighted(bp, y), x);
    lks_tensor *others = lks_cumprod(lks_masked_fill_scalar(x, is_first, 1), dim);
    lks_tensor *at = others ? weighted(bp, others) : NULL;
    lks_tensor *behind = lks_masked_fill_scalar(at, lks_logical_not(is_first), 0);

    return lks_give(bp, 0, lks_where(lks_eq_scalar(n_zeros, 0), before, behind));
}

const lks_op lks_op_cumprod = {
    .name = "cumprod",
    .code = LKS_REDUCE_PROD,
    .params_size = sizeof(int),
    .needs = {LKS_IN(0) | LKS_OUT},
    .infer = lks_infer_same,
    .forward = scan_forward,
    .backward = cumprod_backward,
};

/* Integers are added up, and multiplied, in i64; a scalar is a line of one. */
static lks_tensor *scan(const lks_op *op, lks_tensor *x, int dim)
{
    lks_tensor *line, *y;

    if (!x || lks_dim_wrap(op->name, x->view.ndim, dim, &dim) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    line = lks_dtype_is_float(x->view.dtype) ? x : lks_to(x, LKS_I64);
    line = x->view.ndim == 0 ? lks_unsqueeze(line, 0) : line;
    y = lks_op_apply(op, &line, 1, &dim);
    y = lks_scope_return(x->view.ndim == 0 ? lks_squeeze(y, 0) : y);
    lks_scope_close();
    return y;
}

lks_tensor *lks_cumsum(lks_tensor *x, int dim)
{
    return scan(&lks_op_cumsum, x, dim);
}

lks_tensor *lks_cumprod(lks_tensor *x, int dim)
{
    return scan(&lks_op_cumprod, x, dim);
}
