#include "cases.h"

F(run_matmul, lks_matmul(x[0], x[1]))
const lks_op_cases lks_op_cases_matmul = {
    .cases = CASES({"matrices", run_matmul, {X(2, 3), X(3, 4)}},
                   {"batch", run_matmul, {X(2, 2, 3), X(2, 3, 4)}},
                   {"batch_by_one", run_matmul, {X(2, 2, 3), X(3, 4)}},
                   {"one_by_batch", run_matmul, {X(2, 3), X(2, 3, 4)}},
                   {"batches_broadcast", run_matmul, {X(2, 1, 2, 3), X(3, 3, 2)}},
                   {"vectors", run_matmul, {X(3), X(3)}},
                   {"matrix_vector", run_matmul, {X(2, 3), X(3)}},
                   {"vector_matrix", run_matmul, {X(3), X(3, 2)}},
                   {"inner_empty", run_matmul, {X(2, 0), X(0, 3)}},
                   {"outer_empty", run_matmul, {X(0, 2), X(2, 3)}}),
    .refusals = REFUSALS(
        {"inner sizes",
         run_matmul,
         {X(2, 3), X(4, 5)},
         LKS_SHAPE,
         "matmul: (2, 3) does not go with (4, 5): 3 against 4"},
        {"batches",
         run_matmul,
         {X(2, 2, 3), X(3, 3, 4)},
         LKS_SHAPE,
         "matmul: the batches of (2, 2, 3) and (3, 3, 4) do not"},
        {"scalar", run_matmul, {X_SCALAR, X(3, 3)}, LKS_SHAPE, "a scalar is no matrix"}),
};

F(linear_bias, lks_linear(x[0], x[1], x[2]))
F(linear_plain, lks_linear(x[0], x[1], NULL))
F(linear_shared, lks_linear(lks_linear(x[0], x[1], x[2]), x[1], x[2]))
const lks_op_cases lks_op_cases_linear = {
    .cases = CASES({"bias", linear_bias, {X(3, 4), X(2, 4), X(2)}},
                   {"plain", linear_plain, {X(3, 4), X(2, 4)}},
                   {"sequence", linear_bias, {X(2, 3, 4), X(5, 4), X(5)}},
                   {"vector", linear_bias, {X(4), X(2, 4), X(2)}},
                   {"shared", linear_shared, {X(2, 3), X(3, 3), X(3)}},
                   {"no_rows", linear_bias, {X(0, 4), X(2, 4), X(2)}}),
    .refusals =
        REFUSALS({"features",
                  linear_plain,
                  {X(64, 784), X(512, 785)},
                  LKS_SHAPE,
                  "linear: input (64, 784) does not go with weight (512, 785): 784 "
                  "features against 785"},
                 {"bias",
                  linear_bias,
                  {X(3, 4), X(2, 4), X(3)},
                  LKS_SHAPE,
                  "linear: bias (3,) does not go with weight (2, 4)"},
                 {"dtypes",
                  linear_plain,
                  {X(3, 4), INDEX(3, 2, 4)},
                  LKS_DTYPE,
                  "linear: float64 input, int64 weight"}),
};

static const lks_conv2d_params strided = {{2, 1}, {1, 2}, {1, 2}, 1},
                               grouped = {.padding = {1, 1}, .groups = 2},
                               negative = {.stride = {-1, 1}},
                               far_apart = {.dilation = {INT64_MAX, 1}},
                               wide = {.padding = {INT64_MAX, INT64_MAX}},
                               split = {.groups = INT64_MAX};
F(conv_plain, lks_conv2d(x[0], x[1], x[2], NULL))
F(conv_no_bias, lks_conv2d(x[0], x[1], NULL, NULL))
F(conv_strided, lks_conv2d(x[0], x[1], x[2], &strided))
F(conv_grouped, lks_conv2d(x[0], x[1], x[2], &grouped))
F(conv_shared,
  lks_add(lks_conv2d(x[0], x[1], x[2], NULL), lks_conv2d(x[0], x[1], x[3], NULL)))
