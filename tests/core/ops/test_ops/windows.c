#include "cases.h"

static const int64_t output_10[] = {1, 0}, output_23[] = {2, 3}, output_20[] = {2, 0};
static const lks_conv2d_params general = {{2, 1}, {1, 2}, {1, 2}, 2},
                               far_apart = {{3, 2}, {1, 2}, {4, 4}, 1},
                               cut = {.padding = {3, 3}}, negative = {.padding = {-1, 0}};
F(transpose_plain, lks_conv_transpose2d(x[0], x[1], x[2], NULL, NULL))
F(transpose_no_bias, lks_conv_transpose2d(x[0], x[1], NULL, NULL, NULL))
F(transpose_general, lks_conv_transpose2d(x[0], x[1], x[2], &general, output_10))
F(transpose_far_apart, lks_conv_transpose2d(x[0], x[1], x[2], &far_apart, output_23))
F(transpose_shared,
  lks_conv_transpose2d(lks_conv_transpose2d(x[0], x[1], NULL, NULL, NULL), x[1], NULL,
                       NULL, NULL))
F(transpose_cut, lks_conv_transpose2d(x[0], x[1], NULL, &cut, NULL))
F(transpose_negative, lks_conv_transpose2d(x[0], x[1], NULL, &negative, NULL))
F(transpose_padded_more, lks_conv_transpose2d(x[0], x[1], NULL, NULL, output_20))
const lks_op_cases lks_op_cases_conv_transpose2d = {
    .cases =
        CASES({"plain", transpose_plain, {X(2, 2, 3, 4), X(2, 3, 3, 2), X(3)}},
              {"no_bias", transpose_no_bias, {X(2, 1, 3, 3), X(1, 2, 2, 2)}},
              {"general", transpose_general, {X(2, 4, 3, 3), X(4, 1, 3, 3), X(2)}},
              {"far_apart", transpose_far_apart, {X(1, 2, 3, 2), X(2, 2, 2, 2), X(2)}},
              {"single", transpose_plain, {X(2, 3, 3), X(2, 3, 2, 2), X(3)}},
              {"shared", transpose_shared, {X(1, 2, 2, 2), X(2, 2, 2, 2)}},
              {"no_images", transpose_plain, {X(0, 2, 3, 3), X(2, 3, 2, 2), X(3)}}),
    .refusals = REFUSALS(
        {"channels",
         transpose_no_bias,
         {X(2, 3, 5, 5), X(2, 3, 3, 3)},
         LKS_SHAPE,
         "conv_transpose2d: input (2, 3, 5, 5) does not go with weight (2, 3, 3, 3) in 1 "
         "group"},
        {"dimensions",
         transpose_no_bias,
         {X(5, 5), X(4, 1, 3, 3)},
         LKS_SHAPE,
         "conv_transpose2d: input (5, 5) with weight (4, 1, 3, 3): takes (N, C, H, W)"},
        {"bias",
         transpose_plain,
         {X(2, 1, 5, 5), X(1, 4, 3, 3), X(3)},
         LKS_SHAPE,
         "conv_transpose2d: bias (3,) does not go with weight (1, 4, 3, 3)"},
        {"dtypes",
         transpose_no_bias,
         {X(2, 1, 5, 5), INDEX(3, 1, 4, 3, 3)},
         LKS_DTYPE,
         "conv_transpose2d: float64 input, int64 weight"},
        {"all cut off",
         transpose_cut,
         {X(2, 1, 2, 2), X(1, 4, 3, 3)},
         LKS_SHAPE,
         "with weight (1, 4, 3, 3) and padding 3 x 3 nothing is left"},
        {"no rows",
         transpose_no_bias,
         {X(2, 1, 0, 2), X(1, 4, 3, 3)},
         LKS_SHAPE,
         "nothing is left"},
        {"negative padding",
         transpose_negative,
         {X(2, 1, 5, 5), X(1, 4, 3, 3)},
         LKS_INVALID,
         "conv_transpose2d: a negative stride"},
        {"output padding",
         transpose_padded_more,
         {X(2, 1, 5, 5), X(1, 4, 3, 3)},
         LKS_INVALID,
         "conv_transpose2d: output_padding 2 is not below the stride, 1"}),
};

static const lks_conv1d_params line = {
    .stride = 2, .padding = 1, .dilation = 2, .groups = 2};
F(conv1d_plain, lks_conv1d(x[0], x[1], x[2], NULL))
F(conv1d_no_bias, lks_conv1d(x[0], x[1], NULL, NULL))
F(conv1d_general, lks_conv1d(x[0], x[1], x[2], &line))
const lks_op_cases lks_op_cases_conv1d = {
    .cases = CASES({"plain", conv1d_plain, {X(2, 2, 6), X(3, 2, 3), X(3)}},
                   {"general", conv1d_general, {X(2, 4, 7), X(2, 2, 3), X(2)}},
                   {"single", conv1d_no_bias, {X(2, 6), X(3, 2, 3)}}),
    .refusals = REFUSALS({"dimensions",
                          conv1d_no_bias,
                          {X(6), X(3, 2, 3)},
                          LKS_SHAPE,
                          "conv1d: input (6,) with weight (3, 2, 3): takes (N, C, L)"}),
};

