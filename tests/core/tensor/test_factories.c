#include "support/test_device.h"

#include <math.h>

#include "lockstep.h"

static const lks_rng rng = {.seed = 7, .step = 3, .lane = 1, .layer = 5};

/* Element i of a tensor of any dtype. */
static double at(lks_tensor *t, int64_t i)
{
    double value = (double)NAN;

    ck_ok(lks_item(lks_select(lks_flatten(t, 0, -1), 0, i), &value));
    return value;
}

typedef enum kind { ARANGE, LINSPACE, LOGSPACE } kind;

/* What PyTorch gives. */
static const struct row {
    kind kind;
    double args[3];
    lks_dtype dtype;
    int64_t n;
    double values[16];
} rows[] = {
#include "../../golden/factories.inc"
};

static lks_tensor *make(const struct row *r)
{
    const double *a = r->args;

    switch (r->kind) {
    case ARANGE:
        return lks_arange_from(a[0], a[1], a[2], r->dtype, test_device());
    case LINSPACE:
        return lks_linspace(a[0], a[1], (int64_t)a[2], r->dtype, test_device());
    default:
        return lks_logspace(a[0], a[1], (int64_t)a[2], 2, r->dtype, test_device());
    }
}

/* PyTorch counts f32 in f32, f16 in steps that are rounded to f16: so to a last place of
 * the largest number. */
static double tolerance(lks_dtype dtype, double largest)
{
    static const double steps[LKS_N_DTYPES] = {[LKS_F32] = 0x1p-22,
                                               [LKS_F64] = 0x1p-51,
                                               [LKS_F16] = 0x1p-8,
                                               [LKS_BF16] = 0x1p-5};

    return steps[dtype] * largest;
}

START_TEST(ranges_and_scales_are_those_of_pytorch)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        double largest = 1;

        ck_ok(lks_scope_open());
        lks_tensor *t = make(r);
        ck_assert_msg(t != NULL, "row %zu: %s", i, lks_error_text());
        ck_assert_int_eq(lks_tensor_dtype(t), r->dtype);
        ck_assert_int_eq(lks_ndim(t), 1);
        ck_assert_msg(lks_numel(t) == r->n, "row %zu: %d elements", i, (int)lks_numel(t));
        for (int64_t e = 0; e < r->n; e++)
            largest = fmax(largest, fabs(r->values[e]));
        for (int64_t e = 0; e < r->n; e++)
            ck_assert_msg(fabs(at(t, e) - r->values[e]) <= tolerance(r->dtype, largest),
                          "row %zu, element %d: %.17g, PyTorch has %.17g", i, (int)e,
                          at(t, e), r->values[e]);
        lks_scope_close();
    }
}
END_TEST

START_TEST(a_scale_meets_both_ends_to_the_bit)
{
    ck_ok(lks_scope_open());
    lks_tensor *t = lks_linspace(0.1, 0.7, 8, LKS_F64, test_device());
    ck_assert(at(t, 0) == 0.1 && at(t, 7) == 0.7);
    lks_scope_close();
}
END_TEST

START_TEST(an_identity_has_ones_where_row_and_column_are_the_same)
{
    static const int64_t sizes[][2] = {{3, 3}, {2, 4}, {4, 2}, {0, 3}, {3, 0}, {1, 1}};

    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (lks_dtype dtype = 0; dtype < LKS_N_DTYPES; dtype++) {
            const int64_t n_rows = sizes[s][0], n_columns = sizes[s][1];

            ck_ok(lks_scope_open());
            lks_tensor *t = lks_eye(n_rows, n_columns, dtype, test_device());
            ck_assert(t && lks_tensor_dtype(t) == dtype);
            for (int64_t i = 0; i < n_rows * n_columns; i++)
                ck_assert_double_eq(at(t, i), i / n_columns == i % n_columns);
            lks_scope_close();
        }
}
END_TEST