F(conv_negative, lks_conv2d(x[0], x[1], NULL, &negative))
F(conv_far_apart, lks_conv2d(x[0], x[1], NULL, &far_apart))
F(conv_wide, lks_conv2d(x[0], x[1], NULL, &wide))
F(conv_split, lks_conv2d(x[0], x[1], NULL, &split))
const lks_op_cases lks_op_cases_conv2d = {
    .cases = CASES({"plain", conv_plain, {X(2, 2, 5, 6), X(3, 2, 3, 2), X(3)}},
                   {"no_bias", conv_no_bias, {X(2, 1, 4, 4), X(2, 1, 3, 3)}},
                   {"strided", conv_strided, {X(2, 2, 5, 6), X(3, 2, 3, 2), X(3)}},
                   {"grouped", conv_grouped, {X(2, 4, 4, 4), X(6, 2, 3, 3), X(6)}},
                   {"single", conv_plain, {X(2, 5, 5), X(3, 2, 3, 3), X(3)}},
                   {"shared", conv_shared, {X(1, 1, 4, 4), X(2, 1, 3, 3), X(2), X(2)}},
                   {"no_images", conv_plain, {X(0, 2, 5, 5), X(3, 2, 3, 3), X(3)}}),
    .refusals =
        REFUSALS({"channels",
                  conv_no_bias,
                  {X(2, 3, 5, 5), X(4, 2, 3, 3)},
                  LKS_SHAPE,
                  "conv2d: input (2, 3, 5, 5) does not go with weight (4, 2, 3, 3) in 1 "
                  "group: 3 channels against 2"},
                 {"room",
                  conv_no_bias,
                  {X(2, 1, 2, 5), X(4, 1, 3, 3)},
                  LKS_SHAPE,
                  "conv2d: input (2, 1, 2, 5) with padding 0 x 0 has no room for weight"},
                 {"dimensions",
                  conv_no_bias,
                  {X(5, 5), X(4, 1, 3, 3)},
                  LKS_SHAPE,
                  "conv2d: input (5, 5) with weight (4, 1, 3, 3): takes (N, C, H, W)"},
                 {"bias",
                  conv_plain,
                  {X(2, 1, 5, 5), X(4, 1, 3, 3), X(3)},
                  LKS_SHAPE,
                  "conv2d: bias (3,) does not go with weight (4, 1, 3, 3)"},
                 {"negative stride",
                  conv_negative,
                  {X(2, 1, 5, 5), X(4, 1, 3, 3)},
                  LKS_INVALID,
                  "conv2d: a negative stride"},
                 {"dilation beyond all numbers",
                  conv_far_apart,
                  {X(2, 1, 5, 5), X(4, 1, 3, 3)},
                  LKS_SHAPE,
                  "has no room for weight"},
                 {"padding beyond all numbers",
                  conv_wide,
                  {X(2, 1, 5, 5), X(4, 1, 3, 3)},
                  LKS_SHAPE,
                  "with padding 9223372036854775807 x 9223372036854775807 has no room"},
                 {"groups beyond all numbers",
                  conv_split,
                  {X(2, 2, 5, 5), X(4, 2, 3, 3)},
                  LKS_SHAPE,
                  "conv2d: input (2, 2, 5, 5) does not go with weight"}),
};

static const lks_pool2d_params pool2 = {.kernel = {2, 2}},
                               pool_mixed = {{3, 2}, {2, 1}, {1, 1}, {1, 2}, false},
                               pool_padded = {.kernel = {2, 2}, .padding = {2, 0}},
                               pool_spread = {.kernel = {2, 2},
                                              .padding = {1, 1},
                                              .dilation = {3, 3}},
                               pool_edge = {.kernel = {2, 2}, .padding = {1, 1}},
                               pool_none = {.kernel = {0, 2}};
static const lks_pool2d_params pool_up = {
    .kernel = {2, 3}, .stride = {2, 2}, .padding = {0, 1}, .ceil_mode = true};
