#include "cases.h"

static const int dims_02[] = {0, 2}, dims_last[] = {-1}, dims_11[] = {1, 1},
                 dims_5[] = {5}, dims_0[] = {0}, dims_00[] = {0, 0};

F(sum_0_2, lks_sum(x[0], dims_02, 2, false))
F(sum_0_2_kept, lks_sum(x[0], dims_02, 2, true))
F(sum_last, lks_sum(x[0], dims_last, 1, false))
F(sum_everything, lks_sum(x[0], NULL, 0, false))
F(sum_twice, lks_sum(x[0], dims_11, 2, false))
F(sum_beyond, lks_sum(x[0], dims_5, 1, false))
F(sum_0_kept, lks_sum(x[0], dims_0, 1, true))
F(sum_0_0, lks_sum(x[0], dims_00, 2, true))
const lks_op_cases lks_op_cases_sum = {
    .cases = CASES(
        {"two_dims", sum_0_2, {X(2, 3, 4)}},
        {"two_dims_kept", sum_0_2_kept, {X(2, 3, 4)}}, {"last", sum_last, {X(3, 4)}},
        {"everything", sum_everything, {X(3, 4)}}, {"of_nothing", sum_last, {X(3, 0)}},
        {"to_nothing", sum_last, {X(0, 3)}}, {"scalar", sum_0_kept, {X_SCALAR}}),
    .refusals = REFUSALS(
        {"scalar twice",
         sum_0_0,
         {X_SCALAR},
         LKS_SHAPE,
         "sum: dimension 0 is given twice"},
        {"scalar beyond",
         sum_beyond,
         {X_SCALAR},
         LKS_SHAPE,
         "sum: no dimension 5 in a tensor of 0"},
        {"twice", sum_twice, {X(2, 3)}, LKS_SHAPE, "sum: dimension 1 is given twice"},
        {"beyond",
         sum_beyond,
         {X(2, 3)},
         LKS_SHAPE,
         "sum: no dimension 5 in a tensor of 2"}),
};

F(mean_0_2, lks_mean(x[0], dims_02, 2, false))
F(mean_last, lks_mean(x[0], dims_last, 1, false))
F(mean_last_kept, lks_mean(x[0], dims_last, 1, true))
F(mean_of_integers, lks_mean(x[0], dims_last, 1, true))
const lks_op_cases lks_op_cases_mean = {
    .cases = CASES(
        {"two_dims", mean_0_2, {X(2, 3, 4)}}, {"last_kept", mean_last_kept, {X(3, 4)}},
        {"of_nothing", mean_last, {X(3, 0)}}, {"to_nothing", mean_last, {X(0, 3)}},
        {"scalar", mean_last, {X_SCALAR}}),
    .refusals = REFUSALS({"integers",
                          mean_of_integers,
                          {INDEX(5, 3)},
                          LKS_DTYPE,
                          "mean: takes floating-point tensors, not int64"}),
};

