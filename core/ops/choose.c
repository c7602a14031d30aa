/* Comparisons, and what is chosen by truth values. */
#include <math.h>

#include "base/alloc.h"
#include "base/try.h"
#include "ops/op.h"

/* ---- comparisons ---- */

static lks_status compare_infer(const lks_call *call, lks_shape *shape, lks_dtype *dtype)
{
    const lks_shape a = lks_sizes(call->in[0]), b = lks_sizes(call->in[1]);

    *dtype = LKS_BOOL;
    if (!lks_shapes_meet(&a, &b, shape))
        return lks_fail(LKS_SHAPE, "%s: %s does not broadcast with %s", call->op->name,
                        LKS_TEXT(call->in[0]), LKS_TEXT(call->in[1]));
    return LKS_OK;
}

static lks_status compare_forward(lks_call *call)
{
    const lks_shape shape = lks_sizes(call->out);
    const lks_view a = lks_view_expand(&call->in[0]->view, &shape);
    const lks_view b = lks_view_expand(&call->in[1]->view, &shape);

    return call->kernels->compare((lks_compare)call->op->code, &a, &b, &call->out->view);
}

static lks_tensor *compare(const lks_op *op, lks_tensor *a, lks_tensor *b,
                           lks_dtype dtype)
{
    lks_tensor *in[2], *y;

    if (lks_scope_open() != LKS_OK)
        return NULL;
    in[0] = lks_to(a, dtype);
    in[1] = lks_to(b, dtype);
    y = lks_scope_return(lks_op_apply(op, in, 2, NULL));
    lks_scope_close();
    return y;
}

/* Integers and a number meet where both keep their values. */
static lks_tensor *compare_number(const lks_op *op, lks_tensor *x, double number)
{
    const bool is_whole = number >= -0x1p63 && number < 0x1p63 && number == floor(number);
    lks_dtype dtype;
    lks_tensor *y;

    if (!x || lks_scope_open() != LKS_OK)
        return NULL;
    dtype = lks_dtype_is_float(x->view.dtype) ? x->view.dtype
            : is_whole                        ? LKS_I64
                                              : LKS_F64;
    y = compare(op, x, lks_full(LKS_SCALAR, number, dtype, x->storage->device), dtype);
    lks_scope_return(y);
    lks_scope_close();
    return y;
}

