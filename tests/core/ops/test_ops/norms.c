#include "cases.h"

static lks_tensor *batch_norm(lks_tensor *const *x, lks_norm_params p)
{
    p.eps = 0.1;
    return lks_batch_norm(x[0], &p);
}

static lks_tensor *instance_norm(lks_tensor *const *x, lks_norm_params p)
{
    p.eps = 0.1;
    return lks_instance_norm(x[0], &p);
}

#define P(...) ((lks_norm_params){__VA_ARGS__})
#define AFFINE .weight = x[1], .bias = x[2]
#define GIVEN  .running_mean = x[1], .running_var = x[2]

F(batch_training, batch_norm(x, P(AFFINE, .training = true)))
F(batch_evaluated, batch_norm(x, P(GIVEN)))
F(batch_by_what, batch_norm(x, P(.weight = x[1])))
F(batch_half, batch_norm(x, P(.running_mean = x[1])))
const lks_op_cases lks_op_cases_batch_norm = {
    .cases = CASES({"batch", batch_training, {X(4, 3), X(3), X(3)}},
                   {"images", batch_training, {X(2, 3, 2, 2), X(3), X(3)}},
                   {"evaluated", batch_evaluated, {X(2, 3, 2), X(3), X_IN(0.5, 2, 3)}},
                   {"single", batch_evaluated, {X(3), X(3), X_IN(0.5, 2, 3)}},
                   {"empty", batch_training, {X(0, 3), X(3), X(3)}}),
    .refusals =
        REFUSALS({"one value",
                  batch_training,
                  {X(1, 3), X(3), X(3)},
                  LKS_SHAPE,
                  "batch_norm: input (1, 3) has one value for each mean: no variance"},
                 {"channels",
                  batch_training,
                  {X(2, 3), X(3), X(4)},
                  LKS_SHAPE,
                  "batch_norm: bias (4,) does not go with input (2, 3)"},
                 {"no statistics",
                  batch_by_what,
                  {X(2, 3), X(3)},
                  LKS_INVALID,
                  "batch_norm: without training it takes running_mean and running_var"},
                 {"half",
                  batch_half,
                  {X(2, 3), X(3)},
                  LKS_INVALID,
                  "batch_norm: running_mean and running_var come both or neither"}),
};

F(instance_plain, instance_norm(x, P(AFFINE)))
F(instance_evaluated, instance_norm(x, P(GIVEN)))
const lks_op_cases lks_op_cases_instance_norm = {
    .cases =
        CASES({"plain", instance_plain, {X(2, 3, 4), X(3), X(3)}},
              {"evaluated", instance_evaluated, {X(2, 3, 2), X(3), X_IN(0.5, 2, 3)}}),
    .refusals = REFUSALS({"one value",
                          instance_plain,
                          {X(2, 3, 1), X(3), X(3)},
                          LKS_SHAPE,
                          "instance_norm: input (2, 3, 1) has one value for each mean"},
                         {"dimensions",
                          instance_plain,
                          {X(2, 3), X(3), X(3)},
                          LKS_SHAPE,
                          "instance_norm: input (2, 3) has fewer than 3 dimensions"}),
};

F(group_two, lks_group_norm(x[0], 2, x[1], x[2], 0.1))
F(group_one, lks_group_norm(x[0], 1, NULL, NULL, 0.1))
const lks_op_cases lks_op_cases_group_norm = {
    .cases = CASES({"images", group_two, {X(2, 4, 2, 3), X(4), X(4)}},
                   {"vectors", group_one, {X(3, 4)}},
                   {"empty", group_two, {X(0, 4, 2), X(4), X(4)}}),
    .refusals = REFUSALS({"groups",
                          group_two,
                          {X(2, 3, 2), X(3), X(3)},
                          LKS_SHAPE,
                          "group_norm: the channels of (2, 3, 2) do not split into 2"},
                         {"weight",
                          group_two,
                          {X(2, 4, 2), X(3), X(3)},
                          LKS_SHAPE,
                          "group_norm: weight (3,) does not go with input (2, 4, 2)"}),
};

F(layer_last, lks_layer_norm(x[0], LKS_SHAPE_OF(4), x[1], x[2], 0.1))
F(layer_two, lks_layer_norm(x[0], LKS_SHAPE_OF(3, 4), x[1], NULL, 0.1))
F(layer_plain, lks_layer_norm(x[0], LKS_SHAPE_OF(4), NULL, NULL, 0.1))
const lks_op_cases lks_op_cases_layer_norm = {
    .cases =
        CASES({"last", layer_last, {X(2, 3, 4), X(4), X(4)}},
              {"two", layer_two, {X(2, 3, 4), X(3, 4)}}, {"plain", layer_plain, {X(4)}},
              {"empty", layer_last, {X(0, 3, 4), X(4), X(4)}}),
    .refusals = REFUSALS({"shape",
                          layer_plain,
                          {X(2, 3)},
                          LKS_SHAPE,
                          "layer_norm: input (2, 3) does not end in the shape"},
                         {"weight",
                          layer_two,
                          {X(2, 3, 4), X(4)},
                          LKS_SHAPE,
                          "layer_norm: weight (4,) does not go with input (2, 3, 4)"}),
};

F(response_two, lks_local_response_norm(x[0], 2, 0.3, 0.5, 1.25))
F(response_three, lks_local_response_norm(x[0], 3, 0.5, 0.75, 1))
F(response_none, lks_local_response_norm(x[0], 0, 0.5, 0.75, 1))
const lks_op_cases lks_op_cases_local_response_norm = {
    .cases = CASES({"two", response_two, {X(2, 5, 2, 2)}},
                   {"three", response_three, {X(2, 4, 3)}},
                   {"empty", response_two, {X(0, 2, 2)}}),
    .refusals = REFUSALS({"dimensions",
                          response_two,
                          {X(2, 3)},
                          LKS_SHAPE,
                          "local_response_norm: takes (N, C, …) and a size of at least "
                          "1, not (2, 3) and 2"},
                         {"size", response_none, {X(2, 3, 2)}, LKS_INVALID, "and 0"}),
};
