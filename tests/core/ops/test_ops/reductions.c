#include "cases.h"

#include <math.h>

static const int ends[] = {0, 2}, last[] = {-1};

F(argmin_0, lks_argmin(x[0], 0))
F(argmin_last, lks_argmin(x[0], -1))
const lks_op_cases lks_op_cases_argmin = {
    .cases = CASES({"first", argmin_0, {X(4, 3)}}, {"last", argmin_last, {X(2, 3, 5)}},
                   {"equals", argmin_last, {INDEX(3, 3, 8)}},
                   {"scalar", argmin_last, {X_SCALAR}}),
    .refusals = REFUSALS({"empty",
                          argmin_last,
                          {X(2, 0)},
                          LKS_SHAPE,
                          "argmin: dimension 1 of (2, 0) has no elements"}),
};

F(amax_ends, lks_amax(x[0], ends, 2, false))
F(amax_kept, lks_amax(x[0], last, 1, true))
F(amax_all, lks_amax(x[0], NULL, 0, false))
const lks_op_cases lks_op_cases_amax = {
    .cases = CASES({"ends", amax_ends, {X(2, 3, 4)}}, {"kept", amax_kept, {X(3, 4)}},
                   {"all", amax_all, {X(3, 4)}}, {"integers", amax_all, {INDEX(9, 3, 4)}},
                   {"scalar", amax_kept, {X_SCALAR}}),
    .refusals = REFUSALS(
        {"of nothing", amax_kept, {X(2, 0)}, LKS_SHAPE, "amax: (2, 0) has no elements"}),
};
F(amin_ends, lks_amin(x[0], ends, 2, false))
F(amin_kept, lks_amin(x[0], last, 1, true))
F(amin_all, lks_amin(x[0], NULL, 0, false))
const lks_op_cases lks_op_cases_amin = {
    .cases = CASES({"ends", amin_ends, {X(2, 3, 4)}}, {"kept", amin_kept, {X(3, 4)}},
                   {"all", amin_all, {X(3, 4)}}, {"integers", amin_all, {INDEX(9, 3, 4)}},
                   {"scalar", amin_kept, {X_SCALAR}}),
    .refusals = REFUSALS(
        {"of nothing", amin_kept, {X(2, 0)}, LKS_SHAPE, "amin: (2, 0) has no elements"}),
};

F(run_max_all, lks_max_all(x[0]))
F(run_min_all, lks_min_all(x[0]))
const lks_op_cases lks_op_cases_max_all = {
    .cases =
        CASES({"matrix", run_max_all, {X(3, 4)}}, {"scalar", run_max_all, {X_SCALAR}},
              {"integers", run_max_all, {INDEX(9, 3, 4)}}),
    .refusals = REFUSALS({.name = NULL}),
};
const lks_op_cases lks_op_cases_min_all = {
    .cases =
        CASES({"matrix", run_min_all, {X(3, 4)}}, {"scalar", run_min_all, {X_SCALAR}},
              {"integers", run_min_all, {INDEX(9, 3, 4)}}),
    .refusals = REFUSALS({.name = NULL}),
};

/* Values beside their places. */
static lks_tensor *both(lks_tensor *values, lks_tensor *index)
{
    lks_tensor *pair[] = {values,
                          values ? lks_to(index, lks_tensor_dtype(values)) : NULL};

    return pair[1] ? lks_stack(pair, 2, 0) : NULL;
}

#define WITH_INDEX(name, call)                                                           \
    static lks_tensor *name(lks_tensor *const *x)                                        \
    {                                                                                    \
        lks_tensor *index, *values = call;                                               \
                                                                                         \
        return both(values, index);                                                      \
    }
