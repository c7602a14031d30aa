#include "cases.h"

F(cat_rows, lks_cat(x, 2, 0))
F(cat_columns, lks_cat(x, 3, -1))
F(cat_nothing, lks_cat(x, 0, 0))
const lks_op_cases lks_op_cases_cat = {
    .cases = CASES({"rows", cat_rows, {X(2, 3), X(1, 3)}},
                   {"columns", cat_columns, {X(2, 3), X(2, 1), X(2, 2)}},
                   {"empty", cat_rows, {X(0, 3), X(2, 3)}}),
    .refusals = REFUSALS(
        {"other sizes",
         cat_rows,
         {X(2, 3), X(2, 4)},
         LKS_SHAPE,
         "cat: (2, 3) and (2, 4) differ beyond dimension 0"},
        {"nothing", cat_nothing, {X(2)}, LKS_INVALID, "cat: no tensors to join"}),
};

F(run_clone, lks_clone(x[0]))
const lks_op_cases lks_op_cases_clone = {
    .cases = CASES({"matrix", run_clone, {X(3, 4)}}, {"empty", run_clone, {X(0, 4)}}),
    .refusals = REFUSALS({.name = NULL}),
};

/* f64 to f64 is the tensor itself; casts are in test_op_dtypes.c. */
F(to_itself, lks_mul(lks_to(x[0], LKS_F64), x[0]))
const lks_op_cases lks_op_cases_to = {
    .cases = CASES({"itself", to_itself, {X(3, 4)}}, {"empty", to_itself, {X(0, 4)}}),
    .refusals = REFUSALS({.name = NULL}),
};

/* There and back; other pairs of devices are in test_transfer.c. */
F(to_and_fro, lks_to_device(lks_to_device(x[0], lks_cpu), lks_tensor_device(x[0])))
F(from_reference,
  lks_to_device(lks_mul(lks_to_device(x[0], (lks_device){LKS_REFERENCE, 0}),
                        lks_to_device(x[0], (lks_device){LKS_REFERENCE, 0})),
                lks_tensor_device(x[0])))
const lks_op_cases lks_op_cases_to_device = {
    .cases = CASES(
        {"to and fro", to_and_fro, {X(3, 4)}}, {"reference", from_reference, {X(3, 4)}},
        {"scalar", from_reference, {X_SCALAR}}, {"empty", to_and_fro, {X(0, 4)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(contiguous_transposed, lks_contiguous(lks_transpose(x[0], 0, 1)))
F(contiguous_itself, lks_contiguous(x[0]))
const lks_op_cases lks_op_cases_contiguous = {
    .cases = CASES({"transposed", contiguous_transposed, {X(3, 4)}},
                   {"itself", contiguous_itself, {X(3, 4)}},
                   {"empty", contiguous_transposed, {X(3, 0)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(index_rows, lks_index_select(x[0], 0, x[1]))
F(index_columns, lks_index_select(x[0], -1, x[1]))
F(index_twice, lks_add(lks_index_select(x[0], 0, x[1]), lks_index_select(x[0], 0, x[1])))
const lks_op_cases lks_op_cases_index_select = {
    .cases = CASES({"rows", index_rows, {X(4, 3), INDEX(4, 6)}},
                   {"columns", index_columns, {X(2, 3), INDEX(3, 2)}},
                   {"twice", index_twice, {X(4, 3), INDEX(4, 6)}},
                   {"nothing", index_rows, {X(4, 3), INDEX(4, 0)}},
                   {"scalar", index_columns, {X_SCALAR, INDEX(1, 1)}}),
    .refusals =
        REFUSALS({"two of a scalar",
                  index_columns,
                  {X_SCALAR, INDEX(1, 2)},
                  LKS_SHAPE,
                  "index_select: takes one index into a scalar, not (2,)"},
                 {"outside",
                  index_rows,
                  {X(2, 3), {LKS_I64, SHAPE(2), 5, 6}},
                  LKS_INVALID,
                  "index_select: index 5 (number 0) is outside dimension 0 of (2, 3)"},
                 {"not integers",
                  index_rows,
                  {X(2, 3), X(2)},
                  LKS_DTYPE,
                  "index_select: takes an index (n) of int64, not (2,) of float64"}),
};
