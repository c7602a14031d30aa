/* Losses whose targets are values, of floats. */
#include "nn/loss_type.h"

#include "base/try.h"
#include "ops/ops.h"

static int64_t numel(const lks_shape *shape)
{
    int64_t n = 0;

    lks_shape_numel(shape, &n);
    return n;
}

/* ---- a target for each number that the model gives ---- */

/* PyTorch would broadcast (N, 1) against (N) to (N, N) and warn; here a sample's single
 * number is that number in either shape. */
static lks_tensor *like(lks_tensor *target, const lks_tensor *output)
{
    return lks_reshape(target, lks_sizes(output));
}

static lks_status check(const lks_loss *loss, const lks_shape *output,
                        const lks_shape *target)
{
    char got[LKS_SHAPE_TEXT], want[LKS_SHAPE_TEXT];

    if (lks_shape_equal(output, target) || (numel(output) == 1 && numel(target) == 1))
        return LKS_OK;
    return lks_fail(LKS_SHAPE,
                    "%s wants a model that gives %s, as the targets; this one gives %s",
                    loss->name, lks_shape_text(target, want, sizeof want),
                    lks_shape_text(output, got, sizeof got));
}

/* A loss of each number: the sum, `expression` of x, t and the config c, and the count. */
#define VALUE_LOSS(name, advice_, expression)                                            \
    static lks_tensor *name##_sum(const lks_loss *loss, lks_tensor *x, lks_tensor *t,    \
                                  lks_loss_count *count)                                 \
    {                                                                                    \
        const lks_loss_config *c = lks_loss_config_of(loss);                             \
                                                                                         \
        (void)c;                                                                         \
        t = like(t, x);                                                                  \
        *count = lks_loss_counted(loss, (double)lks_numel(x), NULL);                     \
        return expression;                                                               \
    }                                                                                    \
    LKS_LOSS_TYPE(name, .target_dtype = LKS_F32, .sum = name##_sum, .check = check,      \
                  .advice = advice_)

VALUE_LOSS(mse_loss, NULL, lks_mse_loss(x, t, LKS_REDUCTION_SUM));
VALUE_LOSS(l1_loss, NULL, lks_l1_loss(x, t, LKS_REDUCTION_SUM));
VALUE_LOSS(smooth_l1_loss, NULL, lks_smooth_l1_loss(x, t, c->beta, LKS_REDUCTION_SUM));
VALUE_LOSS(huber_loss, NULL, lks_huber_loss(x, t, c->delta, LKS_REDUCTION_SUM));
VALUE_LOSS(binary_cross_entropy,
           "binary_cross_entropy takes probabilities: end the model with sigmoid, or use "
           "binary_cross_entropy_with_logits",
           lks_binary_cross_entropy(x, t, NULL, LKS_REDUCTION_SUM));

/* ---- with logits: a weight of what is positive ---- */

static lks_tensor *logits_sum(const lks_loss *loss, lks_tensor *x, lks_tensor *t,
                              lks_loss_count *count)
{
    lks_tensor *pos_weight = lks_loss_config_of(loss)->weight;

    if (pos_weight && !(pos_weight = lks_to(pos_weight, lks_tensor_dtype(x))))
        return NULL;
    *count = lks_loss_counted(loss, (double)lks_numel(x), NULL);
    return lks_binary_cross_entropy_with_logits(x, like(t, x), NULL, pos_weight,
                                                LKS_REDUCTION_SUM);
}

static lks_status check_logits(const lks_loss *loss, const lks_shape *output,
                               const lks_shape *target)
{
    const lks_tensor *pos_weight = lks_loss_config_of(loss)->weight;
    const int64_t last = output->ndim > 0 ? output->sizes[output->ndim - 1] : 1;
    char got[LKS_SHAPE_TEXT];

    LKS_TRY(check(loss, output, target));
    if (!pos_weight || lks_numel(pos_weight) == 1 || lks_numel(pos_weight) == last)
        return LKS_OK;
    return lks_fail(LKS_SHAPE,
                    "%s: pos_weight has %lld numbers, the model gives %s: it takes one, "
                    "or one for each of the last dimension",
                    loss->name, (long long)lks_numel(pos_weight),
                    lks_shape_text(output, got, sizeof got));
}

LKS_LOSS_TYPE(binary_cross_entropy_with_logits, .target_dtype = LKS_F32,
              .sum = logits_sum, .check = check_logits);

/* ---- a divergence, which may be a mean over samples ---- */

static lks_tensor *kl_div_sum(const lks_loss *loss, lks_tensor *x, lks_tensor *t,
                              lks_loss_count *count)
{
    const lks_loss_config *c = lks_loss_config_of(loss);
    const bool by_sample = c->reduction == LKS_LOSS_BATCHMEAN;

    *count =
        lks_loss_counted(loss, (double)(by_sample ? lks_size(x, 0) : lks_numel(x)), NULL);
    return lks_kl_div(x, like(t, x), c->log_target, LKS_REDUCTION_SUM);
}

LKS_LOSS_TYPE(kl_div, .target_dtype = LKS_F32, .sum = kl_div_sum, .check = check);

/* ---- a likelihood: the model gives means, and behind them their variances ---- */

/* (N, 2 D, …) and (N, D, …); (N, 2) and (N) */
static lks_tensor *gaussian_sum(const lks_loss *loss, lks_tensor *x, lks_tensor *t,
                                lks_loss_count *count)
{
    const lks_loss_config *c = lks_loss_config_of(loss);
    const int64_t half = lks_size(x, 1) / 2;
    lks_tensor *mean = lks_narrow(x, 1, 0, half), *var = lks_narrow(x, 1, half, half);

    if (!mean)
        return NULL;
    if (c->log_var)
        var = lks_exp(var);
    *count = lks_loss_counted(loss, (double)lks_numel(mean), NULL);
    return lks_gaussian_nll_loss(mean, like(t, mean), var, c->full, c->eps,
                                 LKS_REDUCTION_SUM);
}

static lks_status check_gaussian(const lks_loss *loss, const lks_shape *output,
                                 const lks_shape *target)
{
    lks_shape want = *target;
    char got[LKS_SHAPE_TEXT], text[LKS_SHAPE_TEXT];

    if (want.ndim == 0)
        want = LKS_SHAPE_OF(1);
    want.sizes[0] *= 2;
    if (lks_shape_equal(output, &want))
        return LKS_OK;
    return lks_fail(LKS_SHAPE,
                    "%s wants a model that gives %s, the means and behind them their "
                    "variances; this one gives %s",
                    loss->name, lks_shape_text(&want, text, sizeof text),
                    lks_shape_text(output, got, sizeof got));
}

LKS_LOSS_TYPE(gaussian_nll_loss, .target_dtype = LKS_F32, .sum = gaussian_sum,
              .check = check_gaussian,
              .advice = "gaussian_nll_loss takes variances, which are above 0: give it "
                        "log_var: true, or make them so by softplus");
