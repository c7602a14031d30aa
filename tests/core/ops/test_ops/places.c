#include "cases.h"

F(gather_0, lks_gather(x[0], 0, x[1]))
F(gather_last, lks_gather(x[0], -1, x[1]))
F(gather_twice, lks_add(lks_gather(x[0], 0, x[1]), lks_gather(x[0], 0, x[1])))
const lks_op_cases lks_op_cases_gather = {
    .cases = CASES({"first", gather_0, {X(4, 3), INDEX(4, 5, 3)}},
                   {"last", gather_last, {X(2, 3, 4), INDEX(4, 2, 3, 2)}},
                   {"smaller", gather_0, {X(4, 3), INDEX(4, 5, 2)}},
                   {"twice", gather_twice, {X(4, 3), INDEX(4, 6, 3)}},
                   {"nothing", gather_0, {X(4, 3), INDEX(4, 0, 3)}},
                   {"scalar", gather_0, {X_SCALAR, {LKS_I64, {0, {0}}, 0, 1}}},
                   {"scalar_to_some", gather_0, {X_SCALAR, INDEX(1, 3)}}),
    .refusals =
        REFUSALS({"outside",
                  gather_0,
                  {X(2, 3), {LKS_I64, SHAPE(2, 3), 5, 6}},
                  LKS_INVALID,
                  "gather: index 5 (number 0) is outside dimension 0 of (2, 3)"},
                 {"negative",
                  gather_last,
                  {X(2, 3), {LKS_I64, SHAPE(2, 3), -1, 0}},
                  LKS_INVALID,
                  "gather: index -1 (number 0) is outside dimension 1 of (2, 3)"},
                 {"too large",
                  gather_0,
                  {X(2, 3), INDEX(2, 2, 4)},
                  LKS_SHAPE,
                  "gather: an index (2, 4) does not fit into (2, 3) beside dimension 0"},
                 {"other dims",
                  gather_0,
                  {X(2, 3), INDEX(2, 2)},
                  LKS_SHAPE,
                  "gather: an index (2,) does not fit into (2, 3) beside dimension 0"},
                 {"not integers",
                  gather_0,
                  {X(2, 3), X(2, 3)},
                  LKS_DTYPE,
                  "gather: takes an index of int64, not float64"}),
};

F(take_0, lks_take_along_dim(x[0], x[1], 0))
F(take_last, lks_take_along_dim(x[0], x[1], -1))
const lks_op_cases lks_op_cases_take_along_dim = {
    .cases = CASES({"same", take_0, {X(4, 3), INDEX(4, 2, 3)}},
                   {"index_broadcast", take_last, {X(2, 4), INDEX(4, 1, 3)}},
                   {"x_broadcast", take_last, {X(1, 4), INDEX(4, 2, 3)}}),
    .refusals = REFUSALS({"other shapes",
                          take_0,
                          {X(2, 3), INDEX(2, 2, 2)},
                          LKS_SHAPE,
                          "take_along_dim: an index (2, 2) does not broadcast with (2, "
                          "3) beside dimension 0"}),
};

/* Places of rows that differ: none is written twice, which PyTorch leaves open. */
static lks_tensor *apart(lks_tensor *index, int dim)
{
    return lks_argsort(index, dim, false);
}

F(scatter_0, lks_scatter(x[0], 0, apart(x[1], 0), x[2]))
F(scatter_last, lks_scatter(x[0], -1, apart(x[1], -1), x[2]))
F(scatter_outside, lks_scatter(x[0], 0, x[1], x[2]))
const lks_op_cases lks_op_cases_scatter = {
    .cases = CASES({"first", scatter_0, {X(4, 3), INDEX(9, 2, 3), X(2, 3)}},
                   {"last", scatter_last, {X(2, 4), INDEX(9, 2, 3), X(2, 3)}},
                   {"smaller", scatter_0, {X(4, 3), INDEX(9, 2, 2), X(3, 3)}},
                   {"nothing", scatter_0, {X(4, 3), INDEX(9, 0, 3), X(2, 3)}},
                   {"scalar", scatter_0, {X_SCALAR, INDEX(9, 1), X(1)}}),
    .refusals = REFUSALS({"outside",
                          scatter_outside,
                          {X(2, 3), {LKS_I64, SHAPE(2, 3), 5, 6}, X(2, 3)},
                          LKS_INVALID,
                          "scatter: index 5 (number 0) is outside dimension 0 of (2, 3)"},
                         {"too few elements",
                          scatter_0,
                          {X(4, 3), INDEX(4, 2, 3), X(1, 3)},
                          LKS_SHAPE,
                          "scatter: an index (2, 3), and elements (1, 3)"},
                         {"other numbers",
                          scatter_0,
                          {X(4, 3), INDEX(4, 2, 3), INDEX(4, 2, 3)},
                          LKS_DTYPE,
                          "scatter: elements of int64 into float64"}),
};

