/* Norms, variances and logarithms of sums, over dimensions. */
#include <math.h>

#include "ops/op.h"

static bool takes(const char *name, const lks_tensor *x)
{
    if (!x || lks_dtype_is_float(x->view.dtype))
        return x != NULL;
    lks_fail(LKS_DTYPE, "%s: takes floating-point tensors, not %s; lks_to first", name,
             lks_dtype_name(x->view.dtype));
    return false;
}

/* f(x), and 0 without a gradient where x is `hole`, at which f' is nothing. */
static lks_tensor *but_at(lks_tensor *x, double hole,
                          lks_tensor *(*f)(lks_tensor *, double), double p)
{
    lks_tensor *is_hole = lks_eq_scalar(x, hole);

    return lks_masked_fill_scalar(f(lks_masked_fill_scalar(x, is_hole, 1), p), is_hole,
                                  0);
}

static lks_tensor *square_root(lks_tensor *x, double p)
{
    (void)p;
    return lks_sqrt(x);
}

/* x^p of an x above 0. */
static lks_tensor *power(lks_tensor *x, double p)
{
    return lks_exp(lks_mul_scalar(lks_log(x), p));
}

/* ---- variance ---- */

/* In an open scope. */
static lks_tensor *variance(lks_tensor *x, const int *dims, int n, double correction,
                            bool keepdim)
{
    lks_tensor *mean = lks_mean(x, dims, n, true), *sum;
    double divisor;

    if (!mean)
        return NULL;
    divisor = mean->numel > 0 ? (double)(x->numel / mean->numel) - correction : 1;
    sum = lks_sum(lks_square(lks_sub(x, mean)), dims, n, keepdim);
    return lks_div(sum, lks_full(LKS_SCALAR, divisor > 0 ? divisor : 0, x->view.dtype,
                                 x->storage->device));
}

