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

static void run_lerp(call *c)
{
    lks_tensor *a = input(c), *b = tensor(c, arg(0, "end"));
    place weight = arg(1, "weight");

    give(c, is_number(c, weight) ? lks_lerp_scalar(a, b, number(c, weight, 0))
                                 : lks_lerp(a, b, tensor(c, weight)));
}

static void run_addcmul(call *c)
{
    give(c, lks_addcmul(input(c), tensor(c, arg(0, "tensor1")),
                        tensor(c, arg(1, "tensor2")), number(c, named("value"), 1)));
}

static void run_addcdiv(call *c)
{
    give(c, lks_addcdiv(input(c), tensor(c, arg(0, "tensor1")),
                        tensor(c, arg(1, "tensor2")), number(c, named("value"), 1)));
}

static void run_clamp(call *c)
{
    lks_tensor *x = input(c), *min = optional(c, arg(0, "min"));
    lks_tensor *max = optional(c, arg(1, "max"));

    x = min ? lks_maximum(x, min) : x;
    give(c, max ? lks_minimum(x, max) : x);
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
    {"sin", .unary = lks_sin},
    {"cos", .unary = lks_cos},
    {"erf", .unary = lks_erf},
    {"erfc", .unary = lks_erfc},
    {"expm1", .unary = lks_expm1},
    {"log1p", .unary = lks_log1p},
    {"log2", .unary = lks_log2},
    {"rsqrt", .unary = lks_rsqrt},
    {"reciprocal", .unary = lks_reciprocal},
    {"sign", .unary = lks_sgn},
    {"maximum", .binary = lks_maximum},
    {"minimum", .binary = lks_minimum},
    {"max/binary", .binary = lks_maximum},
    {"min/binary", .binary = lks_minimum},
    {"clamp_min", .binary = lks_maximum},
    {"clamp_max", .binary = lks_minimum},
    {"clamp", .run = run_clamp},
    {"pow", .binary = lks_pow},
    {"lerp", .run = run_lerp},
    {"addcmul", .run = run_addcmul},
    {"addcdiv", .run = run_addcdiv},
};
FAMILY(pointwise, rows);
