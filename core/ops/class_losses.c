/* Losses of classes: cross_entropy, its one node where nothing more is asked for, else
 * expressions around it; nll_loss; multi_margin_loss. */
#include "base/try.h"
#include "ops/loss.h"
#include "ops/op.h"

/* ---- what they share ---- */

/* x (N, C, …) and target (N, …) of int64. */
static lks_status check_shapes(const char *name, const lks_tensor *x,
                               const lks_tensor *target)
{
    bool fits = x->view.ndim >= 2 && target->view.ndim == x->view.ndim - 1;

    for (int i = 0; fits && i < target->view.ndim; i++)
        fits = target->view.sizes[i] == x->view.sizes[i == 0 ? 0 : i + 1];
    if (!fits)
        return lks_fail(LKS_SHAPE,
                        "%s: input %s does not go with target %s: takes "
                        "(N, C, …) and (N, …)",
                        name, LKS_TEXT(x), LKS_TEXT(target));
    if (target->view.dtype != LKS_I64)
        return lks_fail(LKS_DTYPE, "%s: targets are int64 classes, not %s", name,
                        lks_dtype_name(target->view.dtype));
    return LKS_OK;
}

/* weight: (n_classes), or NULL. */
static lks_status check_weight(const char *name, const lks_tensor *x,
                               const lks_tensor *weight, int64_t n_classes)
{
    if (n_classes == 0)
        return lks_fail(LKS_SHAPE, "%s: input %s has no classes", name, LKS_TEXT(x));
    if (!weight)
        return LKS_OK;
    if (weight->view.ndim != 1 || weight->numel != n_classes)
        return lks_fail(LKS_SHAPE,
                        "%s: weight %s does not go with %lld classes: one each", name,
                        LKS_TEXT(weight), (long long)n_classes);
    if (weight->view.dtype != x->view.dtype)
        return lks_fail(LKS_DTYPE, "%s: weight is of %s, input of %s", name,
                        lks_dtype_name(weight->view.dtype),
                        lks_dtype_name(x->view.dtype));
    return LKS_OK;
}

/* A weight may be absent, but not because its own expression failed. */
static bool failed(const lks_tensor *weight)
{
    return !weight && lks_error_status() != LKS_OK;
}

/* x (N, C, d1, …) as (N d1 …, C), dense. */
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

/* target (N, d1, …) as (N d1 …), dense. */
static lks_tensor *in_a_row(lks_tensor *target)
{
    const bool is_row = target->view.ndim == 1;

    target = lks_contiguous(target);
    return is_row ? target : lks_flatten(target, 0, -1);
}

static lks_tensor *scalar_of(const lks_tensor *x, double value)
{
    return lks_full(LKS_SCALAR, value, x->view.dtype, x->storage->device);
}

/* Some class for each of target, its own where that is one. Whoever takes its score
 * refuses another, on a device that tells late as on one that tells at once. */
static lks_tensor *some_class(lks_tensor *target, int64_t n_classes)
{
    const lks_device device = target->storage->device;
    lks_tensor *first = lks_full(LKS_SCALAR, 0, LKS_I64, device);
    lks_tensor *last = lks_full(LKS_SCALAR, (double)n_classes - 1, LKS_I64, device);

    return lks_minimum(lks_maximum(target, first), last);
}

/* What each of target (M) counts: its class's weight, or 1; 0 where it is ignored. */
static lks_tensor *weights_of(const lks_tensor *x, lks_tensor *target, lks_tensor *weight,
                              lks_tensor *is_ignored)
{
    lks_tensor *each;

    if (!weight)
        return lks_to(lks_logical_not(is_ignored), x->view.dtype);
    each = lks_index_select(lks_detach(weight), 0, some_class(target, weight->numel));
    return lks_masked_fill_scalar(each, is_ignored, 0);
}

/* Losses (M) as the caller wants them: of `shape`, or summed, or that over the count. */
static lks_tensor *finish(lks_tensor *rows, lks_reduction reduction, lks_shape shape,
                          lks_tensor *count)
{
    if (!count)
        return NULL;
    if (reduction == LKS_REDUCTION_NONE)
        return lks_reshape(rows, shape);
    rows = lks_sum_all(rows);
    return reduction == LKS_REDUCTION_MEAN ? lks_div(rows, count) : rows;
}

/* ---- cross_entropy ---- */

