/* Losses that are written in terms of other operations. Each is an expression within a
 * scope, which is then reduced. */
#include "base/try.h"
#include "ops/op.h"

/* A function lks_… that is an expression: what it makes on the way dies with its scope,
 * and what fails on the way is told by the function's name. */
#define RETURN_OF_SCOPE(expression)                                                      \
    do {                                                                                 \
        const lks_status before = lks_error_status();                                    \
        lks_tensor *result;                                                              \
                                                                                         \
        if (lks_scope_open() != LKS_OK)                                                  \
            return NULL;                                                                 \
        result = lks_scope_return(expression);                                           \
        lks_scope_close();                                                               \
        return lks_named(__func__ + sizeof "lks", before, result);                       \
    } while (0)

static lks_tensor *reduced(lks_tensor *loss, lks_reduction reduction)
{
    if (reduction == LKS_REDUCTION_MEAN)
        return lks_mean_all(loss);
    return reduction == LKS_REDUCTION_SUM ? lks_sum_all(loss) : loss;
}

/* x times a weight that may be absent, but not because its own expression failed. */
static lks_tensor *weighted(lks_tensor *x, lks_tensor *weight)
{
    if (weight)
        return lks_mul(x, weight);
    return lks_error_status() == LKS_OK ? x : NULL;
}

/* number - x */
static lks_tensor *number_minus(double number, lks_tensor *x)
{
    return lks_add_scalar(lks_neg(x), number);
}

/* ---- differences ---- */

lks_tensor *lks_l1_loss(lks_tensor *x, lks_tensor *target, lks_reduction reduction)
{
    RETURN_OF_SCOPE(reduced(lks_abs(lks_sub(x, target)), reduction));
}

lks_tensor *lks_smooth_l1_loss(lks_tensor *x, lks_tensor *target, double beta,
                               lks_reduction reduction)
{
    RETURN_OF_SCOPE(reduced(lks_smooth_abs(lks_sub(x, target), beta), reduction));
}

lks_tensor *lks_huber_loss(lks_tensor *x, lks_tensor *target, double delta,
                           lks_reduction reduction)
{
    RETURN_OF_SCOPE(reduced(
        lks_mul_scalar(lks_smooth_abs(lks_sub(x, target), delta), delta), reduction));
}

/* ---- likelihoods ---- */

lks_tensor *lks_binary_cross_entropy(lks_tensor *x, lks_tensor *target,
                                     lks_tensor *weight, lks_reduction reduction)
{
    RETURN_OF_SCOPE(reduced(weighted(lks_bce(x, target), weight), reduction));
}

/* (1 - t) x - (1 + (w - 1) t) logsigmoid(x), w the weight of the positive. */
static lks_tensor *with_logits(lks_tensor *x, lks_tensor *t, lks_tensor *pos_weight)
{
    lks_tensor *log_p = lks_logsigmoid(x);

    if (pos_weight)
        log_p =
            lks_mul(log_p, lks_add_scalar(lks_mul(lks_add_scalar(pos_weight, -1), t), 1));
    else
        log_p = weighted(log_p, NULL);
    return lks_sub(lks_mul(number_minus(1, t), x), log_p);
}

lks_tensor *lks_binary_cross_entropy_with_logits(lks_tensor *x, lks_tensor *target,
                                                 lks_tensor *weight,
                                                 lks_tensor *pos_weight,
                                                 lks_reduction reduction)
{
    RETURN_OF_SCOPE(
        reduced(weighted(with_logits(x, target, pos_weight), weight), reduction));
}

static lks_tensor *divergence(lks_tensor *x, lks_tensor *target, bool log_target)
{
    if (log_target)
        return lks_mul(lks_exp(target), lks_sub(target, x));
    return lks_sub(lks_xlogx(target), lks_mul(target, x));
}

lks_tensor *lks_kl_div(lks_tensor *x, lks_tensor *target, bool log_target,
                       lks_reduction reduction)
{
    RETURN_OF_SCOPE(reduced(divergence(x, target, log_target), reduction));
}

