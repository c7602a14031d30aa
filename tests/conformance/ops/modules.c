/* Modules, with the parameters that the case gives. The model's own layers
 * (nn/model.h) hold f32 alone, so these call the operations that the layers call. */
#include "table.h"

/* A module's first argument. */
static lks_tensor *first(call *c)
{
    return tensor(c, arg(0, "input"));
}

static void run_linear(call *c)
{
    integer(c, ctor(0, "in_features"), 0); /* the weight's shape says these */
    integer(c, ctor(1, "out_features"), 0);
    flag(c, ctor(2, "bias"), true);
    give(c, lks_linear(first(c), tensor(c, state("weight")), optional(c, state("bias"))));
}

static void run_conv2d(call *c)
{
    lks_conv2d_params p = {.groups = integer(c, ctor(6, "groups"), 1)};
    int64_t kernel[2];

    integer(c, ctor(0, "in_channels"), 0); /* the weight's shape says these */
    integer(c, ctor(1, "out_channels"), 0);
    pair(c, ctor(2, "kernel_size"), 1, kernel);
    flag(c, ctor(7, "bias"), true);
    pair(c, ctor(3, "stride"), 1, p.stride);
    pair(c, ctor(4, "padding"), 0, p.padding);
    pair(c, ctor(5, "dilation"), 1, p.dilation);
    give(c, lks_conv2d(first(c), tensor(c, state("weight")), optional(c, state("bias")),
                       &p));
}

static void run_relu(call *c)
{
    give(c, lks_relu(first(c)));
}

static void run_sigmoid(call *c)
{
    give(c, lks_sigmoid(first(c)));
}

static void run_cross_entropy(call *c)
{
    const lks_cross_entropy_options options = {
        .reduction = reduction(c, ctor(-1, "reduction")),
        .ignore_index = integer(c, ctor(-1, "ignore_index"), LKS_NO_IGNORE_INDEX),
    };

    lks_tensor *x = first(c);

    if (x && lks_ndim(x) == 1)
        lacks(c, "input without a batch");
    only(c, ctor(-1, "label_smoothing"), 0);
    give(c, lks_cross_entropy(x, tensor(c, arg(1, "target")), &options));
}

static const row rows[] = {
    {"nn.Linear", .run = run_linear},
    {"nn.Conv2d", .run = run_conv2d},
    {"nn.ReLU", .run = run_relu},
    {"nn.Sigmoid", .run = run_sigmoid},
    {"nn.CrossEntropyLoss", .run = run_cross_entropy},
};
FAMILY(modules, rows);