F(transpose1d_plain, lks_conv_transpose1d(x[0], x[1], x[2], NULL, 0))
F(transpose1d_no_bias, lks_conv_transpose1d(x[0], x[1], NULL, NULL, 0))
F(transpose1d_general, lks_conv_transpose1d(x[0], x[1], x[2], &line, 1))
const lks_op_cases lks_op_cases_conv_transpose1d = {
    .cases = CASES({"plain", transpose1d_plain, {X(2, 2, 4), X(2, 3, 3), X(3)}},
                   {"general", transpose1d_general, {X(2, 4, 3), X(4, 1, 3), X(2)}},
                   {"single", transpose1d_no_bias, {X(2, 4), X(2, 3, 3)}}),
    .refusals = REFUSALS({"dimensions",
                          transpose1d_no_bias,
                          {X(2, 6), X(3, 2, 3, 1)},
                          LKS_SHAPE,
                          "conv_transpose1d: input (2, 6) with weight (3, 2, 3, 1): "
                          "takes"}),
};

/* y times its places, counted from 1. */
static lks_tensor *with_places(lks_tensor *y, lks_tensor *index)
{
    return y && index ? lks_mul(y, lks_add_scalar(index, 1)) : NULL;
}

static const lks_pool2d_params two = {.kernel = {2, 2}}, none = {.kernel = {0, 2}};
static lks_tensor *places_2d(lks_tensor *const *x)
{
    lks_tensor *index, *y = lks_max_pool2d_with_indices(x[0], &two, &index);

    return with_places(y, index);
}
static lks_tensor *places_none(lks_tensor *const *x)
{
    lks_tensor *index;

    return lks_max_pool2d_with_indices(x[0], &none, &index);
}
const lks_op_cases lks_op_cases_max_pool2d_with_indices = {
    .cases =
        CASES({"plain", places_2d, {X(2, 2, 5, 4)}}, {"single", places_2d, {X(2, 4, 4)}}),
    .refusals = REFUSALS({"window",
                          places_none,
                          {X(1, 1, 4, 4)},
                          LKS_INVALID,
                          "max_pool2d: a window of 0 x 2"}),
};

static const lks_avg_pool2d_params mean2 = {.kernel = {2, 2}},
                                   padded = {.kernel = {3, 2},
                                             .stride = {2, 1},
                                             .padding = {1, 1}},
                                   inside = {.kernel = {3, 2},
                                             .stride = {2, 1},
                                             .padding = {1, 1},
                                             .ceil_mode = true,
                                             .leave_out_padding = true},
                                   divided = {.kernel = {3, 3},
                                              .stride = {2, 2},
                                              .padding = {1, 1},
                                              .ceil_mode = true,
                                              .divisor_override = -2},
                                   too_padded = {.kernel = {2, 2}, .padding = {0, 2}},
                                   no_mean = {.kernel = {2, 0}};
F(mean_plain, lks_avg_pool2d(x[0], &mean2))
F(mean_padded, lks_avg_pool2d(x[0], &padded))
F(mean_inside, lks_avg_pool2d(x[0], &inside))
F(mean_divided, lks_avg_pool2d(x[0], &divided))
F(mean_too_padded, lks_avg_pool2d(x[0], &too_padded))
F(mean_none, lks_avg_pool2d(x[0], &no_mean))
const lks_op_cases lks_op_cases_avg_pool2d = {
    .cases = CASES(
        {"plain", mean_plain, {X(2, 3, 5, 4)}}, {"padded", mean_padded, {X(2, 2, 6, 5)}},
        {"inside", mean_inside, {X(2, 2, 6, 5)}},
        {"divided", mean_divided, {X(1, 2, 6, 4)}}, {"single", mean_plain, {X(2, 4, 4)}},
        {"no_images", mean_plain, {X(0, 2, 4, 4)}}),
    .refusals =
        REFUSALS({"padding",
                  mean_too_padded,
                  {X(1, 1, 4, 4)},
                  LKS_INVALID,
                  "avg_pool2d: padding 2 is not between 0 and half the window of 2"},
                 {"window", mean_none, {X(1, 1, 4, 4)}, LKS_INVALID, "a window of 2 x 0"},
                 {"room",
                  mean_plain,
                  {X(1, 1, 1, 4)},
                  LKS_SHAPE,
                  "avg_pool2d: input (1, 1, 1, 4) has no room for a window of 2 x 2"},
                 {"dimensions", mean_plain, {X(4, 4)}, LKS_SHAPE, "takes (N, C, H, W)"}),
};

