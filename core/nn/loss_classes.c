/* Losses whose targets are classes. */
#include "nn/loss_type.h"

#include "base/try.h"
#include "ops/ops.h"

/* The weights of the classes in x's dtype, NULL without. */
static lks_tensor *weight_for(const lks_loss *loss, const lks_tensor *x)
{
    lks_tensor *weight = lks_loss_config_of(loss)->weight;

    return weight ? lks_to(weight, lks_tensor_dtype(x)) : NULL;
}

static lks_tensor *counted(const lks_loss *loss, lks_tensor *sum, lks_tensor *n_counted,
                           lks_loss_count *count)
{
    if (sum)
        *count = lks_loss_counted(loss, 0, n_counted);
    return sum;
}

static lks_status check(const lks_loss *loss, const lks_shape *output,
                        const lks_shape *target)
{
    const lks_tensor *weight = lks_loss_config_of(loss)->weight;
    const int64_t n_classes = output->ndim > 0 ? output->sizes[output->ndim - 1] : 0;
    char got[LKS_SHAPE_TEXT], text[LKS_SHAPE_TEXT];

    if (target->ndim != 0 && output->ndim == 1)
        return lks_fail(LKS_SHAPE,
                        "%s wants one class a sample; the targets have shape %s",
                        loss->name, lks_shape_text(target, text, sizeof text));
    if (target->ndim == 0 && output->ndim != 1)
        return lks_fail(LKS_SHAPE,
                        "%s wants a model that gives (classes), one score a class; this "
                        "one gives %s: end it with flatten and linear",
                        loss->name, lks_shape_text(output, got, sizeof got));
    if (!lks_loss_are_rows(output, target))
        return lks_fail(LKS_SHAPE,
                        "%s wants a model that gives a score a class for each of the "
                        "targets, which have shape %s; this one gives %s",
                        loss->name, lks_shape_text(target, text, sizeof text),
                        lks_shape_text(output, got, sizeof got));
    if (weight && lks_numel(weight) != n_classes)
        return lks_fail(LKS_SHAPE,
                        "%s: weight has %lld number%s, the model gives %lld class%s: it "
                        "takes one for each",
                        loss->name, (long long)lks_numel(weight),
                        lks_numel(weight) == 1 ? "" : "s", (long long)n_classes,
                        n_classes == 1 ? "" : "es");
    return LKS_OK;
}

/* Of classes along a sample every one is a row: (N, T, C) and (N, T) to (N T, C) and
 * (N T). False, with the failure recorded. */
static bool take_rows(lks_tensor **output, lks_tensor **target)
{
    const lks_shape sizes = lks_sizes(*output), targets = lks_sizes(*target);

    if (targets.ndim < 2 || !lks_loss_are_rows(&sizes, &targets))
        return true; /* one a sample, or the operation's to refuse */
    *output = lks_flatten(*output, 0, -2);
    *target = lks_flatten(*target, 0, -1);
    return *output && *target;
}

static lks_tensor *cross_entropy_sum(const lks_loss *loss, lks_tensor *output,
                                     lks_tensor *target, lks_loss_count *count)
{
    const lks_cross_entropy_options options = {
        .reduction = LKS_REDUCTION_SUM,
        .ignore_index = lks_loss_ignored(loss),
        .has_ignore_index = true,
        .weight = weight_for(loss, output),
        .label_smoothing = lks_loss_config_of(loss)->label_smoothing,
    };
    lks_tensor *n_counted, *sum;

    if ((lks_loss_config_of(loss)->weight && !options.weight) ||
        !take_rows(&output, &target))
        return NULL;
    sum = lks_cross_entropy_counted(output, target, &options, &n_counted);
    return counted(loss, sum, n_counted, count);
}

static lks_tensor *nll_sum(const lks_loss *loss, lks_tensor *output, lks_tensor *target,
                           lks_loss_count *count)
{
    lks_tensor *weight = weight_for(loss, output), *n_counted, *sum;

    if ((lks_loss_config_of(loss)->weight && !weight) || !take_rows(&output, &target))
        return NULL;
    sum = lks_nll_loss_counted(output, target, weight, lks_loss_ignored(loss),
                               LKS_REDUCTION_SUM, &n_counted);
    return counted(loss, sum, n_counted, count);
}

#define CLASSES                                                                          \
    .target_dtype = LKS_I64, .counts_correct = true,                                     \
    .ignore_index = LKS_NO_IGNORE_INDEX, .has_ignore_index = true, .check = check

LKS_LOSS_TYPE(cross_entropy, CLASSES, .sum = cross_entropy_sum);
LKS_LOSS_TYPE(nll_loss, CLASSES, .sum = nll_sum);