F(pool_ceil, lks_max_pool2d(x[0], &pool_up))
F(pool_plain, lks_max_pool2d(x[0], &pool2))
F(pool_general, lks_max_pool2d(x[0], &pool_mixed))
F(pool_too_padded, lks_max_pool2d(x[0], &pool_padded))
F(pool_far_apart, lks_max_pool2d(x[0], &pool_spread))
F(pool_edges, lks_max_pool2d(x[0], &pool_edge))
F(pool_no_window, lks_max_pool2d(x[0], &pool_none))
const lks_op_cases lks_op_cases_max_pool2d = {
    .cases = CASES(
        {"plain", pool_plain, {X(2, 3, 5, 4)}},
        {"general", pool_general, {X(2, 2, 6, 5)}}, {"ceil", pool_ceil, {X(2, 2, 5, 6)}},
        {"single", pool_plain, {X(2, 4, 4)}}, {"no_images", pool_plain, {X(0, 2, 4, 4)}}),
    .refusals =
        REFUSALS({"padding",
                  pool_too_padded,
                  {X(1, 1, 4, 4)},
                  LKS_INVALID,
                  "max_pool2d: padding 2 is not between 0 and half the window of 2"},
                 {"window",
                  pool_no_window,
                  {X(1, 1, 4, 4)},
                  LKS_INVALID,
                  "max_pool2d: a window of 0 x 2"},
                 {"vast",
                  pool_plain,
                  {X(0, 1, 65536, 32768)},
                  LKS_SHAPE,
                  "max_pool2d: input (0, 1, 65536, 32768) has more than 2^31 - 1 places "
                  "in a plane"},
                 {"room",
                  pool_plain,
                  {X(1, 1, 1, 4)},
                  LKS_SHAPE,
                  "max_pool2d: input (1, 1, 1, 4) has no room for a window of 2 x 2"},
                 {"rows between the places of a window",
                  pool_far_apart,
                  {X(1, 1, 2, 4)},
                  LKS_SHAPE,
                  "max_pool2d: input (1, 1, 2, 4): with padding 1 x 1 and dilation 3 x 3 "
                  "a window would lie in the padding alone"},
                 {"columns between the places of a window",
                  pool_far_apart,
                  {X(1, 1, 4, 2)},
                  LKS_SHAPE,
                  "a window would lie in the padding alone"},
                 {"no rows",
                  pool_edges,
                  {X(1, 1, 0, 4)},
                  LKS_SHAPE,
                  "a window would lie in the padding alone"},
                 {"dimensions",
                  pool_plain,
                  {X(4, 4)},
                  LKS_SHAPE,
                  "max_pool2d: input (4, 4): takes (N, C, H, W)"}),
};

