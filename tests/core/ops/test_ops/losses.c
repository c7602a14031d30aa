/* Losses composed of other operations. */
#include "cases.h"

#define MEAN LKS_REDUCTION_MEAN
#define SUM  LKS_REDUCTION_SUM
#define NONE LKS_REDUCTION_NONE

/* 1 and -1 for 0 and 1 */
static lks_tensor *signs(lks_tensor *t)
{
    return lks_add_scalar(lks_mul_scalar(t, -2), 1);
}

/* A loss with each reduction; call(r) is it with reduction r. */
#define LOSS_CASES(op, call, ...)                                                        \
    F(op##_mean, call(MEAN))                                                             \
    F(op##_sum, call(SUM))                                                               \
    F(op##_none, call(NONE))                                                             \
    const lks_op_cases lks_op_cases_##op = {                                             \
        .cases =                                                                         \
            CASES({"mean", op##_mean, {__VA_ARGS__}}, {"sum", op##_sum, {__VA_ARGS__}},  \
                  {"none", op##_none, {__VA_ARGS__}}),                                   \
        .refusals = REFUSALS({.name = NULL}),                                            \
    };

#define L1(r) lks_l1_loss(x[0], x[1], r)
LOSS_CASES(l1_loss, L1, X(3, 4), X(3, 4))
#define SMOOTH(r) lks_smooth_l1_loss(x[0], x[1], 0.5, r)
LOSS_CASES(smooth_l1_loss, SMOOTH, X(3, 4), X(3, 4))
#define HUBER(r) lks_huber_loss(x[0], x[1], 0.5, r)
LOSS_CASES(huber_loss, HUBER, X(3, 4), X(3, 4))
#define BCE(r) lks_binary_cross_entropy(x[0], x[1], x[2], r)
LOSS_CASES(binary_cross_entropy, BCE, X_IN(0.05, 0.95, 3, 4), X_IN(0, 1, 3, 4), X(4))
#define LOGITS(r) lks_binary_cross_entropy_with_logits(x[0], x[1], x[2], x[3], r)
LOSS_CASES(binary_cross_entropy_with_logits, LOGITS, X_IN(-3, 3, 3, 4), X_IN(0, 1, 3, 4),
           X(3, 4), X_IN(0.5, 2, 4))
#define KL(r) lks_add(lks_kl_div(x[0], x[1], false, r), lks_kl_div(x[0], x[2], true, r))
LOSS_CASES(kl_div, KL, X_IN(-3, 0, 3, 4), X_IN(0.1, 1, 3, 4), X_IN(-3, 0, 3, 4))
#define GAUSSIAN(r) lks_gaussian_nll_loss(x[0], x[1], x[2], true, 0.4, r)
LOSS_CASES(gaussian_nll_loss, GAUSSIAN, X(3, 4), X(3, 4), X_IN(0.5, 2, 3))
#define POISSON(r)                                                                       \
    lks_add(lks_poisson_nll_loss(x[0], x[1], true, true, 1e-8, r),                       \
            lks_poisson_nll_loss(x[0], x[1], false, false, 1e-8, r))
LOSS_CASES(poisson_nll_loss, POISSON, X_IN(0.2, 2, 3, 4), X_IN(0, 4, 3, 4))
#define SOFT_MARGIN(r) lks_soft_margin_loss(x[0], signs(x[1]), r)
LOSS_CASES(soft_margin_loss, SOFT_MARGIN, X(3, 4), INDEX(2, 3, 4))
#define HINGE(r) lks_hinge_embedding_loss(x[0], signs(x[1]), 0.5, r)
LOSS_CASES(hinge_embedding_loss, HINGE, X(3, 4), INDEX(2, 3, 4))
#define RANKING(r) lks_margin_ranking_loss(x[0], x[1], signs(x[2]), 0.3, r)
LOSS_CASES(margin_ranking_loss, RANKING, X(5), X(5), INDEX(2, 5))
#define COSINE(r) lks_cosine_embedding_loss(x[0], x[1], signs(x[2]), -0.2, r)
LOSS_CASES(cosine_embedding_loss, COSINE, X(5, 3), X(5, 3), INDEX(2, 5))
#define TRIPLET(r)                                                                       \
    lks_add(lks_triplet_margin_loss(x[0], x[1], x[2], 1, 2, 1e-6, false, r),             \
            lks_triplet_margin_loss(x[0], x[1], x[2], 1, 3, 1e-6, true, r))
LOSS_CASES(triplet_margin_loss, TRIPLET, X(4, 3), X(4, 3), X(4, 3))

/* Weights of classes: 0.5, 1, 1.5 …, which have no gradient. */
static lks_tensor *weight_of(const lks_tensor *x, lks_tensor *t)
{
    return lks_mul_scalar(lks_to(lks_add_scalar(t, 1), lks_tensor_dtype(x)), 0.5);
}

#define NLL(r) lks_nll_loss(x[0], x[1], weight_of(x[0], x[2]), 1, r)
F(nll_mean, NLL(MEAN))
F(nll_sum, NLL(SUM))
F(nll_none, NLL(NONE))
F(nll_plain, lks_nll_loss(x[0], x[1], NULL, LKS_NO_IGNORE_INDEX, MEAN))
F(nll_of_one, lks_nll_loss(x[0], x[1], NULL, LKS_NO_IGNORE_INDEX, NONE))
F(nll_float_weight, lks_nll_loss(x[0], x[1], lks_to(x[2], LKS_F32), -100, MEAN))
F(nll_wide_weight, lks_nll_loss(x[0], x[1], x[2], -100, MEAN))
const lks_op_cases lks_op_cases_nll_loss = {
    .cases = CASES({"mean", nll_mean, {X(5, 3), INDEX(3, 5), INDEX(3, 3)}},
                   {"sum", nll_sum, {X(5, 3), INDEX(3, 5), INDEX(3, 3)}},
                   {"none", nll_none, {X(5, 3), INDEX(3, 5), INDEX(3, 3)}},
                   {"images", nll_none, {X(2, 3, 2, 2), INDEX(3, 2, 2, 2), INDEX(3, 3)}},
                   {"plain", nll_plain, {X(5, 3), INDEX(3, 5)}},
                   {"one", nll_of_one, {X(3), {LKS_I64, {0, {0}}, 0, 3}}}),
    .refusals = REFUSALS({"label",
                          nll_plain,
                          {X(2, 3), {LKS_I64, SHAPE(2), 12, 13}},
                          LKS_INVALID,
                          ": index 12 (number 0) is outside dimension 1 of (2, 3)"},
                         {"label beside weights",
                          nll_sum,
                          {X(2, 3), {LKS_I64, SHAPE(2), 12, 13}, INDEX(3, 3)},
                          LKS_INVALID,
                          ": index 12 (number 0) is outside dimension 1 of (2, 3)"},
                         {"rows",
                          nll_plain,
                          {X(2, 3), INDEX(3, 3)},
                          LKS_SHAPE,
                          "nll_loss: input (2, 3) does not go with target (3,)"},
                         {"no classes",
                          nll_plain,
                          {X(2, 0), {LKS_I64, SHAPE(2), -100, -99}},
                          LKS_SHAPE,
                          "nll_loss: input (2, 0) has no classes"},
                         {"dtype",
                          nll_plain,
                          {X(2, 3), X(2)},
                          LKS_DTYPE,
                          "nll_loss: targets are int64 classes, not float64"},
                         {"weights",
                          nll_wide_weight,
                          {X(2, 3), INDEX(3, 2), X(4)},
                          LKS_SHAPE,
                          "nll_loss: weight (4,) does not go with 3 classes: one each"},
                         {"dtype of weights",
                          nll_float_weight,
                          {X(2, 3), INDEX(3, 2), X(3)},
                          LKS_DTYPE,
                          "nll_loss: weight is of float32, input of float64"}),
};

#define MARGIN(p, r) lks_multi_margin_loss(x[0], x[1], p, 0.7, weight_of(x[0], x[2]), r)
F(margin_mean, MARGIN(1, MEAN))
F(margin_sum, MARGIN(2, SUM))
F(margin_none, MARGIN(2, NONE))
F(margin_of_one, lks_multi_margin_loss(x[0], x[1], 1, 1, NULL, NONE))
F(margin_cubed, MARGIN(3, MEAN))
const lks_op_cases lks_op_cases_multi_margin_loss = {
    .cases = CASES({"mean", margin_mean, {X(5, 3), INDEX(3, 5), INDEX(3, 3)}},
                   {"sum", margin_sum, {X(5, 3), INDEX(3, 5), INDEX(3, 3)}},
                   {"none", margin_none, {X(5, 3), INDEX(3, 5), INDEX(3, 3)}},
                   {"one", margin_of_one, {X(3), {LKS_I64, {0, {0}}, 0, 3}}}),
    .refusals = REFUSALS({"rows",
                          margin_mean,
                          {X(2, 3), INDEX(3, 3), INDEX(3, 3)},
                          LKS_SHAPE,
                          "multi_margin_loss: input (2, 3) does not go with target (3,)"},
                         {"dtype",
                          margin_of_one,
                          {X(2, 3), X(2)},
                          LKS_DTYPE,
                          "multi_margin_loss: targets are int64 classes, not float64"},
                         {"no classes",
                          margin_of_one,
                          {X(2, 0), INDEX(3, 2)},
                          LKS_SHAPE,
                          "multi_margin_loss: input (2, 0) has no classes"},
                         {"label beside weights",
                          margin_sum,
                          {X(2, 3), {LKS_I64, SHAPE(2), 12, 13}, INDEX(3, 3)},
                          LKS_INVALID,
                          ": index 12 (number 0) is outside dimension 1 of (2, 3)"},
                         {"p",
                          margin_cubed,
                          {X(2, 3), INDEX(3, 2), INDEX(3, 3)},
                          LKS_INVALID,
                          "multi_margin_loss: p is 1 or 2, not 3"}),
};

F(similar_rows, lks_cosine_similarity(x[0], x[1], 1, 1e-8))
F(similar_columns, lks_cosine_similarity(x[0], x[1], 0, 0.5))
F(similar_to_zero, lks_cosine_similarity(lks_mul_scalar(x[0], 0), x[1], 1, 1e-8))
const lks_op_cases lks_op_cases_cosine_similarity = {
    .cases = CASES({"rows", similar_rows, {X(3, 4), X(3, 4)}},
                   {"columns", similar_columns, {X(3, 4), X(3, 4)}},
                   {"to_zero", similar_to_zero, {X(2, 3), X(2, 3)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(distance_2, lks_pairwise_distance(x[0], x[1], 2, 1e-6, false))
F(distance_5, lks_pairwise_distance(x[0], x[1], 5, 1e-6, true))
F(distance_0, lks_pairwise_distance(x[0], x[1], 0, 1e-6, true))
const lks_op_cases lks_op_cases_pairwise_distance = {
    .cases = CASES({"two", distance_2, {X(3, 4), X(3, 4)}},
                   {"five", distance_5, {X(3, 4), X(3, 4)}}),
    .refusals = REFUSALS({"p",
                          distance_0,
                          {X(3, 4), X(3, 4)},
                          LKS_INVALID,
                          "pairwise_distance: p is above 0 and finite, not 0"}),
};
