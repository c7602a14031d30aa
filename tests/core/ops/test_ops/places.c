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
                          ": index 5 (number 0) is outside dimension 1 of (2, 4)"},
                         {"not integers",
                          one_hot_4,
                          {X(2)},
                          LKS_DTYPE,
                          "one_hot: takes an index of int64 and a number of classes, not "
                          "(2,) of float64 and 4"}),
};

F(run_nonzero, lks_nonzero(x[0]))
const lks_op_cases lks_op_cases_nonzero = {
    .cases = CASES({"matrix", run_nonzero, {INDEX(2, 3, 4)}},
                   {"vector", run_nonzero, {INDEX(3, 7)}},
                   {"scalar", run_nonzero, {{LKS_I64, {0, {0}}, 0, 2}}},
                   {"empty", run_nonzero, {INDEX(2, 3, 0)}}),
    .refusals = REFUSALS({.name = NULL}),
};

/* x[0] at such indices. A mask is where whole numbers are not 0. */
#define AT(...) at(x[0], (lks_tensor *[]){__VA_ARGS__}, N_OF(__VA_ARGS__))
#define N_OF(...)                                                                        \
    (int)(sizeof((const lks_tensor *[]){__VA_ARGS__}) / sizeof(lks_tensor *))
static lks_tensor *at(lks_tensor *x, lks_tensor *const *indices, int n)
{
    return lks_index(x, indices, n);
}
static lks_tensor *mask(lks_tensor *x)
{
    return lks_ne_scalar(x, 0);
}
F(index_columns, AT(NULL, x[1]))
F(index_last_two, AT(NULL, x[1], x[2]))
F(index_around, AT(x[1], NULL, x[2]))
F(index_mask, AT(mask(x[1])))
F(index_mask_columns, AT(NULL, mask(x[1])))
F(index_mask_and, AT(mask(x[1]), x[2]))
F(index_mask_around, AT(x[2], NULL, mask(x[1])))
F(index_all, AT(NULL, NULL))
F(index_failed, AT(lks_select(x[1], 0, 99), x[1]))
F(index_one, lks_index(x[0], x + 1, 1))
F(index_two, lks_index(x[0], x + 1, 2))
F(index_none, lks_index(x[0], x + 1, 0))
const lks_op_cases lks_op_cases_index = {
    .cases = CASES(
        {"one", index_one, {X(4, 3), INDEX(4, 2, 3)}},
        {"two", index_two, {X(3, 4, 2), INDEX(3, 5), INDEX(4, 5)}},
        {"broadcast", index_two, {X(3, 4), INDEX(3, 3, 1), INDEX(4, 2)}},
        {"from_end", index_one, {X(4, 3), {LKS_I64, SHAPE(6), -4, 4}}},
        {"nothing", index_two, {X(3, 4), INDEX(3, 0), INDEX(4, 0)}},
        {"columns", index_columns, {X(4, 3), INDEX(3, 2, 2)}},
        {"last_two", index_last_two, {X(2, 3, 4), INDEX(3, 5, 1), INDEX(4, 2)}},
        {"around", index_around, {X(3, 2, 4), INDEX(3, 5, 1), INDEX(4, 2)}},
        {"scalars",
         index_around,
         {X(3, 2, 4), {LKS_I64, {0, {0}}, 0, 3}, {LKS_I64, {0, {0}}, 0, 4}}},
        {"mask", index_mask, {X(3, 4), INDEX(2, 3, 4)}},
        {"mask_columns", index_mask_columns, {X(2, 5), INDEX(3, 5)}},
        {"mask_and_index", index_mask_and, {X(3, 5, 4), INDEX(2, 3, 5), INDEX(4, 1)}},
        {"mask_around", index_mask_around, {X(3, 2, 4), INDEX(2, 4), INDEX(3, 1)}},
        {"truth", index_mask, {X(3), {LKS_I64, {0, {0}}, 0, 2}}},
        {"all", index_all, {X(2, 3)}}),
    .refusals = REFUSALS(
        {"mask of other sizes",
         index_mask,
         {X(3, 4), INDEX(2, 4)},
         LKS_SHAPE,
         "index: a mask (4,) does not lie over (3, 4) from dimension 0"},
        {"mask beyond",
         index_mask_columns,
         {X(3, 4), INDEX(2, 4, 2)},
         LKS_SHAPE,
         "index: a mask (4, 2) does not lie over (3, 4) from dimension 1"},
        {"too many",
         index_around,
         {X(3, 4), INDEX(3, 2), INDEX(4, 2)},
         LKS_SHAPE,
         "index: more indices than dimensions of (3, 4)"},
        {"failed",
         index_failed,
         {X(3, 4), INDEX(3, 2)},
         LKS_SHAPE,
         "select: no index 99"},
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
         "index: takes indices of int64 or int32 and masks of bool, not float64"},
        {"other shapes",
         index_two,
         {X(4, 3), INDEX(3, 2), INDEX(3, 3)},
         LKS_SHAPE,
         "index: indices (2,) and (3,) do not broadcast"}),
};