static lks_status check_options(const lks_tensor *x, bool has_classes,
                                const lks_cross_entropy_options *options)
{
    const double smoothing = options->label_smoothing;

    LKS_TRY(check_weight("cross_entropy", x, options->weight, x->view.sizes[1]));
    if (!(smoothing >= 0 && smoothing <= 1))
        return lks_fail(LKS_INVALID,
                        "cross_entropy: label_smoothing is %g; it must be from 0 to 1",
                        smoothing);
    if (!has_classes && options->ignore_index >= 0)
        return lks_fail(LKS_INVALID,
                        "cross_entropy: ignore_index is of classes; the target has "
                        "probabilities");
    return LKS_OK;
}

/* -sum over the classes of log_p (M, C) times p, which may be NULL, and their weights. */
static lks_tensor *expected(lks_tensor *log_p, lks_tensor *p, lks_tensor *weight)
{
    const int last = -1;

    if (p)
        log_p = lks_mul(log_p, p);
    if (weight)
        log_p = lks_mul(log_p, lks_detach(weight));
    return lks_neg(lks_sum(log_p, &last, 1, false));
}

/* rows, of target's class, and what all classes come to alike, in parts 1 - e and e. */
static lks_tensor *smoothed(lks_tensor *rows, lks_tensor *x, lks_tensor *is_ignored,
                            const lks_cross_entropy_options *options)
{
    const double e = options->label_smoothing;
    lks_tensor *all = expected(lks_log_softmax(x, -1), NULL, options->weight);

    all = lks_masked_fill_scalar(all, is_ignored, 0);
    return lks_add(lks_mul_scalar(rows, 1 - e),
                   lks_mul_scalar(all, e / (double)x->view.sizes[1]));
}

/* x (M, C), target (M) of classes: a loss each, and what they count together. */
static lks_tensor *weighted_rows(lks_tensor *x, lks_tensor *target,
                                 const lks_cross_entropy_options *options,
                                 lks_tensor **count)
{
    lks_tensor *rows, *is_ignored, *weights;

    if (!x || !target)
        return NULL;
    rows = lks_cross_entropy_rows(x, target, LKS_REDUCTION_NONE, options->ignore_index,
                                  NULL);
    is_ignored = lks_eq_scalar(target, (double)options->ignore_index);
    weights = weights_of(x, target, options->weight, is_ignored);
    *count = lks_sum_all(weights);
    if (options->weight)
        rows = lks_mul(rows, weights);
    return options->label_smoothing > 0 ? smoothed(rows, x, is_ignored, options) : rows;
}

/* x (M, C), p (M, C) of probabilities: a loss each, which counts 1. */
static lks_tensor *expected_rows(lks_tensor *x, lks_tensor *p,
                                 const lks_cross_entropy_options *options,
                                 lks_tensor **count)
{
    const double e = options->label_smoothing;

    if (!x || !p)
        return NULL;
    if (e > 0)
        p = lks_add_scalar(lks_mul_scalar(p, 1 - e), e / (double)x->view.sizes[1]);
    if (!p)
        return NULL;
    *count = scalar_of(x, (double)x->view.sizes[0]);
    return expected(lks_log_softmax(x, -1), p, options->weight);
}

/* Classes, in one node. `*count` only if `asked`. */
static lks_tensor *plain(lks_tensor *x, lks_tensor *target,
                         const lks_cross_entropy_options *options, bool asked,
                         lks_tensor **count)
{
    lks_tensor *loss;

    if (asked && !(*count = lks_empty(LKS_SCALAR, x->view.dtype, x->storage->device)))
        return NULL;
    loss = lks_cross_entropy_rows(classes_last(x), in_a_row(target), options->reduction,
                                  options->ignore_index, *count);
    if (options->reduction == LKS_REDUCTION_NONE && target->view.ndim != 1)
        loss = lks_reshape(loss, lks_sizes(target));
    return loss;
}

/* Losses of target's shape but for the classes. */
static lks_shape shape_of_rows(const lks_tensor *target, bool has_classes)
{
    lks_shape shape = lks_sizes(target);

    if (has_classes)
        return shape;
    shape.ndim--;
    for (int i = 1; i < shape.ndim; i++)
        shape.sizes[i] = shape.sizes[i + 1];
    return shape;
}

