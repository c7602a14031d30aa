/* Pointwise functions where they change their ways, at zeros, infinities and NaN: values
 * and gradients against PyTorch. And what integers give. */
#include "support/test_device.h"

#include <math.h>
#include <string.h>

#include "lockstep.h"

enum { MAX_POINTS = 32 };

typedef struct one_golden {
    const char *name;
    double y[MAX_POINTS], grads[1][MAX_POINTS];
} one_golden;

typedef struct pair_golden {
    const char *name;
    double y[MAX_POINTS], grads[2][MAX_POINTS];
} pair_golden;

#include "../../golden/pointwise_edges.inc"

enum { N_POINTS = sizeof points / sizeof *points };
enum { N_PAIRS = sizeof pairs_a / sizeof *pairs_a };

/* A function of x with the numbers that the script gives it. */
#define ONES(X)                                                                          \
    X(sgn, lks_sgn(x))                                                                   \
    X(floor, lks_floor(x))                                                               \
    X(round, lks_round(x))                                                               \
    X(relu6, lks_relu6(x))                                                               \
    X(clamp, lks_clamp(x, -0.5, 2))                                                      \
    X(clamp_min, lks_clamp_min(x, 0.5))                                                  \
    X(clamp_max, lks_clamp_max(x, 0.5))                                                  \
    X(pow_scalar_0, lks_pow_scalar(x, 0))                                                \
    X(pow_scalar_3, lks_pow_scalar(x, 3))                                                \
    X(elu, lks_elu(x, 1))                                                                \
    X(celu, lks_celu(x, 1))                                                              \
    X(selu, lks_selu(x))                                                                 \
    X(silu, lks_silu(x))                                                                 \
    X(softplus, lks_softplus(x, 1, 20))                                                  \
    X(logsigmoid, lks_logsigmoid(x))                                                     \
    X(hardtanh, lks_hardtanh(x, -1, 1))                                                  \
    X(hardsigmoid, lks_hardsigmoid(x))                                                   \
    X(hardswish, lks_hardswish(x))                                                       \
    X(hardshrink, lks_hardshrink(x, 0.5))                                                \
    X(softshrink, lks_softshrink(x, 0.5))                                                \
    X(threshold, lks_threshold(x, 0.5, 7))                                               \
    X(smooth_abs, lks_smooth_abs(x, 1))

static lks_tensor *one(const char *name, lks_tensor *x)
{
#define APPLY(function, expression)                                                      \
    if (strcmp(name, #function) == 0)                                                    \
        return expression;
    ONES(APPLY)
    ck_abort_msg("%s has no expression", name);
    return NULL;
}

static const struct {
    const char *name;
    lks_tensor *(*f)(lks_tensor *, lks_tensor *);
} pairs[] = {
    {"maximum", lks_maximum},
    {"minimum", lks_minimum},
    {"pow", lks_pow},
    {"xlogy", lks_xlogy},
};

static lks_tensor *leaf(const double *values, int64_t n)
{
    return lks_requires_grad_(
        lks_from_data(LKS_SHAPE_OF(n), LKS_F64, values, test_device()));
}

/* All n, which may be fewer than t has. 1e-7: where PyTorch divides by 6 it takes 1/6 in
 * f32. */
static void compare(const char *name, const char *what, lks_tensor *t, const double *want,
                    int n)
{
    double got[MAX_POINTS];

    ck_assert_msg(t != NULL, "%s: no %s: %s", name, what, lks_error_text());
    ck_ok(lks_to_host(t, got));
    for (int i = 0; i < n; i++) {
        const double off = fabs(got[i] - want[i]);
        const bool same = got[i] == want[i] || (isnan(got[i]) && isnan(want[i]));

        ck_assert_msg(same || off <= 1e-7 * fmin(fabs(want[i]), 1) || off < 1e-15,
                      "%s: %s %d is %.17g, PyTorch has %.17g", name, what, i, got[i],
                      want[i]);
    }
}

START_TEST(functions_have_pytorchs_values_and_gradients_at_their_edges)
{
    for (size_t k = 0; k < sizeof one_goldens / sizeof *one_goldens; k++) {
        const one_golden *golden = &one_goldens[k];
        lks_tensor *x, *y;

        ck_ok(lks_scope_open());
        x = leaf(points, N_POINTS);
        y = one(golden->name, x);
        compare(golden->name, "value", y, golden->y, N_POINTS);
        ck_ok(lks_backward(lks_sum_all(y)));
        /* Of NaN, the last, PyTorch's are now NaN, now 1, now 0. */
        compare(golden->name, "gradient", lks_grad(x), golden->grads[0], N_POINTS - 1);
        lks_scope_close();
    }
}
END_TEST

START_TEST(pairs_have_pytorchs_values_and_gradients_where_operands_meet)
{
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        const pair_golden *golden = &pair_goldens[k];
        lks_tensor *a, *b, *y;

        ck_assert_str_eq(golden->name, pairs[k].name);
        ck_ok(lks_scope_open());
        a = leaf(pairs_a, N_PAIRS);
        b = leaf(pairs_b, N_PAIRS);
        y = pairs[k].f(a, b);
        compare(golden->name, "value", y, golden->y, N_PAIRS);
        ck_ok(lks_backward(lks_sum_all(y)));
        compare(golden->name, "gradient a", lks_grad(a), golden->grads[0], N_PAIRS);
        compare(golden->name, "gradient b", lks_grad(b), golden->grads[1], N_PAIRS);
        lks_scope_close();
    }
}
END_TEST

static void check_i64(lks_tensor *t, const int64_t *want)
{
    int64_t got[4];

    ck_assert_int_eq(lks_tensor_dtype(t), LKS_I64);
    ck_ok(lks_to_host(t, got));
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(got[i], want[i]);
}

START_TEST(integers_stay_integers_where_pytorchs_do)
{
    const int64_t values[4] = {-3, 0, 2, 7}, others[4] = {3, 5, -1, 2};
    lks_tensor *x, *z;

    ck_ok(lks_scope_open());
    x = lks_from_data(LKS_SHAPE_OF(4), LKS_I64, values, test_device());
    z = lks_from_data(LKS_SHAPE_OF(4), LKS_I64, others, test_device());
    check_i64(lks_sgn(x), (const int64_t[]){-1, 0, 1, 1});
    check_i64(lks_floor(x), values);
    check_i64(lks_round(x), values);
    check_i64(lks_maximum(x, z), (const int64_t[]){3, 5, 2, 7});
    check_i64(lks_minimum(x, z), (const int64_t[]){-3, 0, -1, 2});
    check_i64(lks_pow(x, z), (const int64_t[]){-27, 0, 0, 49});
    ck_assert_int_eq(lks_tensor_dtype(lks_sin(x)), LKS_F32);
    ck_assert_int_eq(lks_tensor_dtype(lks_xlogy(x, z)), LKS_F32);
    lks_scope_close();
}
END_TEST

LKS_SUITE("pointwise edges", functions_have_pytorchs_values_and_gradients_at_their_edges,
          pairs_have_pytorchs_values_and_gradients_where_operands_meet,
          integers_stay_integers_where_pytorchs_do)