WITH_INDEX(max_dim_0, lks_max_dim(x[0], 0, false, &index))
WITH_INDEX(max_dim_kept, lks_max_dim(x[0], -1, true, &index))
F(max_dim_alone, lks_max_dim(x[0], -1, false, NULL))
const lks_op_cases lks_op_cases_max_dim = {
    .cases = CASES({"first", max_dim_0, {X(4, 3)}}, {"kept", max_dim_kept, {X(2, 3, 4)}},
                   {"alone", max_dim_alone, {X(3, 4)}},
                   {"equals", max_dim_alone, {INDEX(3, 3, 8)}},
                   {"scalar", max_dim_kept, {X_SCALAR}}),
    .refusals = REFUSALS({"of nothing",
                          max_dim_alone,
                          {X(2, 0)},
                          LKS_SHAPE,
                          "argmax: dimension 1 of (2, 0) has no elements"}),
};
WITH_INDEX(min_dim_0, lks_min_dim(x[0], 0, false, &index))
WITH_INDEX(min_dim_kept, lks_min_dim(x[0], -1, true, &index))
const lks_op_cases lks_op_cases_min_dim = {
    .cases = CASES({"first", min_dim_0, {X(4, 3)}}, {"kept", min_dim_kept, {X(2, 3, 4)}},
                   {"scalar", min_dim_kept, {X_SCALAR}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(prod_0, lks_prod(x[0], 0, false))
F(prod_kept, lks_prod(x[0], -1, true))
F(prod_of_zero, lks_prod(lks_relu(x[0]), -1, false))
const lks_op_cases lks_op_cases_prod = {
    .cases = CASES({"first", prod_0, {X(4, 3)}}, {"kept", prod_kept, {X(2, 3, 4)}},
                   {"zeros", prod_of_zero, {X(6, 4)}},
                   {"integers", prod_kept, {INDEX(4, 3, 4)}},
                   {"of_nothing", prod_kept, {X(2, 0)}}, {"scalar", prod_0, {X_SCALAR}}),
    .refusals = REFUSALS({.name = NULL}),
};
F(run_prod_all, lks_prod_all(x[0]))
const lks_op_cases lks_op_cases_prod_all = {
    .cases = CASES({"matrix", run_prod_all, {X(2, 3)}},
                   {"integers", run_prod_all, {INDEX(9, 2, 2)}},
                   {"empty", run_prod_all, {X(0)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(any_last, lks_any(x[0], last, 1, false))
F(all_last, lks_all(x[0], last, 1, true))
const lks_op_cases lks_op_cases_any = {
    .cases = CASES({"integers", any_last, {INDEX(2, 4, 2)}},
                   {"floats", any_last, {X(2, 3)}}, {"of_nothing", any_last, {X(2, 0)}}),
    .refusals = REFUSALS({.name = NULL}),
};
const lks_op_cases lks_op_cases_all = {
    .cases = CASES({"integers", all_last, {INDEX(2, 4, 2)}},
                   {"floats", all_last, {X(2, 3)}}, {"of_nothing", all_last, {X(2, 0)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(var_all, lks_var(x[0], NULL, 0, 1, false))
F(var_kept, lks_var(x[0], ends, 2, 0, true))
F(var_more, lks_var(x[0], last, 1, 2, false))
F(std_all, lks_std(x[0], NULL, 0, 1, false))
F(std_kept, lks_std(x[0], ends, 2, 0, true))
const lks_op_cases lks_op_cases_var = {
    .cases = CASES({"all", var_all, {X(3, 4)}}, {"kept", var_kept, {X(2, 3, 4)}},
                   {"correction", var_more, {X(3, 4)}}),
    .refusals = REFUSALS({"integers",
                          var_all,
                          {INDEX(3, 4)},
                          LKS_DTYPE,
                          "var: takes floating-point tensors, not int64; lks_to first"}),
};
const lks_op_cases lks_op_cases_std = {
    .cases = CASES({"all", std_all, {X(3, 4)}}, {"kept", std_kept, {X(2, 3, 4)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(norm_2, lks_norm(x[0], 2, NULL, 0, false))
F(norm_0, lks_norm(x[0], 0, last, 1, false))
F(norm_1, lks_norm(x[0], 1, last, 1, true))
F(norm_3, lks_norm(x[0], 3, ends, 2, false))
F(norm_half, lks_norm(x[0], 0.5, last, 1, false))
F(norm_below, lks_norm(x[0], -1.5, last, 1, false))
F(norm_inf, lks_norm(x[0], (double)INFINITY, last, 1, false))
F(norm_least, lks_norm(x[0], -(double)INFINITY, last, 1, false))
const lks_op_cases lks_op_cases_norm = {
    .cases = CASES({"two", norm_2, {X(3, 4)}}, {"zero", norm_0, {X(3, 4)}},
                   {"one", norm_1, {X(3, 4)}}, {"three", norm_3, {X(2, 3, 4)}},
                   {"half", norm_half, {X(3, 4)}}, {"below", norm_below, {X(3, 4)}},
                   {"inf", norm_inf, {X(3, 4)}}, {"least", norm_least, {X(3, 4)}},
                   {"empty", norm_2, {X(0)}}, {"scalar", norm_half, {X_SCALAR}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(renormal_rows, lks_renorm(x[0], 2, 0, 1))
F(renormal_columns, lks_renorm(x[0], 3, -1, 0.9))
F(renormal_of_nothing, lks_renorm(x[0], 0, 0, 1))
const lks_op_cases lks_op_cases_renorm = {
    .cases = CASES({"rows", renormal_rows, {X(4, 3)}},
                   {"columns", renormal_columns, {X(2, 2, 3)}}),
    .refusals = REFUSALS({"vector",
                          renormal_rows,
                          {X(3)},
                          LKS_SHAPE,
                          "renorm: takes two dimensions or more, a p above 0"},
                         {"p", renormal_of_nothing, {X(4, 3)}, LKS_INVALID, "and 1"}),
};

F(normal_rows, lks_normalize(x[0], 2, 1, 1e-12))
F(normal_columns, lks_normalize(x[0], 3, 0, 1e-12))
F(normal_bounded, lks_normalize(x[0], 1, -1, 1.5))
const lks_op_cases lks_op_cases_normalize = {
    .cases =
        CASES({"rows", normal_rows, {X(3, 4)}}, {"columns", normal_columns, {X(3, 4)}},
              {"bounded", normal_bounded, {X(3, 4)}}),
    .refusals = REFUSALS({"integers",
                          normal_rows,
                          {INDEX(3, 3, 4)},
                          LKS_DTYPE,
                          "normalize: takes floating-point tensors, not int64"}),
};

F(matrix_norm_1, lks_matrix_norm(x[0], 1, false))
F(matrix_norm_rows, lks_matrix_norm(x[0], (double)INFINITY, true))
F(matrix_norm_least, lks_matrix_norm(x[0], -1, false))
F(matrix_norm_2, lks_matrix_norm(x[0], 2, false))
const lks_op_cases lks_op_cases_matrix_norm = {
    .cases = CASES({"columns", matrix_norm_1, {X(3, 4)}},
                   {"rows", matrix_norm_rows, {X(2, 3, 4)}},
                   {"least", matrix_norm_least, {X(3, 4)}}),
    .refusals = REFUSALS({"two",
                          matrix_norm_2,
                          {X(3, 4)},
                          LKS_INVALID,
                          "matrix_norm: takes matrices and 1, -1 or an infinity, not (3, "
                          "4) and 2"},
                         {"vector",
                          matrix_norm_1,
                          {X(3)},
                          LKS_SHAPE,
                          "matrix_norm: takes matrices and 1, -1 or an infinity, not "
                          "(3,) and 1"}),
};

F(logsumexp_last, lks_logsumexp(x[0], last, 1, false))
F(logsumexp_kept, lks_logsumexp(x[0], ends, 2, true))
F(logsumexp_large, lks_logsumexp(lks_mul_scalar(x[0], 2000), last, 1, false))
const lks_op_cases lks_op_cases_logsumexp = {
    .cases = CASES(
        {"last", logsumexp_last, {X(3, 4)}}, {"kept", logsumexp_kept, {X(2, 3, 4)}},
        {"large", logsumexp_large, {X(2, 2)}}, {"to_nothing", logsumexp_last, {X(0, 4)}},
        {"scalar", logsumexp_last, {X_SCALAR}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(cumsum_0, lks_cumsum(x[0], 0))
F(cumsum_last, lks_cumsum(x[0], -1))
const lks_op_cases lks_op_cases_cumsum = {
    .cases = CASES({"first", cumsum_0, {X(4, 3)}}, {"last", cumsum_last, {X(2, 3, 5)}},
                   {"integers", cumsum_last, {INDEX(9, 3, 4)}},
                   {"empty", cumsum_last, {X(2, 0)}}, {"scalar", cumsum_0, {X_SCALAR}}),
    .refusals = REFUSALS({.name = NULL}),
};
F(cumprod_0, lks_cumprod(x[0], 0))
F(cumprod_last, lks_cumprod(x[0], -1))
F(cumprod_zeros, lks_cumprod(lks_relu(x[0]), -1))
const lks_op_cases lks_op_cases_cumprod = {
    .cases = CASES({"first", cumprod_0, {X(4, 3)}}, {"last", cumprod_last, {X(2, 3, 5)}},
                   {"zeros", cumprod_zeros, {X(6, 4)}},
                   {"integers", cumprod_last, {INDEX(9, 3, 4)}},
                   {"empty", cumprod_last, {X(2, 0)}}, {"scalar", cumprod_0, {X_SCALAR}}),
    .refusals = REFUSALS({.name = NULL}),
};

WITH_INDEX(sort_last, lks_sort(x[0], -1, false, &index))
WITH_INDEX(sort_down, lks_sort(x[0], 0, true, &index))
F(sort_alone, lks_sort(x[0], 0, false, NULL))
const lks_op_cases lks_op_cases_sort = {
    .cases = CASES({"last", sort_last, {X(3, 5)}}, {"down", sort_down, {X(5, 3)}},
                   {"integers", sort_alone, {INDEX(5, 6, 2)}},
                   {"empty", sort_last, {X(2, 0)}}, {"scalar", sort_down, {X_SCALAR}}),
    .refusals = REFUSALS({.name = NULL}),
};
F(argsort_last, lks_argsort(x[0], -1, false))
F(argsort_down, lks_argsort(x[0], 0, true))
const lks_op_cases lks_op_cases_argsort = {
    .cases = CASES({"last", argsort_last, {X(3, 5)}}, {"down", argsort_down, {X(5, 3)}},
                   {"equals", argsort_last, {INDEX(3, 2, 6)}},
                   {"scalar", argsort_last, {X_SCALAR}}),
    .refusals = REFUSALS({.name = NULL}),
};
WITH_INDEX(topk_2, lks_topk(x[0], 2, -1, true, &index))
WITH_INDEX(topk_least, lks_topk(x[0], 3, 0, false, &index))
WITH_INDEX(topk_1, lks_topk(x[0], 1, 0, true, &index))
F(topk_0, lks_topk(x[0], 0, -1, true, NULL))
F(topk_below, lks_topk(x[0], -1, -1, true, NULL))
const lks_op_cases lks_op_cases_topk = {
    .cases = CASES({"largest", topk_2, {X(3, 5)}}, {"least", topk_least, {X(5, 3)}},
                   {"none", topk_0, {X(3, 5)}}, {"scalar", topk_1, {X_SCALAR}}),
    .refusals = REFUSALS({"too many",
                          topk_2,
                          {X(3, 1)},
                          LKS_INVALID,
                          "topk: 2 elements of dimension 1 of (3, 1)"},
                         {"below 0",
                          topk_below,
                          {X(3, 1)},
                          LKS_INVALID,
                          "topk: -1 elements of dimension 1 of (3, 1)"}),
};
