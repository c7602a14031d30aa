/* Sums of products. */
#include "table.h"

static void run_linear(call *c)
{
    give(c,
         lks_linear(input(c), tensor(c, arg(0, "weight")), optional(c, arg(1, "bias"))));
}

typedef lks_tensor *(*add_product)(lks_tensor *x, lks_tensor *a, lks_tensor *b,
                                   double beta, double alpha);

static void run_add_product(call *c, add_product f)
{
    give(c, f(input(c), tensor(c, arg(0, "mat1")), tensor(c, arg(1, "mat2")),
              number(c, named("beta"), 1), number(c, named("alpha"), 1)));
}

static void run_addmm(call *c)
{
    run_add_product(c, lks_addmm);
}

static void run_addmv(call *c)
{
    run_add_product(c, lks_addmv);
}

static void run_addbmm(call *c)
{
    run_add_product(c, lks_addbmm);
}

static void run_baddbmm(call *c)
{
    run_add_product(c, lks_baddbmm);
}

static void run_einsum(call *c)
{
    lks_tensor *operands[MAX_LIST];
    const int n = tensors(c, named("input"), operands);

    give(c, lks_einsum(word(c, arg(0, "equation"), ""), operands, n));
}

static void run_bilinear(call *c)
{
    give(c, lks_bilinear(input(c), tensor(c, arg(0, "input2")),
                         tensor(c, arg(1, "weight")), optional(c, arg(2, "bias"))));
}

static const row rows[] = {
    {"einsum", .run = run_einsum},    {"nn.functional.bilinear", .run = run_bilinear},
    {"matmul", .binary = lks_matmul}, {"mm", .binary = lks_matmul},
    {"mv", .binary = lks_matmul},     {"bmm", .binary = lks_matmul},
    {"dot", .binary = lks_matmul},    {"outer", .binary = lks_outer},
    {"addmm", .run = run_addmm},      {"addmm/decomposed", .run = run_addmm},
    {"addmv", .run = run_addmv},      {"addbmm", .run = run_addbmm},
    {"baddbmm", .run = run_baddbmm},  {"nn.functional.linear", .run = run_linear},
};
FAMILY(products, rows);
