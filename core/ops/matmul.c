/* Matrix products. */
#include "base/try.h"
#include "ops/op.h"

/* Leading dimensions of a batch of matrices, broadcast. */
static bool batch_shape(const lks_view *a, const lks_view *b, lks_shape *out)
{
    lks_shape a_batch = lks_view_shape(a), b_batch = lks_view_shape(b);

    a_batch.ndim -= 2;
    b_batch.ndim -= 2;
    return lks_shapes_meet(&a_batch, &b_batch, out);
}

static lks_status matmul_infer(const lks_call *call, lks_shape *shape, lks_dtype *dtype)
{
    const lks_view *a = &call->in[0]->view, *b = &call->in[1]->view;

    if (a->dtype != b->dtype)
        return lks_fail(LKS_DTYPE, "matmul: %s does not go with %s",
                        lks_dtype_name(a->dtype), lks_dtype_name(b->dtype));
    if (a->sizes[a->ndim - 1] != b->sizes[b->ndim - 2])
        return lks_fail(LKS_SHAPE, "matmul: %s does not go with %s: %lld against %lld",
                        LKS_TEXT(call->in[0]), LKS_TEXT(call->in[1]),
                        (long long)a->sizes[a->ndim - 1],
                        (long long)b->sizes[b->ndim - 2]);
    if (!batch_shape(a, b, shape))
        return lks_fail(LKS_SHAPE, "matmul: the batches of %s and %s do not broadcast",
                        LKS_TEXT(call->in[0]), LKS_TEXT(call->in[1]));
    *dtype = a->dtype;
    shape->sizes[shape->ndim++] = a->sizes[a->ndim - 2];
    shape->sizes[shape->ndim++] = b->sizes[b->ndim - 1];
    return LKS_OK;
}

/* `matrices` with its batch broadcast to that of `like`. */
static lks_view spread_batch(const lks_view *matrices, const lks_view *like)
{
    lks_shape shape = lks_view_shape(like);

    for (int i = 1; i <= 2; i++)
        shape.sizes[shape.ndim - i] = matrices->sizes[matrices->ndim - i];
    return lks_view_expand(matrices, &shape);
}

static lks_status matmul_forward(lks_call *call)
{
    const lks_view *a = &call->in[0]->view, *b = &call->in[1]->view;
    const lks_view *c = &call->out->view;
    lks_view rows, out_rows, a_batch, b_batch;

    if (call->out->numel == 0)
        return LKS_OK;

    /* One matrix for all of a batch: its rows make one tall matrix. */
    if (b->ndim == 2 && lks_view_matrix(a, a->ndim - 1, &rows) &&
        lks_view_matrix(c, c->ndim - 1, &out_rows))
        return call->kernels->gemm(&rows, b, NULL, false, &out_rows);

    a_batch = spread_batch(a, c);
    b_batch = spread_batch(b, c);
    return call->kernels->gemm(&a_batch, &b_batch, NULL, false, c);
}

/* x y into input i's gradient itself where both are single matrices, or b is and the
 * batch can be laid end to end. */
static lks_status give_product(lks_backprop *bp, int i, lks_tensor *x, lks_tensor *y)
{
    lks_landing landing;

    if (!x || !y)
        return LKS_NOMEM;
    if (x->view.ndim != 2 || y->view.ndim != 2)
        return lks_give(bp, i, lks_sum_to(lks_matmul(x, y), lks_input_shape(bp, i)));
    LKS_TRY(lks_land_open(bp, i, true, &landing));
    return lks_land_close(
        bp, &landing,
        bp->kernels->gemm(&x->view, &y->view, NULL, landing.add, &landing.view));
}

/* da = dy bᵀ, db = aᵀ dy, summed over what was broadcast. */
static lks_status matmul_backward(lks_backprop *bp)
{
    lks_tensor *a = lks_saved_tensor(bp, LKS_IN(0)), *b = lks_saved_tensor(bp, LKS_IN(1));
    lks_tensor *dy = bp->dy;

    if (lks_wants(bp, 0))
        LKS_TRY(give_product(bp, 0, dy, lks_transpose(b, -1, -2)));
    if (!lks_wants(bp, 1))
        return LKS_OK;
    if (lks_input_shape(bp, 1)->ndim == 2 && a && a->view.ndim > 2) {
        a = lks_flatten(a, 0, -2);
        dy = lks_flatten(dy, 0, -2);
    }
    return give_product(bp, 1, lks_transpose(a, -1, -2), dy);
}

const lks_op lks_op_matmul = {
    .name = "matmul",
    .needs = {LKS_IN(1), LKS_IN(0)},
    .infer = matmul_infer,
    .forward = matmul_forward,
    .backward = matmul_backward,
};

/* Vectors become matrices of one row or column, and the result loses it again. */
static lks_tensor *matmul_vectors(lks_tensor *a, lks_tensor *b)
{
    bool a_row = a->view.ndim == 1, b_column = b->view.ndim == 1;
    lks_tensor *in[2] = {a_row ? lks_unsqueeze(a, 0) : a,
                         b_column ? lks_unsqueeze(b, 1) : b};
    lks_tensor *y = lks_op_apply(&lks_op_matmul, in, 2, NULL);

    if (b_column)
        y = lks_squeeze(y, -1);
    return a_row ? lks_squeeze(y, b_column ? -1 : -2) : y;
}

lks_tensor *lks_matmul(lks_tensor *a, lks_tensor *b)
{
    lks_tensor *in[2] = {a, b}, *y;

    if (!a || !b)
        return NULL;
    if (a->view.ndim == 0 || b->view.ndim == 0) {
        lks_fail(LKS_SHAPE, "matmul: %s and %s: a scalar is no matrix", LKS_TEXT(a),
                 LKS_TEXT(b));
        return NULL;
    }
    if (a->view.ndim > 1 && b->view.ndim > 1)
        return lks_op_apply(&lks_op_matmul, in, 2, NULL);
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(matmul_vectors(a, b));
    lks_scope_close();
    return y;
}
