#include "cases.h"

F(run_outer, lks_outer(x[0], x[1]))
const lks_op_cases lks_op_cases_outer = {
    .cases =
        CASES({"vectors", run_outer, {X(2), X(3)}}, {"empty", run_outer, {X(2), X(0)}}),
    .refusals = REFUSALS({"matrix",
                          run_outer,
                          {X(2, 2), X(3)},
                          LKS_SHAPE,
                          "outer: takes two vectors, not (2, 2) and (3,)"}),
};

F(addmm_plain, lks_addmm(x[0], x[1], x[2], 1, 1))
F(addmm_scaled, lks_addmm(x[0], x[1], x[2], 0.5, -2))
F(addmm_no_beta, lks_add(lks_addmm(x[0], x[1], x[2], 0, 1), lks_mul_scalar(x[0], 0)))
const lks_op_cases lks_op_cases_addmm = {
    .cases = CASES({"plain", addmm_plain, {X(2, 4), X(2, 3), X(3, 4)}},
                   {"scaled", addmm_scaled, {X(4), X(2, 3), X(3, 4)}},
                   {"no_beta", addmm_no_beta, {X(4), X(2, 3), X(3, 4)}}),
    .refusals = REFUSALS({"input too large",
                          addmm_plain,
                          {X(2, 2, 4), X(2, 3), X(3, 4)},
                          LKS_SHAPE,
                          "addmm: (2, 2, 4) does not broadcast to the product's (2, 4)"},
                         {"no matrix",
                          addmm_plain,
                          {X(4), X(3), X(3, 4)},
                          LKS_SHAPE,
                          "addmm: takes a product of 2 and 2 dimensions, not (3,) and "
                          "(3, 4)"}),
};

F(addmv_scaled, lks_addmv(x[0], x[1], x[2], 0.5, -2))
const lks_op_cases lks_op_cases_addmv = {
    .cases = CASES({"scaled", addmv_scaled, {X(2), X(2, 3), X(3)}}),
    .refusals = REFUSALS({"no vector",
                          addmv_scaled,
                          {X(2), X(2, 3), X(3, 1)},
                          LKS_SHAPE,
                          "addmv: takes a product of 2 and 1 dimensions"}),
};

F(addbmm_scaled, lks_addbmm(x[0], x[1], x[2], 0.5, -2))
const lks_op_cases lks_op_cases_addbmm = {
    .cases = CASES({"scaled", addbmm_scaled, {X(2, 4), X(2, 2, 3), X(2, 3, 4)}}),
    .refusals = REFUSALS({"no batch",
                          addbmm_scaled,
                          {X(2, 4), X(2, 3), X(3, 4)},
                          LKS_SHAPE,
                          "addbmm: takes a product of 3 and 3 dimensions"}),
};

F(baddbmm_scaled, lks_baddbmm(x[0], x[1], x[2], 0.5, -2))
const lks_op_cases lks_op_cases_baddbmm = {
    .cases = CASES({"scaled", baddbmm_scaled, {X(2, 2, 4), X(2, 2, 3), X(2, 3, 4)}}),
    .refusals = REFUSALS({"no batch",
                          baddbmm_scaled,
                          {X(2, 4), X(2, 3), X(3, 4)},
                          LKS_SHAPE,
                          "baddbmm: takes a product of 3 and 3 dimensions"}),
};