F(put_one, lks_index_put(x[0], (lks_tensor *[]){apart(x[1], 0)}, 1, x[2], false))
static lks_tensor *put_at(lks_tensor *x, lks_tensor *const *indices, int n,
                          lks_tensor *values, bool add)
{
    return lks_index_put(x, indices, n, values, add);
}
#define PUT(x, values, add, ...)                                                         \
    put_at(x, (lks_tensor *[]){__VA_ARGS__}, N_OF(__VA_ARGS__), values, add)
static lks_tensor *these(const lks_tensor *x, int64_t a, int64_t b, int64_t c, int64_t n)
{
    return lks_from_data(LKS_SHAPE_OF(n), LKS_I64, (int64_t[]){a, b, c},
                         lks_tensor_device(x));
}
F(put_columns, PUT(x[0], x[2], false, NULL, apart(x[1], 0)))
F(put_around,
  PUT(x[0], x[1], false, these(x[0], 0, 2, 0, 2), NULL, these(x[0], 1, 3, 0, 2)))
F(put_mask, PUT(x[0], x[2], false, mask(x[1])))
F(put_all, PUT(x[0], x[1], false, NULL))
F(put_truth, PUT(x[0], x[2], false, lks_eq_scalar(x[1], 0)))
F(put_narrow, PUT(x[0], lks_to(x[2], LKS_F16), false, x[1]))
F(put_more, lks_index_put(x[0], x + 1, 2, x[3], true))
const lks_op_cases lks_op_cases_index_put = {
    .cases =
        CASES({"rows", put_one, {X(4, 3), INDEX(9, 2), X(2, 3)}},
              {"broadcast", put_one, {X(4, 3), INDEX(9, 2), X(3)}},
              {"elements", put_one, {X(4), INDEX(9, 3), X(3)}},
              {"add", put_more, {X(3, 4), INDEX(3, 6), INDEX(4, 6), X(6)}},
              {"add_rows", put_more, {X(3, 4, 2), INDEX(3, 5), INDEX(4, 5), X(5, 2)}},
              {"columns", put_columns, {X(2, 4), INDEX(9, 3), X(2, 3)}},
              {"around", put_around, {X(3, 2, 4), X(2, 2)}},
              {"mask", put_mask, {X(3, 4), INDEX(2, 3, 4), X_SCALAR}},
              {"truth", put_truth, {X(3), {LKS_I64, {0, {0}}, 0, 1}, X(3)}},
              {"all", put_all, {X(2, 3), X(3)}}),
    .refusals = REFUSALS({"other shapes",
                          put_one,
                          {X(4, 3), INDEX(4, 2), X(2, 2)},
                          LKS_SHAPE,
                          "expand: (2, 2) does not broadcast to (2, 3)"},
                         {"another dtype",
                          put_narrow,
                          {X(4, 3), INDEX(4, 2), X(3)},
                          LKS_DTYPE,
                          "index_put: values of float16 into float"}),
};

F(run_embedding, lks_embedding(x[0], x[1], LKS_NO_PADDING_IDX))
const lks_op_cases lks_op_cases_embedding = {
    .cases = CASES({"matrix", run_embedding, {INDEX(4, 2, 3), X(4, 3)}},
                   {"scalar", run_embedding, {{LKS_I64, {0, {0}}, 0, 4}, X(4, 3)}},
                   {"nothing", run_embedding, {INDEX(4, 0), X(4, 3)}}),
    .refusals = REFUSALS({"outside",
                          run_embedding,
                          {{LKS_I64, SHAPE(2), 5, 6}, X(4, 3)},
                          LKS_INVALID,
                          ": index 5 (number 0) is outside dimension 0 of (4, 3)"},
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
F(bags_members,
  lks_embedding_bag(x[0], x[1],
                    &(lks_embedding_bag_options){.members = lks_to(x[2], LKS_BOOL)}))
F(bags_members_i64,
  lks_embedding_bag(x[0], x[1], &(lks_embedding_bag_options){.members = x[2]}))
const lks_op_cases lks_op_cases_embedding_bag = {
    .cases = CASES({"plain", bags_plain, {INDEX(4, 3, 2), X(4, 3)}},
                   {"mean", bags_mean, {INDEX(4, 6), X(4, 3)}},
                   {"sum", bags_sum, {INDEX(4, 6), X(4, 3)}},
                   {"max", bags_max, {INDEX(4, 6), X(4, 3)}},
                   {"padded", bags_padded, {INDEX(4, 6), X(4, 3)}},
                   {"members", bags_members, {INDEX(4, 3, 2), X(4, 3), INDEX(2, 3, 2)}},
                   {"weighted", bags_weighted, {INDEX(4, 3, 2), X(4, 3), X(3, 2)}}),
    .refusals =
        REFUSALS({"vector",
                  bags_plain,
                  {INDEX(4, 3), X(4, 3)},
                  LKS_SHAPE,
                  "embedding_bag: takes (bags, n), or (n) with offsets, not (3,)"},
                 {"members",
                  bags_members_i64,
                  {INDEX(4, 3, 2), X(4, 3), INDEX(2, 3, 2)},
                  LKS_SHAPE,
                  "embedding_bag: takes members of bool, one for each of (3, 2), not "
                  "(3, 2) of int64"},
                 {"weights",
                  bags_weighted,
                  {INDEX(4, 3, 2), X(4, 3), X(3)},
                  LKS_INVALID,
                  "embedding_bag: weights of samples go with sums, one for each "
                  "of (3, 2), not (3,)"}),
};
