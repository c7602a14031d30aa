#include "support/test_device.h"

#include "autograd/backward.h"
#include "base/alloc.h"
#include "nn/loss.h"
#include "ops/ops.h"
#include "tensor/scope.h"

static lks_tensor *floats(lks_shape shape, const float *values)
{
    return lks_from_data(shape, LKS_F32, values, test_device());
}

static double item(lks_tensor *t)
{
    double value = 0;

    ck_ok(t ? lks_item(t, &value) : lks_error_status());
    return value;
}

static double counted(const lks_loss_count *count)
{
    double value = -1;

    ck_ok(lks_loss_count_item(count, &value));
    return value;
}

START_TEST(cross_entropy_sums_over_the_batch_and_counts_samples)
{
    /* F.cross_entropy(tensor([[1, 2, 3], [0.5, -1, 0]]), tensor([0, 2]), reduction="sum")
     */
    static const float x[] = {1, 2, 3, 0.5f, -1, 0};
    static const int64_t classes[] = {0, 2};
    const lks_loss *loss = lks_loss_find("cross_entropy");
    lks_loss_count count;

    lks_scope_open();
    ck_assert_double_eq_tol(
        item(lks_loss_sum(loss, floats(LKS_SHAPE_OF(2, 3), x),
                          lks_from_data(LKS_SHAPE_OF(2), LKS_I64, classes, test_device()),
                          &count)),
        3.511736569781109, 1e-6);
    ck_assert_double_eq(counted(&count), 2);
    lks_scope_close();
    ck_assert(loss->counts_correct && loss->target_dtype == LKS_I64);
}
END_TEST

START_TEST(mse_loss_sums_squares_and_counts_elements)
{
    static const float x[] = {1, 2, 3, 4}, t[] = {1, 0, 0, 2};
    const lks_loss *loss = lks_loss_find("mse_loss");
    lks_loss_count count;

    lks_scope_open();
    ck_assert_double_eq(item(lks_loss_sum(loss, floats(LKS_SHAPE_OF(2, 2), x),
                                          floats(LKS_SHAPE_OF(2, 2), t), &count)),
                        17);
    ck_assert(!count.tensor); /* the shapes tell: no device is asked */
    ck_assert_double_eq(counted(&count), 4);
    lks_scope_close();
    ck_assert(!loss->counts_correct && loss->target_dtype == LKS_F32);
}
END_TEST

START_TEST(one_number_a_sample_meets_one_number_a_sample)
{
    static const float x[] = {1, 2, 3}, t[] = {1, 0, 0};
    const lks_loss *loss = lks_loss_find("mse_loss");
    lks_shape column = LKS_SHAPE_OF(1), none = LKS_SCALAR;

    ck_ok(loss->check(&column, &none));
    ck_ok(loss->check(&none, &column));
    lks_scope_open();
    /* not the 3 x 3 that broadcasting would make */
    ck_assert_double_eq(item(lks_loss_sum(loss, floats(LKS_SHAPE_OF(3, 1), x),
                                          floats(LKS_SHAPE_OF(3), t), NULL)),
                        13);
    lks_scope_close();
}
END_TEST

START_TEST(the_sum_over_no_samples_is_zero)
{
    lks_loss_count count;

    lks_scope_open();
    ck_assert_double_eq(
        item(lks_loss_sum(lks_loss_find("cross_entropy"),
                          lks_zeros(LKS_SHAPE_OF(0, 3), LKS_F32, test_device()),
                          lks_zeros(LKS_SHAPE_OF(0), LKS_I64, test_device()), &count)),
        0);
    ck_assert_double_eq(counted(&count), 0);
    ck_assert_double_eq(
        item(lks_loss_sum(lks_loss_find("mse_loss"),
                          lks_zeros(LKS_SHAPE_OF(0, 3), LKS_F32, test_device()),
                          lks_zeros(LKS_SHAPE_OF(0, 3), LKS_F32, test_device()), &count)),
        0);
    ck_assert_double_eq(counted(&count), 0);
    lks_scope_close();
}
END_TEST

/* F.cross_entropy(x, tensor([0, 2, 1]), ignore_index=2, reduction="sum") has the rows of
 * the test above, and the mean over two. */
START_TEST(targets_that_are_ignored_count_for_nothing)
{
    static const float x[] = {1, 2, 3, 0.5f, -1, 0, 0, 0, 0};
    static const int64_t classes[] = {0, 2, 1}, ignored[] = {-100, -100, -100};
    lks_loss loss = *lks_loss_find("cross_entropy");
    lks_loss_count count;
    float dx[9];

    lks_scope_open();
    loss.ignore_index = 2;
    ck_assert_double_eq_tol(
        item(lks_loss_sum(&loss, floats(LKS_SHAPE_OF(3, 3), x),
                          lks_from_data(LKS_SHAPE_OF(3), LKS_I64, classes, test_device()),
                          &count)),
        2.4076058864593506 + 1.0986123085021973, 1e-6);
    ck_assert_double_eq(counted(&count), 2);
    ck_assert_double_eq(lks_loss_divisor(2), 2);
    ck_assert_double_eq(lks_loss_divisor(0), 1);

    lks_tensor *leaf = lks_requires_grad_(floats(LKS_SHAPE_OF(3, 3), x));
    lks_tensor *sum = lks_loss_sum(
        lks_loss_find("cross_entropy"), leaf,
        lks_from_data(LKS_SHAPE_OF(3), LKS_I64, ignored, test_device()), &count);
    ck_ok(lks_backward(sum));
    ck_assert_double_eq(item(sum), 0);
    ck_assert_double_eq(counted(&count), 0);
    ck_ok(lks_to_host(lks_grad(leaf), dx));
    for (int i = 0; i < 9; i++)
        ck_assert(dx[i] == 0);
    lks_scope_close();
}
END_TEST

