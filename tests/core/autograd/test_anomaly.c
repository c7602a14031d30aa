#include "support/test_device.h"

#include <math.h>

#include "lockstep.h"

static lks_tensor *leaf(double value)
{
    return lks_requires_grad_(lks_full(LKS_SHAPE_OF(3), value, LKS_F32, test_device()));
}

/* 0 times infinity: where x is 0, the gradient of sqrt is infinite, that of square 0. */
static lks_tensor *bad(lks_tensor *x)
{
    return lks_sum_all(lks_sqrt(lks_square(x)));
}

START_TEST(a_nan_passes_unless_somebody_looks)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(0);
    ck_assert(!lks_detect_anomaly());
    ck_ok(lks_backward(bad(x)));
    ck_assert(isnan(tensor_at(lks_grad(x), 0)));
    lks_scope_close();
}
END_TEST

START_TEST(the_operation_that_makes_a_nan_is_named)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(0), *fine = leaf(1);
    ck_assert(!lks_set_detect_anomaly(true));
    ck_fails(lks_backward(bad(lks_mul_scalar(x, 2))), LKS_NUMERIC,
             "backward: the gradient that square gives its input 0, float32 (3,), the "
             "result of mul, has a NaN");
    ck_fails(
        lks_backward(bad(x)), LKS_NUMERIC,
        "backward: the gradient that square gives its input 0, float32 (3,), a leaf, "
        "has a NaN");
    ck_ok(lks_backward(bad(fine)));
    ck_assert_double_eq(tensor_at(lks_grad(fine), 0), 1);
    ck_assert(lks_set_detect_anomaly(false));
    lks_scope_close();
}
END_TEST

START_TEST(a_nan_from_an_earlier_sweep_is_nobodys_fault)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(0);
    ck_ok(lks_backward(bad(x)));
    lks_set_detect_anomaly(true);
    ck_ok(lks_backward(lks_sum_all(x)));
    lks_set_detect_anomaly(false);
    lks_scope_close();
}
END_TEST

START_TEST(empty_gradients_have_no_nan)
{
    ck_ok(lks_scope_open());
    lks_tensor *x =
        lks_requires_grad_(lks_zeros(LKS_SHAPE_OF(0, 2), LKS_F64, test_device()));
    lks_set_detect_anomaly(true);
    ck_ok(lks_backward(bad(x)));
    lks_set_detect_anomaly(false);
    lks_scope_close();
}
END_TEST

START_TEST(looking_survives_each_allocation_failing)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2);
    for (long n = 0, failed = 1; failed; n++) {
        lks_status st;

        lks_error_clear();
        lks_alloc_fail_after(n);
        st = lks_scope_open();
        lks_set_detect_anomaly(true);
        if (st == LKS_OK) {
            st = lks_backward(bad(x));
            lks_scope_close();
        }
        lks_set_detect_anomaly(false);
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
    }
    lks_scope_close();
}
END_TEST

LKS_SUITE("anomaly", a_nan_passes_unless_somebody_looks,
          the_operation_that_makes_a_nan_is_named,
          a_nan_from_an_earlier_sweep_is_nobodys_fault, empty_gradients_have_no_nan,
          looking_survives_each_allocation_failing)
