/* Results of mixed and narrow dtypes: dtype and values against PyTorch. */
#include "support/test_device.h"

#include <math.h>

#include "lockstep.h"

/* LKS_N_DTYPES: PyTorch has no such operation. */
typedef struct dtype_result {
    lks_dtype dtype;
    double values[3];
} dtype_result;

#include "../../golden/op_dtypes.inc"

/* PyTorch 1.13 computes some of f16 on GPUs only: then there is nothing to compare. */
static bool is_half(lks_dtype dtype)
{
    return dtype == LKS_F16 || dtype == LKS_BF16;
}

static double tolerance(lks_dtype dtype)
{
    static const double steps[LKS_N_DTYPES] = {
        [LKS_F32] = 1e-6, [LKS_F64] = 1e-8, [LKS_F16] = 1e-3, [LKS_BF16] = 8e-3};
    return steps[dtype];
}

static lks_tensor *small(lks_dtype dtype, double a, double b, double c)
{
    const double values[] = {a, b, c};
    return lks_to(lks_from_data(LKS_SHAPE_OF(3), LKS_F64, values, test_device()), dtype);
}

static void compare(const char *op, lks_dtype a, lks_dtype b, lks_tensor *y,
                    const dtype_result *want)
{
    const char *an = lks_dtype_name(a), *bn = lks_dtype_name(b);
    double got[3] = {0};

    if (want->dtype == LKS_N_DTYPES) {
        ck_assert_msg(y == NULL || is_half(a), "%s of %s and %s was not refused", op, an,
                      bn);
        ck_assert(y != NULL || lks_error_status() == LKS_DTYPE);
        lks_error_clear();
        return;
    }
    ck_assert_msg(y != NULL, "%s of %s and %s: %s", op, an, bn, lks_error_text());
    ck_assert_msg(lks_tensor_dtype(y) == want->dtype, "%s of %s and %s is %s, not %s", op,
                  an, bn, lks_dtype_name(lks_tensor_dtype(y)),
                  lks_dtype_name(want->dtype));
    ck_ok(lks_to_host(lks_to(y, LKS_F64), got));
    for (int i = 0; i < lks_numel(y); i++)
        ck_assert_msg(got[i] == want->values[i] ||
                          fabs(got[i] - want->values[i]) <=
                              tolerance(want->dtype) * fmax(1, fabs(want->values[i])),
                      "%s of %s and %s, element %d: %.9g, not %.9g", op, an, bn, i,
                      got[i], want->values[i]);
}

static lks_tensor *add_half(lks_tensor *x)
{
    return lks_add_scalar(x, 0.5);
}

static lks_tensor *add_two(lks_tensor *x)
{
    return lks_add_scalar(x, 2);
}

static lks_tensor *mul_half(lks_tensor *x)
{
    return lks_mul_scalar(x, 0.5);
}

static lks_tensor *mul_two(lks_tensor *x)
{
    return lks_mul_scalar(x, 2);
}

#define NUMBERED(name, expression)                                                       \
    static lks_tensor *name(lks_tensor *x)                                               \
    {                                                                                    \
        return expression;                                                               \
    }
NUMBERED(sub_half, lks_sub_scalar(x, 0.5))
NUMBERED(sub_two, lks_sub_scalar(x, 2))
NUMBERED(div_two, lks_div_scalar(x, 2))
NUMBERED(pow_two, lks_pow_scalar(x, 2))
NUMBERED(pow_half, lks_pow_scalar(x, 0.5))
NUMBERED(clamp_whole, lks_clamp(x, 2, 3))
NUMBERED(clamp_half, lks_clamp(x, 1.5, 3))
NUMBERED(clamp_open, lks_clamp(x, -(double)INFINITY, 3))
NUMBERED(clamp_min_two, lks_clamp_min(x, 2))
NUMBERED(clamp_min_half, lks_clamp_min(x, 1.5))
NUMBERED(clamp_max_two, lks_clamp_max(x, 2))
NUMBERED(clamp_max_half, lks_clamp_max(x, 1.5))
NUMBERED(hardtanh, lks_hardtanh(x, 1, 2.5))
NUMBERED(threshold, lks_threshold(x, 1.5, 7.5))

/* Beside a tensor that has dimensions one without counts as less. */

static lks_tensor *add_scalar(lks_tensor *a, lks_tensor *b)
{
    return lks_add(a, lks_select(b, 0, 1));
}

static lks_tensor *scalar_div(lks_tensor *a, lks_tensor *b)
{
    return lks_div(lks_select(a, 0, 0), b);
}

static lks_tensor *scalars_mul(lks_tensor *a, lks_tensor *b)
{
    return lks_mul(lks_select(a, 0, 0), lks_select(b, 0, 1));
}