/* x, at least `min`, where the gradient does not see the bound. */
static lks_tensor *bounded(lks_tensor *x, double min)
{
    lks_tensor *plain = x ? lks_detach(x) : NULL;

    return lks_add(x, lks_sub(lks_clamp_min(plain, min), plain));
}

/* (log(var) + (x - target)^2 / var) / 2 */
static lks_tensor *gaussian_nll(lks_tensor *x, lks_tensor *target, lks_tensor *var,
                                bool full, double eps)
{
    const double log_2_pi = 1.83787706640934548356;
    lks_tensor *y;

    if (!x || !var)
        return NULL;
    if (var->view.ndim == x->view.ndim - 1)
        var = lks_unsqueeze(var, -1);
    var = bounded(var, eps);
    y = lks_add(lks_log(var), lks_div(lks_square(lks_sub(x, target)), var));
    y = lks_mul_scalar(y, 0.5);
    return full ? lks_add_scalar(y, 0.5 * log_2_pi) : y;
}

lks_tensor *lks_gaussian_nll_loss(lks_tensor *x, lks_tensor *target, lks_tensor *var,
                                  bool full, double eps, lks_reduction reduction)
{
    RETURN_OF_SCOPE(reduced(gaussian_nll(x, target, var, full, eps), reduction));
}

/* t log(t) - t + log(2 pi t) / 2 of a target t above 1, 0 of others. */
static lks_tensor *stirling(lks_tensor *target)
{
    const double two_pi = 6.28318530717958647693;
    lks_tensor *counts = lks_relu(lks_sgn(lks_add_scalar(target, -1)));
    lks_tensor *t = lks_clamp_min(target, 1);
    lks_tensor *half_log = lks_mul_scalar(lks_log(lks_mul_scalar(t, two_pi)), 0.5);

    return lks_mul(counts, lks_add(lks_sub(lks_xlogx(t), t), half_log));
}

static lks_tensor *poisson_nll(lks_tensor *x, lks_tensor *target, bool log_input,
                               bool full, double eps)
{
    lks_tensor *mean = log_input ? lks_exp(x) : x;
    lks_tensor *log_mean = log_input ? x : lks_log(lks_add_scalar(x, eps));
    lks_tensor *y = lks_sub(mean, lks_mul(target, log_mean));

    return full ? lks_add(y, stirling(target)) : y;
}

lks_tensor *lks_poisson_nll_loss(lks_tensor *x, lks_tensor *target, bool log_input,
                                 bool full, double eps, lks_reduction reduction)
{
    RETURN_OF_SCOPE(reduced(poisson_nll(x, target, log_input, full, eps), reduction));
}

/* ---- margins ---- */

lks_tensor *lks_soft_margin_loss(lks_tensor *x, lks_tensor *target,
                                 lks_reduction reduction)
{
    RETURN_OF_SCOPE(reduced(lks_neg(lks_logsigmoid(lks_mul(x, target))), reduction));
}

/* `positive` where the target is 1, `negative` where it is -1. */
static lks_tensor *by_sign(lks_tensor *target, lks_tensor *positive, lks_tensor *negative)
{
    lks_tensor *half = lks_mul_scalar(target, 0.5);

    return lks_add(lks_mul(lks_add_scalar(half, 0.5), positive),
                   lks_mul(number_minus(0.5, half), negative));
}

lks_tensor *lks_hinge_embedding_loss(lks_tensor *x, lks_tensor *target, double margin,
                                     lks_reduction reduction)
{
    RETURN_OF_SCOPE(reduced(by_sign(target, x, lks_clamp_min(number_minus(margin, x), 0)),
                            reduction));
}

lks_tensor *lks_margin_ranking_loss(lks_tensor *x1, lks_tensor *x2, lks_tensor *target,
                                    double margin, lks_reduction reduction)
{
    RETURN_OF_SCOPE(
        reduced(lks_clamp_min(number_minus(margin, lks_mul(target, lks_sub(x1, x2))), 0),
                reduction));
}

