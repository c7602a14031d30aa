#include "cases.h"

#define UNARY_CASES(op, ...) UNARY_CASES_OF(op, lks_##op(x[0]), __VA_ARGS__)
#define UNARY_CASES_OF(op, expression, ...)                                              \
    F(run_##op, expression)                                                              \
    const lks_op_cases lks_op_cases_##op = {                                             \
        .cases = CASES({"matrix", run_##op, {__VA_ARGS__}},                              \
                       {"scalar", run_##op, {X_LIKE(__VA_ARGS__)}},                      \
                       {"empty", run_##op, {X_IN(0.5, 2, 3, 0, 2)}}),                    \
        .refusals = REFUSALS({.name = NULL}),                                            \
    };
#define X_LIKE(...) X_IN(0.5, 2, 1)

UNARY_CASES(neg, X(3, 5))
UNARY_CASES(abs, X(3, 5))
UNARY_CASES(square, X(3, 5))
UNARY_CASES(sqrt, X_IN(0.1, 2, 3, 5))
UNARY_CASES(exp, X_IN(-3, 3, 3, 5))
UNARY_CASES(log, X_IN(0.1, 4, 3, 5))
UNARY_CASES(relu, X(3, 5))
UNARY_CASES_OF(leaky_relu, lks_leaky_relu(x[0], 0.2), X(3, 5))
UNARY_CASES(tanh, X_IN(-3, 3, 3, 5))
UNARY_CASES(sigmoid, X_IN(-5, 5, 3, 5))

/* The second operand stays away from zero, for div. */
#define Y(...) X_IN(0.5, 2, __VA_ARGS__)

#define BINARY_CASES(op)                                                                 \
    F(run_##op, lks_##op(x[0], x[1]))                                                    \
    F(op##_itself, lks_##op(x[0], x[0]))                                                 \
    const lks_op_cases lks_op_cases_##op = {                                             \
        .cases = CASES({"same", run_##op, {X(2, 3, 4), Y(2, 3, 4)}},                     \
                       {"row", run_##op, {X(3, 4), Y(4)}},                               \
                       {"column", run_##op, {X(3, 1), Y(3, 4)}},                         \
                       {"both", run_##op, {X(2, 1, 3), Y(4, 1)}},                        \
                       {"scalar", run_##op, {X(2, 3), Y(1)}},                            \
                       {"scalar_first", run_##op, {X_SCALAR, Y(2, 3)}},                  \
                       {"empty", run_##op, {X(0, 3), Y(1, 3)}},                          \
                       {"itself", op##_itself, {Y(2, 3)}}),                              \
        .refusals = REFUSALS({"no broadcast",                                            \
                              run_##op,                                                  \
                              {X(2, 3), X(4)},                                           \
                              LKS_SHAPE,                                                 \
                              #op ": (2, 3) does not broadcast with (4,)"}),             \
    };

BINARY_CASES(add)
BINARY_CASES(sub)
BINARY_CASES(mul)
BINARY_CASES(div)

F(run_add_scalar, lks_add_scalar(x[0], 2.5))
const lks_op_cases lks_op_cases_add_scalar = {
    .cases =
        CASES({"matrix", run_add_scalar, {X(3, 4)}}, {"empty", run_add_scalar, {X(0)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(run_sub_scalar, lks_sub_scalar(x[0], 2.5))
const lks_op_cases lks_op_cases_sub_scalar = {
    .cases =
        CASES({"matrix", run_sub_scalar, {X(3, 4)}}, {"empty", run_sub_scalar, {X(0)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(run_div_scalar, lks_div_scalar(x[0], -0.75))
const lks_op_cases lks_op_cases_div_scalar = {
    .cases =
        CASES({"matrix", run_div_scalar, {X(3, 4)}}, {"empty", run_div_scalar, {X(0)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(run_mul_scalar, lks_mul_scalar(x[0], -0.75))
const lks_op_cases lks_op_cases_mul_scalar = {
    .cases =
        CASES({"matrix", run_mul_scalar, {X(3, 4)}}, {"empty", run_mul_scalar, {X(0)}}),
    .refusals = REFUSALS({.name = NULL}),
};

/* In place on a copy: what is changed must not be a leaf. */

F(run_add_, lks_add_(lks_clone(x[0]), x[1]))
F(add_itself_, lks_add_(lks_clone(x[0]), x[0]))
F(add_leaf_, lks_add_(x[0], x[1]))
F(add_expanded_, lks_add_(lks_expand(x[0], LKS_SHAPE_OF(2, 3)), x[1]))
const lks_op_cases lks_op_cases_add_ = {
    .cases =
        CASES({"same", run_add_, {X(2, 3), X(2, 3)}}, {"row", run_add_, {X(2, 3), X(3)}},
              {"itself", add_itself_, {X(2, 3)}}, {"empty", run_add_, {X(2, 0), X(1)}}),
    .refusals = REFUSALS({"result does not fit",
                          run_add_,
                          {X(3), X(2, 3)},
                          LKS_SHAPE,
                          "add_: (2, 3) does not broadcast to (3,)"},
                         {"leaf",
                          add_leaf_,
                          {X(3), X(3)},
                          LKS_STATE,
                          "add_: a leaf that requires a gradient cannot be changed"},
                         {"shared elements",
                          add_expanded_,
                          {X(3), X(3)},
                          LKS_INVALID,
                          "add_: several elements of the tensor share memory"}),
};

F(run_mul_, lks_mul_(lks_clone(x[0]), x[1]))
static lks_tensor *mul_by_itself_(lks_tensor *const *x)
{
    lks_tensor *y = lks_clone(x[0]);
    return lks_mul_(y, y);
}
const lks_op_cases lks_op_cases_mul_ = {
    .cases = CASES(
        {"same", run_mul_, {X(2, 3), X(2, 3)}}, {"row", run_mul_, {X(2, 3), X(3)}},
        {"itself", mul_by_itself_, {X(2, 3)}}, {"empty", run_mul_, {X(2, 0), X(1)}}),
    .refusals = REFUSALS({"result does not fit",
                          run_mul_,
                          {X(3), X(2, 3)},
                          LKS_SHAPE,
                          "mul_: (2, 3) does not broadcast to (3,)"}),
};

F(run_relu_, lks_relu_(lks_clone(x[0])))
F(relu_view_, lks_relu_(lks_select(x[0], 0, 0)))
const lks_op_cases lks_op_cases_relu_ = {
    .cases = CASES({"matrix", run_relu_, {X(3, 4)}}, {"empty", run_relu_, {X(0, 4)}}),
    .refusals = REFUSALS({"view",
                          relu_view_,
                          {X(3, 4)},
                          LKS_STATE,
                          "relu_: a view of a leaf that requires a gradient cannot"}),
};

static lks_tensor *fill_between(lks_tensor *const *x)
{
    lks_tensor *y = lks_clone(x[0]);
    return lks_mul(lks_fill_(y, 3), x[1]);
}
F(fill_leaf_, lks_fill_(x[0], 0))
const lks_op_cases lks_op_cases_fill_ = {
    .cases = CASES({"between", fill_between, {X(2, 3), X(2, 3)}},
                   {"empty", fill_between, {X(2, 0), X(2, 0)}}),
    .refusals = REFUSALS({"leaf",
                          fill_leaf_,
                          {X(3)},
                          LKS_STATE,
                          "fill_: a leaf that requires a gradient cannot be changed"}),
};

F(run_copy_, lks_copy_(lks_clone(x[0]), x[1]))
static lks_tensor *copy_transposed_(lks_tensor *const *x)
{
    lks_tensor *y = lks_clone(x[0]);
    return lks_copy_(y, lks_transpose(y, 0, 1));
}
const lks_op_cases lks_op_cases_copy_ = {
    .cases = CASES({"same", run_copy_, {X(2, 3), X(2, 3)}},
                   {"row", run_copy_, {X(2, 3), X(3)}},
                   {"own_transpose", copy_transposed_, {X(3, 3)}},
                   {"empty", run_copy_, {X(2, 0), X(1)}}),
    .refusals = REFUSALS({"does not fit",
                          run_copy_,
                          {X(3), X(2, 3)},
                          LKS_SHAPE,
                          "copy_: (2, 3) does not broadcast to (3,)"}),
};