static lks_tensor *mul_scalar_(lks_tensor *a, lks_tensor *b)
{
    return lks_mul_(a, lks_select(b, 0, 1));
}

static const struct cast {
    lks_dtype from, to;
    int n;
    double pairs[24][2];
} casts[] = {
#include "../../golden/casts.inc"
};

START_TEST(numbers_are_cast_as_in_pytorch)
{
    for (size_t c = 0; c < sizeof casts / sizeof *casts; c++)
        for (int i = 0; i < casts[c].n; i++) {
            const double x = casts[c].pairs[i][0], want = casts[c].pairs[i][1];
            double got;

            ck_ok(lks_scope_open());
            lks_tensor *t = lks_full(LKS_SCALAR, x, casts[c].from, test_device());
            ck_ok(lks_item(lks_to(t, casts[c].to), &got));
            ck_assert_msg((isnan(got) && isnan(want)) ||
                              (got == want && signbit(got) == signbit(want)),
                          "%.17g of %s to %s is %.17g, PyTorch has %.17g", x,
                          lks_dtype_name(casts[c].from), lks_dtype_name(casts[c].to), got,
                          want);
            lks_scope_close();
        }
}
END_TEST

START_TEST(two_dtypes_meet_as_in_pytorch)
{
    static const struct {
        const char *name;
        lks_tensor *(*f)(lks_tensor *, lks_tensor *);
        const dtype_result (*want)[LKS_N_DTYPES];
    } ops[] = {{"add", lks_add, add_results},
               {"sub", lks_sub, sub_results},
               {"mul", lks_mul, mul_results},
               {"div", lks_div, div_results},
               {"add_scalar", add_scalar, add_scalar_results},
               {"scalar_div", scalar_div, scalar_div_results},
               {"scalars_mul", scalars_mul, scalars_mul_results},
               {"add_", lks_add_, add__results},
               {"mul_scalar_", mul_scalar_, mul_scalar__results}};

    for (size_t o = 0; o < sizeof ops / sizeof *ops; o++)
        for (lks_dtype a = 0; a < LKS_N_DTYPES; a++)
            for (lks_dtype b = 0; b < LKS_N_DTYPES; b++) {
                ck_ok(lks_scope_open());
                compare(ops[o].name, a, b, ops[o].f(small(a, 3, 0, 7), small(b, 1, 4, 2)),
                        &ops[o].want[a][b]);
                lks_scope_close();
            }
}
END_TEST

START_TEST(one_dtype_gives_what_it_gives_in_pytorch)
{
    static const struct {
        const char *name;
        lks_tensor *(*f)(lks_tensor *);
        const dtype_result *want;
    } ops[] = {{"neg", lks_neg, neg_results},
               {"abs", lks_abs, abs_results},
               {"square", lks_square, square_results},
               {"sqrt", lks_sqrt, sqrt_results},
               {"exp", lks_exp, exp_results},
               {"log", lks_log, log_results},
               {"relu", lks_relu, relu_results},
               {"tanh", lks_tanh, tanh_results},
               {"sigmoid", lks_sigmoid, sigmoid_results},
               {"sum_all", lks_sum_all, sum_all_results},
               {"mean_all", lks_mean_all, mean_all_results},
               {"add 0.5", add_half, add_half_results},
               {"add 2", add_two, add_two_results},
               {"mul 0.5", mul_half, mul_half_results},
               {"mul 2", mul_two, mul_two_results},
               {"sub 0.5", sub_half, sub_half_results},
               {"sub 2", sub_two, sub_two_results},
               {"div 2", div_two, div_two_results},
               {"pow 2", pow_two, pow_two_results},
               {"pow 0.5", pow_half, pow_half_results},
               {"clamp 2, 3", clamp_whole, clamp_whole_results},
               {"clamp 1.5, 3", clamp_half, clamp_half_results},
               {"clamp -inf, 3", clamp_open, clamp_open_results},
               {"clamp_min 2", clamp_min_two, clamp_min_two_results},
               {"clamp_min 1.5", clamp_min_half, clamp_min_half_results},
               {"clamp_max 2", clamp_max_two, clamp_max_two_results},
               {"clamp_max 1.5", clamp_max_half, clamp_max_half_results},
               {"hardtanh", hardtanh, hardtanh_results},
               {"relu6", lks_relu6, relu6_results},
               {"threshold", threshold, threshold_results}};

    for (size_t o = 0; o < sizeof ops / sizeof *ops; o++)
        for (lks_dtype a = 0; a < LKS_N_DTYPES; a++) {
            ck_ok(lks_scope_open());
            compare(ops[o].name, a, a, ops[o].f(small(a, 1, 4, 2)), &ops[o].want[a]);
            lks_scope_close();
        }
}
END_TEST