#define COMPARE(op_name, operator_)                                                      \
    const lks_op lks_op_##op_name = {                                                    \
        .name = #op_name,                                                                \
        .code = LKS_COMPARE_##op_name,                                                   \
        .infer = compare_infer,                                                          \
        .forward = compare_forward,                                                      \
    };                                                                                   \
    lks_tensor *lks_##op_name(lks_tensor *a, lks_tensor *b)                              \
    {                                                                                    \
        return a && b ? compare(&lks_op_##op_name, a, b, lks_result_dtype(a, b)) : NULL; \
    }                                                                                    \
    lks_tensor *lks_##op_name##_scalar(lks_tensor *a, double b)                          \
    {                                                                                    \
        return compare_number(&lks_op_##op_name, a, b);                                  \
    }
LKS_COMPARE_LIST(COMPARE)

/* ---- truth ---- */

static lks_tensor *truths(lks_tensor *(*f)(lks_tensor *, lks_tensor *), lks_tensor *a,
                          lks_tensor *b)
{
    lks_tensor *y;

    if (!a || !b || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(f(lks_to(a, LKS_BOOL), lks_to(b, LKS_BOOL)));
    lks_scope_close();
    return y;
}

lks_tensor *lks_logical_and(lks_tensor *a, lks_tensor *b)
{
    return truths(lks_mul, a, b);
}

lks_tensor *lks_logical_or(lks_tensor *a, lks_tensor *b)
{
    return truths(lks_add, a, b);
}

lks_tensor *lks_logical_not(lks_tensor *x)
{
    return lks_eq_scalar(x, 0);
}

/* ---- where ---- */

static lks_status where_infer(const lks_call *call, lks_shape *shape, lks_dtype *dtype)
{
    const lks_tensor *condition = call->in[0], *a = call->in[1], *b = call->in[2];
    const lks_shape condition_shape = lks_sizes(condition);
    const lks_shape a_shape = lks_sizes(a), b_shape = lks_sizes(b);
    lks_shape both;

    if (condition->view.dtype != LKS_BOOL)
        return lks_fail(LKS_DTYPE, "where: takes a condition of bool, not %s",
                        lks_dtype_name(condition->view.dtype));
    *dtype = a->view.dtype;
    if (!lks_shapes_meet(&a_shape, &b_shape, &both) ||
        !lks_shapes_meet(&condition_shape, &both, shape))
        return lks_fail(LKS_SHAPE, "where: %s, %s and %s do not broadcast",
                        LKS_TEXT(condition), LKS_TEXT(a), LKS_TEXT(b));
    return LKS_OK;
}

static lks_status where_forward(lks_call *call)
{
    const lks_shape shape = lks_sizes(call->out);
    lks_view in[3];

    for (int i = 0; i < 3; i++)
        in[i] = lks_view_expand(&call->in[i]->view, &shape);
    return call->kernels->where(&in[0], &in[1], &in[2], &call->out->view);
}

/* The cotangent where the input was taken. */
static lks_status where_backward(lks_backprop *bp)
{
    lks_tensor *zero =
        lks_full(LKS_SCALAR, 0, bp->dy->view.dtype, bp->dy->storage->device);

    for (int i = 1; i <= 2; i++) {
        lks_tensor *condition;

        if (!lks_wants(bp, i))
            continue;
        condition = lks_saved_tensor(bp, LKS_IN(0));
        LKS_TRY(lks_give(bp, i,
                         lks_sum_to(lks_where(condition, i == 1 ? bp->dy : zero,
                                              i == 1 ? zero : bp->dy),
                                    lks_input_shape(bp, i))));
    }
    return LKS_OK;
}

const lks_op lks_op_where = {
    .name = "where",
    .needs = {0, LKS_IN(0), LKS_IN(0)},
    .infer = where_infer,
    .forward = where_forward,
    .backward = where_backward,
};

lks_tensor *lks_where(lks_tensor *condition, lks_tensor *a, lks_tensor *b)
{
    lks_tensor *in[3] = {condition, a, b}, *y;
    lks_dtype dtype;

    if (!condition || !a || !b)
        return NULL;
    dtype = lks_result_dtype(a, b);
    if (a->view.dtype == dtype && b->view.dtype == dtype)
        return lks_op_apply(&lks_op_where, in, 3, NULL);
    if (lks_scope_open() != LKS_OK)
        return NULL;
    in[1] = lks_to(a, dtype);
    in[2] = lks_to(b, dtype);
    y = lks_scope_return(lks_op_apply(&lks_op_where, in, 3, NULL));
    lks_scope_close();
    return y;
}

/* ---- masks ---- */

lks_tensor *lks_masked_fill(lks_tensor *x, lks_tensor *mask, lks_tensor *value)
{
    lks_tensor *y;

    if (!x || !mask || !value)
        return NULL;
    if (value->view.ndim != 0) {
        lks_fail(LKS_SHAPE, "masked_fill: takes a value without dimensions, not %s",
                 LKS_TEXT(value));
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(lks_where(mask, lks_to(value, x->view.dtype), x));
    lks_scope_close();
    return y;
}

lks_tensor *lks_masked_fill_scalar(lks_tensor *x, lks_tensor *mask, double value)
{
    lks_tensor *y;

    if (!x || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(lks_masked_fill(
        x, mask, lks_full(LKS_SCALAR, value, x->view.dtype, x->storage->device)));
    lks_scope_close();
    return y;
}

/* Which of the mask's elements, row-major, are true. */
static lks_tensor *places_of(const lks_tensor *mask)
{
    const size_t n = (size_t)mask->numel;
    unsigned char *held = lks_malloc(n + 1);
    int64_t *places = NULL;
    lks_tensor *index = NULL;
    size_t n_held = 0;

    if (!held || lks_to_host(mask, held) != LKS_OK)
        goto cleanup;
    for (size_t i = 0; i < n; i++)
        n_held += held[i];
    if (!(places = lks_malloc((n_held + 1) * sizeof *places)))
        goto cleanup;
    n_held = 0;
    for (size_t i = 0; i < n; i++)
        if (held[i])
            places[n_held++] = (int64_t)i;
    index = lks_from_data(LKS_SHAPE_OF((int64_t)n_held), LKS_I64, places,
                          mask->storage->device);
cleanup:
    lks_free(places);
    lks_free(held);
    return index;
}

static lks_status check_mask(const lks_tensor *x, const lks_tensor *mask,
                             lks_shape *shape)
{
    const lks_shape x_shape = lks_sizes(x), mask_shape = lks_sizes(mask);

    if (mask->view.dtype != LKS_BOOL)
        return lks_fail(LKS_DTYPE, "masked_select: takes a mask of bool, not %s",
                        lks_dtype_name(mask->view.dtype));
    if (!lks_shapes_meet(&x_shape, &mask_shape, shape))
        return lks_fail(LKS_SHAPE, "masked_select: %s does not broadcast with %s",
                        LKS_TEXT(x), LKS_TEXT(mask));
    return LKS_OK;
}

lks_tensor *lks_masked_select(lks_tensor *x, lks_tensor *mask)
{
    lks_tensor *y = NULL;
    lks_shape shape;

    if (!x || !mask || check_mask(x, mask, &shape) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    x = lks_flatten(lks_expand(x, shape), 0, -1);
    mask = lks_expand(mask, shape);
    if (x && mask)
        y = lks_scope_return(lks_gather(x, 0, places_of(mask)));
    lks_scope_close();
    return y;
}

/* ---- triangles and diagonals ---- */

/* Column less row of each place of a matrix. */
static lks_tensor *offsets(int64_t n_rows, int64_t n_columns, lks_device device)
{
    return lks_sub(lks_arange(n_columns, LKS_I64, device),
                   lks_unsqueeze(lks_arange(n_rows, LKS_I64, device), 1));
}

static lks_tensor *triangle(const char *name, lks_tensor *(*keeps)(lks_tensor *, double),
                            lks_tensor *x, int64_t diagonal)
{
    lks_tensor *kept, *y;

    if (!x)
        return NULL;
    if (x->view.ndim < 2) {
        lks_fail(LKS_SHAPE, "%s: takes at least two dimensions, not %s", name,
                 LKS_TEXT(x));
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    kept = keeps(offsets(lks_size(x, -2), lks_size(x, -1), x->storage->device),
                 (double)diagonal);
    y = lks_scope_return(
        lks_where(kept, x, lks_full(LKS_SCALAR, 0, x->view.dtype, x->storage->device)));
    lks_scope_close();
    return y;
}

lks_tensor *lks_tril(lks_tensor *x, int64_t diagonal)
{
    return triangle("tril", lks_le_scalar, x, diagonal);
}

lks_tensor *lks_triu(lks_tensor *x, int64_t diagonal)
{
    return triangle("triu", lks_ge_scalar, x, diagonal);
}

/* A vector (n) as the diagonal of a matrix (m, m): in memory its elements are m + 1
 * apart. */
static lks_tensor *matrix_of(lks_tensor *x, int64_t offset)
{
    const int64_t n = lks_size(x, 0), m = n + (offset < 0 ? -offset : offset);
    const int64_t before = offset < 0 ? -offset * m : offset;
    const int64_t gaps[2] = {0, m};
    const int64_t ends[2] = {before, m * m - before - n * (m + 1)};

    if (m > INT32_MAX) {
        lks_fail(LKS_SHAPE, "diag: a matrix of %lld rows is too large", (long long)m);
        return NULL;
    }
    x = lks_flatten(lks_pad(lks_unsqueeze(x, 1), gaps, 2, LKS_PAD_CONSTANT, 0), 0, -1);
    return lks_reshape(lks_pad(x, ends, 2, LKS_PAD_CONSTANT, 0), LKS_SHAPE_OF(m, m));
}

lks_tensor *lks_diag(lks_tensor *x, int64_t diagonal)
{
    lks_tensor *y;

    if (!x)
        return NULL;
    if (x->view.ndim != 1 && x->view.ndim != 2) {
        lks_fail(LKS_SHAPE, "diag: takes one or two dimensions, not %s", LKS_TEXT(x));
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = x->view.ndim == 1 ? matrix_of(x, diagonal)
                          : lks_clone(lks_diagonal(x, diagonal, 0, 1));
    lks_scope_return(y);
    lks_scope_close();
    return y;
}
