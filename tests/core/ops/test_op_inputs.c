/* Operations on inputs of every kind: without elements, without dimensions, of one, of
 * many, in memory that is dense, turned, gappy, reversed or repeats itself, in f64 and f32.
 * One table of functions, under the names that tests/golden/op_inputs.py has them. */
#include "support/test_device.h"

#include <math.h>
#include <stdio.h>

#include "test_op_inputs/functions.h"

/* What PyTorch makes of an input; LKS_N_DTYPES: it refuses. Sums of (i + 1) times element
 * i: of the result, and of the gradient of x where the cotangent is (i + 1). */
typedef struct golden {
    const char *name;
    lks_shape input;
    lks_dtype dtype;
    lks_shape shape;
    double sum;
    bool has_grad;
    double grad_sum;
} golden;

static const golden goldens[] = {
#include "../../golden/op_inputs.inc"
};
enum { N_GOLDENS = sizeof goldens / sizeof *goldens };

/* ---- inputs ---- */

typedef enum layout { DENSE, TURNED, GAPS, REVERSED, N_LAYOUTS } layout;
static const char *const layout_names[] = {"dense", "turned", "with gaps", "reversed"};

/* As number() of op_inputs.py. */
static double value_at(int64_t i)
{
    return 0.1 + 0.8 * (double)((37 * i + 11) % 101) / 101;
}

static lks_tensor *lay_out(lks_shape shape, lks_dtype dtype, layout how)
{
    lks_shape larger = shape;
    lks_tensor *t;

    if (how == TURNED && shape.ndim >= 2) {
        larger.sizes[0] = shape.sizes[shape.ndim - 1];
        larger.sizes[shape.ndim - 1] = shape.sizes[0];
        return lks_transpose(lks_zeros(larger, dtype, test_device()), 0, -1);
    }
    for (int d = 0; d < shape.ndim && how == GAPS; d++)
        larger.sizes[d] = 2 * shape.sizes[d] + 1;
    t = lks_zeros(larger, dtype, test_device());
    for (int d = 0; d < shape.ndim && how == GAPS; d++)
        t = lks_slice(t, d, 1, larger.sizes[d], 2);
    for (int d = 0; d < shape.ndim && how == REVERSED; d++)
        t = lks_slice(t, d, -1, -shape.sizes[d] - 1, -1);
    return t;
}

/* A leaf. */
static lks_tensor *make_input(lks_shape shape, lks_dtype dtype, layout how)
{
    lks_tensor *x = lay_out(shape, dtype, how);
    double values[128];

    ck_assert_int_le(lks_numel(x), 128);
    for (int64_t i = 0; i < lks_numel(x); i++)
        values[i] = value_at(i);
    ck_assert_ptr_nonnull(
        lks_copy_(x, lks_from_data(shape, LKS_F64, values, test_device())));
    return lks_requires_grad_(lks_detach(x));
}

/* ---- results ---- */

static double sum_of(lks_tensor *t)
{
    double *values = tensor_get(lks_to(t, LKS_F64)), sum = 0;

    for (int64_t i = 0; i < lks_numel(t); i++)
        sum += (double)(i + 1) * values[i];
    free(values);
    return sum;
}

/* The sweep whose cotangent of element i is i + 1. */
static lks_tensor *gradient_of(lks_tensor *y, lks_tensor *x)
{
    lks_tensor *i = lks_add_scalar(lks_arange(lks_numel(y), LKS_F64, test_device()), 1);

    ck_ok(
        lks_backward_from(y, lks_reshape(lks_to(i, lks_tensor_dtype(y)), lks_sizes(y))));
    return lks_has_grad(x) ? lks_grad(x) : lks_zeros_like(x);
}

static bool near(double got, double want, double tolerance)
{
    return (isnan(got) && isnan(want)) || got == want ||
           fabs(got - want) <= tolerance * fmax(1, fabs(want));
}

static const struct function *function_of(const golden *g)
{
    for (int i = 0; i < n_functions; i++)
        if (strcmp(functions[i].name, g->name) == 0)
            return &functions[i];
    ck_abort_msg("%s is not in the table", g->name);
    return NULL;
}

typedef void (*check_fn)(const golden *g, op_fn f, const char *title);
static void is_pytorchs(const golden *g, op_fn f, const char *title);

static void for_each_golden(check_fn check)
{
    for (int i = 0; i < N_GOLDENS; i++) {
        char shape[LKS_SHAPE_TEXT], title[300];

        if (goldens[i].dtype == LKS_N_DTYPES && check != is_pytorchs)
            continue;
        ck_ok(lks_scope_open());
        lks_error_clear();
        snprintf(title, sizeof title, "%s of %s", goldens[i].name,
                 lks_shape_text(&goldens[i].input, shape, sizeof shape));
        check(&goldens[i], function_of(&goldens[i])->f, title);
        lks_scope_close();
    }
}

/* ---- checks ---- */

static void is_pytorchs(const golden *g, op_fn f, const char *title)
{
    lks_tensor *x = make_input(g->input, LKS_F64, DENSE), *y = f(x);
    lks_shape shape;
    char text[LKS_SHAPE_TEXT];

    if (g->dtype == LKS_N_DTYPES) {
        /* a device that is late says so when it is waited for */
        ck_assert_msg(y == NULL || test_finish() != LKS_OK, "%s was not refused", title);
        return;
    }
    ck_assert_msg(y != NULL, "%s: %s", title, lks_error_text());
    shape = lks_sizes(y);
    ck_assert_msg(lks_tensor_dtype(y) == g->dtype && lks_shape_equal(&shape, &g->shape),
                  "%s is %s of %s", title, lks_shape_text(&shape, text, sizeof text),
                  lks_dtype_name(lks_tensor_dtype(y)));
    ck_assert_msg(near(sum_of(y), g->sum, 1e-7), "%s: sum %.12g, PyTorch has %.12g",
                  title, sum_of(y), g->sum);
    ck_assert_msg(lks_requires_grad(y) == g->has_grad, "%s: gradient", title);
    if (g->has_grad)
        ck_assert_msg(near(sum_of(gradient_of(y, x)), g->grad_sum, 1e-6),
                      "%s: gradient's sum %.12g, PyTorch has %.12g", title,
                      sum_of(lks_grad(x)), g->grad_sum);
}

