#include "cases.h"

static const int first[] = {0}, last[] = {-1}, all[] = {0, 1, 2}, turned[] = {2, 0, 1},
                 twice[] = {1, 1}, ends[] = {0, 2}, both[] = {1, 0};

F(run_t, lks_t(x[0]))
const lks_op_cases lks_op_cases_t = {
    .cases = CASES({"matrix", run_t, {X(2, 3)}}, {"vector", run_t, {X(3)}},
                   {"scalar", run_t, {X_SCALAR}}),
    .refusals = REFUSALS({"three",
                          run_t,
                          {X(2, 3, 4)},
                          LKS_SHAPE,
                          "t: takes at most two dimensions, not (2, 3, 4)"}),
};

F(run_squeeze_all, lks_squeeze_all(x[0]))
const lks_op_cases lks_op_cases_squeeze_all = {
    .cases = CASES({"some", run_squeeze_all, {X(1, 2, 1, 3)}},
                   {"none", run_squeeze_all, {X(2, 3)}},
                   {"scalar", run_squeeze_all, {X_SCALAR}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(movedim_one, lks_movedim(x[0], first, last, 1))
F(movedim_all, lks_movedim(x[0], all, turned, 3))
F(movedim_twice, lks_movedim(x[0], twice, ends, 2))
F(movedim_onto, lks_movedim(x[0], ends, twice, 2))
const lks_op_cases lks_op_cases_movedim = {
    .cases = CASES({"one", movedim_one, {X(2, 3, 4)}}, {"all", movedim_all, {X(2, 3, 4)}},
                   {"scalar", movedim_one, {X_SCALAR}}),
    .refusals = REFUSALS({"twice",
                          movedim_twice,
                          {X(2, 3, 4)},
                          LKS_SHAPE,
                          "movedim: dimension 1 is given twice"},
                         {"onto one",
                          movedim_onto,
                          {X(2, 3, 4)},
                          LKS_SHAPE,
                          "movedim: dimension 1 is given twice"},
                         {"beyond",
                          movedim_all,
                          {X(2, 3)},
                          LKS_SHAPE,
                          "movedim: no dimension 2 in a tensor of 2"}),
};

static lks_tensor *stack_many(lks_tensor *const *x)
{
    lks_tensor *many[20];

    for (int i = 0; i < 20; i++)
        many[i] = x[0];
    return lks_stack(many, 20, 0);
}

F(stack_first, lks_stack(x, 2, 0))
F(stack_middle, lks_stack(x, 3, 1))
F(stack_last, lks_stack(x, 2, -1))
F(stack_none, lks_stack(x, 0, 0))
const lks_op_cases lks_op_cases_stack = {
    .cases = CASES({"first", stack_first, {X(2, 3), X(2, 3)}},
                   {"middle", stack_middle, {X(2, 3), X(2, 3), X(2, 3)}},
                   {"last", stack_last, {X(2, 3), X(2, 3)}},
                   {"scalars", stack_first, {X_SCALAR, X_SCALAR}},
                   {"many", stack_many, {X(2)}}),
    .refusals = REFUSALS({"shapes",
                          stack_first,
                          {X(2, 3), X(3, 2)},
                          LKS_SHAPE,
                          "stack: takes tensors of one shape, not (2, 3) and (3, 2)"},
                         {"none", stack_none, {X(2)}, LKS_INVALID, "stack: no tensors"},
                         {"beyond",
                          stack_middle,
                          {X_SCALAR, X_SCALAR, X_SCALAR},
                          LKS_SHAPE,
                          "unsqueeze: no dimension 1 in a tensor of 1"}),
};

F(repeat_2_3, lks_repeat(x[0], LKS_SHAPE_OF(2, 3)))
F(repeat_2_1_3, lks_repeat(x[0], LKS_SHAPE_OF(2, 1, 3)))
F(repeat_1_1, lks_repeat(x[0], LKS_SHAPE_OF(1, 1)))
F(repeat_4, lks_repeat(x[0], LKS_SHAPE_OF(4)))
F(repeat_2_0, lks_repeat(x[0], LKS_SHAPE_OF(2, 0)))
F(repeat_none, lks_repeat(x[0], LKS_SCALAR))
F(repeat_negative, lks_repeat(x[0], LKS_SHAPE_OF(2, -1)))
F(repeat_far, lks_repeat(x[0], LKS_SHAPE_OF(INT64_MAX, 1)))
const lks_op_cases lks_op_cases_repeat = {
    .cases = CASES(
        {"both", repeat_2_3, {X(2, 3)}}, {"more_dims", repeat_2_1_3, {X(2, 3)}},
        {"once", repeat_1_1, {X(2, 3)}}, {"one_element", repeat_4, {X(1)}},
        {"nothing", repeat_2_0, {X(2, 3)}}, {"of_nothing", repeat_2_3, {X(0, 3)}},
        {"scalar", repeat_2_3, {X_SCALAR}}, {"scalar_itself", repeat_none, {X_SCALAR}}),
    .refusals = REFUSALS(
        {"too few",
         repeat_4,
         {X(2, 3)},
         LKS_SHAPE,
         "repeat: (2, 3) takes a number for each dimension, none below "
         "0, not (4,)"},
        {"negative", repeat_negative, {X(2, 3)}, LKS_SHAPE, "none below 0, not (2, -1)"},
        {"too many",
         repeat_far,
         {X(2, 3)},
         LKS_SHAPE,
         "repeat: dimension 0 would be larger than 2^63 - 1"}),
};

F(tile_3, lks_tile(x[0], LKS_SHAPE_OF(3)))
F(tile_2_3, lks_tile(x[0], LKS_SHAPE_OF(2, 3)))
const lks_op_cases lks_op_cases_tile = {
    .cases = CASES({"fewer", tile_3, {X(2, 3)}}, {"more", tile_2_3, {X(3)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(flip_last, lks_flip(x[0], last, 1))
F(flip_ends, lks_flip(x[0], ends, 2))
F(flip_none, lks_flip(x[0], NULL, 0))
F(flip_twice, lks_flip(x[0], twice, 2))
const lks_op_cases lks_op_cases_flip = {
    .cases = CASES({"one", flip_last, {X(2, 3)}}, {"both", flip_ends, {X(2, 2, 3)}},
                   {"none", flip_none, {X(2, 3)}}, {"empty", flip_last, {X(2, 0)}},
                   {"scalar", flip_last, {X_SCALAR}}),
    .refusals = REFUSALS(
        {"twice", flip_twice, {X(2, 3)}, LKS_SHAPE, "flip: dimension 1 is given twice"}),
};

static const int64_t by_2[] = {2}, by_4_and_back[] = {4, -1}, around[] = {-3, 2};

F(roll_flat, lks_roll(x[0], by_2, NULL, 1))
F(roll_two, lks_roll(x[0], by_4_and_back, both, 2))
F(roll_around, lks_roll(x[0], around, both, 2))
const lks_op_cases lks_op_cases_roll = {
    .cases = CASES({"flat", roll_flat, {X(2, 3)}}, {"two", roll_two, {X(2, 3)}},
                   {"around", roll_around, {X(2, 3)}}, {"empty", roll_two, {X(0, 3)}}),
    .refusals = REFUSALS(
        {"beyond", roll_two, {X(3)}, LKS_SHAPE, "roll: no dimension 1 in a tensor of 1"}),
};

static const int64_t pad_12[] = {1, 2}, cut[] = {-1, 2, 0, -1}, pad_00[] = {0, 0},
                     pad_11[] = {1, 1}, pad_2110[] = {2, 1, 1, 0},
                     pad_2410[] = {2, 4, 1, 0}, pad_3110[] = {3, 1, 1, 0},
                     cut_all[] = {-2, -2};

F(pad_constant, lks_pad(x[0], pad_12, 2, LKS_PAD_CONSTANT, 0.5))
F(pad_cut, lks_pad(x[0], cut, 4, LKS_PAD_CONSTANT, 0.5))
F(pad_nothing, lks_pad(x[0], pad_00, 2, LKS_PAD_CONSTANT, 0))
F(pad_one_each, lks_pad(x[0], pad_11, 2, LKS_PAD_CONSTANT, 0))
F(pad_reflect, lks_pad(x[0], pad_2110, 4, LKS_PAD_REFLECT, 0))
F(pad_replicate, lks_pad(x[0], pad_2410, 4, LKS_PAD_REPLICATE, 0))
F(pad_circular, lks_pad(x[0], pad_3110, 4, LKS_PAD_CIRCULAR, 0))
F(pad_cut_all, lks_pad(x[0], cut_all, 2, LKS_PAD_CONSTANT, 0))
F(pad_three, lks_pad(x[0], pad_2110, 3, LKS_PAD_CONSTANT, 0))
const lks_op_cases lks_op_cases_pad = {
    .cases = CASES({"constant", pad_constant, {X(2, 3)}}, {"cut", pad_cut, {X(2, 3)}},
                   {"nothing", pad_nothing, {X(2, 3)}},
                   {"of_nothing", pad_one_each, {X(2, 0)}},
                   {"reflect", pad_reflect, {X(1, 2, 3)}},
                   {"replicate", pad_replicate, {X(1, 2, 3)}},
                   {"circular", pad_circular, {X(1, 1, 2, 3)}}),
    .refusals = REFUSALS(
        {"all cut off",
         pad_cut_all,
         {X(2, 3)},
         LKS_SHAPE,
         "pad: -2 and -2 leave nothing of dimension 1 of (2, 3)"},
        {"odd",
         pad_three,
         {X(2, 3)},
         LKS_SHAPE,
         "pad: two numbers a dimension, the last first, not 3 for (2, 3)"},
        {"too many", pad_cut, {X(3)}, LKS_SHAPE, "not 4 for (3,)"},
        {"reflect too far",
         pad_reflect,
         {X(2, 2)},
         LKS_SHAPE,
         "pad: dimension 1 of (2, 2) is too small for 2 more of its own elements"},
        {"circular too far", pad_circular, {X(2, 2)}, LKS_SHAPE, "too small for 3 more"},
        {"replicate nothing",
         pad_replicate,
         {X(2, 0)},
         LKS_SHAPE,
         "too small for 2 more"}),
};
