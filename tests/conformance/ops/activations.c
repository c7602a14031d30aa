/* What stands behind a layer. */
#include "table.h"

#include <string.h>

static void run_softmax(call *c)
{
    give(c, lks_softmax(input(c), whole(c, arg(0, "dim"), 0)));
}

static void run_log_softmax(call *c)
{
    give(c, lks_log_softmax(input(c), whole(c, arg(0, "dim"), 0)));
}

static void run_softmin(call *c)
{
    give(c, lks_softmax(lks_neg(input(c)), whole(c, arg(0, "dim"), 0)));
}

static void run_leaky_relu(call *c)
{
    give(c, lks_leaky_relu(input(c), number(c, arg(0, "negative_slope"), 0.01)));
}

static void run_elu(call *c)
{
    give(c, lks_elu(input(c), number(c, arg(0, "alpha"), 1)));
}

static void run_celu(call *c)
{
    give(c, lks_celu(input(c), number(c, arg(0, "alpha"), 1)));
}

static void run_softplus(call *c)
{
    give(c, lks_softplus(input(c), number(c, arg(0, "beta"), 1),
                         number(c, arg(1, "threshold"), 20)));
}

static void run_hardtanh(call *c)
{
    give(c, lks_hardtanh(input(c), number(c, arg(0, "min_val"), -1),
                         number(c, arg(1, "max_val"), 1)));
}

static void run_hardshrink(call *c)
{
    give(c, lks_hardshrink(input(c), number(c, arg(0, "lambd"), 0.5)));
}

static void run_softshrink(call *c)
{
    give(c, lks_softshrink(input(c), number(c, arg(0, "lambd"), 0.5)));
}

static void run_threshold(call *c)
{
    give(c, lks_threshold(input(c), number(c, arg(0, "threshold"), 0),
                          number(c, arg(1, "value"), 0)));
}

static void run_prelu(call *c)
{
    give(c, lks_prelu(input(c), tensor(c, arg(0, "weight"))));
}

static void run_glu(call *c)
{
    give(c, lks_glu(input(c), whole(c, arg(0, "dim"), -1)));
}

static void run_gelu(call *c)
{
    const bool is_tanh = strcmp(word(c, named("approximate"), "none"), "tanh") == 0;

    give(c, is_tanh ? lks_gelu_tanh(input(c)) : lks_gelu(input(c)));
}

static const row rows[] = {
    {"nn.functional.relu", .unary = lks_relu},
    {"nn.functional.selu", .unary = lks_selu},
    {"nn.functional.silu", .unary = lks_silu},
    {"nn.functional.mish", .unary = lks_mish},
    {"nn.functional.logsigmoid", .unary = lks_logsigmoid},
    {"nn.functional.softsign", .unary = lks_softsign},
    {"nn.functional.tanhshrink", .unary = lks_tanhshrink},
    {"nn.functional.relu6", .unary = lks_relu6},
    {"nn.functional.hardsigmoid", .unary = lks_hardsigmoid},
    {"nn.functional.hardswish", .unary = lks_hardswish},
    {"nn.functional.leaky_relu", .run = run_leaky_relu},
    {"nn.functional.elu", .run = run_elu},
    {"nn.functional.celu", .run = run_celu},
    {"nn.functional.softplus", .run = run_softplus},
    {"nn.functional.hardtanh", .run = run_hardtanh},
    {"nn.functional.hardshrink", .run = run_hardshrink},
    {"nn.functional.softshrink", .run = run_softshrink},
    {"nn.functional.threshold", .run = run_threshold},
    {"nn.functional.prelu", .run = run_prelu},
    {"nn.functional.glu", .run = run_glu},
    {"nn.functional.gelu", .run = run_gelu},
    {"softmax", .run = run_softmax},
    {"log_softmax", .run = run_log_softmax},
    {"nn.functional.softmin", .run = run_softmin},
};
FAMILY(activations, rows);
