#include "cases.h"

/* Two tensors of whole numbers, of numbers, or one and a number. */
#define COMPARED(op, number)                                                             \
    F(run_##op, lks_##op(x[0], x[1]))                                                    \
    F(run_##op##_scalar, lks_##op##_scalar(x[0], number))                                \
    const lks_op_cases lks_op_cases_##op = {                                             \
        .cases = CASES({"integers", run_##op, {INDEX(3, 2, 5), INDEX(3, 5)}},            \
                       {"floats", run_##op, {X(3, 4), X(3, 1)}},                         \
                       {"mixed", run_##op, {X_IN(0, 2, 3), INDEX(3, 3)}},                \
                       {"scalar", run_##op, {X(3), X_SCALAR}},                           \
                       {"empty", run_##op, {X(0, 3), X(3)}}),                            \
        .refusals = REFUSALS({"other shapes",                                            \
                              run_##op,                                                  \
                              {X(2), X(3)},                                              \
                              LKS_SHAPE,                                                 \
                              #op ": (2,) does not broadcast with (3,)"}),               \
    };                                                                                   \
    const lks_op_cases lks_op_cases_##op##_scalar = {                                    \
        .cases = CASES({"integers", run_##op##_scalar, {INDEX(3, 2, 5)}},                \
                       {"floats", run_##op##_scalar, {X_IN(0, 2, 7)}},                   \
                       {"empty", run_##op##_scalar, {X(0, 3)}}),                         \
        .refusals = REFUSALS({.name = NULL}),                                            \
    };
COMPARED(eq, 1)
COMPARED(ne, 1)
COMPARED(lt, 0.5)
COMPARED(le, 1)
COMPARED(gt, 1)
COMPARED(ge, 0.5)

F(run_logical_and, lks_logical_and(x[0], x[1]))
F(run_logical_or, lks_logical_or(x[0], x[1]))
F(run_logical_not, lks_logical_not(x[0]))
const lks_op_cases lks_op_cases_logical_and = {
    .cases = CASES({"integers", run_logical_and, {INDEX(2, 2, 6), INDEX(2, 6)}},
                   {"floats", run_logical_and, {X(4), X(4)}}),
    .refusals = REFUSALS({.name = NULL}),
};
const lks_op_cases lks_op_cases_logical_or = {
    .cases = CASES({"integers", run_logical_or, {INDEX(2, 2, 6), INDEX(2, 6)}},
                   {"floats", run_logical_or, {X(4), X(4)}}),
    .refusals = REFUSALS({.name = NULL}),
};
const lks_op_cases lks_op_cases_logical_not = {
    .cases = CASES({"integers", run_logical_not, {INDEX(2, 2, 6)}},
                   {"floats", run_logical_not, {X(4)}}),
    .refusals = REFUSALS({.name = NULL}),
};

#define TRUE_OF(x) lks_to(x, LKS_BOOL)

F(run_where, lks_where(TRUE_OF(x[0]), x[1], x[2]))
F(where_numbers, lks_where(x[0], x[1], x[2]))
F(where_itself, lks_where(TRUE_OF(x[0]), lks_square(x[1]), x[1]))
const lks_op_cases lks_op_cases_where = {
    .cases = CASES({"same", run_where, {INDEX(2, 3, 4), X(3, 4), X(3, 4)}},
                   {"broadcast", run_where, {INDEX(2, 4), X(3, 1), X_SCALAR}},
                   {"condition", run_where, {INDEX(2, 2, 3), X_SCALAR, X(3)}},
                   {"itself", where_itself, {INDEX(2, 3, 4), X(3, 4)}},
                   {"empty", run_where, {INDEX(2, 0, 4), X(4), X(4)}}),
    .refusals = REFUSALS({"no condition",
                          where_numbers,
                          {INDEX(2, 3), X(3), X(3)},
                          LKS_DTYPE,
                          "where: takes a condition of bool, not int64"},
                         {"other shapes",
                          run_where,
                          {INDEX(2, 3), X(3), X(2)},
                          LKS_SHAPE,
                          "where: (3,), (3,) and (2,) do not broadcast"}),
};

F(run_masked_fill, lks_masked_fill(x[0], TRUE_OF(x[1]), x[2]))
F(run_masked_fill_scalar, lks_masked_fill_scalar(x[0], TRUE_OF(x[1]), 0.5))
const lks_op_cases lks_op_cases_masked_fill = {
    .cases = CASES({"same", run_masked_fill, {X(3, 4), INDEX(2, 3, 4), X_SCALAR}},
                   {"broadcast", run_masked_fill, {X(3, 1), INDEX(2, 4), X_SCALAR}}),
    .refusals = REFUSALS({"many values",
                          run_masked_fill,
                          {X(3), INDEX(2, 3), X(3)},
                          LKS_SHAPE,
                          "masked_fill: takes a value without dimensions, not (3,)"}),
};
const lks_op_cases lks_op_cases_masked_fill_scalar = {
    .cases = CASES({"same", run_masked_fill_scalar, {X(3, 4), INDEX(2, 3, 4)}},
                   {"row", run_masked_fill_scalar, {X(3, 4), INDEX(2, 4)}},
                   {"empty", run_masked_fill_scalar, {X(0, 4), INDEX(2, 4)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(run_masked_select, lks_masked_select(x[0], TRUE_OF(x[1])))
F(select_by_numbers, lks_masked_select(x[0], x[1]))
const lks_op_cases lks_op_cases_masked_select = {
    .cases = CASES({"same", run_masked_select, {X(3, 4), INDEX(2, 3, 4)}},
                   {"broadcast", run_masked_select, {X(3, 1), INDEX(2, 4)}},
                   {"scalar", run_masked_select, {X_SCALAR, INDEX(2, 5)}},
                   {"none", run_masked_select, {X(4), INDEX(1, 4)}},
                   {"empty", run_masked_select, {X(0, 4), INDEX(2, 4)}}),
    .refusals = REFUSALS({"no mask",
                          select_by_numbers,
                          {X(3), INDEX(2, 3)},
                          LKS_DTYPE,
                          "masked_select: takes a mask of bool, not int64"},
                         {"other shapes",
                          run_masked_select,
                          {X(3), INDEX(2, 2)},
                          LKS_SHAPE,
                          "masked_select: (3,) does not broadcast with (2,)"}),
};

F(tril_main, lks_tril(x[0], 0))
F(tril_below, lks_tril(x[0], -1))
F(tril_above, lks_tril(x[0], 2))
const lks_op_cases lks_op_cases_tril = {
    .cases = CASES({"main", tril_main, {X(3, 4)}}, {"below", tril_below, {X(2, 3, 3)}},
                   {"above", tril_above, {X(4, 4)}}, {"empty", tril_main, {X(0, 3)}}),
    .refusals = REFUSALS({"vector",
                          tril_main,
                          {X(3)},
                          LKS_SHAPE,
                          "tril: takes at least two dimensions, not (3,)"}),
};
F(triu_main, lks_triu(x[0], 0))
F(triu_below, lks_triu(x[0], -1))
F(triu_above, lks_triu(x[0], 2))
const lks_op_cases lks_op_cases_triu = {
    .cases = CASES({"main", triu_main, {X(3, 4)}}, {"below", triu_below, {X(2, 3, 3)}},
                   {"above", triu_above, {X(4, 4)}}, {"empty", triu_main, {X(0, 3)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(diag_main, lks_diag(x[0], 0))
F(diag_below, lks_diag(x[0], -2))
F(diag_above, lks_diag(x[0], 1))
const lks_op_cases lks_op_cases_diag = {
    .cases =
        CASES({"vector", diag_main, {X(3)}}, {"vector_below", diag_below, {X(3)}},
              {"vector_above", diag_above, {X(3)}}, {"vector_empty", diag_above, {X(0)}},
              {"matrix", diag_main, {X(3, 4)}}, {"matrix_below", diag_below, {X(3, 4)}},
              {"matrix_above", diag_above, {X(3, 4)}}),
    .refusals = REFUSALS({"three",
                          diag_main,
                          {X(2, 3, 4)},
                          LKS_SHAPE,
                          "diag: takes one or two dimensions, not (2, 3, 4)"}),
};
