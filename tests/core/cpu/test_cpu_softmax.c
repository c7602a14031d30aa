#include <stdio.h>

#include "core/cpu/views.h"

static const int64_t widths[] = {1, 2, 3, 10, 15, 16, 17, 33, 1000};

enum { N_WIDTHS = sizeof widths / sizeof *widths, ROWS = 21 };

/* log_softmax in f64 from the definition. */
static void log_softmax_plainly(const array *x, int64_t width, array *out)
{
    for (int64_t row = 0; row < ROWS; row++) {
        double max = -(double)INFINITY, sum = 0;

        for (int64_t i = row * width; i < (row + 1) * width; i++)
            max = get(x, i) > max ? get(x, i) : max;
        for (int64_t i = row * width; i < (row + 1) * width; i++)
            sum += exp(get(x, i) - max);
        for (int64_t i = row * width; i < (row + 1) * width; i++)
            put_at(&out->view, i, get(x, i) - max - log(sum));
    }
}

static double tolerance_of(lks_dtype dtype)
{
    return dtype == LKS_F32 ? 2e-6 : 1e-14;
}

START_TEST(softmax_and_its_logarithm_are_the_definition)
{
    FOR_EACH_TABLE(k, isa)
    for (int test = 0; test < 2 * N_WIDTHS; test++) {
        int64_t width = widths[test / 2];
        lks_dtype dtype = test % 2 ? LKS_F64 : LKS_F32;
        array x = array_random(dtype, SIZES(ROWS, width), 1, 1),
              y = array_new(dtype, SIZES(ROWS, width), 2);
        array want = array_new(LKS_F64, SIZES(ROWS, width), 0);

        for (int64_t i = 0; i < ROWS * width; i++)
            put_at(&x.view, i, get(&x, i) * 50);
        log_softmax_plainly(&x, width, &want);
        ck_ok(k->softmax(&x.view, true, &y.view));
        assert_close(isa, &y, &want, tolerance_of(dtype));
        for (int64_t i = 0; i < ROWS * width; i++)
            put_at(&want.view, i, exp(get(&want, i)));
        ck_ok(k->softmax(&x.view, false, &y.view));
        assert_close(isa, &y, &want, tolerance_of(dtype));
        array_free(&x);
        array_free(&y);
        array_free(&want);
    }
}
END_TEST

/* Three rows of `width`: 3e38, -3e38 with a NaN at `bad`, -3e38. */
static void check_extremes(const lks_kernels *k, const char *isa, int64_t width,
                           int64_t bad, bool is_log)
{
    const double want = is_log ? -log((double)width) : 1 / (double)width;
    array x = array_new(LKS_F32, SIZES(3, width), 0),
          y = array_new(LKS_F32, SIZES(3, width), 0);

    for (int64_t i = 0; i < 3 * width; i++)
        put_at(&x.view, i, i < width ? 3e38 : -3e38);
    put_at(&x.view, width + bad, (double)NAN);
    ck_ok(k->softmax(&x.view, is_log, &y.view));
    for (int64_t i = 0; i < 3 * width; i++)
        ck_assert_msg(i / width == 1 ? isnan(get(&y, i)) : fabs(get(&y, i) - want) < 3e-7,
                      "%s: element %d of rows of %d is %g", isa, (int)i, (int)width,
                      get(&y, i));
    array_free(&x);
    array_free(&y);
}

START_TEST(large_numbers_do_not_overflow_and_nan_spoils_only_its_row)
{
    FOR_EACH_TABLE(k, isa)
    for (int test = 0; test < 4; test++) {
        const int64_t width = test < 2 ? 10 : 20;

        for (int64_t bad = 0; bad < width; bad++)
            check_extremes(k, isa, width, bad, test % 2);
    }
}
END_TEST

