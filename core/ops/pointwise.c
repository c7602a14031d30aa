/* Pointwise operations. The families come from pointwise.def: the formula there, a
 * prototype in ops.h and test cases make a new one. */
#include <math.h>

#include "base/try.h"
#include "ops/op.h"
#include "ops/pointwise_needs.h"

static lks_status unary_forward(lks_call *call)
{
    return call->kernels->unary((lks_unary)call->op->code, call->params,
                                &call->in[0]->view, &call->out->view);
}

static lks_status unary_backward(lks_backprop *bp)
{
    const lks_view *x = lks_saved_view(bp, LKS_IN(0)), *y = lks_saved_view(bp, LKS_OUT);
    const lks_view *dy = &bp->dy->view;
    const double *numbers = bp->node->op->params_size ? bp->params : NULL;
    lks_landing dx;

    LKS_TRY(lks_land_open(bp, 0, false, &dx));
    /* What the formula does not name was not saved: anything readable stands in. */
    return lks_land_close(bp, &dx,
                          bp->kernels->unary_backward((lks_unary)bp->node->op->code,
                                                      numbers, x ? x : dy, y ? y : dy, dy,
                                                      &dx.view));
}

/* In what dtype the function is taken. A boolean's square is a number, as in PyTorch. */
static lks_dtype unary_dtype(const lks_op *op, lks_dtype dtype)
{
    static const bool floats_only[LKS_N_UNARY] = {
#define LKS_UNARY(name, fy, fdx) [LKS_UNARY_##name] = name##_floats_only,
#include "pointwise.def"
    };

    if (floats_only[op->code] && !lks_dtype_is_float(dtype))
        return LKS_F32;
    return dtype == LKS_BOOL && op->code == LKS_UNARY_square ? LKS_I64 : dtype;
}

/* Functions of floats that PyTorch also has of integers, beside numbers: in an open
 * scope. */

static lks_tensor *clamp_integers(lks_tensor *x, const double *numbers)
{
    x = lks_maximum(x, x ? lks_beside(x, numbers[0]) : NULL);
    return lks_minimum(x, x ? lks_beside(x, numbers[1]) : NULL);
}

static lks_tensor *clamp_min_integers(lks_tensor *x, const double *numbers)
{
    return lks_maximum(x, lks_beside(x, numbers[0]));
}

static lks_tensor *clamp_max_integers(lks_tensor *x, const double *numbers)
{
    return lks_minimum(x, lks_beside(x, numbers[0]));
}

static lks_tensor *power_of_integers(lks_tensor *x, const double *numbers)
{
    lks_tensor *exponent = lks_beside(x, numbers[0]);

    if (exponent && exponent->view.dtype != LKS_F32 && numbers[0] < 0) {
        lks_fail(LKS_INVALID,
                 "pow_scalar: integers have no integer powers below 0, such as %g; "
                 "lks_to a float first",
                 numbers[0]);
        return NULL;
    }
    return lks_pow(x, exponent);
}

/* Here PyTorch cuts numbers off, for the result to stay of x's dtype, and takes no
 * booleans. */

static bool refuses(const char *name, const lks_tensor *x)
{
    if (x->view.dtype == LKS_BOOL)
        lks_fail(LKS_DTYPE, "%s: takes numbers, not booleans; lks_to first", name);
    return x->view.dtype == LKS_BOOL;
}

static lks_tensor *hardtanh_integers(lks_tensor *x, const double *numbers)
{
    const double whole[] = {trunc(numbers[0]), trunc(numbers[1])};

    return refuses("hardtanh", x) ? NULL : clamp_integers(x, whole);
}

static lks_tensor *relu6_integers(lks_tensor *x, const double *numbers)
{
    (void)numbers;
    return refuses("relu6", x) ? NULL : clamp_integers(x, (const double[]){0, 6});
}

static lks_tensor *threshold_integers(lks_tensor *x, const double *numbers)
{
    if (refuses("threshold", x))
        return NULL;
    return lks_where(lks_gt_scalar(x, trunc(numbers[0])), x,
                     lks_beside(x, trunc(numbers[1])));
}