START_TEST(a_mean_that_is_counted_is_the_mean)
{
    static const float x[] = {1, 2, 3, 0.5f, -1, 0};
    static const int64_t classes[] = {0, -100};
    lks_tensor *leaf, *mean, *n_counted, *target;
    float with[6], without[6];

    lks_scope_open();
    target = lks_from_data(LKS_SHAPE_OF(2), LKS_I64, classes, test_device());
    leaf = lks_requires_grad_(floats(LKS_SHAPE_OF(2, 3), x));
    mean = lks_cross_entropy_counted(leaf, target, NULL, &n_counted);
    ck_assert_double_eq(item(n_counted), 1);
    ck_assert_double_eq(item(mean), item(lks_cross_entropy(leaf, target, NULL)));
    ck_ok(lks_backward(mean));
    ck_ok(lks_to_host(lks_grad(leaf), with));
    leaf = lks_requires_grad_(floats(LKS_SHAPE_OF(2, 3), x));
    ck_ok(lks_backward(lks_cross_entropy(leaf, target, NULL)));
    ck_ok(lks_to_host(lks_grad(leaf), without));
    ck_assert_mem_eq(with, without, sizeof with);
    ck_assert_ptr_null(lks_cross_entropy_counted(leaf, NULL, NULL, &n_counted));
    ck_assert_ptr_null(n_counted);
    lks_error_clear();
    lks_scope_close();
}
END_TEST

START_TEST(outputs_that_cannot_meet_the_targets_are_refused_with_both_shapes)
{
    const lks_loss *ce = lks_loss_find("cross_entropy"), *mse = lks_loss_find("mse_loss");
    lks_shape image = LKS_SHAPE_OF(16, 4, 4), classes = LKS_SHAPE_OF(10);
    lks_shape none = LKS_SCALAR, two = LKS_SHAPE_OF(2);

    ck_ok(ce->check(&classes, &none));
    ck_fails(ce->check(&image, &none), LKS_SHAPE,
             "cross_entropy wants a model that gives (classes), one score a class; this "
             "one gives (16, 4, 4): end it with flatten and linear");
    ck_fails(ce->check(&classes, &two), LKS_SHAPE, "the targets have shape (2,)");
    ck_ok(mse->check(&two, &two));
    ck_fails(
        mse->check(&classes, &two), LKS_SHAPE,
        "mse_loss wants a model that gives (2,), as the targets; this one gives (10,)");
}
END_TEST

START_TEST(an_unknown_loss_is_not_found)
{
    ck_assert_ptr_null(lks_loss_find("mse"));
}
END_TEST

START_TEST(correct_rows_have_their_first_largest_value_at_the_target)
{
    static const float x[] = {1, 2, 3, 5, 5, 0, -1, -2, -3, 0, 1, 0};
    static const int64_t classes[] = {2, 1, 0, 1};
    int64_t n = -1, n_counted = -1;

    lks_scope_open();
    ck_ok(
        lks_count_correct(floats(LKS_SHAPE_OF(4, 3), x),
                          lks_from_data(LKS_SHAPE_OF(4), LKS_I64, classes, test_device()),
                          -100, &n, &n_counted));
    ck_assert(n == 3 && n_counted == 4);
    ck_ok(
        lks_count_correct(floats(LKS_SHAPE_OF(4, 3), x),
                          lks_from_data(LKS_SHAPE_OF(4), LKS_I64, classes, test_device()),
                          1, &n, &n_counted));
    ck_assert(n == 2 && n_counted == 2);
    ck_ok(lks_count_correct(lks_zeros(LKS_SHAPE_OF(0, 3), LKS_F32, test_device()),
                            lks_zeros(LKS_SHAPE_OF(0), LKS_I64, test_device()), -100, &n,
                            &n_counted));
    ck_assert_int_eq(n, 0);
    ck_fails(lks_count_correct(floats(LKS_SHAPE_OF(4, 3), x),
                               lks_zeros(LKS_SHAPE_OF(3), LKS_I64, test_device()), -100,
                               &n, &n_counted),
             LKS_SHAPE, "(N, classes)");
    ck_fails(lks_count_correct(floats(LKS_SHAPE_OF(4, 3), x),
                               lks_zeros(LKS_SHAPE_OF(4), LKS_F32, test_device()), -100,
                               &n, &n_counted),
             LKS_SHAPE, "int64");
    n = -1;
    ck_fails(lks_count_correct(NULL, NULL, -100, &n, &n_counted), LKS_INVALID,
             "given no tensor");
    ck_assert_int_eq(n, -1);
    lks_scope_close();
}
END_TEST

LKS_SUITE("loss", cross_entropy_sums_over_the_batch_and_counts_samples,
          mse_loss_sums_squares_and_counts_elements,
          one_number_a_sample_meets_one_number_a_sample, the_sum_over_no_samples_is_zero,
          targets_that_are_ignored_count_for_nothing, a_mean_that_is_counted_is_the_mean,
          outputs_that_cannot_meet_the_targets_are_refused_with_both_shapes,
          an_unknown_loss_is_not_found,
          correct_rows_have_their_first_largest_value_at_the_target)
