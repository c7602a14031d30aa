#include "cases.h"

#define EINSUM(name, equation, n) F(einsum_##name, lks_einsum(equation, x, n))
EINSUM(product, "ij,jk->ik", 2)
EINSUM(implicit, "ik,kj", 2)
EINSUM(batch, "bij, bjk -> bik", 2)
EINSUM(ellipsis, "...ij,...jk->...ik", 2)
EINSUM(ellipsis_summed, "...ik, ...j -> ij", 2)
EINSUM(trace, "ii", 1)
EINSUM(diagonals, "iijkk->ji", 1)
EINSUM(sum, "ij->i", 1)
EINSUM(transpose, "ij->ji", 1)
EINSUM(itself, "ij", 1)
EINSUM(outer, "ij,Ab->ijAb", 2)
EINSUM(three, "ai,bij,cj->abc", 3)
EINSUM(one_has_it, "ij,k->k", 2)
EINSUM(few, "ij", 2)
EINSUM(many, "ij,jk", 1)
EINSUM(sign, "i+j", 1)
EINSUM(arrow, "ij-i", 1)
EINSUM(unknown, "ij->ik", 1)
EINSUM(twice, "ij->ii", 1)
EINSUM(dots, "...i...->i", 1)
EINSUM(results, "ij->i,j", 1)
EINSUM(letters, "abcd,efgh,i->i", 3)
const lks_op_cases lks_op_cases_einsum = {
    .cases = CASES(
        {"product", einsum_product, {X(2, 3), X(3, 4)}},
        {"implicit", einsum_implicit, {X(2, 3), X(3, 4)}},
        {"batch", einsum_batch, {X(2, 2, 3), X(2, 3, 2)}},
        {"ellipsis", einsum_ellipsis, {X(2, 1, 2, 3), X(3, 3, 2)}},
        {"ellipsis_summed", einsum_ellipsis_summed, {X(2, 2, 3), X(3)}},
        {"trace", einsum_trace, {X(3, 3)}},
        {"diagonals", einsum_diagonals, {X(2, 2, 3, 2, 2)}},
        {"sum", einsum_sum, {X(2, 3)}}, {"transpose", einsum_transpose, {X(2, 3)}},
        {"itself", einsum_itself, {X(2, 3)}}, {"outer", einsum_outer, {X(2, 1), X(2, 2)}},
        {"three", einsum_three, {X(2, 3), X(2, 3, 2), X(2, 2)}},
        {"one_has_it", einsum_one_has_it, {X(2, 3), X(2)}},
        {"empty", einsum_product, {X(2, 0), X(0, 3)}}),
    .refusals = REFUSALS(
        {"dimensions",
         einsum_product,
         {X(2), X(3, 4)},
         LKS_SHAPE,
         "einsum: \"ij,jk->ik\": (2,) has another number of dimensions"},
        {"sizes",
         einsum_product,
         {X(2, 3), X(4, 5)},
         LKS_SHAPE,
         "einsum: \"ij,jk->ik\": a letter has sizes 3 and 4"},
        {"diagonal", einsum_trace, {X(2, 3)}, LKS_SHAPE, "a letter has sizes 2 and 3"},
        {"few", einsum_few, {X(2, 3), X(3)}, LKS_INVALID, "another number of operands"},
        {"many", einsum_many, {X(2, 3)}, LKS_INVALID, "another number of operands"},
        {"sign", einsum_sign, {X(2, 3)}, LKS_INVALID, "takes letters, \"...\""},
        {"arrow", einsum_arrow, {X(2, 3)}, LKS_INVALID, "takes letters, \"...\""},
        {"unknown",
         einsum_unknown,
         {X(2, 3)},
         LKS_INVALID,
         "the result has a letter twice, or that no operand has"},
        {"twice", einsum_twice, {X(2, 3)}, LKS_INVALID, "the result has a letter twice"},
        {"dots", einsum_dots, {X(2, 3)}, LKS_INVALID, "a second \"...\" in one operand"},
        {"results", einsum_results, {X(2, 3)}, LKS_INVALID, "one result and nothing"},
        {"letters",
         einsum_letters,
         {X(1, 1, 1, 1), X(1, 1, 1, 1), X(1)},
         LKS_INVALID,
         "more letters than tensors have dimensions"}),
};

F(bilinear_bias, lks_bilinear(x[0], x[1], x[2], x[3]))
F(bilinear_plain, lks_bilinear(x[0], x[1], x[2], NULL))
const lks_op_cases lks_op_cases_bilinear = {
    .cases = CASES({"bias", bilinear_bias, {X(2, 3), X(2, 4), X(2, 3, 4), X(2)}},
                   {"plain", bilinear_plain, {X(2, 2, 3), X(2, 2, 2), X(2, 3, 2)}},
                   {"vectors", bilinear_plain, {X(3), X(2), X(2, 3, 2)}}),
    .refusals =
        REFUSALS({"features",
                  bilinear_plain,
                  {X(2, 3), X(2, 4), X(2, 4, 4)},
                  LKS_SHAPE,
                  "bilinear: inputs (2, 3) and (2, 4) do not go with weight (2, 4, 4)"},
                 {"bias",
                  bilinear_bias,
                  {X(2, 3), X(2, 4), X(2, 3, 4), X(3)},
                  LKS_SHAPE,
                  "bilinear: bias (3,) does not go with weight (2, 3, 4)"}),
};