START_TEST(what_is_like_a_tensor_has_its_sizes_and_its_dtype)
{
    for (lks_dtype dtype = 0; dtype < LKS_N_DTYPES; dtype++) {
        const bool is_float = lks_dtype_is_float(dtype);

        ck_ok(lks_scope_open());
        lks_tensor *x =
            lks_transpose(lks_zeros(LKS_SHAPE_OF(2, 3), dtype, test_device()), 0, 1);
        lks_tensor *like[] = {lks_empty_like(x),
                              lks_zeros_like(x),
                              lks_ones_like(x),
                              lks_full_like(x, 1),
                              lks_randint_like(x, 0, 2, &rng),
                              is_float ? lks_rand_like(x, &rng) : x,
                              is_float ? lks_randn_like(x, &rng) : x};
        for (size_t i = 0; i < sizeof like / sizeof *like; i++) {
            const lks_shape shape = lks_sizes(like[i]);

            ck_assert(lks_shape_equal(&shape, &LKS_SHAPE_OF(3, 2)));
            ck_assert_int_eq(lks_tensor_dtype(like[i]), dtype);
            ck_assert(like[i] == x || lks_is_contiguous(like[i]));
        }
        ck_assert(at(like[1], 5) == 0 && at(like[2], 5) == 1 && at(like[3], 5) == 1);
        lks_scope_close();
    }
    ck_assert_ptr_null(lks_zeros_like(NULL));
    ck_assert_ptr_null(lks_rand_like(NULL, &rng));
}
END_TEST

START_TEST(numbers_that_are_drawn_are_within_their_bounds_and_spread)
{
    int counts[10] = {0};

    ck_ok(lks_scope_open());
    lks_tensor *t =
        lks_randint(-4, 6, LKS_SHAPE_OF(100, 100), LKS_I64, &rng, test_device());
    int64_t *values = tensor_get(t);
    for (int i = 0; i < 10000; i++) {
        ck_assert(values[i] >= -4 && values[i] < 6);
        counts[values[i] + 4]++;
    }
    free(values);
    for (int i = 0; i < 10; i++) /* 1000 each, +- 30: seven of these */
        ck_assert_msg(abs(counts[i] - 1000) < 210, "%d of %d", counts[i], i - 4);
    lks_scope_close();
}
END_TEST

/* A stream's numbers are part of what a program's results are: these stay. Philox by
 * hand: element i is floor(10 (2^32 w(2i) + w(2i + 1)) / 2^64). */
START_TEST(what_is_drawn_depends_on_the_stream_and_the_place_alone)
{
    ck_ok(lks_scope_open());
    lks_tensor *t = lks_randint(0, 10, LKS_SHAPE_OF(64), LKS_I32, &rng, test_device());
    lks_tensor *first =
        lks_randint(0, 10, LKS_SHAPE_OF(2, 8), LKS_F32, &rng, test_device());

    for (uint64_t i = 0; i < 64; i++) {
        const double word = (double)lks_rng_bits(&rng, 2 * i) * 0x1p-32;
        ck_assert_double_eq(at(t, (int64_t)i), floor(10 * word));
        if (i < 16)
            ck_assert_double_eq(at(first, (int64_t)i), at(t, (int64_t)i));
    }
    lks_scope_close();
}
END_TEST

START_TEST(the_widest_bounds_are_drawn_from)
{
    bool below = false, above = false;

    ck_ok(lks_scope_open());
    lks_tensor *t =
        lks_randint(INT64_MIN, INT64_MAX, LKS_SHAPE_OF(64), LKS_I64, &rng, test_device());
    int64_t *values = tensor_get(t);
    for (int i = 0; i < 64; i++) {
        below |= values[i] < INT64_MIN / 2;
        above |= values[i] > INT64_MAX / 2;
    }
    free(values);
    ck_assert(below && above);
    ck_assert_double_eq(
        at(lks_randint(255, 256, LKS_SHAPE_OF(3), LKS_U8, &rng, test_device()), 2), 255);
    lks_scope_close();
}
END_TEST

START_TEST(a_permutation_has_each_number_once)
{
    ck_ok(lks_scope_open());
    for (int64_t n = 0; n < 60; n += 1 + n / 3) {
        lks_tensor *t = lks_randperm(n, LKS_I32, &rng, test_device());
        lks_tensor *sorted = lks_sort(t, 0, false, NULL);

        ck_assert_int_eq(lks_numel(t), n);
        for (int64_t i = 0; i < n; i++)
            ck_assert_double_eq(at(sorted, i), (double)i);
    }
    lks_scope_close();
}
END_TEST

/* Where each of three ends up, over many streams: all six orders, as often. */
START_TEST(permutations_are_as_likely_as_one_another)
{
    int counts[9] = {0}, n_orders = 0;

    for (uint32_t step = 0; step < 3000; step++) {
        const lks_rng stream = {.seed = 1, .step = step};

        ck_ok(lks_scope_open());
        int64_t *order = tensor_get(lks_randperm(3, LKS_I64, &stream, test_device()));
        counts[order[0] * 3 + order[1]]++;
        free(order);
        lks_scope_close();
    }
    for (int i = 0; i < 9; i++) {
        n_orders += counts[i] > 0;
        ck_assert(counts[i] == 0 || abs(counts[i] - 500) < 140);
    }
    ck_assert_int_eq(n_orders, 6);
}
END_TEST

