/* Element by element. */
#include "table.h"

/* other, or other times alpha */
static lks_tensor *scaled_other(call *c)
{
    lks_tensor *other = tensor(c, arg(0, "other"));

    return given(c, named("alpha")) ? lks_mul_scalar(other, number(c, named("alpha"), 1))
                                    : other;
}

static void run_add(call *c)
{
    give(c, lks_add(input(c), scaled_other(c)));
}

static void run_sub(call *c)
{
    give(c, lks_sub(input(c), scaled_other(c)));
}

static const row rows[] = {
    {"add", .run = run_add},
    {"sub", .run = run_sub},
    {"mul", .binary = lks_mul},
    {"div/no_rounding_mode", .binary = lks_div},
    {"true_divide", .binary = lks_div},
    {"neg", .unary = lks_neg},
    {"abs", .unary = lks_abs},
    {"square", .unary = lks_square},
    {"sqrt", .unary = lks_sqrt},
    {"exp", .unary = lks_exp},
    {"log", .unary = lks_log},
    {"tanh", .unary = lks_tanh},
    {"sigmoid", .unary = lks_sigmoid},
};
FAMILY(pointwise, rows);
