/* Losses of classes. */
#include "ops/loss.h"
#include "ops/op.h"

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
    lks_tensor *rows, *loss;

    if (check_shapes(x, target) != LKS_OK)
        return NULL;
    rows = lks_contiguous(target);
    if (target->view.ndim > 1)
        rows = lks_flatten(rows, 0, -1);
    loss = lks_cross_entropy_rows(classes_last(x), rows, options->reduction,
                                  options->ignore_index, count);
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
