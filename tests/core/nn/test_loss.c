#include "support/test_device.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

    ck_ok(loss->check(loss, &column, &none));
    ck_ok(loss->check(loss, &none, &column));
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

    ck_ok(ce->check(ce, &classes, &none));
    ck_fails(ce->check(ce, &image, &none), LKS_SHAPE,
             "cross_entropy wants a model that gives (classes), one score a class; this "
             "one gives (16, 4, 4): end it with flatten and linear");
    ck_fails(ce->check(ce, &classes, &two), LKS_SHAPE, "the targets have shape (2,)");
    ck_ok(mse->check(mse, &two, &two));
    ck_fails(
        mse->check(mse, &classes, &two), LKS_SHAPE,
        "mse_loss wants a model that gives (2,), as the targets; this one gives (10,)");
}
END_TEST

/* A loss of one's own that says nothing of it ignores no class. */
/* What PyTorch refuses before it is computed, and costs no waiting here. */
START_TEST(a_loss_of_what_cannot_be_told_that_way_says_what_helps)
{
    ck_assert_ptr_null(lks_loss_find("mse_loss")->advice);
    ck_assert_str_eq(lks_loss_find("binary_cross_entropy")->advice,
                     "binary_cross_entropy takes probabilities: end the model with "
                     "sigmoid, or use binary_cross_entropy_with_logits");
    ck_assert_str_eq(lks_loss_find("gaussian_nll_loss")->advice,
                     "gaussian_nll_loss takes variances, which are above 0: give it "
                     "log_var: true, or make them so by softplus");
}
END_TEST

START_TEST(class_0_is_ignored_where_a_loss_says_so)
{
    const lks_loss own = {.name = "own", .target_dtype = LKS_I64, .counts_correct = true};
    const lks_option first = {"ignore_index", 1, {0}};
    const lks_loss *loss = NULL;
    lks_loss copy = *lks_loss_find("cross_entropy");

    ck_assert_int_eq(lks_loss_ignored(&own), -100);
    ck_assert_int_eq(lks_loss_ignored(&copy), -100);
    copy.ignore_index = 0;
    ck_assert_int_eq(lks_loss_ignored(&copy), 0);
    ck_ok(lks_loss_create("nll_loss", (lks_options){&first, 1}, test_device(), &loss));
    ck_assert_int_eq(lks_loss_ignored(loss), 0);
    lks_loss_destroy(loss);
}
END_TEST

START_TEST(an_unknown_loss_is_not_found)
{
    const lks_loss *loss = NULL;

    ck_assert_ptr_null(lks_loss_find("mse"));
    ck_fails(lks_loss_create("mse", (lks_options){NULL, 0}, test_device(), &loss),
             LKS_INVALID, "there is no loss 'mse'; there are: cross_entropy, mse_loss, ");
    ck_assert_ptr_null(loss);
    ck_assert_ptr_null(lks_loss_find(NULL));
    ck_assert_int_eq(lks_error_status(), LKS_INVALID);
    lks_error_clear();
}
END_TEST

/* A loss that was not found goes through the expression as a tensor does. */
START_TEST(the_sum_of_no_loss_tells_of_the_failure_before)
{
    double sum;

    ck_ok(lks_scope_open());
    lks_tensor *x = lks_ones(LKS_SHAPE_OF(2, 3), LKS_F32, test_device());

    lks_error_clear();
    ck_fails(lks_item(lks_loss_sum(lks_loss_find("cross_entrpy"), x, x, NULL), &sum),
             LKS_INVALID, "there is no loss 'cross_entrpy'; there are: cross_entropy, ");
    ck_fails(lks_item(lks_loss_sum(NULL, x, x, NULL), &sum), LKS_INVALID,
             "loss_sum: given no loss");
    lks_scope_close();
}
END_TEST

/* ---- with options ---- */

enum { ROWS = 3, COLUMNS = 4 };

static const double class_weights[COLUMNS] = {0.5, 2, 0.25, 1.5};

static const struct {
    const char *title; /* of losses.inc: the loss, and what is said of it */
    lks_option options[4];
} told[] = {
    {"cross_entropy", {{"reduction", 1, {0}}}},
    {"cross_entropy weight", {{"weight", COLUMNS, {0.5, 2, 0.25, 1.5}}}},
    {"cross_entropy all",
     {{.key = "weight", .n_values = COLUMNS, .list = class_weights},
      {"ignore_index", 1, {1}},
      {"label_smoothing", 1, {0.1}}}},
    {"nll_loss", {{NULL}}},
    {"nll_loss weight",
     {{.key = "weight", .n_values = COLUMNS, .list = class_weights},
      {"ignore_index", 1, {3}}}},
    {"l1_loss", {{NULL}}},
    {"mse_loss", {{NULL}}},
    {"smooth_l1_loss", {{NULL}}},
    {"smooth_l1_loss beta", {{"beta", 1, {0.3}}}},
    {"smooth_l1_loss 0", {{"beta", 1, {0}}}},
    {"huber_loss", {{NULL}}},
    {"huber_loss delta", {{"delta", 1, {0.3}}}},
    {"binary_cross_entropy", {{NULL}}},
    {"binary_cross_entropy_with_logits", {{NULL}}},
    {"binary_cross_entropy_with_logits pos_weight",
     {{.key = "pos_weight", .n_values = COLUMNS, .list = class_weights}}},
    {"kl_div", {{NULL}}},
    {"kl_div log_target", {{"log_target", 1, {1}}}},
    {"kl_div batchmean", {{"reduction", 1, {2}}}},
    {"gaussian_nll_loss", {{"eps", 1, {0.25}}}},
    {"gaussian_nll_loss full", {{"full", 1, {1}}, {"log_var", 1, {1}}}},
};

