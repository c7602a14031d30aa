/* Products with something added, and what else is written in terms of matmul and mul. */
#include "base/try.h"
#include "ops/op.h"

lks_tensor *lks_outer(lks_tensor *a, lks_tensor *b)
{
    lks_tensor *y;

    if (!a || !b)
        return NULL;
    if (a->view.ndim != 1 || b->view.ndim != 1) {
        lks_fail(LKS_SHAPE, "outer: takes two vectors, not %s and %s", LKS_TEXT(a),
                 LKS_TEXT(b));
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(lks_mul(lks_unsqueeze(a, 1), b));
    lks_scope_close();
    return y;
}

/* x times number, or x itself where that is 1. */
static lks_tensor *times(lks_tensor *x, double number)
{
    return number == 1 ? x : lks_mul_scalar(x, number);
}

/* beta x + alpha y, shaped as y; with beta 0, NaN in x counts for nothing. In an open
 * scope. */
static lks_tensor *add_scaled(const char *name, lks_tensor *x, lks_tensor *y, double beta,
                              double alpha)
{
    lks_shape have, meet, want;

    if (!y)
        return NULL;
    have = lks_sizes(x);
    want = lks_sizes(y);
    if (!lks_shapes_meet(&have, &want, &meet) || !lks_shape_equal(&meet, &want)) {
        lks_fail(LKS_SHAPE, "%s: %s does not broadcast to the product's %s", name,
                 LKS_TEXT(x), LKS_TEXT(y));
        return NULL;
    }
    y = times(y, alpha);
    return beta == 0 ? y : lks_add(times(x, beta), y);
}

/* The product of what has n_a and n_b dimensions, added to x; the sum over a batch if
 * that is asked for. */
static lks_tensor *add_product(const char *name, lks_tensor *x, lks_tensor *a,
                               lks_tensor *b, int n_a, int n_b, bool sum, double beta,
                               double alpha)
{
    lks_tensor *y;

    if (!x || !a || !b)
        return NULL;
    if (a->view.ndim != n_a || b->view.ndim != n_b) {
        lks_fail(LKS_SHAPE, "%s: takes a product of %d and %d dimensions, not %s and %s",
                 name, n_a, n_b, LKS_TEXT(a), LKS_TEXT(b));
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_matmul(a, b);
    if (sum)
        y = lks_sum(y, (const int[]){0}, 1, false);
    y = lks_scope_return(add_scaled(name, x, y, beta, alpha));
    lks_scope_close();
    return y;
}

lks_tensor *lks_addmm(lks_tensor *x, lks_tensor *a, lks_tensor *b, double beta,
                      double alpha)
{
    return add_product("addmm", x, a, b, 2, 2, false, beta, alpha);
}

lks_tensor *lks_addmv(lks_tensor *x, lks_tensor *a, lks_tensor *b, double beta,
                      double alpha)
{
    return add_product("addmv", x, a, b, 2, 1, false, beta, alpha);
}

lks_tensor *lks_addbmm(lks_tensor *x, lks_tensor *a, lks_tensor *b, double beta,
                       double alpha)
{
    return add_product("addbmm", x, a, b, 3, 3, true, beta, alpha);
}

lks_tensor *lks_baddbmm(lks_tensor *x, lks_tensor *a, lks_tensor *b, double beta,
                        double alpha)
{
    return add_product("baddbmm", x, a, b, 3, 3, false, beta, alpha);
}
