/* Normalisations. */
#include "table.h"

static void run_batch_norm(call *c)
{
    const lks_norm_params p = {
        .running_mean = optional(c, arg(0, "running_mean")),
        .running_var = optional(c, arg(1, "running_var")),
        .weight = optional(c, arg(2, "weight")),
        .bias = optional(c, arg(3, "bias")),
        .training = flag(c, arg(4, "training"), false),
        .momentum = number(c, arg(5, "momentum"), 0.1),
        .eps = number(c, arg(6, "eps"), 1e-5),
    };

    give(c, lks_batch_norm(input(c), &p));
}

static void run_instance_norm(call *c)
{
    const lks_norm_params p = {
        .running_mean = optional(c, arg(0, "running_mean")),
        .running_var = optional(c, arg(1, "running_var")),
        .weight = optional(c, arg(2, "weight")),
        .bias = optional(c, arg(3, "bias")),
        .training = flag(c, arg(4, "use_input_stats"), true),
        .momentum = number(c, arg(5, "momentum"), 0.1),
        .eps = number(c, arg(6, "eps"), 1e-5),
    };

    give(c, lks_instance_norm(input(c), &p));
}

static void run_group_norm(call *c)
{
    give(c, lks_group_norm(input(c), integer(c, arg(0, "num_groups"), 1),
                           optional(c, arg(1, "weight")), optional(c, arg(2, "bias")),
                           number(c, arg(3, "eps"), 1e-5)));
}

static void run_layer_norm(call *c)
{
    give(c, lks_layer_norm(input(c), shape(c, arg(0, "normalized_shape")),
                           optional(c, arg(1, "weight")), optional(c, arg(2, "bias")),
                           number(c, arg(3, "eps"), 1e-5)));
}

static void run_normalize(call *c)
{
    give(c, lks_normalize(input(c), number(c, arg(0, "p"), 2), whole(c, arg(1, "dim"), 1),
                          number(c, arg(2, "eps"), 1e-12)));
}

static void run_local_response_norm(call *c)
{
    give(c, lks_local_response_norm(
                input(c), integer(c, arg(0, "size"), 1), number(c, arg(1, "alpha"), 1e-4),
                number(c, arg(2, "beta"), 0.75), number(c, arg(3, "k"), 1)));
}

static const row rows[] = {
    {"nn.functional.local_response_norm", .run = run_local_response_norm},
    {"nn.functional.batch_norm", .run = run_batch_norm},
    {"nn.functional.instance_norm", .run = run_instance_norm},
    {"nn.functional.group_norm", .run = run_group_norm},
    {"nn.functional.layer_norm", .run = run_layer_norm},
    {"nn.functional.normalize", .run = run_normalize},
};
FAMILY(norms, rows);