static const struct {
    const char *title;
    float x[ROWS * COLUMNS], target[ROWS * COLUMNS];
    double sum, count;
    float grad[ROWS * COLUMNS];
} golden[] = {
#include "golden/losses.inc"
};

/* The loss of told[i]; the caller's. */
static const lks_loss *created(size_t i)
{
    char name[64];
    size_t n = 0;
    const lks_loss *loss = NULL;

    snprintf(name, sizeof name, "%.*s", (int)strcspn(told[i].title, " "), told[i].title);
    while (told[i].options[n].key)
        n++;
    ck_ok(lks_loss_create(name, (lks_options){told[i].options, n}, test_device(), &loss));
    ck_assert_str_eq(loss->name, name);
    return loss;
}

/* Of golden[i]: classes, or as many values for each row as the loss wants. */
static lks_tensor *target_of(size_t i, const lks_loss *loss)
{
    const bool is_gaussian = strcmp(loss->name, "gaussian_nll_loss") == 0;
    int64_t classes[ROWS];

    for (int r = 0; r < ROWS; r++)
        classes[r] = (int64_t)golden[i].target[r];
    if (loss->target_dtype == LKS_I64)
        return lks_from_data(LKS_SHAPE_OF(ROWS), LKS_I64, classes, test_device());
    return lks_contiguous(
        lks_narrow(floats(LKS_SHAPE_OF(ROWS, COLUMNS), golden[i].target), 1, 0,
                   is_gaussian ? COLUMNS / 2 : COLUMNS));
}

START_TEST(losses_with_options_sum_and_count_as_pytorchs)
{
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        const lks_loss *loss = created(i);
        float grad[ROWS * COLUMNS];
        lks_loss_count count;
        lks_tensor *x, *sum;

        ck_assert_str_eq(golden[i].title, told[i].title);
        lks_scope_open();
        x = lks_requires_grad_(floats(LKS_SHAPE_OF(ROWS, COLUMNS), golden[i].x));
        sum = lks_loss_sum(loss, x, target_of(i, loss), &count);
        ck_ok(lks_backward(sum));
        ck_assert_double_eq_tol(item(sum), golden[i].sum, 2e-6);
        ck_assert_double_eq_tol(counted(&count), golden[i].count, 1e-9);
        ck_ok(lks_to_host(lks_grad(x), grad));
        for (int k = 0; k < ROWS * COLUMNS; k++)
            ck_assert_msg(fabsf(grad[k] - golden[i].grad[k]) <=
                              2e-6f * (1 + fabsf(golden[i].grad[k])),
                          "%s: gradient %d is %g, not %g", told[i].title, k,
                          (double)grad[k], (double)golden[i].grad[k]);
        lks_scope_close();
        lks_loss_destroy(loss);
    }
}
END_TEST

START_TEST(a_sum_that_is_to_stay_one_counts_nothing)
{
    static const lks_option sum[] = {{"reduction", 1, {1}}};

    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        const lks_loss *mean = created(i), *loss = NULL;
        lks_loss_count count;
        lks_tensor *x;

        ck_ok(lks_loss_create(mean->name, (lks_options){sum, 1}, test_device(), &loss));
        lks_scope_open();
        x = lks_full(LKS_SHAPE_OF(ROWS, COLUMNS), 0.5, LKS_F32, test_device());
        item(lks_loss_sum(loss, x, target_of(i, loss), &count));
        ck_assert(!count.tensor && count.known == 0);
        lks_scope_close();
        lks_loss_destroy(loss);
        lks_loss_destroy(mean);
    }
    lks_loss_destroy(lks_loss_find("mse_loss")); /* nobody's to destroy */
    lks_loss_destroy(NULL);
}
END_TEST