START_TEST(softmax_backward_is_the_slope)
{
    enum { WIDTH = 7, N = ROWS * WIDTH };

    FOR_EACH_TABLE(k, isa)
    for (int is_log = 0; is_log < 2; is_log++) {
        array x = array_random(LKS_F64, SIZES(ROWS, WIDTH), 0, 1),
              y = array_new(LKS_F64, SIZES(ROWS, WIDTH), 0);
        array dy = array_random(LKS_F64, SIZES(ROWS, WIDTH), 0, 2),
              dx = array_new(LKS_F64, SIZES(ROWS, WIDTH), 0);
        array low = array_new(LKS_F64, SIZES(ROWS, WIDTH), 0),
              high = array_new(LKS_F64, SIZES(ROWS, WIDTH), 0);

        ck_ok(k->softmax(&x.view, is_log, &y.view));
        ck_ok(k->softmax_backward(&y.view, &dy.view, is_log, &dx.view));
        for (int64_t i = 0; i < N; i++) {
            double at = get(&x, i), h = 1e-5, slope = 0;

            put_at(&x.view, i, at - h);
            ck_ok(k->softmax(&x.view, is_log, &low.view));
            put_at(&x.view, i, at + h);
            ck_ok(k->softmax(&x.view, is_log, &high.view));
            put_at(&x.view, i, at);
            for (int64_t j = 0; j < N; j++)
                slope += get(&dy, j) * (get(&high, j) - get(&low, j)) / (2 * h);
            ck_assert_msg(fabs(get(&dx, i) - slope) < 1e-8, "%s: %g not %g", isa,
                          get(&dx, i), slope);
        }
        array_free(&x);
        array_free(&y);
        array_free(&dy);
        array_free(&dx);
        array_free(&low);
        array_free(&high);
    }
}
END_TEST

START_TEST(softmax_backward_in_f32_agrees_with_f64)
{
    FOR_EACH_TABLE(k, isa)
    for (int test = 0; test < 2 * N_WIDTHS; test++) {
        int64_t width = widths[test / 2];
        array y = array_random(LKS_F32, SIZES(ROWS, width), 1, 1),
              y64 = array_new(LKS_F64, SIZES(ROWS, width), 0);
        array dy = array_random(LKS_F32, SIZES(ROWS, width), 1, 2),
              dy64 = array_new(LKS_F64, SIZES(ROWS, width), 0);
        array dx = array_new(LKS_F32, SIZES(ROWS, width), 1),
              dx64 = array_new(LKS_F64, SIZES(ROWS, width), 0);

        ck_ok(k->copy(&y.view, &y64.view));
        ck_ok(k->copy(&dy.view, &dy64.view));
        ck_ok(k->softmax_backward(&y.view, &dy.view, test % 2, &dx.view));
        ck_ok(k->softmax_backward(&y64.view, &dy64.view, test % 2, &dx64.view));
        assert_close(isa, &dx, &dx64, 2e-5);
        array_free(&y);
        array_free(&y64);
        array_free(&dy);
        array_free(&dy64);
        array_free(&dx);
        array_free(&dx64);
    }
}
END_TEST

START_TEST(cross_entropy_picks_the_targets_and_skips_the_ignored)
{
    FOR_EACH_TABLE(k, isa)
    for (int test = 0; test < 2 * N_WIDTHS; test++) {
        int64_t width = widths[test / 2];
        lks_dtype dtype = test % 2 ? LKS_F64 : LKS_F32;
        array x = array_random(dtype, SIZES(ROWS, width), 1, 1),
              log_p = array_new(dtype, SIZES(ROWS, width), 2);
        array want = array_new(LKS_F64, SIZES(ROWS, width), 0),
              loss = array_new(dtype, SIZES(ROWS), 1);
        array target = array_new(LKS_I64, SIZES(ROWS), 0),
              dx = array_new(dtype, SIZES(ROWS, width), 1);
        array scale = array_random(dtype, SIZES(ROWS), 0, 5),
              counted = array_new(dtype, SIZES(1), 1);

        for (int64_t row = 0; row < ROWS; row++)
            put_at(&target.view, row, row == 2 ? -100 : (double)(row * 7 % width));
        log_softmax_plainly(&x, width, &want);
        ck_ok(k->cross_entropy(&x.view, &target.view, -100, &log_p.view, &loss.view,
                               &counted.view));
        ck_assert(get(&counted, 0) == ROWS - 1);
        assert_close(isa, &log_p, &want, tolerance_of(dtype));
        for (int stride = 0; stride < 2; stride++) {
            lks_view scales = scale.view;

            scales.strides[0] = stride;
            ck_ok(k->cross_entropy_backward(&log_p.view, &target.view, -100, &scales,
                                            &dx.view));
            for (int64_t i = 0; i < ROWS * width; i++) {
                int64_t row = i / width, t = (int64_t)get(&target, row);
                double s = get(&scale, row * stride);
                double dxi = t < 0 ? 0 : s * (exp(get(&want, i)) - (i % width == t));

                ck_assert_msg(fabs(get(&dx, i) - dxi) <= tolerance_of(dtype),
                              "%s: gradient %d is %g, not %g", isa, (int)i, get(&dx, i),
                              dxi);
                if (i % width == t)
                    ck_assert(fabs(get(&loss, row) + get(&want, i)) <=
                              8 * tolerance_of(dtype));
                ck_assert(t >= 0 || get(&loss, row) == 0);
            }
        }
        array_free(&x);
        array_free(&log_p);
        array_free(&want);
        array_free(&loss);
        array_free(&target);
        array_free(&dx);
        array_free(&scale);
        array_free(&counted);
    }
}
END_TEST

