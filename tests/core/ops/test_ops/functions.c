/* Functions and activations of one tensor, and pairs. */
#include "cases.h"

#define ONE_CASES(op, ...) ONE_CASES_OF(op, lks_##op(x[0]), __VA_ARGS__)
#define ONE_CASES_OF(op, expression, ...)                                                \
    F(run_##op, expression)                                                              \
    const lks_op_cases lks_op_cases_##op = {                                             \
        .cases = CASES({"matrix", run_##op, {X_IN(__VA_ARGS__, 3, 5)}},                  \
                       {"empty", run_##op, {X_IN(0.5, 2, 3, 0, 2)}}),                    \
        .refusals = REFUSALS({.name = NULL}),                                            \
    };

ONE_CASES(sin, -9, 9)
ONE_CASES(cos, -9, 9)
ONE_CASES(erf, -3, 3)
ONE_CASES(erfc, -3, 3)
ONE_CASES(expm1, -3, 3)
ONE_CASES(log1p, -0.9, 3)
ONE_CASES(log2, 0.1, 4)
ONE_CASES(rsqrt, 0.3, 2)
ONE_CASES(reciprocal, 0.5, 2)
ONE_CASES(xlogx, 0.1, 2)
ONE_CASES(sgn, -3, 3)
ONE_CASES(floor, -3, 3)
ONE_CASES(ceil, -3, 3)
ONE_CASES(round, -3, 3)
ONE_CASES(trunc, -3, 3)
ONE_CASES_OF(pow_scalar, lks_pow_scalar(x[0], 2.5), 0.1, 2)
ONE_CASES_OF(clamp, lks_clamp(x[0], -0.5, 0.75), -2, 2)
ONE_CASES_OF(clamp_min, lks_clamp_min(x[0], -0.5), -2, 2)
ONE_CASES_OF(clamp_max, lks_clamp_max(x[0], -0.5), -2, 2)
ONE_CASES_OF(elu, lks_elu(x[0], 1.5), -3, 3)
ONE_CASES_OF(celu, lks_celu(x[0], 1.5), -3, 3)
ONE_CASES(selu, -3, 3)
ONE_CASES(gelu, -3, 3)
ONE_CASES(gelu_tanh, -3, 3)
ONE_CASES(silu, -3, 3)
ONE_CASES(mish, -3, 3)
ONE_CASES_OF(softplus, lks_softplus(x[0], 2, 3), -3, 3)
ONE_CASES(logsigmoid, -3, 3)
ONE_CASES(softsign, -3, 3)
ONE_CASES(tanhshrink, -3, 3)
ONE_CASES_OF(hardtanh, lks_hardtanh(x[0], -1, 0.5), -3, 3)
ONE_CASES(relu6, -9, 9)
ONE_CASES(hardsigmoid, -5, 5)
ONE_CASES(hardswish, -5, 5)
ONE_CASES_OF(hardshrink, lks_hardshrink(x[0], 0.5), -2, 2)
ONE_CASES_OF(softshrink, lks_softshrink(x[0], 0.5), -2, 2)
ONE_CASES_OF(threshold, lks_threshold(x[0], 0.5, -2), -2, 2)
ONE_CASES_OF(smooth_abs, lks_smooth_abs(x[0], 0.7), -2, 2)

#define PAIR_CASES(op, ...)                                                              \
    F(run_##op, lks_##op(x[0], x[1]))                                                    \
    const lks_op_cases lks_op_cases_##op = {                                             \
        .cases = CASES(                                                                  \
            {"same", run_##op, {X_IN(__VA_ARGS__, 2, 3), X_IN(__VA_ARGS__, 2, 3)}},      \
            {"row", run_##op, {X_IN(__VA_ARGS__, 3, 4), X_IN(__VA_ARGS__, 4)}},          \
            {"empty", run_##op, {X(0, 3), X(1, 3)}}),                                    \
        .refusals = REFUSALS({"no broadcast",                                            \
                              run_##op,                                                  \
                              {X(2, 3), X(4)},                                           \
                              LKS_SHAPE,                                                 \
                              #op ": (2, 3) does not broadcast with (4,)"}),             \
    };

PAIR_CASES(maximum, -1, 1)
PAIR_CASES(minimum, -1, 1)
PAIR_CASES(pow, 0.3, 2)
PAIR_CASES(leaky, -1, 1)
PAIR_CASES(xlogy, 0.3, 2)
PAIR_CASES(bce, 0.05, 0.95)

F(run_prelu, lks_prelu(x[0], x[1]))
const lks_op_cases lks_op_cases_prelu = {
    .cases = CASES(
        {"channels", run_prelu, {X(2, 3, 4), X(3)}}, {"one", run_prelu, {X(2, 3), X(1)}},
        {"vector", run_prelu, {X(4), X(1)}}, {"empty", run_prelu, {X(0, 3), X(3)}}),
    .refusals =
        REFUSALS({"channels",
                  run_prelu,
                  {X(2, 3), X(2)},
                  LKS_SHAPE,
                  "prelu: input (2, 3) does not go with slopes (2,): takes (N, C, "
                  "…) and (C) or (1)"}),
};

F(run_lerp, lks_lerp(x[0], x[1], x[2]))
const lks_op_cases lks_op_cases_lerp = {
    .cases = CASES({"row", run_lerp, {X(2, 3), X(2, 3), X(3)}},
                   {"empty", run_lerp, {X(0, 3), X(3), X(3)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(run_lerp_scalar, lks_lerp_scalar(x[0], x[1], 0.3))
const lks_op_cases lks_op_cases_lerp_scalar = {
    .cases = CASES({"row", run_lerp_scalar, {X(2, 3), X(3)}},
                   {"empty", run_lerp_scalar, {X(0, 3), X(3)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(run_addcmul, lks_addcmul(x[0], x[1], x[2], -0.7))
const lks_op_cases lks_op_cases_addcmul = {
    .cases = CASES({"row", run_addcmul, {X(2, 3), X(2, 3), X(3)}},
                   {"empty", run_addcmul, {X(0, 3), X(3), X(3)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(run_addcdiv, lks_addcdiv(x[0], x[1], x[2], -0.7))
const lks_op_cases lks_op_cases_addcdiv = {
    .cases = CASES({"row", run_addcdiv, {X(2, 3), X(2, 3), X_IN(0.5, 2, 3)}},
                   {"empty", run_addcdiv, {X(0, 3), X(3), X_IN(0.5, 2, 3)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(glu_last, lks_glu(x[0], -1))
F(glu_first, lks_glu(x[0], 0))
const lks_op_cases lks_op_cases_glu = {
    .cases = CASES({"last", glu_last, {X(3, 4)}}, {"first", glu_first, {X(4, 3)}},
                   {"empty", glu_last, {X(3, 0)}}),
    .refusals = REFUSALS({"odd",
                          glu_last,
                          {X(2, 3)},
                          LKS_SHAPE,
                          "glu: dimension -1 of (2, 3) has no halves"},
                         {"no such dimension",
                          glu_last,
                          {X_SCALAR},
                          LKS_SHAPE,
                          "glu: () has no dimension -1"}),
};