/* In an open scope, of a batch. */
static lks_tensor *batch_cross_entropy(lks_tensor *x, lks_tensor *target,
                                       const lks_cross_entropy_options *options,
                                       bool asked, lks_tensor **count)
{
    const lks_shape x_shape = lks_sizes(x), target_shape = lks_sizes(target);
    const bool has_classes = !lks_dtype_is_float(target->view.dtype) ||
                             !lks_shape_equal(&x_shape, &target_shape);
    lks_tensor *rows;

    if (has_classes && check_shapes("cross_entropy", x, target) != LKS_OK)
        return NULL;
    if (check_options(x, has_classes, options) != LKS_OK)
        return NULL;
    if (has_classes && !options->weight && options->label_smoothing == 0)
        return plain(x, target, options, asked, count);
    if (has_classes)
        rows = weighted_rows(classes_last(x), in_a_row(target), options, count);
    else
        rows = expected_rows(classes_last(x), classes_last(target), options, count);
    return finish(rows, options->reduction, shape_of_rows(target, has_classes), *count);
}

static lks_cross_entropy_options with_defaults(const lks_cross_entropy_options *options)
{
    lks_cross_entropy_options with = {0};

    if (options)
        with = *options;
    if (with.ignore_index == 0 && !with.has_ignore_index)
        with.ignore_index = LKS_NO_IGNORE_INDEX;
    return with;
}

/* In an open scope. One sample without a batch is a batch of it. */
static lks_tensor *any_cross_entropy(lks_tensor *x, lks_tensor *target,
                                     const lks_cross_entropy_options *options, bool asked,
                                     lks_tensor **count)
{
    const lks_cross_entropy_options with = with_defaults(options);
    const bool is_one = x->view.ndim == 1 && target->view.ndim <= 1;
    lks_tensor *loss;

    if (!is_one && x->view.ndim < 2) {
        check_shapes("cross_entropy", x, target);
        return NULL;
    }
    if (is_one) {
        x = lks_unsqueeze(x, 0);
        target = lks_unsqueeze(target, 0);
    }
    if (!x || !target)
        return NULL;
    loss = batch_cross_entropy(x, target, &with, asked, count);
    if (is_one && with.reduction == LKS_REDUCTION_NONE)
        loss = lks_reshape(loss, LKS_SCALAR);
    return loss;
}

lks_tensor *lks_cross_entropy(lks_tensor *x, lks_tensor *target,
                              const lks_cross_entropy_options *options)
{
    const lks_status before = lks_error_status();
    lks_tensor *loss, *unasked = NULL;

    if (!x || !target || lks_scope_open() != LKS_OK)
        return NULL;
    loss = any_cross_entropy(x, target, options, false, &unasked);
    lks_scope_return(loss);
    lks_scope_close();
    return lks_named("cross_entropy", before, loss);
}

lks_tensor *lks_cross_entropy_counted(lks_tensor *x, lks_tensor *target,
                                      const lks_cross_entropy_options *options,
                                      lks_tensor **n_counted)
{
    const lks_status before = lks_error_status();
    lks_tensor *loss, *count = NULL;

    *n_counted = NULL;
    if (!x || !target || lks_scope_open() != LKS_OK)
        return NULL;
    loss = any_cross_entropy(x, target, options, true, &count);
    lks_scope_return(loss);
    if (loss)
        *n_counted = lks_scope_return(count);
    lks_scope_close();
    return lks_named("cross_entropy", before, loss);
}

/* ---- nll_loss ---- */

/* x (M, C), target (M). */
static lks_tensor *picked_rows(lks_tensor *x, lks_tensor *target, lks_tensor *weight,
                               int64_t ignore_index, lks_tensor **count)
{
    lks_tensor *is_ignored, *weights, *picked;

    if (!x || !target)
        return NULL;
    is_ignored = lks_eq_scalar(target, (double)ignore_index);
    weights = weights_of(x, target, weight, is_ignored);
    *count = lks_sum_all(weights);
    picked =
        lks_gather(x, 1, lks_unsqueeze(lks_masked_fill_scalar(target, is_ignored, 0), 1));
    picked = lks_neg(lks_mul(lks_squeeze(picked, 1), weights));
    return lks_masked_fill_scalar(picked, is_ignored, 0);
}

/* In an open scope. */
static lks_tensor *nll_loss(lks_tensor *x, lks_tensor *target, lks_tensor *weight,
                            int64_t ignore_index, lks_reduction reduction,
                            lks_tensor **count)
{
    const lks_shape shape = lks_sizes(target);
    lks_tensor *rows;

    if (x->view.ndim == 1 && target->view.ndim == 0) {
        x = lks_unsqueeze(x, 0);
        target = lks_unsqueeze(target, 0);
    }
    if (!x || !target || failed(weight) ||
        check_shapes("nll_loss", x, target) != LKS_OK ||
        check_weight("nll_loss", x, weight, x->view.sizes[1]) != LKS_OK)
        return NULL;
    rows = picked_rows(classes_last(x), in_a_row(target), weight, ignore_index, count);
    return finish(rows, reduction, shape, *count);
}