START_TEST(a_target_that_is_no_class_is_refused_by_name)
{
    FOR_EACH_TABLE(k, isa)
    {
        array x = array_random(LKS_F32, SIZES(3, 4), 0, 1),
              log_p = array_new(LKS_F32, SIZES(3, 4), 0);
        array target = array_new(LKS_I64, SIZES(3), 0),
              loss = array_new(LKS_F32, SIZES(3), 0);

        put_at(&target.view, 1, 4);
        ck_fails(
            k->cross_entropy(&x.view, &target.view, -100, &log_p.view, &loss.view, NULL),
            LKS_INVALID, "cross_entropy: target 4 of row 1 is outside the 4 classes");
        put_at(&target.view, 1, -1);
        ck_fails(
            k->cross_entropy(&x.view, &target.view, -100, &log_p.view, &loss.view, NULL),
            LKS_INVALID, "target -1 of row 1");
        (void)isa;
        array_free(&x);
        array_free(&log_p);
        array_free(&target);
        array_free(&loss);
    }
}
END_TEST

/* source: torch.nn.functional.cross_entropy(reduction="none") */
START_TEST(cross_entropy_gives_pytorchs_numbers)
{
    const double logits[] = {1, 2, 3, -1, 0, 5}, want[] = {2.407606, 5.009175};

    FOR_EACH_TABLE(k, isa)
    {
        array x = array_new(LKS_F32, SIZES(2, 3), 0),
              log_p = array_new(LKS_F32, SIZES(2, 3), 0);
        array target = array_new(LKS_I64, SIZES(2), 0),
              loss = array_new(LKS_F32, SIZES(2), 0);

        for (int64_t i = 0; i < 6; i++)
            put_at(&x.view, i, logits[i]);
        put_at(&target.view, 1, 1);
        ck_ok(
            k->cross_entropy(&x.view, &target.view, -100, &log_p.view, &loss.view, NULL));
        for (int64_t i = 0; i < 2; i++)
            ck_assert_msg(fabs(get(&loss, i) - want[i]) < 1e-6, "%s: %.7g", isa,
                          get(&loss, i));
        array_free(&x);
        array_free(&log_p);
        array_free(&target);
        array_free(&loss);
    }
}
END_TEST

START_TEST(empty_rows_and_batches_are_fine)
{
    FOR_EACH_TABLE(k, isa)
    {
        array none = array_new(LKS_F32, SIZES(0, 4), 0),
              thin = array_new(LKS_F32, SIZES(4, 0), 0);
        array target = array_new(LKS_I64, SIZES(0), 0),
              loss = array_new(LKS_F32, SIZES(0), 0);

        ck_ok(k->softmax(&none.view, false, &none.view));
        ck_ok(k->softmax(&thin.view, true, &thin.view));
        ck_ok(k->cross_entropy(&none.view, &target.view, -100, &none.view, &loss.view,
                               NULL));
        (void)isa;
        array_free(&none);
        array_free(&thin);
        array_free(&target);
        array_free(&loss);
    }
}
END_TEST

START_TEST(other_dtypes_are_refused_by_name)
{
    array x = array_new(LKS_F16, SIZES(2, 2), 0);

    ck_fails(lks_cpu_kernels()->softmax(&x.view, false, &x.view), LKS_DTYPE,
             "softmax does not take float16");
    array_free(&x);
}
END_TEST

LKS_SUITE("softmax", softmax_and_its_logarithm_are_the_definition,
          large_numbers_do_not_overflow_and_nan_spoils_only_its_row,
          softmax_backward_is_the_slope, softmax_backward_in_f32_agrees_with_f64,
          cross_entropy_picks_the_targets_and_skips_the_ignored,
          a_target_that_is_no_class_is_refused_by_name,
          cross_entropy_gives_pytorchs_numbers, empty_rows_and_batches_are_fine,
          other_dtypes_are_refused_by_name)
