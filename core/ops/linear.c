/* y = x wᵀ + b over the last dimension. */
#include "base/try.h"
#include "ops/op.h"

static lks_status linear_infer(const lks_call *call, lks_shape *shape, lks_dtype *dtype)
{
    const lks_tensor *x = call->in[0], *w = call->in[1], *b = call->in[2];
    int64_t features;

    if (w->view.ndim != 2 || x->view.ndim == 0)
        return lks_fail(LKS_SHAPE,
                        "linear: input %s with weight %s: takes (…, in) and "
                        "(out, in)",
                        LKS_TEXT(x), LKS_TEXT(w));
    features = x->view.sizes[x->view.ndim - 1];
    if (features != w->view.sizes[1])
        return lks_fail(LKS_SHAPE,
                        "linear: input %s does not go with weight %s: %lld features "
                        "against %lld",
                        LKS_TEXT(x), LKS_TEXT(w), (long long)features,
                        (long long)w->view.sizes[1]);
    if (b && (b->view.ndim != 1 || b->view.sizes[0] != w->view.sizes[0]))
        return lks_fail(LKS_SHAPE, "linear: bias %s does not go with weight %s",
                        LKS_TEXT(b), LKS_TEXT(w));
    if (x->view.dtype != w->view.dtype || (b && b->view.dtype != x->view.dtype))
        return lks_fail(LKS_DTYPE, "linear: %s input, %s weight%s%s",
                        lks_dtype_name(x->view.dtype), lks_dtype_name(w->view.dtype),
                        b ? ", bias " : "", b ? lks_dtype_name(b->view.dtype) : "");
    *shape = lks_sizes(x);
    shape->sizes[shape->ndim - 1] = w->view.sizes[0];
    *dtype = x->view.dtype;
    return LKS_OK;
}

static lks_status linear_forward(lks_call *call)
{
    const lks_view wt = lks_view_transpose(&call->in[1]->view, 0, 1);
    const lks_tensor *b = call->in[2];
    lks_view x, y;

    if (!lks_view_matrix(&call->in[0]->view, call->in[0]->view.ndim - 1, &x) ||
        !lks_view_matrix(&call->out->view, call->out->view.ndim - 1, &y))
        return lks_fail(LKS_SHAPE, "linear: input %s takes a copy",
                        LKS_TEXT(call->in[0]));
    return call->kernels->gemm(&x, &wt, b ? &b->view : NULL, false, &y);
}

lks_status lks_rows_gradient(lks_backprop *bp, int i, const lks_view *dy)
{
    const lks_shape row = {2, {1, dy->sizes[1]}};
    lks_landing db;
    lks_view out;

    LKS_TRY(lks_land_open(bp, i, false, &db));
    out = lks_view_dense(dy->device, db.view.data, db.view.dtype, &row);
    return lks_land_close(bp, &db, bp->kernels->reduce(LKS_REDUCE_SUM, dy, &out));
}

lks_status lks_gemm_gradient(lks_backprop *bp, int i, const lks_view *a,
                             const lks_view *b)
{
    const lks_shape shape = {2, {a->sizes[0], b->sizes[1]}};
    lks_landing landing;
    lks_view c;

    LKS_TRY(lks_land_open(bp, i, true, &landing));
    c = lks_view_dense(a->device, landing.view.data, landing.view.dtype, &shape);
    return lks_land_close(bp, &landing, bp->kernels->gemm(a, b, NULL, landing.add, &c));
}

/* dw = dyᵀ x, db = sum of dy's rows, dx = dy w. */
static lks_status linear_backward(lks_backprop *bp)
{
    lks_tensor *dense_dy = bp->dy;
    lks_view dy, x;

    if (!lks_view_matrix(&dense_dy->view, dense_dy->view.ndim - 1, &dy)) {
        if (!(dense_dy = lks_contiguous(bp->dy)))
            return LKS_NOMEM;
        lks_view_matrix(&dense_dy->view, dense_dy->view.ndim - 1, &dy);
    }
    if (lks_wants(bp, 1)) {
        const lks_view *saved = lks_saved_view(bp, LKS_IN(0));
        const lks_view dyt = lks_view_transpose(&dy, 0, 1);

        lks_view_matrix(saved, saved->ndim - 1, &x);
        LKS_TRY(lks_gemm_gradient(bp, 1, &dyt, &x));
    }
    if (lks_wants(bp, 2))
        LKS_TRY(lks_rows_gradient(bp, 2, &dy));
    return lks_wants(bp, 0) ? lks_gemm_gradient(bp, 0, &dy, lks_saved_view(bp, LKS_IN(1)))
                            : LKS_OK;
}

const lks_op lks_op_linear = {
    .name = "linear",
    .optional = LKS_IN(2),
    .needs = {LKS_IN(1), LKS_IN(0), 0},
    .infer = linear_infer,
    .forward = linear_forward,
    .backward = linear_backward,
};

lks_tensor *lks_linear(lks_tensor *x, lks_tensor *w, lks_tensor *b)
{
    lks_tensor *in[3] = {x, w, b}, *y;
    lks_view rows;

    if (!x || x->view.ndim == 0 || lks_view_matrix(&x->view, x->view.ndim - 1, &rows))
        return lks_op_apply(&lks_op_linear, in, 3, NULL);
    if (lks_scope_open() != LKS_OK)
        return NULL;
    in[0] = lks_clone(x);
    y = lks_scope_return(lks_op_apply(&lks_op_linear, in, 3, NULL));
    lks_scope_close();
    return y;
}