START_TEST(options_that_cannot_be_are_refused_in_words)
{
    static const struct {
        const char *loss;
        lks_option option;
        const char *says;
    } cases[] = {
        {"l1_loss",
         {"ignore_index", 1, {-1}},
         "l1_loss has no option 'ignore_index'; its options are: reduction"},
        {"cross_entropy",
         {"label_smoothing", 1, {1.5}},
         "label_smoothing is 1.5; it must"},
        {"cross_entropy", {"label_smoothing", 1, {-0.1}}, "label_smoothing is -0.1; it"},
        {"cross_entropy",
         {"weight", 3, {1, -2, 3}},
         "cross_entropy: weight has -2; each must be a finite number of at least 0"},
        {"mse_loss",
         {"reduction", 1, {2}},
         "mse_loss: reduction is 2; it must be the number, from 0, of mean or sum"},
        {"huber_loss", {"delta", 1, {0}}, "huber_loss: delta is 0; it must be"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const lks_loss *loss = NULL;

        ck_fails(lks_loss_create(cases[i].loss, (lks_options){&cases[i].option, 1},
                                 test_device(), &loss),
                 LKS_INVALID, cases[i].says);
        ck_assert_ptr_null(loss);
    }
}
END_TEST

static void check_refuses(const char *name, lks_option option, lks_shape output,
                          lks_shape target, const char *says)
{
    const lks_loss *loss = NULL;

    ck_ok(lks_loss_create(name, (lks_options){&option, option.key ? 1 : 0}, test_device(),
                          &loss));
    if (says)
        ck_fails(loss->check(loss, &output, &target), LKS_SHAPE, says);
    else
        ck_ok(loss->check(loss, &output, &target));
    lks_loss_destroy(loss);
}

START_TEST(a_weight_of_no_class_is_refused)
{
    static const double zeros[] = {0, 0, 0};
    static const lks_option some = {"weight", 2, {0, 1}};
    const lks_option none = {.key = "weight", .n_values = 3, .list = zeros};
    const lks_loss *loss;

    ck_fails(lks_loss_create("nll_loss", (lks_options){&none, 1}, test_device(), &loss),
             LKS_INVALID,
             "nll_loss: weight is 0 for every class: nothing would be trained");
    ck_ok(lks_loss_create("nll_loss", (lks_options){&some, 1}, test_device(), &loss));
    lks_loss_destroy(loss);
}
END_TEST

START_TEST(weights_and_shapes_that_do_not_go_together_are_refused)
{
    static const lks_option weight = {"weight", 3, {1, 2, 3}}, none = {NULL};
    static const lks_option pos_weight = {"pos_weight", 3, {1, 2, 3}};
    static const lks_option single = {"weight", 1, {2}};
    const lks_shape one = LKS_SCALAR, three = LKS_SHAPE_OF(3), ten = LKS_SHAPE_OF(10);

    check_refuses("cross_entropy", weight, three, one, NULL);
    check_refuses("cross_entropy", weight, ten, one,
                  "cross_entropy: weight has 3 numbers, the model gives 10 classes: it "
                  "takes one for each");
    check_refuses("nll_loss", weight, ten, one, "nll_loss: weight has 3 numbers");
    check_refuses("nll_loss", single, ten, one, "weight has 1 number, the model");
    check_refuses("nll_loss", weight, LKS_SHAPE_OF(1), one, "gives 1 class: it takes");
    check_refuses("binary_cross_entropy_with_logits", pos_weight, three, three, NULL);
    check_refuses("binary_cross_entropy_with_logits", pos_weight, ten, ten,
                  "pos_weight has 3 numbers, the model gives (10,): it takes one, or one "
                  "for each of the last dimension");
    check_refuses("kl_div", none, ten, three, "kl_div wants a model that gives (3,)");
    check_refuses("gaussian_nll_loss", none, LKS_SHAPE_OF(2), one, NULL);
    check_refuses("gaussian_nll_loss", none, LKS_SHAPE_OF(6), three, NULL);
    check_refuses("gaussian_nll_loss", none, three, three,
                  "gaussian_nll_loss wants a model that gives (6,), the means and behind "
                  "them their variances; this one gives (3,)");
}
END_TEST

START_TEST(every_failed_allocation_of_a_loss_is_reported)
{
    for (long after = 0;; after++) {
        const lks_loss *loss = NULL;
        lks_status st;

        lks_alloc_fail_after(after);
        st = lks_loss_create("cross_entropy", (lks_options){told[2].options, 3},
                             test_device(), &loss);
        if (!lks_alloc_has_failed()) {
            lks_alloc_fail_after(-1);
            ck_ok(st);
            lks_loss_destroy(loss);
            break;
        }
        ck_assert_int_eq(st, LKS_NOMEM);
        ck_assert_ptr_null(loss);
    }
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
             LKS_SHAPE, "(N, …, classes)");
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
          a_loss_of_what_cannot_be_told_that_way_says_what_helps,
          class_0_is_ignored_where_a_loss_says_so, an_unknown_loss_is_not_found,
          the_sum_of_no_loss_tells_of_the_failure_before,
          losses_with_options_sum_and_count_as_pytorchs,
          a_sum_that_is_to_stay_one_counts_nothing,
          options_that_cannot_be_are_refused_in_words, a_weight_of_no_class_is_refused,
          weights_and_shapes_that_do_not_go_together_are_refused,
          every_failed_allocation_of_a_loss_is_reported,
          correct_rows_have_their_first_largest_value_at_the_target)