lks_tensor *lks_var(lks_tensor *x, const int *dims, int n, double correction,
                    bool keepdim)
{
    lks_tensor *y;

    if (!takes("var", x) || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(variance(x, dims, n, correction, keepdim));
    lks_scope_close();
    return y;
}

lks_tensor *lks_std(lks_tensor *x, const int *dims, int n, double correction,
                    bool keepdim)
{
    lks_tensor *y;

    if (!takes("std", x) || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(
        but_at(variance(x, dims, n, correction, keepdim), 0, square_root, 0));
    lks_scope_close();
    return y;
}

/* ---- norms ---- */

/* Where a term, or the sum of them, is 0 (for p below 0: infinite) the gradient is 0, as
 * PyTorch chooses. */
static lks_tensor *norm_of(lks_tensor *x, double p, const int *dims, int n, bool keepdim)
{
    lks_tensor *size, *is_zero, *terms;

    if (p == 2)
        return but_at(lks_sum(lks_square(x), dims, n, keepdim), 0, square_root, 0);
    size = lks_abs(x);
    if (p == 1)
        return lks_sum(size, dims, n, keepdim);
    if (isinf(p))
        return (p > 0 ? lks_amax : lks_amin)(size, dims, n, keepdim);
    is_zero = lks_eq_scalar(x, 0);
    if (p == 0) { /* a gradient of zeros, as of any other */
        terms = lks_masked_fill_scalar(size, lks_logical_not(is_zero), 1);
        return lks_sum(lks_masked_fill_scalar(terms, is_zero, 0), dims, n, keepdim);
    }
    terms = lks_masked_fill_scalar(power(lks_masked_fill_scalar(size, is_zero, 1), p),
                                   is_zero, p < 0 ? (double)INFINITY : 0);
    return but_at(lks_sum(terms, dims, n, keepdim), p < 0 ? (double)INFINITY : 0, power,
                  1 / p);
}

lks_tensor *lks_norm(lks_tensor *x, double p, const int *dims, int n, bool keepdim)
{
    lks_tensor *y;

    if (!takes("norm", x) || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(norm_of(x, p, dims, n, keepdim));
    lks_scope_close();
    return y;
}

lks_tensor *lks_normalize(lks_tensor *x, double p, int dim, double eps)
{
    lks_tensor *y;

    if (!takes("normalize", x) || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(lks_div(x, lks_clamp_min(norm_of(x, p, &dim, 1, true), eps)));
    lks_scope_close();
    return y;
}

/* In an open scope; n dims that are not the parts'. */
static lks_tensor *cut_down(lks_tensor *x, double p, const int *dims, int n,
                            double max_norm)
{
    lks_tensor *norm = norm_of(x, p, dims, n, true);
    lks_tensor *factor =
        lks_mul_scalar(lks_reciprocal(lks_add_scalar(norm, 1e-7)), max_norm);

    return lks_mul(x, lks_masked_fill_scalar(
                          factor, lks_logical_not(lks_gt_scalar(norm, max_norm)), 1));
}

lks_tensor *lks_renorm(lks_tensor *x, double p, int dim, double max_norm)
{
    int dims[LKS_MAX_DIMS], n = 0;
    lks_tensor *y;

    if (!takes("renorm", x) ||
        lks_dim_resolve("renorm", x->view.ndim, dim, &dim) != LKS_OK)
        return NULL;
    if (x->view.ndim < 2 || !(p > 0) || !(max_norm >= 0)) {
        lks_fail(x->view.ndim < 2 ? LKS_SHAPE : LKS_INVALID,
                 "renorm: takes two dimensions or more, a p above 0 and a norm of at "
                 "least 0, not %s, %g and %g",
                 LKS_TEXT(x), p, max_norm);
        return NULL;
    }
    for (int i = 0; i < x->view.ndim; i++)
        if (i != dim)
            dims[n++] = i;
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(cut_down(x, p, dims, n, max_norm));
    lks_scope_close();
    return y;
}

/* Sums of sizes along rows or columns, and the largest or smallest of them. */
lks_tensor *lks_matrix_norm(lks_tensor *x, double p, bool keepdim)
{
    const int along = isinf(p) ? -1 : -2;
    lks_tensor *sums, *y;

    if (!takes("matrix_norm", x))
        return NULL;
    if (x->view.ndim < 2 || (fabs(p) != 1 && !isinf(p))) {
        lks_fail(x->view.ndim < 2 ? LKS_SHAPE : LKS_INVALID,
                 "matrix_norm: takes matrices and 1, -1 or an infinity, not %s and %g",
                 LKS_TEXT(x), p);
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    sums = lks_sum(lks_abs(x), &along, 1, true);
    y = (p > 0 ? lks_amax : lks_amin)(sums, (const int[]){-2, -1}, 2, keepdim);
    lks_scope_return(y);
    lks_scope_close();
    return y;
}

/* ---- logsumexp ---- */

/* The largest, by which exponents are moved; 0 where that is infinite. */
static lks_tensor *shift_of(lks_tensor *x, const int *dims, int n)
{
    lks_tensor *largest = lks_amax(lks_detach(x), dims, n, true);

    return lks_masked_fill_scalar(largest,
                                  lks_eq_scalar(lks_abs(largest), (double)INFINITY), 0);
}

lks_tensor *lks_logsumexp(lks_tensor *x, const int *dims, int n, bool keepdim)
{
    lks_tensor *shift, *sum, *y = NULL;

    if (!takes("logsumexp", x) || lks_scope_open() != LKS_OK)
        return NULL;
    shift = x->numel > 0 ? shift_of(x, dims, n)
                         : lks_full(LKS_SCALAR, 0, x->view.dtype, x->storage->device);
    sum = lks_log(lks_sum(lks_exp(lks_sub(x, shift)), dims, n, keepdim));
    if (sum && shift)
        y = x->numel > 0 ? lks_add(sum, lks_reshape(shift, lks_sizes(sum))) : sum;
    lks_scope_return(y);
    lks_scope_close();
    return y;
}