F(scatter_half, lks_scatter_value(x[0], 1, x[1], 0.5))
const lks_op_cases lks_op_cases_scatter_value = {
    .cases = CASES({"some", scatter_half, {X(3, 4), INDEX(4, 3, 2)}},
                   {"empty", scatter_half, {X(0, 4), INDEX(4, 0, 2)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(scatter_add_0, lks_scatter_add(x[0], 0, x[1], x[2]))
F(scatter_add_last, lks_scatter_add(x[0], -1, x[1], x[2]))
const lks_op_cases lks_op_cases_scatter_add = {
    .cases = CASES({"first", scatter_add_0, {X(3, 2), INDEX(3, 7, 2), X(7, 2)}},
                   {"last", scatter_add_last, {X(2, 3), INDEX(3, 2, 5), X(2, 6)}},
                   {"empty", scatter_add_0, {X(3, 0), INDEX(3, 7, 0), X(7, 0)}},
                   {"scalar", scatter_add_0, {X_SCALAR, INDEX(1, 1), X(1)}}),
    .refusals = REFUSALS({.name = NULL}),
};

F(index_add_rows, lks_index_add(x[0], 0, x[1], x[2], 1))
F(index_add_scaled, lks_index_add(x[0], -1, x[1], x[2], -2))
const lks_op_cases lks_op_cases_index_add = {
    .cases = CASES({"rows", index_add_rows, {X(3, 2), INDEX(3, 5), X(5, 2)}},
                   {"scaled", index_add_scaled, {X(2, 3), INDEX(3, 4), X(2, 4)}},
                   {"nothing", index_add_rows, {X(3, 2), INDEX(3, 0), X(0, 2)}},
                   {"scalar", index_add_rows, {X_SCALAR, INDEX(1, 1), X_SCALAR}}),
    .refusals = REFUSALS({"outside",
                          index_add_rows,
                          {X(2, 3), {LKS_I64, SHAPE(1), 5, 6}, X(1, 3)},
                          LKS_INVALID,
                          "index_add: index 5 (number 0) is outside dimension 0 of (2, "
                          "3)"},
                         {"other sizes",
                          index_add_rows,
                          {X(2, 3), INDEX(2, 2), X(1, 3)},
                          LKS_SHAPE,
                          "index_add: (1, 3) of float64 at 2 indices do not fit into "
                          "(2, 3) of float64"}),
};

F(one_hot_4, lks_one_hot(x[0], 4))
const lks_op_cases lks_op_cases_one_hot = {
    .cases = CASES({"matrix", one_hot_4, {INDEX(4, 2, 3)}},
                   {"scalar", one_hot_4, {{LKS_I64, {0, {0}}, 0, 4}}},
                   {"empty", one_hot_4, {INDEX(4, 0)}}),
    .refusals = REFUSALS({"outside",
                          one_hot_4,
                          {{LKS_I64, SHAPE(2), 5, 6}},
                          LKS_INVALID,
                          "scatter: index 5 (number 0) is outside dimension 1 of (2, 4)"},
                         {"not integers",
                          one_hot_4,
                          {X(2)},
                          LKS_DTYPE,
                          "one_hot: takes an index of int64 and a number of classes, not "
                          "(2,) of float64 and 4"}),
};

F(index_one, lks_index(x[0], x + 1, 1))
F(index_two, lks_index(x[0], x + 1, 2))
F(index_none, lks_index(x[0], x + 1, 0))
const lks_op_cases lks_op_cases_index = {
    .cases = CASES({"one", index_one, {X(4, 3), INDEX(4, 2, 3)}},
                   {"two", index_two, {X(3, 4, 2), INDEX(3, 5), INDEX(4, 5)}},
                   {"broadcast", index_two, {X(3, 4), INDEX(3, 3, 1), INDEX(4, 2)}},
                   {"from_end", index_one, {X(4, 3), {LKS_I64, SHAPE(6), -4, 4}}},
                   {"nothing", index_two, {X(3, 4), INDEX(3, 0), INDEX(4, 0)}}),
    .refusals = REFUSALS(
        {"outside",
         index_two,
         {X(4, 3), INDEX(4, 2), {LKS_I64, SHAPE(2), 5, 6}},
         LKS_INVALID,
         "gather: index 5 (number 0) is outside dimension 0 of (3,)"},
        {"none", index_none, {X(4, 3)}, LKS_SHAPE, "index: 0 indices into (4, 3)"},
        {"not integers",
         index_one,
         {X(4), X(2)},
         LKS_DTYPE,
         "index: takes indices of int64, not float64"},
        {"other shapes",
         index_two,
         {X(4, 3), INDEX(3, 2), INDEX(3, 3)},
         LKS_SHAPE,
         "index: indices (2,) and (3,) do not broadcast"}),
};

F(put_one, lks_index_put(x[0], (lks_tensor *[]){apart(x[1], 0)}, 1, x[2], false))
F(put_more, lks_index_put(x[0], x + 1, 2, x[3], true))
const lks_op_cases lks_op_cases_index_put = {
    .cases =
        CASES({"rows", put_one, {X(4, 3), INDEX(9, 2), X(2, 3)}},
              {"broadcast", put_one, {X(4, 3), INDEX(9, 2), X(3)}},
              {"elements", put_one, {X(4), INDEX(9, 3), X(3)}},
              {"add", put_more, {X(3, 4), INDEX(3, 6), INDEX(4, 6), X(6)}},
              {"add_rows", put_more, {X(3, 4, 2), INDEX(3, 5), INDEX(4, 5), X(5, 2)}}),
    .refusals = REFUSALS({"other shapes",
                          put_one,
                          {X(4, 3), INDEX(4, 2), X(2, 2)},
                          LKS_SHAPE,
                          "expand: (2, 2) does not broadcast to (2, 3)"}),
};

F(run_embedding, lks_embedding(x[0], x[1], LKS_NO_PADDING_IDX))
const lks_op_cases lks_op_cases_embedding = {
    .cases = CASES({"matrix", run_embedding, {INDEX(4, 2, 3), X(4, 3)}},
                   {"scalar", run_embedding, {{LKS_I64, {0, {0}}, 0, 4}, X(4, 3)}},
                   {"nothing", run_embedding, {INDEX(4, 0), X(4, 3)}}),
    .refusals =
        REFUSALS({"outside",
                  run_embedding,
                  {{LKS_I64, SHAPE(2), 5, 6}, X(4, 3)},
                  LKS_INVALID,
                  "index_select: index 5 (number 0) is outside dimension 0 of (4, "
                  "3)"},
                 {"not integers",
                  run_embedding,
                  {X(2), X(4, 3)},
                  LKS_DTYPE,
                  "embedding: takes numbers of rows of int64, not float64"},
                 {"no matrix",
                  run_embedding,
                  {INDEX(4, 2), X(4)},
                  LKS_SHAPE,
                  "embedding: takes the rows of a matrix, not (2,) of (4,)"}),
};

/* Of x[0] (n) with a bag from 0 on, one of nothing and one from 2 on. */
static lks_tensor *bags(lks_tensor *const *x, lks_bag_mode mode, int64_t padding_idx)
{
    static const int64_t begins[] = {0, 2, 2};
    const lks_embedding_bag_options options = {
        .mode = mode,
        .offsets =
            lks_from_data(LKS_SHAPE_OF(3), LKS_I64, begins, lks_tensor_device(x[0])),
        .padding_idx = padding_idx};

    return options.offsets ? lks_embedding_bag(x[0], x[1], &options) : NULL;
}

F(bags_plain, lks_embedding_bag(x[0], x[1], NULL))
F(bags_mean, bags(x, LKS_BAG_MEAN, LKS_NO_PADDING_IDX))
F(bags_sum, bags(x, LKS_BAG_SUM, LKS_NO_PADDING_IDX))
F(bags_max, bags(x, LKS_BAG_MAX, LKS_NO_PADDING_IDX))
F(bags_padded, bags(x, LKS_BAG_MEAN, 1))
F(bags_weighted,
  lks_embedding_bag(x[0], x[1],
                    &(lks_embedding_bag_options){.mode = LKS_BAG_SUM,
                                                 .per_sample_weights = x[2],
                                                 .padding_idx = LKS_NO_PADDING_IDX}))
const lks_op_cases lks_op_cases_embedding_bag = {
    .cases = CASES({"plain", bags_plain, {INDEX(4, 3, 2), X(4, 3)}},
                   {"mean", bags_mean, {INDEX(4, 6), X(4, 3)}},
                   {"sum", bags_sum, {INDEX(4, 6), X(4, 3)}},
                   {"max", bags_max, {INDEX(4, 6), X(4, 3)}},
                   {"padded", bags_padded, {INDEX(4, 6), X(4, 3)}},
                   {"weighted", bags_weighted, {INDEX(4, 3, 2), X(4, 3), X(3, 2)}}),
    .refusals =
        REFUSALS({"vector",
                  bags_plain,
                  {INDEX(4, 3), X(4, 3)},
                  LKS_SHAPE,
                  "embedding_bag: takes (bags, n), or (n) with offsets, not (3,)"},
                 {"weights",
                  bags_weighted,
                  {INDEX(4, 3, 2), X(4, 3), X(3)},
                  LKS_INVALID,
                  "embedding_bag: weights of samples go with sums, one for each "
                  "of (3, 2), not (3,)"}),
};
