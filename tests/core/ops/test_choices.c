/* What the cases of test_ops do not reach of comparing, choosing and ordering: other
 * dtypes, NaN, equals, and gradients that PyTorch chooses. */
#include "support/test_device.h"

#include <math.h>

#include "lockstep.h"

#define COUNT(values) (int64_t)(sizeof(values) / sizeof *(values))
#define VECTOR(...)                                                                      \
    vector((const double[]){__VA_ARGS__}, COUNT(((const double[]){__VA_ARGS__})))
#define WANT(t, ...)                                                                     \
    want(t, (const double[]){__VA_ARGS__}, COUNT(((const double[]){__VA_ARGS__})))

static lks_tensor *vector(const double *values, int64_t n)
{
    return lks_from_data(LKS_SHAPE_OF(n), LKS_F64, values, test_device());
}

static const int64_t places[] = {2, 1, 2};

static void want(lks_tensor *t, const double *values, int64_t n)
{
    double got[32];

    ck_assert_msg(t != NULL, "%s", lks_error_text());
    ck_assert_int_eq(lks_numel(t), n);
    ck_ok(lks_to_host(lks_to(t, LKS_F64), got));
    for (int64_t i = 0; i < n; i++)
        ck_assert_msg(got[i] == values[i] || (isnan(got[i]) && isnan(values[i])),
                      "element %d is %.17g, not %.17g", (int)i, got[i], values[i]);
}

/* The gradient of x = values in f(x) summed. */
static lks_tensor *slope(lks_tensor *(*f)(lks_tensor *), lks_tensor *x)
{
    lks_requires_grad_(x);
    ck_ok(lks_backward(lks_sum_all(f(x))));
    return lks_grad(x);
}

START_TEST(integers_and_numbers_are_compared_by_value)
{
    ck_ok(lks_scope_open());
    WANT(lks_eq_scalar(lks_to(VECTOR(44, 1), LKS_U8), 300), 0, 0);
    WANT(lks_lt_scalar(lks_to(VECTOR(0, 255), LKS_U8), -1), 0, 0);
    WANT(lks_gt_scalar(lks_to(VECTOR(0, 1), LKS_I32), 0.5), 0, 1);
    WANT(lks_le_scalar(lks_to(VECTOR(5, 6), LKS_I16), (double)INFINITY), 1, 1);
    WANT(lks_eq_scalar(lks_to(VECTOR(0.1, 1), LKS_F32), 0.1), 1, 0);
    WANT(lks_eq(lks_to(VECTOR(1, 0), LKS_BOOL), lks_to(VECTOR(1, 2), LKS_I64)), 1, 0);
    ck_assert_int_eq(lks_tensor_dtype(lks_eq_scalar(VECTOR(1), 1)), LKS_BOOL);
    lks_scope_close();
}
END_TEST

START_TEST(a_nan_differs_from_all_and_is_largest_and_smallest)
{
    const double nan = (double)NAN;
    lks_tensor *index;

    ck_ok(lks_scope_open());
    lks_tensor *x = VECTOR(1, nan, -2, nan);
    WANT(lks_ne(x, x), 0, 1, 0, 1);
    WANT(lks_le(x, x), 1, 0, 1, 0);
    WANT(lks_logical_not(x), 0, 0, 0, 0);
    WANT(lks_max_all(x), nan);
    WANT(lks_min_all(x), nan);
    WANT(lks_max_dim(x, 0, false, &index), nan);
    WANT(index, 1);
    WANT(lks_min_dim(x, 0, false, &index), nan);
    WANT(index, 1);
    WANT(lks_sort(x, 0, false, &index), -2, 1, nan, nan);
    WANT(index, 2, 0, 1, 3);
    WANT(lks_topk(x, 2, 0, false, NULL), -2, 1);
    lks_scope_close();
}
END_TEST

static lks_tensor *amax_of(lks_tensor *x)
{
    return lks_amax(x, NULL, 0, false);
}

static lks_tensor *first_max(lks_tensor *x)
{
    return lks_max_dim(x, 0, false, NULL);
}

static lks_tensor *deviation(lks_tensor *x)
{
    return lks_std(x, NULL, 0, 1, false);
}

static lks_tensor *length(lks_tensor *x)
{
    return lks_norm(x, 2, NULL, 0, false);
}

static lks_tensor *length_of_3(lks_tensor *x)
{
    return lks_norm(x, 3, NULL, 0, false);
}

/* source: x.amax().backward(), and so on */
START_TEST(equals_share_a_gradient_or_the_first_has_it)
{
    ck_ok(lks_scope_open());
    WANT(slope(amax_of, VECTOR(3, 1, 3, 3, 3)), 0.25, 0, 0.25, 0.25, 0.25);
    WANT(slope(first_max, VECTOR(1, 3, 3)), 0, 1, 0);
    lks_scope_close();
}
END_TEST

static lks_tensor *running(lks_tensor *x)
{
    return lks_cumprod(x, 0);
}