F(adaptive_uneven, lks_adaptive_avg_pool2d(x[0], (const int64_t[]){3, 2}))
F(adaptive_more, lks_adaptive_avg_pool2d(x[0], (const int64_t[]){-1, 6}))
F(adaptive_one, lks_adaptive_avg_pool2d(x[0], (const int64_t[]){1, 1}))
F(adaptive_none, lks_adaptive_avg_pool2d(x[0], (const int64_t[]){-2, 1}))
const lks_op_cases lks_op_cases_adaptive_avg_pool2d = {
    .cases = CASES({"uneven", adaptive_uneven, {X(2, 2, 5, 4)}},
                   {"more", adaptive_more, {X(2, 2, 3, 4)}},
                   {"one", adaptive_one, {X(2, 3, 4)}}),
    .refusals = REFUSALS({"nothing",
                          adaptive_one,
                          {X(1, 1, 0, 4)},
                          LKS_SHAPE,
                          "adaptive_avg_pool2d: input (1, 1, 0, 4) has nothing"},
                         {"size",
                          adaptive_none,
                          {X(1, 1, 4, 4)},
                          LKS_INVALID,
                          "adaptive_avg_pool2d: there is no output of -2 x 1"},
                         {"dimensions",
                          adaptive_one,
                          {X(4, 4)},
                          LKS_SHAPE,
                          "adaptive_avg_pool2d: input (4, 4): takes (N, C, H, W)"}),
};

F(largest_even, lks_adaptive_max_pool2d(x[0], (const int64_t[]){2, 2}, NULL))
F(largest_none, lks_adaptive_max_pool2d(x[0], (const int64_t[]){0, 2}, NULL))
static lks_tensor *largest_uneven(lks_tensor *const *x)
{
    lks_tensor *index;
    lks_tensor *y = lks_adaptive_max_pool2d(x[0], (const int64_t[]){3, -1}, &index);

    return with_places(y, index);
}
const lks_op_cases lks_op_cases_adaptive_max_pool2d = {
    .cases = CASES({"even", largest_even, {X(2, 2, 4, 6)}},
                   {"uneven", largest_uneven, {X(2, 2, 5, 4)}}),
    .refusals = REFUSALS({"size",
                          largest_none,
                          {X(1, 1, 4, 4)},
                          LKS_SHAPE,
                          "adaptive_max_pool2d: input (1, 1, 4, 4) gives no output of 0 "
                          "x 2"},
                         {"dimensions",
                          largest_even,
                          {X(4, 4)},
                          LKS_SHAPE,
                          "adaptive_max_pool2d: input (4, 4): takes (N, C, H, W)"}),
};

static const lks_pool1d_params by_two = {.kernel = 2},
                               by_three = {.kernel = 3,
                                           .stride = 2,
                                           .padding = 1,
                                           .leave_out_padding = true,
                                           .ceil_mode = true};
F(max1d_plain, lks_max_pool1d(x[0], &by_two, NULL))
static lks_tensor *max1d_places(lks_tensor *const *x)
{
    lks_tensor *index, *y = lks_max_pool1d(x[0], &by_three, &index);

    return with_places(y, index);
}
const lks_op_cases lks_op_cases_max_pool1d = {
    .cases =
        CASES({"plain", max1d_plain, {X(2, 3, 5)}}, {"indices", max1d_places, {X(2, 6)}}),
    .refusals = REFUSALS({"dimensions",
                          max1d_plain,
                          {X(4)},
                          LKS_SHAPE,
                          "max_pool1d: input (4,): takes (N, C, L) or (C, L)"}),
};

F(avg1d_plain, lks_avg_pool1d(x[0], &by_two))
F(avg1d_inside, lks_avg_pool1d(x[0], &by_three))
const lks_op_cases lks_op_cases_avg_pool1d = {
    .cases =
        CASES({"plain", avg1d_plain, {X(2, 3, 5)}}, {"inside", avg1d_inside, {X(2, 6)}}),
    .refusals = REFUSALS({"dimensions",
                          avg1d_plain,
                          {X(4)},
                          LKS_SHAPE,
                          "avg_pool1d: input (4,): takes (N, C, L) or (C, L)"}),
};

F(adaptive1d_uneven, lks_adaptive_avg_pool1d(x[0], 3))
const lks_op_cases lks_op_cases_adaptive_avg_pool1d = {
    .cases = CASES({"uneven", adaptive1d_uneven, {X(2, 3, 5)}}),
    .refusals = REFUSALS({"dimensions",
                          adaptive1d_uneven,
                          {X(4)},
                          LKS_SHAPE,
                          "adaptive_avg_pool1d: input (4,): takes (N, C, L) or (C, L)"}),
};