START_TEST(an_element_comes_out_whole)
{
    const int64_t large = 0x7ffffffffffffff1;
    int64_t got;

    ck_ok(lks_scope_open());
    ck_ok(lks_item_i64(lks_from_data(LKS_SCALAR, LKS_I64, &large, test_device()), &got));
    ck_assert(got == large);
    ck_ok(
        lks_item_i64(lks_full(LKS_SHAPE_OF(1, 1), -2.75, LKS_F32, test_device()), &got));
    ck_assert_int_eq(got, -2);
    ck_ok(lks_item_i64(lks_ones(LKS_SCALAR, LKS_BOOL, test_device()), &got));
    ck_assert_int_eq(got, 1);
    ck_fails(lks_item_i64(NULL, &got), LKS_INVALID, "item: given no tensor");
    ck_fails(lks_item_i64(lks_ones(LKS_SHAPE_OF(2), LKS_I64, test_device()), &got),
             LKS_SHAPE, "item: the tensor has 2 elements, not one");
    lks_scope_close();
}
END_TEST

START_TEST(what_cannot_be_made_is_refused)
{
    const lks_device on = test_device();
    double item;

    ck_ok(lks_scope_open());
#define REFUSED(call, code, says) ck_fails(lks_item(call, &item), code, says)
    REFUSED(lks_arange_from(0, 5, 0, LKS_F32, on), LKS_INVALID,
            "arange: a step of 0 goes nowhere");
    REFUSED(lks_arange_from(0, 5, -1, LKS_I64, on), LKS_INVALID,
            "arange: steps of -1 lead from 0 away from 5");
    REFUSED(lks_arange_from(0, (double)INFINITY, 1, LKS_F32, on), LKS_INVALID,
            "arange: takes finite numbers, not 0, inf and 1");
    REFUSED(lks_arange_from(0, 1e300, 1e-300, LKS_F32, on), LKS_SHAPE,
            "arange: more than 2^63 - 1 steps of 1e-300 from 0 to 1e+300");
    REFUSED(lks_linspace(0, 1, -1, LKS_F32, on), LKS_INVALID,
            "linspace: -1 numbers are less than none");
    REFUSED(lks_logspace(0, 1, 3, (double)NAN, LKS_F32, on), LKS_INVALID,
            "logspace: takes finite numbers, not 0, 1 and nan");
    REFUSED(lks_eye(-1, 2, LKS_F32, on), LKS_SHAPE, "shape (-1, 2) has a negative size");
    REFUSED(lks_randint(3, 3, LKS_SHAPE_OF(2), LKS_I64, &rng, on), LKS_INVALID,
            "randint: there is no number from 3 to below 3");
    REFUSED(lks_randint(0, 257, LKS_SHAPE_OF(2), LKS_U8, &rng, on), LKS_INVALID,
            "randint: uint8 does not hold 0 to 256");
    REFUSED(lks_randint(-1, 1, LKS_SHAPE_OF(2), LKS_BOOL, &rng, on), LKS_INVALID,
            "randint: bool does not hold -1 to 0");
    REFUSED(lks_randint(0, 2, LKS_SHAPE_OF(-2), LKS_I64, &rng, on), LKS_SHAPE,
            "shape (-2,) has a negative size");
    REFUSED(lks_randperm(-1, LKS_I64, &rng, on), LKS_SHAPE,
            "shape (-1,) has a negative size");
    REFUSED(lks_randperm(300, LKS_U8, &rng, on), LKS_INVALID,
            "randperm: uint8 does not hold 0 to 299");
    REFUSED(lks_rand_like(lks_zeros(LKS_SHAPE_OF(2), LKS_I64, on), &rng), LKS_DTYPE,
            "rand: int64 is no floating-point dtype");
#undef REFUSED
    lks_scope_close();
}
END_TEST

LKS_SUITE("factories", ranges_and_scales_are_those_of_pytorch,
          a_scale_meets_both_ends_to_the_bit,
          an_identity_has_ones_where_row_and_column_are_the_same,
          what_is_like_a_tensor_has_its_sizes_and_its_dtype,
          numbers_that_are_drawn_are_within_their_bounds_and_spread,
          what_is_drawn_depends_on_the_stream_and_the_place_alone,
          the_widest_bounds_are_drawn_from, a_permutation_has_each_number_once,
          permutations_are_as_likely_as_one_another, an_element_comes_out_whole,
          what_cannot_be_made_is_refused)