/* source: the same in PyTorch */
START_TEST(gradients_at_zero_are_pytorchs)
{
    ck_ok(lks_scope_open());
    WANT(slope(lks_prod_all, VECTOR(2, 0, 4)), 0, 8, 0);
    WANT(slope(lks_prod_all, VECTOR(2, 0, 0)), 0, 0, 0);
    WANT(slope(running, VECTOR(2, 0, 3, 0, 5)), 1, 8, 0, 0, 0);
    WANT(slope(running, VECTOR(0, 0)), 1, 0);
    WANT(slope(deviation, VECTOR(2, 2)), 0, 0);
    WANT(slope(length, VECTOR(0, 0)), 0, 0);
    WANT(slope(length_of_3, VECTOR(0, 0)), 0, 0);
    lks_scope_close();
}
END_TEST

/* source: torch.nn.functional.embedding(i, w, padding_idx=-1) */
START_TEST(padding_has_rows_but_no_gradient)
{
    ck_ok(lks_scope_open());
    lks_tensor *w = lks_requires_grad_(lks_from_data(
        LKS_SHAPE_OF(3, 1), LKS_F64, (const double[]){5, 6, 7}, test_device()));
    lks_tensor *i = lks_from_data(LKS_SHAPE_OF(3), LKS_I64, places, test_device());
    lks_tensor *y = lks_embedding(i, w, -1);

    WANT(y, 7, 6, 7);
    ck_ok(lks_backward(lks_sum_all(y)));
    WANT(lks_grad(w), 0, 1, 0);
    lks_scope_close();
}
END_TEST

/* source: torch.nn.functional.embedding_bag(i, w[, padding_idx=0]) */
START_TEST(row_0_is_in_its_bags_unless_it_is_said_to_pad)
{
    static const int64_t rows[] = {0, 1, 0, 0};
    const lks_embedding_bag_options zeros = {0}, padded = {.has_padding_idx = true};

    ck_ok(lks_scope_open());
    lks_tensor *i = lks_from_data(LKS_SHAPE_OF(2, 2), LKS_I64, rows, test_device());
    lks_tensor *w = lks_reshape(VECTOR(5, 7), LKS_SHAPE_OF(2, 1));

    WANT(lks_embedding_bag(i, w, NULL), 6, 5);
    WANT(lks_embedding_bag(i, w, &zeros), 6, 5);
    WANT(lks_embedding_bag(i, w, &padded), 7, 0);
    lks_scope_close();
}
END_TEST

/* The loss of each row is log 2; class 0 counts for nothing only where that is said. */
START_TEST(class_0_counts_unless_it_is_said_to_be_ignored)
{
    static const int64_t classes[] = {0, 1};
    const lks_cross_entropy_options zeros = {0}, sum = {.reduction = LKS_REDUCTION_SUM},
                                    ignored = {.reduction = LKS_REDUCTION_SUM,
                                               .has_ignore_index = true};

    ck_ok(lks_scope_open());
    lks_tensor *y = lks_from_data(LKS_SHAPE_OF(2), LKS_I64, classes, test_device());
    lks_tensor *x = lks_zeros(LKS_SHAPE_OF(2, 2), LKS_F64, test_device());

    WANT(lks_cross_entropy(x, y, &zeros), 0x1.62e42fefa39efp-1);
    WANT(lks_cross_entropy(x, y, &sum), 0x1.62e42fefa39efp+0);
    WANT(lks_cross_entropy(x, y, &ignored), 0x1.62e42fefa39efp-1);
    lks_scope_close();
}
END_TEST

#define TOLD(call, st, text)                                                             \
    do {                                                                                 \
        ck_assert_ptr_null(call);                                                        \
        ck_assert_int_eq(lks_error_status(), st);                                        \
        ck_assert_str_eq(lks_error_text(), text);                                        \
    } while (0)

/* On the CPU, which finds an index at once. */
START_TEST(what_fails_within_a_function_is_told_by_the_functions_name)
{
    static const int64_t nines[] = {0, 9};
    const lks_reduction mean = LKS_REDUCTION_MEAN;

    lks_error_clear();
    ck_ok(lks_scope_open());
    lks_tensor *i = lks_from_data(LKS_SHAPE_OF(2), LKS_I64, nines, lks_cpu);
    lks_tensor *x = lks_ones(LKS_SHAPE_OF(2, 3), LKS_F64, lks_cpu);
    lks_tensor *y = lks_ones(LKS_SHAPE_OF(2), LKS_F64, lks_cpu);

    TOLD(lks_embedding(i, x, LKS_NO_PADDING_IDX), LKS_INVALID,
         "embedding: index 9 (number 1) is outside dimension 0 of (2, 3)");
    TOLD(lks_embedding_bag(lks_unsqueeze(i, 0), x, NULL), LKS_INVALID,
         "embedding_bag: index 9 (number 1) is outside dimension 0 of (2, 3)");
    TOLD(lks_one_hot(i, 3), LKS_INVALID,
         "one_hot: index 9 (number 1) is outside dimension 1 of (2, 3)");
    TOLD(lks_nll_loss(x, i, NULL, LKS_NO_IGNORE_INDEX, mean), LKS_INVALID,
         "nll_loss: index 9 (number 1) is outside dimension 1 of (2, 3)");
    TOLD(lks_mse_loss(x, y, mean), LKS_SHAPE,
         "mse_loss: (2, 3) does not broadcast with (2,)");
    TOLD(lks_huber_loss(x, y, 1, mean), LKS_SHAPE,
         "huber_loss: (2, 3) does not broadcast with (2,)");
    TOLD(lks_kl_div(x, y, false, mean), LKS_SHAPE,
         "kl_div: (2,) does not broadcast with (2, 3)");
    /* the first failure's text stays */
    ck_assert_ptr_null(lks_mul(x, y));
    TOLD(lks_l1_loss(x, y, mean), LKS_SHAPE, "mul: (2, 3) does not broadcast with (2,)");
    ck_assert_ptr_null(lks_l1_loss(NULL, y, mean));
    ck_assert_int_eq(lks_error_status(), LKS_OK);
    lks_scope_close();
}
END_TEST

