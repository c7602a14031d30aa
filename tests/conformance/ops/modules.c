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

static void run_conv1d(call *c)
{
    const lks_conv1d_params p = {
        .stride = integer(c, ctor(3, "stride"), 1),
        .padding = integer(c, ctor(4, "padding"), 0),
        .dilation = integer(c, ctor(5, "dilation"), 1),
        .groups = integer(c, ctor(6, "groups"), 1),
    };

    integer(c, ctor(0, "in_channels"), 0); /* the weight's shape says these */
    integer(c, ctor(1, "out_channels"), 0);
    integer(c, ctor(2, "kernel_size"), 1);
    give(c, lks_conv1d(first(c), tensor(c, state("weight")), optional(c, state("bias")),
                       &p));
}

static void run_conv_transpose1d(call *c)
{
    const lks_conv1d_params p = {
        .stride = integer(c, ctor(3, "stride"), 1),
        .padding = integer(c, ctor(4, "padding"), 0),
    };

    integer(c, ctor(0, "in_channels"), 0); /* the weight's shape says these */
    integer(c, ctor(1, "out_channels"), 0);
    integer(c, ctor(2, "kernel_size"), 1);
    give(c, lks_conv_transpose1d(first(c), tensor(c, state("weight")),
                                 optional(c, state("bias")), &p,
                                 integer(c, ctor(5, "output_padding"), 0)));
}

static void run_conv_transpose2d(call *c)
{
    lks_conv2d_params p = {0};
    int64_t kernel[2], output_padding[2];

    integer(c, ctor(0, "in_channels"), 0); /* the weight's shape says these */
    integer(c, ctor(1, "out_channels"), 0);
    pair(c, ctor(2, "kernel_size"), 1, kernel);
    pair(c, ctor(3, "stride"), 1, p.stride);
    pair(c, ctor(4, "padding"), 0, p.padding);
    pair(c, ctor(5, "output_padding"), 0, output_padding);
    give(c, lks_conv_transpose2d(first(c), tensor(c, state("weight")),
                                 optional(c, state("bias")), &p, output_padding));
}

static void run_avg_pool1d(call *c)
{
    const lks_pool1d_params p = {
        .kernel = integer(c, ctor(0, "kernel_size"), 1),
        .stride = integer(c, ctor(1, "stride"), 0),
        .padding = integer(c, ctor(2, "padding"), 0),
    };

    give(c, lks_avg_pool1d(first(c), &p));
}

static void run_adaptive_avg_pool2d(call *c)
{
    int64_t size[2];

    pair_or_none(c, ctor(0, "output_size"), -1, size);
    give(c, lks_adaptive_avg_pool2d(first(c), size));
}

static void run_batch_norm(call *c)
{
    const lks_norm_params p = {
        .running_mean = tensor(c, state("running_mean")),
        .running_var = tensor(c, state("running_var")),
        .weight = optional(c, state("weight")),
        .bias = optional(c, state("bias")),
        .training = true,
        .momentum = number(c, ctor(2, "momentum"), 0.1),
        .eps = number(c, ctor(1, "eps"), 1e-5),
    };

    integer(c, ctor(0, "num_features"), 0);
    tensor(c, state("num_batches_tracked")); /* counts */
    give(c, lks_batch_norm(first(c), &p));
}

static void run_bilinear(call *c)
{
    integer(c, ctor(0, "in1_features"), 0); /* the weight's shape says these */
    integer(c, ctor(1, "in2_features"), 0);
    integer(c, ctor(2, "out_features"), 0);
    give(c, lks_bilinear(first(c), tensor(c, arg(1, "input2")),
                         tensor(c, state("weight")), optional(c, state("bias"))));
}

static void run_embedding(call *c)
{
    integer(c, ctor(0, "num_embeddings"), 0); /* the weight's shape says these */
    integer(c, ctor(1, "embedding_dim"), 0);
    give(c, lks_embedding(first(c), tensor(c, state("weight")), LKS_NO_PADDING_IDX));
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
        .has_ignore_index = true,
        .weight = optional(c, state("weight")),
        .label_smoothing = number(c, ctor(-1, "label_smoothing"), 0),
    };

    given(c, ctor(0, "weight")); /* which is the state's */
    give(c, lks_cross_entropy(first(c), tensor(c, arg(1, "target")), &options));
}

static void run_nll_loss(call *c)
{
    given(c, ctor(0, "weight"));
    give(c,
         lks_nll_loss(first(c), tensor(c, arg(1, "target")), optional(c, state("weight")),
                      integer(c, ctor(-1, "ignore_index"), LKS_NO_IGNORE_INDEX),
                      reduction(c, ctor(-1, "reduction"))));
}

static void run_elu(call *c)
{
    give(c, lks_elu(first(c), number(c, ctor(0, "alpha"), 1)));
}

static void run_hardswish(call *c)
{
    give(c, lks_hardswish(first(c)));
}

static void run_l1_loss(call *c)
{
    give(c, lks_l1_loss(first(c), tensor(c, arg(1, "target")),
                        reduction(c, ctor(-1, "reduction"))));
}

static void run_gaussian_nll_loss(call *c)
{
    give(c, lks_gaussian_nll_loss(
                first(c), tensor(c, arg(1, "target")), tensor(c, arg(2, "var")),
                flag(c, ctor(-1, "full"), false), number(c, ctor(-1, "eps"), 1e-6),
                reduction(c, ctor(-1, "reduction"))));
}

static const row rows[] = {
    {"nn.Linear", .run = run_linear},
    {"nn.Conv2d", .run = run_conv2d},
    {"nn.Conv1d", .run = run_conv1d},
    {"nn.ConvTranspose1d", .run = run_conv_transpose1d},
    {"nn.ConvTranspose2d", .run = run_conv_transpose2d},
    {"nn.AvgPool1d", .run = run_avg_pool1d},
    {"nn.AdaptiveAvgPool2d", .run = run_adaptive_avg_pool2d},
    {"nn.BatchNorm2d", .run = run_batch_norm},
    {"nn.Bilinear", .run = run_bilinear},
    {"nn.Embedding", .run = run_embedding},
    {"nn.ReLU", .run = run_relu},
    {"nn.Sigmoid", .run = run_sigmoid},
    {"nn.ELU", .run = run_elu},
    {"nn.Hardswish", .run = run_hardswish},
    {"nn.L1Loss", .run = run_l1_loss},
    {"nn.GaussianNLLLoss", .run = run_gaussian_nll_loss},
    {"nn.CrossEntropyLoss", .run = run_cross_entropy},
    {"nn.NLLLoss", .run = run_nll_loss},
};
FAMILY(modules, rows);