/* source: torch.tensor([5], dtype=torch.uint8) + -1, and so on */
START_TEST(a_number_beside_integers_wraps_as_they_do)
{
    static const struct {
        lks_tensor *(*f)(lks_tensor *, double);
        lks_dtype dtype;
        double x, number;
        lks_dtype want_dtype;
        double want;
    } cases[] = {
        {lks_add_scalar, LKS_U8, 5, -1, LKS_U8, 4},
        {lks_mul_scalar, LKS_U8, 5, -1, LKS_U8, 251},
        {lks_add_scalar, LKS_U8, 1, 300, LKS_U8, 45},
        {lks_add_scalar, LKS_I16, 1, 65536, LKS_I16, 1},
        {lks_add_scalar, LKS_I32, 1, 0x1p32, LKS_I32, 1},
        {lks_add_scalar, LKS_BOOL, 1, -3, LKS_I64, -2},
        {lks_add_scalar, LKS_I32, 1, (double)INFINITY, LKS_F32, (double)INFINITY},
        {lks_mul_scalar, LKS_I64, 2, -(double)INFINITY, LKS_F32, -(double)INFINITY},
        {lks_mul_scalar, LKS_I16, 1, 0x1p63, LKS_F32, 0x1p63}, /* no i64 holds it */
        {lks_mul_scalar, LKS_I64, 1, -0x1p63, LKS_I64, -0x1p63},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got;

        ck_ok(lks_scope_open());
        lks_tensor *x =
            lks_full(LKS_SHAPE_OF(1), cases[i].x, cases[i].dtype, test_device());
        lks_tensor *y = cases[i].f(x, cases[i].number);
        ck_ok(lks_item(y, &got));
        ck_assert_msg(lks_tensor_dtype(y) == cases[i].want_dtype && got == cases[i].want,
                      "case %zu is %s %.17g", i, lks_dtype_name(lks_tensor_dtype(y)),
                      got);
        lks_scope_close();
    }
}
END_TEST

/* source: torch.tensor([1, 4]) ** -1, which raises; so does PyTorch's in each dtype */
START_TEST(integers_have_no_integer_powers_below_0)
{
    double item;

    for (lks_dtype dtype = 0; dtype < LKS_N_DTYPES; dtype++) {
        ck_ok(lks_scope_open());
        lks_tensor *x = small(dtype, 1, 4, 2);
        if (lks_dtype_is_float(dtype)) {
            ck_assert(lks_pow_scalar(x, -1) || is_half(dtype));
            lks_error_clear();
        } else {
            ck_fails(lks_item(lks_pow_scalar(x, -1), &item), LKS_INVALID,
                     "pow_scalar: integers have no integer powers below 0, such as -1");
        }
        lks_scope_close();
    }
}
END_TEST

/* source: torch.full((100,), 1000, dtype=torch.float16).mean(), and so on */
START_TEST(a_mean_of_narrow_floats_is_rounded_once)
{
    static const struct {
        lks_dtype dtype;
        int64_t n; /* of `value`, and then one `last` */
        double value, last, want;
    } cases[] = {
        {LKS_F16, 99, 1000, 1000, 1000},  /* the sum is beyond f16 */
        {LKS_F16, 69999, 1, 1, 1},        /* so is their number */
        {LKS_BF16, 256, 1, 3, 1.0078125}, /* 259 and 257 have nine bits, bf16 eight */
        {LKS_F64, 3, 1, 1 + 0x1p-51, 1 + 0x1p-53}, /* stays in f64 */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const lks_shape n = LKS_SHAPE_OF(cases[i].n);
        double got;

        ck_ok(lks_scope_open());
        lks_tensor *parts[] = {
            lks_full(n, cases[i].value, cases[i].dtype, test_device()),
            lks_full(LKS_SHAPE_OF(1), cases[i].last, cases[i].dtype, test_device())};
        lks_tensor *x = lks_requires_grad_(lks_detach(lks_cat(parts, 2, 0)));
        lks_tensor *means[] = {lks_mean_all(x), lks_mean(x, (int[]){0}, 1, true)};
        for (int m = 0; m < 2; m++) {
            ck_ok(lks_item(means[m], &got));
            ck_assert_int_eq(lks_tensor_dtype(means[m]), cases[i].dtype);
            ck_assert_msg(fabs(got - cases[i].want) <= 0x1p-53, "case %zu is %.17g", i,
                          got);
        }
        ck_assert_int_eq(lks_ndim(means[0]), 0);
        ck_assert_int_eq(lks_ndim(means[1]), 1);
        lks_scope_close();
    }
}
END_TEST

/* source: x.mean().backward(dy), x of n elements; f16's 1000 / 70000 by hand, for which
 * PyTorch 1.13 gives 0, since f16 does not hold 70000 */
