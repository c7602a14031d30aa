#include "nn/loss.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "ops/ops.h"
#include "tensor/scope.h"

static lks_tensor *cross_entropy_sum(const lks_loss *loss, lks_tensor *output,
                                     lks_tensor *target, lks_loss_count *count)
{
    const lks_cross_entropy_options options = {.reduction = LKS_REDUCTION_SUM,
                                               .ignore_index = loss->ignore_index};
    lks_tensor *n_counted, *sum;

    sum = lks_cross_entropy_counted(output, target, &options, &n_counted);
    if (sum)
        *count = (lks_loss_count){.tensor = n_counted};
    return sum;
}

static lks_status cross_entropy_check(const lks_shape *output, const lks_shape *target)
{
    char got[LKS_SHAPE_TEXT], text[LKS_SHAPE_TEXT];

    if (target->ndim != 0)
        return lks_fail(LKS_SHAPE,
                        "cross_entropy wants one class a sample; the targets have "
                        "shape %s",
                        lks_shape_text(target, text, sizeof text));
    if (output->ndim != 1)
        return lks_fail(LKS_SHAPE,
                        "cross_entropy wants a model that gives (classes), one score a "
                        "class; this one gives %s: end it with flatten and linear",
                        lks_shape_text(output, got, sizeof got));
    return LKS_OK;
}

static int64_t numel(const lks_shape *shape)
{
    int64_t n = 0;

    lks_shape_numel(shape, &n);
    return n;
}

/* PyTorch would broadcast (N, 1) against (N) to (N, N) and warn; here a sample's single
 * number is that number in either shape. */
static lks_tensor *mse_sum(const lks_loss *loss, lks_tensor *output, lks_tensor *target,
                           lks_loss_count *count)
{
    (void)loss;
    *count = (lks_loss_count){.known = (double)lks_numel(output)};
    return lks_mse_loss(output, lks_reshape(target, lks_sizes(output)),
                        LKS_REDUCTION_SUM);
}

static lks_status mse_check(const lks_shape *output, const lks_shape *target)
{
    char got[LKS_SHAPE_TEXT], want[LKS_SHAPE_TEXT];

    if (lks_shape_equal(output, target) || (numel(output) == 1 && numel(target) == 1))
        return LKS_OK;
    return lks_fail(LKS_SHAPE,
                    "mse_loss wants a model that gives %s, as the targets; "
                    "this one gives %s",
                    lks_shape_text(target, want, sizeof want),
                    lks_shape_text(output, got, sizeof got));
}

static const lks_loss losses[] = {
    {
        .name = "cross_entropy",
        .target_dtype = LKS_I64,
        .counts_correct = true,
        .ignore_index = LKS_NO_IGNORE_INDEX,
        .sum = cross_entropy_sum,
        .check = cross_entropy_check,
    },
    {
        .name = "mse_loss",
        .target_dtype = LKS_F32,
        .sum = mse_sum,
        .check = mse_check,
    },
};

const lks_loss *lks_loss_find(const char *name)
{
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        if (strcmp(losses[i].name, name) == 0)
            return &losses[i];
    return NULL;
}

lks_tensor *lks_loss_sum(const lks_loss *loss, lks_tensor *output, lks_tensor *target,
                         lks_loss_count *count)
{
    lks_loss_count unused;

    if (!output || !target)
        return NULL;
    return loss->sum(loss, output, target, count ? count : &unused);
}

lks_status lks_loss_count_item(const lks_loss_count *count, double *out)
{
    if (count->tensor)
        return lks_item(count->tensor, out);
    *out = count->known;
    return LKS_OK;
}

double lks_loss_divisor(double count)
{
    return count == 0 ? 1 : count;
}

/* How many of target[0..n) count, and how many of these best[0..n) is equal to. */
static lks_status count_equal(const lks_tensor *best, const lks_tensor *target,
                              int64_t ignore_index, int64_t *n_equal, int64_t *n_counted)
{
    size_t n = (size_t)lks_numel(best);
    int64_t *host = lks_calloc(2 * n, sizeof *host), equal = 0, counted = 0;
    lks_status st;

    if (!host)
        return LKS_NOMEM;
    LKS_GO(lks_to_host(best, host));
    LKS_GO(lks_to_host(target, host + n));
    for (size_t i = 0; i < n; i++) {
        counted += host[n + i] != ignore_index;
        equal += host[n + i] != ignore_index && host[i] == host[n + i];
    }
    *n_equal = equal;
    *n_counted = counted;
cleanup:
    lks_free(host);
    return st;
}

lks_status lks_count_correct(lks_tensor *output, lks_tensor *target, int64_t ignore_index,
                             int64_t *n_correct, int64_t *n_counted)
{
    lks_tensor *best;
    lks_status st;
    bool was;

    if ((!output || !target) && lks_error_status() != LKS_OK)
        return lks_error_status();
    if (!output || !target)
        return lks_fail(LKS_INVALID, "counting correct rows: given no tensor");
    if (lks_ndim(output) != 2 || lks_ndim(target) != 1 ||
        lks_size(output, 0) != lks_size(target, 0) || lks_tensor_dtype(target) != LKS_I64)
        return lks_fail(LKS_SHAPE,
                        "counting correct rows takes an output (N, classes) and an int64 "
                        "target (N)");
    LKS_TRY(lks_scope_open());
    was = lks_set_grad_enabled(false);
    best = lks_argmax(output, 1);
    st = best ? count_equal(best, target, ignore_index, n_correct, n_counted)
              : lks_error_status();
    lks_set_grad_enabled(was);
    lks_scope_close();
    return st;
}
