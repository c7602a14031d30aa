/* exp, log, tanh and their like against the C library's long doubles, in ulp. */
#include <float.h>
#include <math.h>

#include "support/suite.h"

#include "base/rng.h"
#include "maths.h"

/* Distance in units of the last place at `want` of a format of `digits` bits whose least
 * normal exponent is `least`, subnormals counted as such. */
static long double ulps(long double got, long double want, int digits, int least)
{
    int exponent;

    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got) ? 0 : LDBL_MAX;
    if (isinf(want) || isinf(got) || want == 0)
        return got == want ? 0 : LDBL_MAX;
    frexpl(want, &exponent);
    return fabsl(got - want) / ldexpl(1, (exponent < least ? least : exponent) - digits);
}

/* A function in f32 and f64, where to look, and how far it may be off. */
static const struct {
    const char *name;
    float (*f32)(float);
    double (*f64)(double);
    long double (*want)(long double);
    double bound_f32, bound_f64;
} functions[] = {
    {"exp", lks_exp_f32, lks_exp_f64, expl, 1.05, 0.75},
    {"log", lks_log_f32, lks_log_f64, logl, 0.85, 0.9},
    {"tanh", lks_tanh_f32, lks_tanh_f64, tanhl, 1.4, 1.4},
    {"sin", lks_sin_f32, lks_sin_f64, sinl, 0.51, 0.85},
    {"cos", lks_cos_f32, lks_cos_f64, cosl, 0.51, 0.85},
    {"erf", lks_erf_f32, lks_erf_f64, erfl, 0.51, 0.95},
    {"erfc", lks_erfc_f32, lks_erfc_f64, erfcl, 0.51, 1.95},
    {"expm1", lks_expm1_f32, lks_expm1_f64, expm1l, 0.51, 1.25},
    {"log1p", lks_log1p_f32, lks_log1p_f64, log1pl, 0.51, 0.85},
    {"log2", lks_log2_f32, lks_log2_f64, log2l, 0.51, 0.8},
};

enum { N_FUNCTIONS = sizeof functions / sizeof *functions, N_RANDOM = 1000000 };

static void check_f32(int f, float x)
{
    const float got = functions[f].f32(x);
    const float near = (float)functions[f].want((long double)x);
    long double want = functions[f].want((long double)x), off;

    if (isinf(near)) /* rounds to infinity */
        want = (long double)near;
    if (near == 0 && got == 0)
        return;
    off = ulps((long double)got, want, FLT_MANT_DIG, FLT_MIN_EXP);
    if (off > (long double)functions[f].bound_f32) /* Check notes each assertion */
        ck_abort_msg("f32 %s(%a) is %a, off by %Lg ulp", functions[f].name, (double)x,
                     (double)got, off);
}

static void check_f64(int f, double x)
{
    const double got = functions[f].f64(x);
    long double want = functions[f].want((long double)x), off;
    const double near = (double)want;

    if (isinf(near))
        want = (long double)near;
    if (near == 0 && got == 0)
        return;
    off = ulps((long double)got, want, DBL_MANT_DIG, DBL_MIN_EXP);
    if (off > (long double)functions[f].bound_f64)
        ck_abort_msg("f64 %s(%a) is %a, off by %Lg ulp", functions[f].name, x, got, off);
}

/* Every binade and both signs of each, and where functions change their ways. */
START_TEST(functions_are_within_their_bounds_everywhere)
{
    const lks_rng rng = {.seed = 3};
    const double edges[] = {0,       -0.0,    1,        -1,         0.625,   -0.625,
                            89,      -104,    88.7228,  709.782712, 710,     -745.2,
                            -746,    1e-310,  1e-40,    0x1p-1022,  M_SQRT2, M_SQRT1_2,
                            DBL_MAX, FLT_MAX, INFINITY, -INFINITY,  NAN};

    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        check_f32(_i, (float)edges[i]);
        check_f64(_i, edges[i]);
    }
    for (uint64_t i = 0; i < N_RANDOM; i++) {
        const uint64_t high = lks_rng_bits(&rng, 3 * i);

        check_f32(_i, lks_from_bits((uint32_t)high));
        check_f64(_i, lks_from_bits64(high << 32 | lks_rng_bits(&rng, 3 * i + 1)));
    }
}
END_TEST

/* Where most of what a network computes lies. */
START_TEST(functions_are_within_their_bounds_near_zero)
{
    const lks_rng rng = {.seed = 4};

    for (uint64_t i = 0; i < N_RANDOM; i++) {
        double x;

        lks_rng_uniform_f64(&rng, i, 1, &x);
        x = (2 * x - 1) * (i % 2 ? 20 : 2);
        check_f32(_i, (float)x);
        check_f64(_i, x);
    }
}
END_TEST

/* All of f32, one in a thousand. */
START_TEST(f32_functions_are_within_their_bounds_throughout)
{
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 1009)
        check_f32(_i, lks_from_bits((uint32_t)bits));
}
END_TEST

static void check_pow(double x, double y)
{
    const long double want = powl((long double)x, (long double)y);
    const long double near = (long double)(double)want;
    const double got = lks_pow_f64(x, y);
    long double off;

    if (near == 0 && got == 0)
        return;
    off = ulps((long double)got, isinf(near) ? near : want, DBL_MANT_DIG, DBL_MIN_EXP);
    if (off > 0.85L)
        ck_abort_msg("pow(%a, %a) is %a, off by %Lg ulp", x, y, got, off);
}

