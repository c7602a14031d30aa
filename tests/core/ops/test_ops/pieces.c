#include "cases.h"

enum { ROOM = 4 };

/* The pieces joined in reverse order; NULL if there are none. */
static lks_tensor *reversed(lks_tensor *const *pieces, int n, int dim)
{
    lks_tensor *turned[ROOM];

    for (int i = 0; i < n; i++)
        turned[i] = pieces[n - 1 - i];
    return n < 0 ? NULL : lks_cat(turned, n, dim);
}

/* static lks_tensor *name(x): what `call` puts into `out`, reversed along `dim`. */
#define PIECES(name, call, dim)                                                          \
    static lks_tensor *name(lks_tensor *const *x)                                        \
    {                                                                                    \
        lks_tensor *out[ROOM];                                                           \
                                                                                         \
        return reversed(out, call, dim);                                                 \
    }

PIECES(unbind_rows, lks_unbind(x[0], 0, out, ROOM), 0)
PIECES(unbind_columns, lks_unbind(x[0], -1, out, ROOM), 0)
const lks_op_cases lks_op_cases_unbind = {
    .cases =
        CASES({"rows", unbind_rows, {X(3, 2)}}, {"columns", unbind_columns, {X(2, 3)}}),
    .refusals = REFUSALS({"scalar",
                          unbind_rows,
                          {X_SCALAR},
                          LKS_SHAPE,
                          "unbind: no dimension 0 in a tensor of 0"},
                         {"too many",
                          unbind_rows,
                          {X(5)},
                          LKS_INVALID,
                          "unbind: 5 pieces, and room for 4"}),
};

PIECES(split_2, lks_split(x[0], 2, -1, out, ROOM), -1)
PIECES(split_9, lks_split(x[0], 9, -1, out, ROOM), -1)
PIECES(split_0, lks_split(x[0], 0, -1, out, ROOM), -1)
const lks_op_cases lks_op_cases_split = {
    .cases = CASES({"rest", split_2, {X(2, 5)}}, {"whole", split_9, {X(2, 5)}},
                   {"empty", split_2, {X(2, 0)}}),
    .refusals = REFUSALS(
        {"of 0",
         split_0,
         {X(2, 5)},
         LKS_INVALID,
         "split: pieces of 0 of dimension 1 of (2, 5)"},
        {"too many", split_2, {X(9)}, LKS_INVALID, "split: 5 pieces, and room for 4"}),
};

PIECES(chunk_3, lks_chunk(x[0], 3, 1, out, ROOM), 1)
PIECES(chunk_0, lks_chunk(x[0], 0, 1, out, ROOM), 1)
const lks_op_cases lks_op_cases_chunk = {
    .cases = CASES({"even", chunk_3, {X(2, 6)}}, {"fewer", chunk_3, {X(2, 4)}},
                   {"empty", chunk_3, {X(2, 0)}}),
    .refusals =
        REFUSALS({"none", chunk_0, {X(2, 6)}, LKS_INVALID, "chunk: 0 chunks are none"}),
};

static const int64_t sizes[] = {1, 0, 3};
PIECES(split_103, lks_split_sizes(x[0], sizes, 3, 1, out), 1)
const lks_op_cases lks_op_cases_split_sizes = {
    .cases = CASES({"three", split_103, {X(2, 4)}}),
    .refusals = REFUSALS({"too large",
                          split_103,
                          {X(2, 3)},
                          LKS_SHAPE,
                          "split_sizes: piece 2 of 3 does not fit into what is left of "
                          "dimension 1 of (2, 3)"},
                         {"too small",
                          split_103,
                          {X(2, 6)},
                          LKS_SHAPE,
                          "split_sizes: 2 of dimension 1 of (2, 6) are in no piece"}),
};

F(diagonal_main, lks_diagonal(x[0], 0, 0, 1))
F(diagonal_above, lks_diagonal(x[0], 2, 0, 1))
F(diagonal_below, lks_diagonal(x[0], -1, 0, 1))
F(diagonal_beyond, lks_diagonal(x[0], 9, 0, 1))
F(diagonal_swapped, lks_diagonal(x[0], 1, 2, 0))
F(diagonal_of_one, lks_diagonal(x[0], 0, 1, -1))
const lks_op_cases lks_op_cases_diagonal = {
    .cases = CASES(
        {"main", diagonal_main, {X(3, 4)}}, {"above", diagonal_above, {X(3, 4)}},
        {"below", diagonal_below, {X(3, 4)}}, {"beyond", diagonal_beyond, {X(3, 4)}},
        {"swapped", diagonal_swapped, {X(3, 2, 4)}}),
    .refusals = REFUSALS({"one dimension",
                          diagonal_of_one,
                          {X(3, 4)},
                          LKS_SHAPE,
                          "diagonal: of dimension 1 and itself"},
                         {"vector",
                          diagonal_main,
                          {X(3)},
                          LKS_SHAPE,
                          "diagonal: no dimension 1 in a tensor of 1"}),
};

F(run_trace, lks_trace(x[0]))
const lks_op_cases lks_op_cases_trace = {
    .cases = CASES({"matrix", run_trace, {X(3, 4)}}, {"empty", run_trace, {X(0, 4)}}),
    .refusals = REFUSALS(
        {"vector", run_trace, {X(3)}, LKS_SHAPE, "trace: takes a matrix, not (3,)"}),
};