/* 2^53 + 1 + 1 is 2^53 in this order, and 2^53 + 2 in the other. */
START_TEST(what_is_scattered_is_added_in_order)
{
    static const int64_t same[] = {0, 0, 0};

    ck_ok(lks_scope_open());
    lks_tensor *i = lks_from_data(LKS_SHAPE_OF(3), LKS_I64, same, test_device());
    WANT(lks_scatter_add(VECTOR(0), 0, i, VECTOR(0x1p53, 1, 1)), 0x1p53);
    WANT(lks_scatter_add(VECTOR(0), 0, i, VECTOR(1, 1, 0x1p53)), 0x1p53 + 2);
    WANT(lks_index_add(VECTOR(0), 0, i, VECTOR(0x1p53, 1, 1), 1), 0x1p53);
    WANT(lks_scatter(VECTOR(0), 0, i, VECTOR(4, 5, 6)), 6);
    lks_scope_close();
}
END_TEST

START_TEST(integers_and_booleans_are_reduced_as_in_pytorch)
{
    static const struct {
        lks_tensor *(*f)(lks_tensor *);
        lks_dtype from, to;
        double want;
    } cases[] = {
        {lks_max_all, LKS_BOOL, LKS_BOOL, 1}, {lks_min_all, LKS_BOOL, LKS_BOOL, 0},
        {lks_max_all, LKS_I16, LKS_I16, 3},   {lks_min_all, LKS_U8, LKS_U8, 0},
        {lks_prod_all, LKS_U8, LKS_I64, 0},   {lks_prod_all, LKS_BOOL, LKS_I64, 0},
        {lks_max_all, LKS_BF16, LKS_BF16, 3}, {lks_prod_all, LKS_F16, LKS_F16, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_ok(lks_scope_open());
        lks_tensor *y = cases[i].f(lks_to(VECTOR(2, 0, 3), cases[i].from));
        WANT(y, cases[i].want);
        ck_assert_int_eq(lks_tensor_dtype(y), cases[i].to);
        lks_scope_close();
    }
    ck_ok(lks_scope_open());
    lks_tensor *x = lks_to(VECTOR(200, 100, 7), LKS_U8);
    WANT(lks_cumsum(x, 0), 200, 300, 307);
    ck_assert_int_eq(lks_tensor_dtype(lks_cumsum(x, 0)), LKS_I64);
    WANT(lks_sort(x, 0, false, NULL), 7, 100, 200);
    lks_tensor *i = lks_from_data(LKS_SHAPE_OF(3), LKS_I64, places, test_device());
    WANT(lks_index_add(x, 0, i, x, 1), 200, 200, 214);
    WANT(lks_scatter_add(x, 0, i, x), 200, 200, 214);
    lks_scope_close();
}
END_TEST

START_TEST(a_failure_has_no_second_result)
{
    lks_tensor *const none = NULL;

    ck_ok(lks_scope_open());
    lks_tensor *x = VECTOR(1, 2), *index = x;
    ck_assert_ptr_null(lks_topk(x, 3, 0, true, &index));
    ck_assert_ptr_eq(index, none);
    index = x;
    ck_assert_ptr_null(lks_max_dim(x, 5, false, &index));
    ck_assert_ptr_eq(index, none);
    index = x;
    ck_assert_ptr_null(lks_sort(NULL, 0, false, &index));
    ck_assert_ptr_eq(index, none);
    lks_error_clear();
    lks_scope_close();
}
END_TEST

LKS_SUITE("choices", integers_and_numbers_are_compared_by_value,
          a_nan_differs_from_all_and_is_largest_and_smallest,
          equals_share_a_gradient_or_the_first_has_it, gradients_at_zero_are_pytorchs,
          padding_has_rows_but_no_gradient, row_0_is_in_its_bags_unless_it_is_said_to_pad,
          class_0_counts_unless_it_is_said_to_be_ignored,
          what_fails_within_a_function_is_told_by_the_functions_name,
          what_is_scattered_is_added_in_order,
          integers_and_booleans_are_reduced_as_in_pytorch, a_failure_has_no_second_result)