static lks_tensor *(*const of_integers[LKS_N_UNARY])(lks_tensor *, const double *) = {
    [LKS_UNARY_clamp] = clamp_integers,
    [LKS_UNARY_clamp_min] = clamp_min_integers,
    [LKS_UNARY_clamp_max] = clamp_max_integers,
    [LKS_UNARY_pow_scalar] = power_of_integers,
    [LKS_UNARY_hardtanh] = hardtanh_integers,
    [LKS_UNARY_relu6] = relu6_integers,
    [LKS_UNARY_threshold] = threshold_integers,
};

lks_tensor *lks_apply_unary(const lks_op *op, lks_tensor *x, const double *numbers)
{
    lks_tensor *y;
    lks_dtype dtype;

    if (!x)
        return NULL;
    dtype = unary_dtype(op, x->view.dtype);
    if (dtype == x->view.dtype)
        return lks_op_apply(op, &x, 1, numbers);
    if (lks_scope_open() != LKS_OK)
        return NULL;
    if (of_integers[op->code]) {
        y = of_integers[op->code](x, numbers);
    } else {
        x = lks_to(x, dtype);
        y = lks_op_apply(op, &x, 1, numbers);
    }
    lks_scope_return(y);
    lks_scope_close();
    return y;
}

#define UNARY_OP(op_name, n_numbers)                                                     \
    const lks_op lks_op_##op_name = {                                                    \
        .name = #op_name,                                                                \
        .code = LKS_UNARY_##op_name,                                                     \
        .params_size = (n_numbers) ? LKS_UNARY_NUMBERS * sizeof(double) : 0,             \
        .needs = {op_name##_needs},                                                      \
        .infer = lks_infer_same,                                                         \
        .forward = unary_forward,                                                        \
        .backward = unary_backward,                                                      \
    };