lks_tensor *lks_nll_loss_counted(lks_tensor *x, lks_tensor *target, lks_tensor *weight,
                                 int64_t ignore_index, lks_reduction reduction,
                                 lks_tensor **n_counted)
{
    const lks_status before = lks_error_status();
    lks_tensor *loss, *count = NULL;

    *n_counted = NULL;
    if (!x || !target || lks_scope_open() != LKS_OK)
        return NULL;
    loss = nll_loss(x, target, weight, ignore_index, reduction, &count);
    lks_scope_return(loss);
    if (loss)
        *n_counted = lks_scope_return(count);
    lks_scope_close();
    return lks_named("nll_loss", before, loss);
}

lks_tensor *lks_nll_loss(lks_tensor *x, lks_tensor *target, lks_tensor *weight,
                         int64_t ignore_index, lks_reduction reduction)
{
    const lks_status before = lks_error_status();
    lks_tensor *loss, *unasked = NULL;

    if (!x || !target || lks_scope_open() != LKS_OK)
        return NULL;
    loss = nll_loss(x, target, weight, ignore_index, reduction, &unasked);
    lks_scope_return(loss);
    lks_scope_close();
    return lks_named("nll_loss", before, loss);
}

/* ---- multi_margin_loss ---- */

/* x (N, C), target (N): the sum over the other classes i of
 * weight[target] max(0, margin - x[target] + x[i])^p / C */
static lks_tensor *margin_rows(lks_tensor *x, lks_tensor *target, double p, double margin,
                               lks_tensor *weight)
{
    const int last = -1;
    lks_tensor *column = lks_unsqueeze(target, 1), *z, *is_target;
    lks_tensor *classes;

    if (!x || !column)
        return NULL;
    classes = lks_arange(x->view.sizes[1], LKS_I64, x->storage->device);
    is_target = lks_eq(classes, column);
    z = lks_relu(lks_add_scalar(lks_sub(x, lks_gather(x, 1, column)), margin));
    if (p == 2)
        z = lks_square(z);
    if (weight)
        z = lks_mul(z, lks_unsqueeze(lks_index_select(lks_detach(weight), 0,
                                                      some_class(target, weight->numel)),
                                     1));
    z = lks_sum(lks_masked_fill_scalar(z, is_target, 0), &last, 1, false);
    return lks_mul_scalar(z, 1 / (double)x->view.sizes[1]);
}

static lks_status check_margin(const lks_tensor *x, const lks_tensor *target, double p,
                               const lks_tensor *weight)
{
    const int64_t n = x->view.ndim == 2 ? x->view.sizes[0] : 1;

    if (x->view.ndim > 2 || target->view.ndim > 1 || target->numel != n)
        return lks_fail(LKS_SHAPE,
                        "multi_margin_loss: input %s does not go with target %s: takes "
                        "(N, C) and (N), or (C) and ()",
                        LKS_TEXT(x), LKS_TEXT(target));
    if (target->view.dtype != LKS_I64)
        return lks_fail(LKS_DTYPE, "multi_margin_loss: targets are int64 classes, not %s",
                        lks_dtype_name(target->view.dtype));
    if (p != 1 && p != 2)
        return lks_fail(LKS_INVALID, "multi_margin_loss: p is 1 or 2, not %g", p);
    return check_weight("multi_margin_loss", x, weight,
                        x->view.ndim > 0 ? x->view.sizes[x->view.ndim - 1] : 1);
}

lks_tensor *lks_multi_margin_loss(lks_tensor *x, lks_tensor *target, double p,
                                  double margin, lks_tensor *weight,
                                  lks_reduction reduction)
{
    const lks_status before = lks_error_status();
    lks_tensor *rows, *loss;

    if (!x || !target || failed(weight) || check_margin(x, target, p, weight) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    rows =
        margin_rows(x->view.ndim == 2 ? x : lks_reshape(x, LKS_SHAPE_OF(1, x->numel)),
                    lks_reshape(target, LKS_SHAPE_OF(target->numel)), p, margin, weight);
    loss =
        finish(rows, reduction, lks_sizes(target), scalar_of(x, (double)target->numel));
    lks_scope_return(loss);
    lks_scope_close();
    return lks_named("multi_margin_loss", before, loss);
}