F(run_sum_all, lks_sum_all(x[0]))
const lks_op_cases lks_op_cases_sum_all = {
    .cases = CASES({"matrix", run_sum_all, {X(3, 4)}},
                   {"scalar", run_sum_all, {X_SCALAR}}, {"empty", run_sum_all, {X(0)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(run_mean_all, lks_mean_all(x[0]))
const lks_op_cases lks_op_cases_mean_all = {
    .cases = CASES({"matrix", run_mean_all, {X(3, 4)}}, {"empty", run_mean_all, {X(0)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(argmax_0, lks_argmax(x[0], 0))
F(argmax_last, lks_argmax(x[0], -1))
const lks_op_cases lks_op_cases_argmax = {
    .cases = CASES({"first", argmax_0, {X(4, 3)}}, {"last", argmax_last, {X(2, 3, 5)}},
                   {"to_nothing", argmax_last, {X(0, 3)}},
                   {"scalar", argmax_last, {X_SCALAR}}),
    .refusals = REFUSALS({"empty",
                          argmax_last,
                          {X(2, 0)},
                          LKS_SHAPE,
                          "argmax: dimension 1 of (2, 0) has no elements"}),
};

F(reshape_4_3, lks_reshape(x[0], LKS_SHAPE_OF(4, 3)))
F(reshape_open, lks_reshape(x[0], LKS_SHAPE_OF(2, -1, 2)))
F(reshape_transposed, lks_reshape(lks_transpose(x[0], 0, 1), LKS_SHAPE_OF(12)))
F(reshape_empty, lks_reshape(x[0], LKS_SHAPE_OF(3, 0)))
F(reshape_two_open, lks_reshape(x[0], LKS_SHAPE_OF(-1, -1)))
const lks_op_cases lks_op_cases_reshape = {
    .cases = CASES({"plain", reshape_4_3, {X(2, 6)}}, {"open", reshape_open, {X(3, 4)}},
                   {"transposed", reshape_transposed, {X(3, 4)}},
                   {"empty", reshape_empty, {X(0, 2)}}),
    .refusals = REFUSALS({"wrong number",
                          reshape_4_3,
                          {X(2, 5)},
                          LKS_SHAPE,
                          "reshape: (2, 5) does not fit into (4, 3)"},
                         {"two open",
                          reshape_two_open,
                          {X(2, 5)},
                          LKS_SHAPE,
                          "reshape: (2, 5) does not fit into (-1, -1)"},
                         {"open beside nothing",
                          reshape_open,
                          {X(3)},
                          LKS_SHAPE,
                          "reshape: (3,) does not fit into (2, -1, 2)"}),
};

static const int cycle[] = {2, 0, 1}, twice[] = {0, 0, 1};
F(permute_cycle, lks_permute(x[0], cycle))
F(permute_twice, lks_permute(x[0], twice))
const lks_op_cases lks_op_cases_permute = {
    .cases = CASES({"cycle", permute_cycle, {X(2, 3, 4)}},
                   {"empty", permute_cycle, {X(2, 0, 4)}}),
    .refusals = REFUSALS({"twice",
                          permute_twice,
                          {X(2, 3, 4)},
                          LKS_SHAPE,
                          "permute: a dimension of (2, 3, 4) is given twice"}),
};

F(expand_rows, lks_expand(x[0], LKS_SHAPE_OF(2, 3, 4)))
F(expand_kept, lks_expand(x[0], LKS_SHAPE_OF(2, -1, 4)))
F(expand_to_nothing, lks_expand(x[0], LKS_SHAPE_OF(0, 3)))
F(expand_leading, lks_expand(x[0], LKS_SHAPE_OF(-1, 3)))
F(expand_negative, lks_expand(x[0], LKS_SHAPE_OF(-5)))
F(expand_far, lks_expand(x[0], LKS_SHAPE_OF(INT64_MAX, 2)))
const lks_op_cases lks_op_cases_expand = {
    .cases = CASES({"rows", expand_rows, {X(3, 1)}}, {"kept", expand_kept, {X(3, 1)}},
                   {"to_nothing", expand_to_nothing, {X(1, 3)}}),
    .refusals =
        REFUSALS({"wrong size",
                  expand_rows,
                  {X(3, 2)},
                  LKS_SHAPE,
                  "expand: (3, 2) does not broadcast to (2, 3, 4)"},
                 {"no size to keep",
                  expand_leading,
                  {X(3)},
                  LKS_SHAPE,
                  "expand: (3,) does not broadcast to (-1, 3)"},
                 {"negative",
                  expand_negative,
                  {X(1)},
                  LKS_SHAPE,
                  "expand: (1,) does not broadcast to (-5,)"},
                 {"too many",
                  expand_far,
                  {X(2)},
                  LKS_SHAPE,
                  "expand: (9223372036854775807, 2) has more than 2^63 - 1 elements"}),
};

F(slice_forward, lks_slice(x[0], 1, 1, 5, 2))
F(slice_backward, lks_slice(x[0], 1, 4, 0, -2))
F(slice_reversed, lks_slice(x[0], 1, -1, -7, -1))
F(slice_nothing, lks_slice(x[0], 1, 4, 2, 1))
F(slice_clamped, lks_slice(x[0], 0, -100, 100, 1))
F(slice_overlap, lks_add(lks_slice(x[0], 1, 0, 4, 1), lks_slice(x[0], 1, 2, 6, 1)))
F(slice_nowhere, lks_slice(x[0], 1, 0, 4, 0))
const lks_op_cases lks_op_cases_slice = {
    .cases = CASES(
        {"forward", slice_forward, {X(2, 6)}}, {"backward", slice_backward, {X(2, 6)}},
        {"reversed", slice_reversed, {X(2, 6)}}, {"nothing", slice_nothing, {X(2, 6)}},
        {"clamped", slice_clamped, {X(2, 6)}}, {"overlap", slice_overlap, {X(2, 6)}}),
    .refusals =
        REFUSALS({"step 0", slice_nowhere, {X(2, 6)}, LKS_INVALID, "slice: a step of 0"}),
};

F(view_of, lks_reshape_view(x[0], LKS_SHAPE_OF(2, -1)))
F(view_of_dense, lks_reshape_view(lks_contiguous(x[0]), LKS_SHAPE_OF(4, 3)))
F(view_scattered,
  lks_reshape_view(lks_transpose(lks_contiguous(x[0]), 0, 1), LKS_SHAPE_OF(12)))
const lks_op_cases lks_op_cases_reshape_view = {
    .cases = CASES({"row", view_of, {X(2)}}, {"dense", view_of_dense, {X(3, 4)}},
                   {"one_more", view_of_dense, {X(4, 3, 1)}}),
    .refusals =
        REFUSALS({"scattered",
                  view_scattered,
                  {X(3, 4)},
                  LKS_SHAPE,
                  "reshape_view: (4, 3) as it lies in memory is not seen as (12,)"},
                 {"other number",
                  view_of_dense,
                  {X(3, 3)},
                  LKS_SHAPE,
                  "reshape: (3, 3) does not fit into (4, 3)"}),
};

F(flatten_tail, lks_flatten(x[0], 1, -1))
F(flatten_scalar, lks_flatten(x[0], 0, -1))
F(flatten_reversed, lks_flatten(x[0], 2, 0))
const lks_op_cases lks_op_cases_flatten = {
    .cases = CASES({"tail", flatten_tail, {X(2, 3, 4)}},
                   {"scalar", flatten_scalar, {X_SCALAR}},
                   {"empty", flatten_tail, {X(0, 3, 4)}}),
    .refusals = REFUSALS({"reversed",
                          flatten_reversed,
                          {X(2, 3, 4)},
                          LKS_SHAPE,
                          "flatten: start_dim 2 comes after end_dim 0"}),
};

F(transpose_ends, lks_transpose(x[0], 0, -1))
F(transpose_beyond, lks_transpose(x[0], 0, 2))
const lks_op_cases lks_op_cases_transpose = {
    .cases = CASES({"ends", transpose_ends, {X(2, 3, 4)}},
                   {"empty", transpose_ends, {X(2, 3, 0)}},
                   {"scalar", transpose_ends, {X_SCALAR}}),
    .refusals = REFUSALS({"beyond",
                          transpose_beyond,
                          {X(2, 3)},
                          LKS_SHAPE,
                          "transpose: no dimension 2 in a tensor of 2"}),
};

F(squeeze_1, lks_squeeze(x[0], 1))
F(squeeze_last, lks_squeeze(x[0], -1))
F(squeeze_beyond, lks_squeeze(x[0], 3))
const lks_op_cases lks_op_cases_squeeze = {
    .cases =
        CASES({"one", squeeze_1, {X(2, 1, 4)}}, {"other", squeeze_1, {X(2, 3)}},
              {"empty", squeeze_1, {X(2, 1, 0)}}, {"scalar", squeeze_last, {X_SCALAR}}),
    .refusals = REFUSALS({"beyond",
                          squeeze_beyond,
                          {X(2, 3)},
                          LKS_SHAPE,
                          "squeeze: no dimension 3 in a tensor of 2"},
                         {"scalar",
                          squeeze_beyond,
                          {X_SCALAR},
                          LKS_SHAPE,
                          "squeeze: no dimension 3 in a tensor of 0"}),
};

F(unsqueeze_1, lks_unsqueeze(x[0], 1))
F(unsqueeze_last, lks_unsqueeze(x[0], -1))
F(unsqueeze_beyond, lks_unsqueeze(x[0], 4))
const lks_op_cases lks_op_cases_unsqueeze = {
    .cases =
        CASES({"middle", unsqueeze_1, {X(2, 3)}}, {"last", unsqueeze_last, {X(2, 3)}},
              {"empty", unsqueeze_1, {X(2, 0)}}),
    .refusals = REFUSALS(
        {"beyond", unsqueeze_beyond, {X(2, 3)}, LKS_SHAPE, "unsqueeze: no dimension 4"},
        {"ninth dimension",
         unsqueeze_1,
         {X(1, 1, 1, 1, 1, 1, 1, 1)},
         LKS_SHAPE,
         "has 8 dimensions already"}),
};

F(narrow_middle, lks_narrow(x[0], 1, 1, 2))
F(narrow_nothing, lks_narrow(x[0], 1, 4, 0))
F(narrow_from_end, lks_narrow(x[0], 1, -3, 2))
F(narrow_before, lks_narrow(x[0], 1, -5, 2))
F(narrow_beyond, lks_narrow(x[0], 1, 2, 3))
const lks_op_cases lks_op_cases_narrow = {
    .cases = CASES({"middle", narrow_middle, {X(3, 4)}},
                   {"from_end", narrow_from_end, {X(3, 4)}},
                   {"nothing", narrow_nothing, {X(3, 4)}}),
    .refusals = REFUSALS({"beyond",
                          narrow_beyond,
                          {X(3, 4)},
                          LKS_SHAPE,
                          "narrow: 3 elements from 2 on leave dimension 1 of (3, 4)"},
                         {"before",
                          narrow_before,
                          {X(3, 4)},
                          LKS_SHAPE,
                          "narrow: 2 elements from -5 on leave dimension 1 of (3, 4)"}),
};

F(select_first, lks_select(x[0], 0, 1))
F(select_from_end, lks_select(x[0], 1, -1))
F(select_all, lks_add(lks_select(x[0], 0, 0), lks_select(x[0], 0, 1)))
F(select_beyond, lks_select(x[0], 0, 3))
const lks_op_cases lks_op_cases_select = {
    .cases = CASES({"first", select_first, {X(3, 4)}},
                   {"from_end", select_from_end, {X(3, 4, 2)}},
                   {"all", select_all, {X(2, 4)}}, {"empty", select_first, {X(3, 0)}}),
    .refusals = REFUSALS({"beyond",
                          select_beyond,
                          {X(3, 4)},
                          LKS_SHAPE,
                          "select: no index 3 in dimension 0 of (3, 4)"}),
};