START_TEST(a_means_gradient_is_rounded_once)
{
    static const struct {
        lks_dtype dtype;
        int64_t n;
        double dy, want;
    } cases[] = {
        {LKS_BF16, 3, 5, 0x1.aap+0},
        {LKS_F16, 70000, 1000, 0x1.d4p-7},
        {LKS_F32, 7, 3, 0x1.b6db6ep-2},
        {LKS_F64, 49, 0.7, 0x1.d41d41d41d41dp-7},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const lks_dtype dtype = cases[i].dtype;
        double got;

        ck_ok(lks_scope_open());
        lks_tensor *x =
            lks_requires_grad_(lks_ones(LKS_SHAPE_OF(cases[i].n), dtype, test_device()));
        lks_tensor *dy = lks_full(LKS_SCALAR, cases[i].dy, dtype, test_device());
        ck_ok(lks_backward_from(lks_mean_all(x), dy));
        ck_assert_int_eq(lks_tensor_dtype(lks_grad(x)), dtype);
        ck_ok(lks_item(lks_select(lks_grad(x), 0, cases[i].n - 1), &got));
        ck_assert_msg(got == cases[i].want, "case %zu is %a", i, got);
        lks_scope_close();
    }
}
END_TEST

START_TEST(a_result_is_cast_to_what_is_changed_in_place)
{
    double got[3];

    ck_ok(lks_scope_open());
    lks_tensor *floats = small(LKS_F32, 1, 2, 3), *shorts = small(LKS_I16, 1, 2, 3);
    ck_assert_ptr_eq(lks_add_(floats, small(LKS_F64, 0.5, 0, 0)), floats);
    ck_assert_ptr_eq(lks_mul_(shorts, small(LKS_I64, 5, 6, 7)), shorts);
    ck_assert_int_eq(lks_tensor_dtype(shorts), LKS_I16);
    ck_ok(lks_to_host(lks_to(lks_add(floats, shorts), LKS_F64), got));
    ck_assert(got[0] == 6.5 && got[1] == 14 && got[2] == 24);

    ck_assert_ptr_null(lks_add_(shorts, floats));
    ck_assert_str_eq(lks_error_text(), "add_: a float32 result does not go into int16");
    lks_scope_close();
}
END_TEST

START_TEST(a_gradient_goes_back_through_casts)
{
    double got[3];

    ck_ok(lks_scope_open());
    lks_tensor *x = lks_requires_grad_(small(LKS_F32, 1, 2, 3));
    lks_tensor *y = lks_mul(x, small(LKS_F64, 0.5, 4, 8)); /* in f64 */
    ck_assert_int_eq(lks_tensor_dtype(y), LKS_F64);
    ck_ok(lks_backward(lks_sum_all(lks_to(y, LKS_F32))));
    ck_assert_int_eq(lks_tensor_dtype(lks_grad(x)), LKS_F32);
    ck_ok(lks_to_host(lks_to(lks_grad(x), LKS_F64), got));
    ck_assert(got[0] == 0.5 && got[1] == 4 && got[2] == 8);
    ck_assert(!lks_requires_grad(lks_to(x, LKS_I64)));
    lks_scope_close();
}
END_TEST

START_TEST(integers_that_take_a_recorded_value_have_no_history)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = lks_requires_grad_(small(LKS_F32, 0, 1, 2));
    lks_tensor *classes = small(LKS_I64, 2, 1, 0);
    lks_tensor *logits =
        lks_requires_grad_(lks_zeros(LKS_SHAPE_OF(3, 3), LKS_F32, test_device()));
    lks_tensor *loss = lks_cross_entropy(logits, classes, NULL);

    ck_assert_ptr_eq(lks_copy_(classes, x), classes);
    ck_assert(!lks_requires_grad(classes));
    ck_assert_ptr_nonnull(lks_copy_(lks_narrow(classes, 0, 0, 3), x));
    /* but what was saved for backward has changed */
    ck_assert_int_eq(lks_backward(loss), LKS_STATE);
    ck_assert_ptr_nonnull(strstr(lks_error_text(), "changed in place since"));
    lks_scope_close();
}
END_TEST

LKS_SUITE("op_dtypes", numbers_are_cast_as_in_pytorch, two_dtypes_meet_as_in_pytorch,
          one_dtype_gives_what_it_gives_in_pytorch,
          a_number_beside_integers_wraps_as_they_do,
          integers_have_no_integer_powers_below_0,
          a_mean_of_narrow_floats_is_rounded_once, a_means_gradient_is_rounded_once,
          a_result_is_cast_to_what_is_changed_in_place,
          a_gradient_goes_back_through_casts,
          integers_that_take_a_recorded_value_have_no_history)