#define SOFTMAX_CASES(op)                                                                \
    F(op##_last, lks_##op(x[0], -1))                                                     \
    F(op##_first, lks_##op(x[0], 0))                                                     \
    F(op##_beyond, lks_##op(x[0], 2))                                                    \
    const lks_op_cases lks_op_cases_##op = {                                             \
        .cases =                                                                         \
            CASES({"last", op##_last, {X_IN(-4, 4, 3, 5)}},                              \
                  {"first", op##_first, {X_IN(-4, 4, 3, 5, 2)}},                         \
                  {"scalar", op##_first, {X_SCALAR}}, {"empty", op##_last, {X(0, 3)}}),  \
        .refusals = REFUSALS({"beyond",                                                  \
                              op##_beyond,                                               \
                              {X(2, 3)},                                                 \
                              LKS_SHAPE,                                                 \
                              #op ": no dimension 2 in a tensor of 2"},                  \
                             {"scalar beyond",                                           \
                              op##_beyond,                                               \
                              {X_SCALAR},                                                \
                              LKS_SHAPE,                                                 \
                              #op ": no dimension 2 in a tensor of 0"}),                 \
    };

SOFTMAX_CASES(softmax)
SOFTMAX_CASES(log_softmax)

static const lks_rng rng = {.seed = 7, .step = 1, .lane = 2, .layer = 3};
F(dropout_some, lks_dropout(x[0], 0.4, &rng))
F(dropout_none, lks_dropout(x[0], 0, &rng))
F(dropout_all, lks_dropout(x[0], 1, &rng))
F(dropout_more, lks_dropout(x[0], 1.5, &rng))
const lks_op_cases lks_op_cases_dropout = {
    .cases = CASES({"some", dropout_some, {X(4, 5)}}, {"none", dropout_none, {X(3)}},
                   {"all", dropout_all, {X(3)}}, {"empty", dropout_some, {X(0, 5)}}),
    .refusals = REFUSALS(
        {"more", dropout_more, {X(3)}, LKS_INVALID, "dropout: p = 1.5 is not in [0, 1]"}),
};

static const lks_cross_entropy_options sum = {LKS_REDUCTION_SUM, LKS_NO_IGNORE_INDEX},
                                       none = {LKS_REDUCTION_NONE, LKS_NO_IGNORE_INDEX},
                                       ignore_1 = {LKS_REDUCTION_MEAN, 1},
                                       none_ignore_1 = {LKS_REDUCTION_NONE, 1};
F(entropy_mean, lks_cross_entropy(x[0], x[1], NULL))
F(entropy_sum, lks_cross_entropy(x[0], x[1], &sum))
F(entropy_none, lks_cross_entropy(x[0], x[1], &none))
F(entropy_ignore, lks_cross_entropy(x[0], x[1], &ignore_1))
F(entropy_none_ignore, lks_cross_entropy(x[0], x[1], &none_ignore_1))
F(entropy_no_class, lks_cross_entropy(x[0], x[1], &none))

/* Weights of classes: 0.5, 1, 1.5 …, which have no gradient. */
static lks_tensor *entropy(lks_tensor *const *x, lks_tensor *classes,
                           lks_reduction reduction, int64_t ignore_index,
                           double smoothing)
{
    lks_cross_entropy_options options = {.reduction = reduction,
                                         .ignore_index = ignore_index,
                                         .label_smoothing = smoothing};

    if (classes &&
        !(options.weight = lks_mul_scalar(
              lks_to(lks_add_scalar(classes, 1), lks_tensor_dtype(x[0])), 0.5)))
        return NULL;
    return lks_cross_entropy(x[0], x[1], &options);
}

F(entropy_weighted, entropy(x, x[2], LKS_REDUCTION_MEAN, 1, 0))
F(entropy_weighted_sum, entropy(x, x[2], LKS_REDUCTION_SUM, -100, 0))
F(entropy_smoothed, entropy(x, NULL, LKS_REDUCTION_MEAN, 1, 0.3))
F(entropy_one_smoothed, entropy(x, NULL, LKS_REDUCTION_MEAN, -100, 0.3))
F(entropy_weighted_smoothed, entropy(x, x[2], LKS_REDUCTION_MEAN, 1, 0.3))
F(entropy_weighted_smoothed_none, entropy(x, x[2], LKS_REDUCTION_NONE, 1, 1))
F(entropy_probable, entropy(x, x[2], LKS_REDUCTION_MEAN, -100, 0.3))
F(entropy_probable_none, entropy(x, NULL, LKS_REDUCTION_NONE, -100, 0))
F(entropy_too_smooth, entropy(x, NULL, LKS_REDUCTION_MEAN, -100, 1.5))
const lks_op_cases lks_op_cases_cross_entropy = {
    .cases = CASES(
        {"mean", entropy_mean, {X_IN(-4, 4, 5, 3), INDEX(3, 5)}},
        {"sum", entropy_sum, {X_IN(-4, 4, 5, 3), INDEX(3, 5)}},
        {"none", entropy_none, {X_IN(-4, 4, 5, 3), INDEX(3, 5)}},
        {"ignore", entropy_ignore, {X_IN(-4, 4, 5, 3), INDEX(3, 5)}},
        {"images", entropy_mean, {X_IN(-4, 4, 2, 3, 2, 2), INDEX(3, 2, 2, 2)}},
        {"images_none",
         entropy_none_ignore,
         {X_IN(-4, 4, 2, 3, 2, 2), INDEX(3, 2, 2, 2)}},
        {"weighted", entropy_weighted, {X_IN(-4, 4, 5, 3), INDEX(3, 5), INDEX(3, 3)}},
        {"weighted_images",
         entropy_weighted_sum,
         {X_IN(-4, 4, 2, 3, 2, 2), INDEX(3, 2, 2, 2), INDEX(3, 3)}},
        {"smoothed", entropy_smoothed, {X_IN(-4, 4, 5, 3), INDEX(3, 5)}},
        {"weighted_smoothed",
         entropy_weighted_smoothed,
         {X_IN(-4, 4, 2, 3, 2, 2), INDEX(3, 2, 2, 2), INDEX(3, 3)}},
        {"weighted_smoothed_none",
         entropy_weighted_smoothed_none,
         {X_IN(-4, 4, 2, 3, 2, 2), INDEX(3, 2, 2, 2), INDEX(3, 3)}},
        {"probable",
         entropy_probable,
         {X_IN(-4, 4, 2, 3, 2), X_IN(0, 1, 2, 3, 2), INDEX(3, 3)}},
        {"probable_none",
         entropy_probable_none,
         {X_IN(-4, 4, 2, 3, 2), X_IN(0, 1, 2, 3, 2)}},
        {"one", entropy_none, {X(3), {LKS_I64, {0, {0}}, 0, 3}}},
        {"one_probable", entropy_probable_none, {X(3), X_IN(0, 1, 3)}},
        {"one_smoothed", entropy_one_smoothed, {X(3), {LKS_I64, {0, {0}}, 0, 3}}},
        {"mean_of_no_rows", entropy_mean, {X(0, 3), INDEX(3, 0)}},
        {"no_rows", entropy_sum, {X(0, 3), INDEX(3, 0)}}),
    .refusals = REFUSALS({"label",
                          entropy_mean,
                          {X(2, 3), {LKS_I64, SHAPE(2), 12, 13}},
                          LKS_INVALID,
                          "cross_entropy: target 12 of row 0 is outside the 3 classes"},
                         {"negative label",
                          entropy_mean,
                          {X(2, 3), {LKS_I64, SHAPE(2), -1, 0}},
                          LKS_INVALID,
                          "cross_entropy: target -1 of row 0 is outside the 3 classes"},
                         {"rows",
                          entropy_mean,
                          {X(2, 3), INDEX(3, 3)},
                          LKS_SHAPE,
                          "cross_entropy: input (2, 3) does not go with target (3,)"},
                         {"no classes",
                          entropy_no_class,
                          {X(2, 0), {LKS_I64, SHAPE(2), -100, -99}},
                          LKS_SHAPE,
                          "cross_entropy: input (2, 0) has no classes"},
                         {"dtype",
                          entropy_mean,
                          {X(2, 3), X(2)},
                          LKS_DTYPE,
                          "cross_entropy: targets are int64 classes, not float64"},
                         {"one number",
                          entropy_mean,
                          {X_SCALAR, X_SCALAR},
                          LKS_SHAPE,
                          "cross_entropy: input () does not go with target ()"},
                         {"weights",
                          entropy_weighted,
                          {X(2, 3), INDEX(3, 2), INDEX(3, 4)},
                          LKS_SHAPE,
                          "cross_entropy: weight (4,) does not go with 3 classes"},
                         {"smoothing",
                          entropy_too_smooth,
                          {X(2, 3), INDEX(3, 2)},
                          LKS_INVALID,
                          "cross_entropy: label_smoothing is 1.5; it must be from 0"},
                         {"label beside weights",
                          entropy_weighted,
                          {X(2, 3), {LKS_I64, SHAPE(2), 12, 13}, INDEX(3, 3)},
                          LKS_INVALID,
                          "cross_entropy: target 12 of row 0 is outside the 3 classes"},
                         {"ignored probabilities",
                          entropy_ignore,
                          {X(2, 3), X(2, 3)},
                          LKS_INVALID,
                          "cross_entropy: ignore_index is of classes"}),
};

/* The mean, made of the sum and of how many targets there were. */
static lks_tensor *entropy_divided(lks_tensor *const *x)
{
    const lks_cross_entropy_options sum_ignore_1 = {LKS_REDUCTION_SUM, 1};
    lks_tensor *n, *total = lks_cross_entropy_counted(x[0], x[1], &sum_ignore_1, &n);

    return lks_div(total, n);
}

static lks_tensor *entropy_uncounted(lks_tensor *const *x)
{
    lks_tensor *n = x[0], *y = lks_cross_entropy_counted(x[0], x[1], NULL, &n);

    return n ? n : y; /* refused, there is neither */
}

const lks_op_cases lks_op_cases_cross_entropy_counted = {
    .cases =
        CASES({"divided", entropy_divided, {X_IN(-4, 4, 5, 3), INDEX(3, 5)}},
              {"images", entropy_divided, {X_IN(-4, 4, 2, 3, 2, 2), INDEX(3, 2, 2, 2)}}),
    .refusals = REFUSALS({"rows",
                          entropy_uncounted,
                          {X(2, 3), INDEX(3, 3)},
                          LKS_SHAPE,
                          "cross_entropy: input (2, 3) does not go with target (3,)"}),
};

F(mse_mean, lks_mse_loss(x[0], x[1], LKS_REDUCTION_MEAN))
F(mse_sum, lks_mse_loss(x[0], x[1], LKS_REDUCTION_SUM))
F(mse_none, lks_mse_loss(x[0], x[1], LKS_REDUCTION_NONE))
const lks_op_cases lks_op_cases_mse_loss = {
    .cases = CASES(
        {"mean", mse_mean, {X(3, 4), X(3, 4)}}, {"sum", mse_sum, {X(3, 4), X(3, 4)}},
        {"none", mse_none, {X(3, 4), X(3, 4)}}, {"broadcast", mse_mean, {X(3, 4), X(4)}},
        {"mean_of_nothing", mse_mean, {X(0, 4), X(0, 4)}},
        {"sum_of_nothing", mse_sum, {X(0, 4), X(0, 4)}}),
    .refusals = REFUSALS({"shapes",
                          mse_mean,
                          {X(3, 4), X(5)},
                          LKS_SHAPE,
                          "mse_loss: (3, 4) does not broadcast with (5,)"}),
};
