/* Pointwise operations that are written in terms of others. */
#include "base/try.h"
#include "ops/op.h"

/* The slopes as what broadcasts along x's channels. */
static lks_tensor *slopes_of(const lks_tensor *x, lks_tensor *slope)
{
    lks_shape shape = {.ndim = x->view.ndim > 1 ? x->view.ndim - 1 : 1};

    if (slope->view.ndim > 1 ||
        (slope->numel != 1 && (x->view.ndim < 2 || slope->numel != x->view.sizes[1]))) {
        lks_fail(LKS_SHAPE,
                 "prelu: input %s does not go with slopes %s: takes (N, C, …) "
                 "and (C) or (1)",
                 LKS_TEXT(x), LKS_TEXT(slope));
        return NULL;
    }
    if (slope->numel == 1)
        return lks_reshape(slope, LKS_SCALAR);
    shape.sizes[0] = slope->numel;
    for (int i = 1; i < shape.ndim; i++)
        shape.sizes[i] = 1;
    return lks_reshape(slope, shape);
}

lks_tensor *lks_prelu(lks_tensor *x, lks_tensor *slope)
{
    lks_tensor *y;

    if (!x || !slope || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(lks_leaky(x, slopes_of(x, slope)));
    lks_scope_close();
    return y;
}

lks_tensor *lks_lerp(lks_tensor *a, lks_tensor *b, lks_tensor *weight)
{
    lks_tensor *y;

    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(lks_add(a, lks_mul(lks_sub(b, a), weight)));
    lks_scope_close();
    return y;
}

lks_tensor *lks_lerp_scalar(lks_tensor *a, lks_tensor *b, double weight)
{
    lks_tensor *y;

    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(lks_add(a, lks_mul_scalar(lks_sub(b, a), weight)));
    lks_scope_close();
    return y;
}

lks_tensor *lks_addcmul(lks_tensor *x, lks_tensor *a, lks_tensor *b, double value)
{
    lks_tensor *y;

    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(lks_add(x, lks_mul_scalar(lks_mul(a, b), value)));
    lks_scope_close();
    return y;
}

lks_tensor *lks_addcdiv(lks_tensor *x, lks_tensor *a, lks_tensor *b, double value)
{
    lks_tensor *y;

    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(lks_add(x, lks_mul_scalar(lks_div(a, b), value)));
    lks_scope_close();
    return y;
}

/* In an open scope. */
static lks_tensor *halves_times(lks_tensor *x, int dim)
{
    int64_t half;

    if (dim < -x->view.ndim || dim >= x->view.ndim) {
        lks_fail(LKS_SHAPE, "glu: %s has no dimension %d", LKS_TEXT(x), dim);
        return NULL;
    }
    half = lks_size(x, dim) / 2;
    if (lks_size(x, dim) != 2 * half) {
        lks_fail(LKS_SHAPE, "glu: dimension %d of %s has no halves", dim, LKS_TEXT(x));
        return NULL;
    }
    return lks_mul(lks_narrow(x, dim, 0, half),
                   lks_sigmoid(lks_narrow(x, dim, half, half)));
}

lks_tensor *lks_glu(lks_tensor *x, int dim)
{
    lks_tensor *y;

    if (!x || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(halves_times(x, dim));
    lks_scope_close();
    return y;
}
