#include <float.h>
#include <stdio.h>

#include "core/cpu/views.h"

/* The formulas once more in f64, written for the reader, and what to give them. */

static double relu(double x)
{
    return x < 0 ? 0 : x;
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double neg(double x)
{
    return -x;
}

static double square(double x)
{
    return x * x;
}

static const struct {
    const char *name;
    lks_unary op;
    double (*f)(double x);
    bool is_float_only;
} unaries[] = {
    {"neg", LKS_UNARY_neg, neg, false},
    {"abs", LKS_UNARY_abs, fabs, false},
    {"square", LKS_UNARY_square, square, false},
    {"relu", LKS_UNARY_relu, relu, false},
    {"sqrt", LKS_UNARY_sqrt, sqrt, true},
    {"exp", LKS_UNARY_exp, exp, true},
    {"log", LKS_UNARY_log, log, true},
    {"tanh", LKS_UNARY_tanh, tanh, true},
    {"sigmoid", LKS_UNARY_sigmoid, sigmoid, true},
};

enum { N_UNARIES = sizeof unaries / sizeof *unaries };

static const lks_dtype floats[] = {LKS_F32, LKS_F64, LKS_F16, LKS_BF16};
static const lks_dtype integers[] = {LKS_I64, LKS_I32, LKS_I16, LKS_U8};

/* Distance in units of f32's last place at `want`, subnormals counted as such. */
static double ulps(float got, double want)
{
    int exponent;

    if (isnan(want))
        return isnan(got) ? 0 : DBL_MAX;
    if (isinf((float)want))
        return got == (float)want ? 0 : DBL_MAX;
    frexp(want, &exponent);
    return fabs((double)got - want) / ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
}

/* Every binade, both signs, the infinities, NaN, zeros and subnormals. */
START_TEST(f32_functions_are_within_two_ulp_everywhere)
{
    enum { N = 1 << 16 };
    array x = array_new(LKS_F32, SIZES(N), 1), y = array_new(LKS_F32, SIZES(N), 2);

    for (uint32_t i = 0; i < N; i++) {
        uint32_t bits = i << 16 | (i * 40503u & 0xffff);

        memcpy((float *)x.view.data + i, &bits, sizeof bits);
    }
    put_at(&x.view, 1, (double)INFINITY);
    put_at(&x.view, 2, -(double)INFINITY);
    put_at(&x.view, 3, (double)NAN);
    put_at(&x.view, 4, 0);
    put_at(&x.view, 5, -0.0);
    put_at(&x.view, 6, 88.72283935546875);
    put_at(&x.view, 7, 88.72284698486328);
    FOR_EACH_TABLE(k, isa)
    for (int f = 0; f < N_UNARIES; f++) {
        ck_ok(k->unary(unaries[f].op, NULL, &x.view, &y.view));
        for (int i = 0; i < N; i++) {
            float at = (float)get(&x, i), got = (float)get(&y, i);
            double want = unaries[f].f((double)at), off = ulps(got, want);
            bool is_sigmoid = unaries[f].op == LKS_UNARY_sigmoid;

            /* 1 / (1 + e^-x) rounds three times, and is 0 where e^-x overflows */
            if (is_sigmoid && want < (double)FLT_MIN && got == 0)
                continue;
            ck_assert_msg(off <= (is_sigmoid ? 3 : 2), "%s: %s(%a) is %a, off by %g ulp",
                          isa, unaries[f].name, (double)at, (double)got, off);
        }
    }
    array_free(&x);
    array_free(&y);
}
END_TEST

static void check_unary(const lks_kernels *k, const char *isa, int f, lks_dtype dtype,
                        int64_t n, double tolerance)
{
    array x = array_random(dtype, SIZES(n), 1, 5), y = array_new(dtype, SIZES(n), 3);
    array want = array_new(dtype, SIZES(n), 0);

    for (int64_t i = 0; i < n; i++)
        put_at(&want.view, i, unaries[f].f(get(&x, i)));
    ck_ok(k->unary(unaries[f].op, NULL, &x.view, &y.view));
    assert_close(unaries[f].name, &y, &want, tolerance);
    ck_ok(k->unary(unaries[f].op, NULL, &x.view, &x.view)); /* in place */
    assert_same_bits(isa, &x, &y);
    array_free(&x);
    array_free(&y);
    array_free(&want);
}

START_TEST(every_dtype_and_odd_length_is_right)
{
    FOR_EACH_TABLE(k, isa)
    for (int f = 0; f < N_UNARIES; f++)
        for (int64_t n = 0; n < 70; n += n < 20 ? 1 : 7) {
            check_unary(k, isa, f, LKS_F32, n, 2e-7);
            check_unary(k, isa, f, LKS_F64, n, 1e-15);
            check_unary(k, isa, f, LKS_F16, n, 1e-3);
            check_unary(k, isa, f, LKS_BF16, n, 8e-3);
            for (int d = 0; d < 4 && !unaries[f].is_float_only; d++)
                if (integers[d] != LKS_U8 || unaries[f].op != LKS_UNARY_neg)
                    check_unary(k, isa, f, integers[d], n, 0);
        }
}
END_TEST

/* The rest is compared with PyTorch (test_ops, test_pointwise_edges). */
enum { N_ARITHMETIC = LKS_BINARY_div + 1 };

static double binary_of(lks_binary op, double a, double b)
{
    switch (op) {
    case LKS_BINARY_add:
        return a + b;
    case LKS_BINARY_sub:
        return a - b;
    case LKS_BINARY_mul:
        return a * b;
    default:
        return a / b;
    }
}

/* A view of an array in another layout: dimensions turned round, one repeated, one
 * backwards, every second element. */
static lks_view laid_out(const array *a, int layout)
{
    lks_view v = a->view;
    int64_t size = (int64_t)lks_dtype_size_bytes(v.dtype);

    switch (layout) {
    case 1: /* transposed */
        v.strides[0] = 1;
        v.strides[1] = v.sizes[0];
        break;
    case 2: /* a row for all rows */
        v.strides[0] = 0;
        break;
    case 3: /* a column for all columns */
        v.strides[1] = 0;
        break;
    case 4: /* backwards */
        v.data = (char *)v.data + (v.sizes[1] - 1) * size;
        v.strides[1] = -1;
        break;
    case 5: /* one element for all */
        v.strides[0] = v.strides[1] = 0;
        break;
    case 6: /* rows backwards */
        v.data = (char *)v.data + (v.sizes[0] - 1) * v.strides[0] * size;
        v.strides[0] = -v.strides[0];
        break;
    default:
        break;
    }
    return v;
}

enum { N_LAYOUTS = 7 };

START_TEST(binary_operations_take_any_strides)
{
    FOR_EACH_TABLE(k, isa)
    for (int op = 0; op < N_ARITHMETIC; op++)
        for (int layout = 0; layout < N_LAYOUTS * N_LAYOUTS; layout++) {
            array a = array_random(LKS_F32, SIZES(7, 37), 1, 1);
            array b = array_random(LKS_F32, SIZES(7, 37), 2, 2);
            array y = array_new(LKS_F32, SIZES(7, 37), 3);
            lks_view va = laid_out(&a, layout % N_LAYOUTS);
            lks_view vb = laid_out(&b, layout / N_LAYOUTS);

            ck_ok(k->binary((lks_binary)op, &va, &vb, &y.view));
            for (int64_t i = 0; i < 7 * 37; i++) {
                double want = binary_of((lks_binary)op, get_at(&va, offset_of(&va, i)),
                                        get_at(&vb, offset_of(&vb, i)));

                ck_assert_msg(get(&y, i) == (double)(float)want,
                              "%s, operation %d, layout %d, element %d: %g not %g", isa,
                              op, layout, (int)i, get(&y, i), want);
            }
            array_free(&a);
            array_free(&b);
            array_free(&y);
        }
}
END_TEST

START_TEST(outputs_may_be_strided_too)
{
    static const int layouts[] = {0, 1, 4, 6}; /* those that write each place once */

    FOR_EACH_TABLE(k, isa)
    for (int layout = 0; layout < 4; layout++) {
        array x = array_random(LKS_F32, SIZES(5, 19), 0, 1);
        array y = array_new(LKS_F32, SIZES(5, 19), 0);
        lks_view vy = laid_out(&y, layouts[layout]);

        ck_ok(k->unary(LKS_UNARY_neg, NULL, &x.view, &vy));
        ck_ok(k->binary(LKS_BINARY_add, &vy, &vy, &vy));
        for (int64_t i = 0; i < 5 * 19; i++)
            ck_assert_msg(get_at(&vy, offset_of(&vy, i)) == -2 * get(&x, i), "%s", isa);
        array_free(&x);
        array_free(&y);
    }
}
END_TEST

START_TEST(every_dtype_adds_subtracts_multiplies_and_divides)
{
    FOR_EACH_TABLE(k, isa)
    for (int op = 0; op < N_ARITHMETIC; op++)
        for (int d = 0; d < 8; d++) {
            lks_dtype dtype = d < 4 ? floats[d] : integers[d - 4];
            array a = array_random(dtype, SIZES(33), 0, 1);
            array b = array_random(dtype, SIZES(33), 1, 2);
            array y = array_new(dtype, SIZES(33), 0),
                  want = array_new(dtype, SIZES(33), 0);

            for (int64_t i = 0; i < 33; i++) {
                double exact;

                if (op == LKS_BINARY_div && get(&b, i) == 0)
                    put_at(&b.view, i, 3);
                exact = binary_of((lks_binary)op, get(&a, i), get(&b, i));
                if (dtype == LKS_U8)
                    exact = exact < 0 ? exact + 256 : exact;
                put_at(&want.view, i, d < 4 ? exact : trunc(exact));
            }
            ck_ok(k->binary((lks_binary)op, &a.view, &b.view, &y.view));
            assert_close(isa, &y, &want, 1e-15);
            array_free(&a);
            array_free(&b);
            array_free(&y);
            array_free(&want);
        }
}
END_TEST

START_TEST(integers_wrap_around_and_division_by_zero_gives_zero)
{
    FOR_EACH_TABLE(k, isa)
    {
        array a = array_new(LKS_I64, SIZES(2), 0), b = array_new(LKS_I64, SIZES(2), 0);
        int64_t *pa = a.view.data, *pb = b.view.data;

        pa[0] = INT64_MIN, pb[0] = -1;
        pa[1] = 7, pb[1] = 0;
        ck_ok(k->binary(LKS_BINARY_div, &a.view, &b.view, &a.view));
        ck_assert(pa[0] == INT64_MIN && pa[1] == 0);
        ck_ok(k->unary(LKS_UNARY_neg, NULL, &a.view, &a.view));
        ck_assert(pa[0] == INT64_MIN);
        pa[0] = INT64_MAX;
        ck_ok(k->binary(LKS_BINARY_add, &a.view, &a.view, &a.view));
        ck_assert(pa[0] == -2);
        array_free(&a);
        array_free(&b);
        (void)isa;
    }
}
END_TEST

/* Central differences of the kernel itself, in f64. */
START_TEST(derivatives_are_the_slopes)
{
    FOR_EACH_TABLE(k, isa)
    for (int f = 0; f < N_UNARIES; f++)
        for (int layout = 0; layout < N_LAYOUTS; layout++) {
            array x = array_random(LKS_F64, SIZES(3, 7), 0, 3);
            array y = array_new(LKS_F64, SIZES(3, 7), 0),
                  dx = array_new(LKS_F64, SIZES(3, 7), 0);
            array dy = array_random(LKS_F64, SIZES(3, 7), 0, 4);
            lks_view vdy = laid_out(&dy, layout);

            for (int64_t i = 0; i < 21 && unaries[f].is_float_only; i++)
                put_at(&x.view, i, fabs(get(&x, i)) + 0.1);
            ck_ok(k->unary(unaries[f].op, NULL, &x.view, &y.view));
            ck_ok(
                k->unary_backward(unaries[f].op, NULL, &x.view, &y.view, &vdy, &dx.view));
            for (int64_t i = 0; i < 21; i++) {
                double at = get(&x, i), h = 1e-6;
                double slope = (unaries[f].f(at + h) - unaries[f].f(at - h)) / (2 * h);

                ck_assert_double_eq_tol(get(&dx, i),
                                        slope * get_at(&vdy, offset_of(&vdy, i)), 1e-7);
            }
            array_free(&x);
            array_free(&y);
            array_free(&dx);
            array_free(&dy);
        }
}
END_TEST

START_TEST(derivatives_of_two_operands_are_the_slopes)
{
    FOR_EACH_TABLE(k, isa)
    for (int op = 0; op < N_ARITHMETIC; op++) {
        array a = array_random(LKS_F64, SIZES(19), 0, 1);
        array b = array_random(LKS_F64, SIZES(19), 0, 2);
        array y = array_new(LKS_F64, SIZES(19), 0);
        array dy = array_random(LKS_F64, SIZES(19), 0, 3);
        array da = array_new(LKS_F64, SIZES(19), 0),
              db = array_new(LKS_F64, SIZES(19), 0);
        array only = array_new(LKS_F64, SIZES(19), 0);
        lks_binary o = (lks_binary)op;

        for (int64_t i = 0; i < 19; i++)
            put_at(&b.view, i, get(&b, i) + 2);
        ck_ok(k->binary(o, &a.view, &b.view, &y.view));
        ck_ok(k->binary_backward(o, &a.view, &b.view, &y.view, &dy.view, &da.view,
                                 &db.view));
        for (int64_t i = 0; i < 19; i++) {
            double p = get(&a, i), q = get(&b, i), g = get(&dy, i), h = 1e-6;

            ck_assert_double_eq_tol(
                get(&da, i),
                g * (binary_of(o, p + h, q) - binary_of(o, p - h, q)) / (2 * h), 1e-8);
            ck_assert_double_eq_tol(
                get(&db, i),
                g * (binary_of(o, p, q + h) - binary_of(o, p, q - h)) / (2 * h), 1e-8);
        }
        ck_ok(
            k->binary_backward(o, &a.view, &b.view, &y.view, &dy.view, NULL, &only.view));
        assert_same_bits(isa, &only, &db);
        ck_ok(
            k->binary_backward(o, &a.view, &b.view, &y.view, &dy.view, &only.view, NULL));
        assert_same_bits(isa, &only, &da);
        array_free(&a);
        array_free(&b);
        array_free(&y);
        array_free(&dy);
        array_free(&da);
        array_free(&db);
        array_free(&only);
    }
}
END_TEST

START_TEST(large_arrays_are_the_same_on_any_number_of_threads)
{
    array x = array_random(LKS_F32, SIZES(301, 1009), 0, 1);
    array one = array_new(LKS_F32, SIZES(301, 1009), 0);
    array three = array_new(LKS_F32, SIZES(301, 1009), 0);

    FOR_EACH_TABLE(k, isa)
    {
        lks_set_num_threads(lks_cpu, 1);
        ck_ok(k->unary(LKS_UNARY_tanh, NULL, &x.view, &one.view));
        lks_set_num_threads(lks_cpu, 3);
        ck_ok(k->unary(LKS_UNARY_tanh, NULL, &x.view, &three.view));
        assert_same_bits(isa, &three, &one);
    }
    lks_set_num_threads(lks_cpu, 1);
    array_free(&x);
    array_free(&one);
    array_free(&three);
}
END_TEST

START_TEST(dtypes_that_have_no_such_function_are_refused_by_name)
{
    const lks_kernels *k = lks_cpu_kernels();
    array flags = array_new(LKS_BOOL, SIZES(3), 0),
          ints = array_new(LKS_I32, SIZES(3), 0);

    ck_fails(k->binary(LKS_BINARY_add, &flags.view, &flags.view, &flags.view), LKS_DTYPE,
             "add does not take bool");
    ck_fails(k->unary(LKS_UNARY_exp, NULL, &ints.view, &ints.view), LKS_DTYPE,
             "exp does not take int32");
    ck_fails(k->unary_backward(LKS_UNARY_neg, NULL, &ints.view, &ints.view, &ints.view,
                               &ints.view),
             LKS_DTYPE, "neg does not take int32");
    array_free(&flags);
    array_free(&ints);
}
END_TEST

LKS_SUITE("pointwise", f32_functions_are_within_two_ulp_everywhere,
          every_dtype_and_odd_length_is_right, binary_operations_take_any_strides,
          outputs_may_be_strided_too, every_dtype_adds_subtracts_multiplies_and_divides,
          integers_wrap_around_and_division_by_zero_gives_zero,
          derivatives_are_the_slopes, derivatives_of_two_operands_are_the_slopes,
          large_arrays_are_the_same_on_any_number_of_threads,
          dtypes_that_have_no_such_function_are_refused_by_name)