#define LKS_UNARY(op_name, fy, fdx)                                                      \
    UNARY_OP(op_name, 0)                                                                 \
    lks_tensor *lks_##op_name(lks_tensor *x)                                             \
    {                                                                                    \
        return lks_apply_unary(&lks_op_##op_name, x, NULL);                              \
    }                                                                                    \
    lks_tensor *lks_##op_name##_(lks_tensor *x)                                          \
    {                                                                                    \
        return lks_apply_unary_(&lks_op_##op_name, x, NULL);                             \
    }
#define LKS_UNARY_P(op_name, fy, fdx)                                                    \
    UNARY_OP(op_name, 1)                                                                 \
    lks_tensor *lks_##op_name(lks_tensor *x, double p)                                   \
    {                                                                                    \
        return lks_apply_unary(&lks_op_##op_name, x, (const double[]){p, 0});            \
    }                                                                                    \
    lks_tensor *lks_##op_name##_(lks_tensor *x, double p)                                \
    {                                                                                    \
        return lks_apply_unary_(&lks_op_##op_name, x, (const double[]){p, 0});           \
    }
#define LKS_UNARY_PQ(op_name, fy, fdx)                                                   \
    UNARY_OP(op_name, 2)                                                                 \
    lks_tensor *lks_##op_name(lks_tensor *x, double p, double q)                         \
    {                                                                                    \
        return lks_apply_unary(&lks_op_##op_name, x, (const double[]){p, q});            \
    }                                                                                    \
    lks_tensor *lks_##op_name##_(lks_tensor *x, double p, double q)                      \
    {                                                                                    \
        return lks_apply_unary_(&lks_op_##op_name, x, (const double[]){p, q});           \
    }
#include "pointwise.def"

/* Binary: operands of one dtype, broadcast. */

static lks_status binary_infer(const lks_call *call, lks_shape *shape, lks_dtype *dtype)
{
    const lks_tensor *a = call->in[0], *b = call->in[1];
    lks_shape a_shape, b_shape;

    *dtype = a->view.dtype;
    if (lks_views_alike(&a->view, &b->view)) {
        *shape = lks_view_shape(&a->view);
        return LKS_OK;
    }
    a_shape = lks_view_shape(&a->view);
    b_shape = lks_view_shape(&b->view);
    if (!lks_shapes_meet(&a_shape, &b_shape, shape))
        return lks_fail(LKS_SHAPE, "%s: %s does not broadcast with %s", call->op->name,
                        LKS_TEXT(a), LKS_TEXT(b));
    return LKS_OK;
}

static lks_status binary_forward(lks_call *call)
{
    const lks_view *out = &call->out->view, *in[2];
    lks_view expanded[2];

    for (int i = 0; i < 2; i++) {
        in[i] = &call->in[i]->view;
        if (!lks_views_alike(in[i], out)) {
            const lks_shape shape = lks_view_shape(out);

            expanded[i] = lks_view_expand(in[i], &shape);
            in[i] = &expanded[i];
        }
    }
    return call->kernels->binary((lks_binary)call->op->code, in[0], in[1], out);
}

/* Which formulas of da and db are plain dy. */
static const bool is_dy[LKS_N_BINARY][2] = {
#define LKS_BINARY(name, fy, fda, fdb)                                                   \
    [LKS_BINARY_##                                                                       \
        name] = {__builtin_strcmp(#fda, "dy") == 0, __builtin_strcmp(#fdb, "dy") == 0},
#include "pointwise.def"
};

/* Those of the wanted gradients that take a kernel, each of dy's shape: NULL where the
 * cotangent itself is the gradient. */
static lks_status run_binary_backward(lks_backprop *bp, lks_tensor *const *grads)
{
    const lks_view *saved[3] = {lks_saved_view(bp, LKS_IN(0)),
                                lks_saved_view(bp, LKS_IN(1)),
                                lks_saved_view(bp, LKS_OUT)};
    const lks_shape shape = lks_view_shape(&bp->dy->view);
    lks_view views[3];

    for (int i = 0; i < 3; i++)
        views[i] = saved[i] ? lks_view_expand(saved[i], &shape) : bp->dy->view;
    return bp->kernels->binary_backward(
        (lks_binary)bp->node->op->code, &views[0], &views[1], &views[2], &bp->dy->view,
        grads[0] ? &grads[0]->view : NULL, grads[1] ? &grads[1]->view : NULL);
}

static lks_status binary_backward(lks_backprop *bp)
{
    const bool *passes = is_dy[bp->node->op->code];
    lks_tensor *grads[2] = {NULL, NULL};

    for (int i = 0; i < 2; i++)
        if (!passes[i] && lks_wants(bp, i) && !(grads[i] = lks_empty_like(bp->dy)))
            return LKS_NOMEM;
    if (grads[0] || grads[1])
        LKS_TRY(run_binary_backward(bp, grads));
    for (int i = 0; i < 2; i++)
        if (lks_wants(bp, i))
            LKS_TRY(lks_give(
                bp, i, lks_sum_to(grads[i] ? grads[i] : bp->dy, lks_input_shape(bp, i))));
    return LKS_OK;
}

lks_dtype lks_result_dtype(const lks_tensor *a, const lks_tensor *b)
{
    const lks_dtype a_dtype = a->view.dtype, b_dtype = b->view.dtype;
    int a_kind = lks_dtype_kind(a_dtype), b_kind = lks_dtype_kind(b_dtype);

    if (a->view.ndim > 0 && b->view.ndim == 0)
        return b_kind > a_kind ? b_dtype : a_dtype;
    if (a->view.ndim == 0 && b->view.ndim > 0)
        return a_kind > b_kind ? a_dtype : b_dtype;
    return lks_dtype_promote(a_dtype, b_dtype);
}

/* Functions that have no integer values: integers become f32 first, as in PyTorch. */
static const bool is_of_floats[LKS_N_BINARY] = {
    [LKS_BINARY_div] = true, [LKS_BINARY_xlogy] = true, [LKS_BINARY_bce] = true};

lks_dtype lks_binary_dtype(const lks_op *op, const lks_tensor *a, const lks_tensor *b)
{
    lks_dtype dtype = lks_result_dtype(a, b);

    if (is_of_floats[op->code] && !lks_dtype_is_float(dtype))
        return LKS_F32;
    return dtype;
}

lks_status lks_check_binary(const lks_op *op, const lks_tensor *a, const lks_tensor *b)
{
    if (op->code == LKS_BINARY_sub &&
        (a->view.dtype == LKS_BOOL || b->view.dtype == LKS_BOOL))
        return lks_fail(LKS_DTYPE, "sub: booleans have no difference; lks_to first");
    return LKS_OK;
}

/* Operands cast to where they meet. Sums and products of booleans are taken in u8: true
 * is what is not zero. */
static lks_tensor *binary_cast(const lks_op *op, lks_tensor *a, lks_tensor *b)
{
    lks_dtype dtype = lks_binary_dtype(op, a, b);
    lks_dtype compute = dtype == LKS_BOOL ? LKS_U8 : dtype;

    if (lks_check_binary(op, a, b) != LKS_OK)
        return NULL;
    lks_tensor *in[2] = {lks_to(a, compute), lks_to(b, compute)};
    return lks_to(lks_op_apply(op, in, 2, NULL), dtype);
}

lks_tensor *lks_apply_binary(const lks_op *op, lks_tensor *a, lks_tensor *b)
{
    lks_tensor *in[2] = {a, b}, *y;

    if (!a || !b)
        return NULL;
    if (a->view.dtype == b->view.dtype && lks_binary_dtype(op, a, b) == a->view.dtype &&
        a->view.dtype != LKS_BOOL)
        return lks_op_apply(op, in, 2, NULL);
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(binary_cast(op, a, b));
    lks_scope_close();
    return y;
}

#define LKS_BINARY(op_name, fy, fda, fdb)                                                \
    const lks_op lks_op_##op_name = {                                                    \
        .name = #op_name,                                                                \
        .code = LKS_BINARY_##op_name,                                                    \
        .needs = {op_name##_da_needs, op_name##_db_needs},                               \
        .infer = binary_infer,                                                           \
        .forward = binary_forward,                                                       \
        .backward = binary_backward,                                                     \
    };                                                                                   \
    lks_tensor *lks_##op_name(lks_tensor *a, lks_tensor *b)                              \
    {                                                                                    \
        return lks_apply_binary(&lks_op_##op_name, a, b);                                \
    }                                                                                    \
    lks_tensor *lks_##op_name##_(lks_tensor *a, lks_tensor *b)                           \
    {                                                                                    \
        return lks_apply_binary_(&lks_op_##op_name, a, b);                               \
    }
#include "pointwise.def"

/* Whether an i64 holds the number; so no infinity and no NaN. */
static bool is_whole(double number)
{
    return number >= -0x1p63 && number < 0x1p63 && number == floor(number);
}

/* As PyTorch, an integer tensor stays so beside a whole number, which wraps around as the
 * tensor's elements do. */
lks_tensor *lks_beside(const lks_tensor *x, double number)
{
    const lks_dtype dtype = x->view.dtype;
    const lks_device device = x->storage->device;

    if (lks_dtype_is_float(dtype))
        return lks_full(LKS_SCALAR, number, dtype, device);
    if (!is_whole(number))
        return lks_full(LKS_SCALAR, number, LKS_F32, device);
    return lks_to(lks_full(LKS_SCALAR, number, LKS_I64, device),
                  dtype == LKS_BOOL ? LKS_I64 : dtype);
}

/* With a number: lks_add_scalar and its like. */

typedef lks_tensor *(*apply_fn)(const lks_op *op, lks_tensor *a, lks_tensor *b);

static lks_tensor *with_number(apply_fn apply, const lks_op *op, lks_tensor *x,
                               double number)
{
    lks_tensor *y;

    if (!x || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(apply(op, x, lks_beside(x, number)));
    lks_scope_close();
    return y;
}

#define WITH_NUMBER(op_name)                                                             \
    lks_tensor *lks_##op_name##_scalar(lks_tensor *x, double number)                     \
    {                                                                                    \
        return with_number(lks_apply_binary, &lks_op_##op_name, x, number);              \
    }                                                                                    \
    lks_tensor *lks_##op_name##_scalar_(lks_tensor *x, double number)                    \
    {                                                                                    \
        return with_number(lks_apply_binary_, &lks_op_##op_name, x, number);             \
    }
WITH_NUMBER(add)
WITH_NUMBER(sub)
WITH_NUMBER(mul)
WITH_NUMBER(div)