START_TEST(nothing_one_and_many_give_what_pytorch_has)
{
    for_each_golden(is_pytorchs);
}
END_TEST

static void same_bits(const char *title, const char *what, lks_tensor *got,
                      lks_tensor *want)
{
    const size_t size = lks_dtype_size_bytes(lks_tensor_dtype(want));
    char *a = tensor_get(got), *b = tensor_get(want);

    ck_assert_int_eq(lks_numel(got), lks_numel(want));
    ck_assert_msg(memcmp(a, b, (size_t)lks_numel(got) * size) == 0,
                  "%s: %s differs from that of dense memory", title, what);
    free(a);
    free(b);
}

static void is_the_same_in_any_memory(const golden *g, op_fn f, const char *title)
{
    lks_tensor *dense = make_input(g->input, LKS_F64, DENSE), *want = f(dense);
    char where[400];

    for (layout how = TURNED; how < N_LAYOUTS; how++) {
        lks_tensor *x = make_input(g->input, LKS_F64, how), *y = f(x);

        snprintf(where, sizeof where, "%s, %s", title, layout_names[how]);
        ck_assert_msg(y && want, "%s: %s", where, lks_error_text());
        same_bits(where, "the result", y, want);
        if (!lks_requires_grad(want))
            continue;
        ck_assert_ptr_null(how == TURNED ? lks_grad(dense) : NULL);
        same_bits(where, "the gradient", gradient_of(y, x),
                  how == TURNED ? gradient_of(want, dense) : lks_grad(dense));
    }
}

START_TEST(results_and_gradients_do_not_depend_on_the_memory)
{
    for_each_golden(is_the_same_in_any_memory);
}
END_TEST

/* The input repeats itself along its first dimension: all its rows are one. */
static void is_the_same_of_what_repeats(const golden *g, op_fn f, const char *title)
{
    lks_shape one = g->input;
    lks_tensor *x, *y, *want;

    if (one.ndim == 0 || one.sizes[0] == 0)
        return;
    one.sizes[0] = 1;
    x = lks_expand(lks_detach(make_input(one, LKS_F64, DENSE)), g->input);
    want = f(lks_clone(x));
    y = f(x);
    ck_assert_msg((y != NULL) == (want != NULL), "%s: %s", title, lks_error_text());
    if (want)
        same_bits(title, "the result of what repeats", y, want);
}

START_TEST(what_repeats_is_taken_as_what_it_repeats)
{
    for_each_golden(is_the_same_of_what_repeats);
}
END_TEST

/* f32 computes what f64 does, within a few dozen roundings of the largest number about.
 * Whole numbers and truths are the same: no two inputs are near one another. */
static void agrees_in_f32(const golden *g, op_fn f, const char *title)
{
    lks_tensor *x = make_input(g->input, LKS_F64, DENSE);
    lks_tensor *x32 = make_input(g->input, LKS_F32, DENSE);
    lks_tensor *y = f(x), *y32 = f(x32);

    ck_assert_msg((y != NULL) == (y32 != NULL), "%s: %s", title, lks_error_text());
    if (!y)
        return;
    double *wide = tensor_get(lks_to(y, LKS_F64)),
           *narrow = tensor_get(lks_to(y32, LKS_F64));
    ck_assert_int_eq(lks_numel(y), lks_numel(y32));
    for (int64_t i = 0; i < lks_numel(y); i++)
        ck_assert_msg(near(narrow[i], wide[i], 64 * 0x1p-23),
                      "%s, element %d: %.9g, f64 has %.9g", title, (int)i, narrow[i],
                      wide[i]);
    free(wide);
    free(narrow);
    if (!lks_requires_grad(y))
        return;
    wide = tensor_get(gradient_of(y, x));
    narrow = tensor_get(lks_to(gradient_of(y32, x32), LKS_F64));
    for (int64_t i = 0; i < lks_numel(x); i++)
        ck_assert_msg(near(narrow[i], wide[i], 1024 * 0x1p-23),
                      "%s, gradient %d: %.9g, f64 has %.9g", title, (int)i, narrow[i],
                      wide[i]);
    free(wide);
    free(narrow);
}

START_TEST(f32_agrees_with_f64)
{
    for_each_golden(agrees_in_f32);
}
END_TEST

START_TEST(every_function_has_its_numbers)
{
    for (int o = 0; o < n_functions; o++) {
        int n = 0;

        for (int i = 0; i < N_GOLDENS; i++)
            n += strcmp(functions[o].name, goldens[i].name) == 0;
        ck_assert_msg(n > 0, "%s: no numbers in tests/golden/op_inputs.py",
                      functions[o].name);
    }
}
END_TEST

LKS_SUITE("op_inputs", nothing_one_and_many_give_what_pytorch_has,
          results_and_gradients_do_not_depend_on_the_memory,
          what_repeats_is_taken_as_what_it_repeats, f32_agrees_with_f64,
          every_function_has_its_numbers)