START_TEST(pow_is_within_its_bound)
{
    const lks_rng rng = {.seed = 6};

    for (uint64_t i = 0; i < N_RANDOM / 4; i++) {
        const uint64_t bits = lks_rng_bits(&rng, 4 * i);
        double u;

        lks_rng_uniform_f64(&rng, 4 * i + 2, 1, &u);
        check_pow(lks_from_bits64(bits << 32 | lks_rng_bits(&rng, 4 * i + 1)),
                  i % 2 ? 4 * u - 2 : rint(9 * u) - 4);
        check_pow(4 * u, (double)(bits % 2001) * 0.1 - 100);
        check_pow(1 + 1e-3 * u, (double)(bits % 2001) * 1e3 - 1e6);
    }
}
END_TEST

START_TEST(pow_has_the_values_of_c_at_the_edges)
{
    const double edges[] = {0,      -0.0,      1,       -1,       2,      -2,
                            3,      -3,        0.5,     -0.5,     1.5,    NAN,
                            1e300,  -1e300,    -7.5,    INFINITY, 5e-324, 0x1p52 + 1,
                            0x1p53, -INFINITY, DBL_MAX, 0x1p-1022};
    enum { N = sizeof edges / sizeof *edges };

    for (int i = 0; i < N * N; i++) {
        const double x = edges[i / N], y = edges[i % N];
        const double want = pow(x, y), got = lks_pow_f64(x, y);

        if (isnan(want) || isnan(got) || (isfinite(want) && want != 0))
            check_pow(x, y);
        else
            ck_assert_msg(got == want && signbit(got) == signbit(want),
                          "pow(%a, %a) is %a, not %a", x, y, got, want);
        ck_assert(isnan(want) || lks_pow_f32((float)x, (float)y) ==
                                     (float)lks_pow_f64((float)x, (float)y));
    }
}
END_TEST

/* Where x is as near to a multiple of pi / 2 as any double. source: Kahan, Muller */
START_TEST(the_sine_of_any_size_is_that_of_the_exact_rest)
{
    check_f64(3, 0x1.6ac5b262ca1ffp+849);
    check_f64(4, 0x1.6ac5b262ca1ffp+849);
    check_f64(3, -DBL_MAX);
    check_f64(4, -DBL_MAX);
    check_f64(3, 0x1p54);
    check_f64(3, 0x1p55);
    check_f64(4, -0x1p56);
}
END_TEST

START_TEST(a_zero_keeps_its_sign)
{
    ck_assert(signbit(lks_sin_f64(-0.0)) && signbit(lks_erf_f64(-0.0)));
    ck_assert(signbit(lks_expm1_f64(-0.0)) && signbit(lks_log1p_f64(-0.0)));
    ck_assert(signbit(lks_tanh_f32(-0.0f)) && !signbit(lks_tanh_f32(0.0f)));
    ck_assert(signbit(lks_tanh_f64(-0.0)) && !signbit(lks_tanh_f64(0.0)));
}
END_TEST

START_TEST(the_cosine_of_a_turn_is_right_and_exact_at_quarters)
{
    const lks_rng rng = {.seed = 5};

    ck_assert_double_eq(lks_cos_turn_f64(0), 1);
    ck_assert_double_eq(lks_cos_turn_f64(0.25), 0);
    ck_assert_double_eq(lks_cos_turn_f64(0.5), -1);
    ck_assert_double_eq(lks_cos_turn_f64(0.75), 0);
    for (uint64_t i = 0; i < 10000; i++) {
        double u;

        lks_rng_uniform_f64(&rng, i, 1, &u);
        ck_assert_double_eq_tol(lks_cos_turn_f64(u),
                                (double)cosl(2 * 3.14159265358979323846264338L * u),
                                0x1p-52);
    }
}
END_TEST

START_TEST(powers_are_those_of_the_library)
{
    for (uint64_t n = 0; n < 3000; n++)
        ck_assert_double_eq_tol(lks_power_f64(0.999, n), pow(0.999, (double)n), 1e-14);
}
END_TEST

START_TEST(lanes_meet_in_the_tree)
{
    float lanes[LKS_SUM_LANES], want[LKS_SUM_LANES];

    for (int i = 0; i < LKS_SUM_LANES; i++)
        lanes[i] = want[i] = 1.0f / (float)(3 + 7 * i);
    for (int step = LKS_SUM_LANES / 2; step > 0; step /= 2)
        for (int j = 0; j < step; j++)
            want[j] += want[j + step];
    ck_assert(lks_meet_lanes_float(lanes, 1) == want[0]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("numerics");
    TCase *tcase = tcase_create("numerics");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, functions_are_within_their_bounds_everywhere, 0,
                        N_FUNCTIONS);
    tcase_add_loop_test(tcase, functions_are_within_their_bounds_near_zero, 0,
                        N_FUNCTIONS);
    tcase_add_loop_test(tcase, f32_functions_are_within_their_bounds_throughout, 0,
                        N_FUNCTIONS);
    tcase_add_test(tcase, pow_is_within_its_bound);
    tcase_add_test(tcase, pow_has_the_values_of_c_at_the_edges);
    tcase_add_test(tcase, the_sine_of_any_size_is_that_of_the_exact_rest);
    tcase_add_test(tcase, a_zero_keeps_its_sign);
    tcase_add_test(tcase, the_cosine_of_a_turn_is_right_and_exact_at_quarters);
    tcase_add_test(tcase, powers_are_those_of_the_library);
    tcase_add_test(tcase, lanes_meet_in_the_tree);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