/* ---- angles and distances ---- */

static lks_tensor *sum_of_products(lks_tensor *a, lks_tensor *b, int dim, bool keepdim)
{
    return lks_sum(lks_mul(a, b), &dim, 1, keepdim);
}

/* 1 - cos or max(0, cos - margin), cos of norms with 1e-12 in their squares. */
static lks_tensor *cosine_embedding(lks_tensor *x1, lks_tensor *x2, lks_tensor *target,
                                    double margin)
{
    lks_tensor *n1 = lks_add_scalar(sum_of_products(x1, x1, -1, false), 1e-12);
    lks_tensor *n2 = lks_add_scalar(sum_of_products(x2, x2, -1, false), 1e-12);
    lks_tensor *cos =
        lks_div(sum_of_products(x1, x2, -1, false), lks_sqrt(lks_mul(n1, n2)));

    return by_sign(target, number_minus(1, cos),
                   lks_clamp_min(lks_add_scalar(cos, -margin), 0));
}

lks_tensor *lks_cosine_embedding_loss(lks_tensor *x1, lks_tensor *x2, lks_tensor *target,
                                      double margin, lks_reduction reduction)
{
    RETURN_OF_SCOPE(reduced(cosine_embedding(x1, x2, target, margin), reduction));
}

/* x over its norm along dim. A norm of 0 has a gradient of 0, hence the first bound. */
static lks_tensor *directions(lks_tensor *x, int dim, double eps)
{
    lks_tensor *square = sum_of_products(x, x, dim, true);

    return lks_div(x, bounded(lks_sqrt(lks_clamp_min(square, 1e-37)), eps));
}

lks_tensor *lks_cosine_similarity(lks_tensor *x1, lks_tensor *x2, int dim, double eps)
{
    RETURN_OF_SCOPE(
        sum_of_products(directions(x1, dim, eps), directions(x2, dim, eps), dim, false));
}

static lks_tensor *distance(lks_tensor *x1, lks_tensor *x2, double p, double eps,
                            bool keepdim)
{
    lks_tensor *difference = lks_add_scalar(lks_sub(x1, x2), eps);
    const int last = -1;

    if (!(p > 0 && p <= 1e300)) {
        lks_fail(LKS_INVALID, "pairwise_distance: p is above 0 and finite, not %g", p);
        return NULL;
    }
    if (p == 2)
        return lks_sqrt(lks_sum(lks_square(difference), &last, 1, keepdim));
    difference = lks_sum(lks_pow_scalar(lks_abs(difference), p), &last, 1, keepdim);
    return lks_pow_scalar(difference, 1 / p);
}

lks_tensor *lks_pairwise_distance(lks_tensor *x1, lks_tensor *x2, double p, double eps,
                                  bool keepdim)
{
    RETURN_OF_SCOPE(distance(x1, x2, p, eps, keepdim));
}

static lks_tensor *triplet_margin(lks_tensor *anchor, lks_tensor *positive,
                                  lks_tensor *negative, double margin, double p,
                                  double eps, bool swap)
{
    lks_tensor *to_positive = distance(anchor, positive, p, eps, false);
    lks_tensor *to_negative = distance(anchor, negative, p, eps, false);

    if (swap)
        to_negative =
            lks_minimum(to_negative, distance(positive, negative, p, eps, false));
    return lks_clamp_min(lks_add_scalar(lks_sub(to_positive, to_negative), margin), 0);
}

lks_tensor *lks_triplet_margin_loss(lks_tensor *anchor, lks_tensor *positive,
                                    lks_tensor *negative, double margin, double p,
                                    double eps, bool swap, lks_reduction reduction)
{
    RETURN_OF_SCOPE(reduced(
        triplet_margin(anchor, positive, negative, margin, p, eps, swap), reduction));
}
