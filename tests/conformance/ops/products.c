/* Sums of products. */
#include "table.h"

static void run_linear(call *c)
{
    give(c,
         lks_linear(input(c), tensor(c, arg(0, "weight")), optional(c, arg(1, "bias"))));
}

static const row rows[] = {
    {"matmul", .binary = lks_matmul}, {"mm", .binary = lks_matmul},
    {"mv", .binary = lks_matmul},     {"bmm", .binary = lks_matmul},
    {"dot", .binary = lks_matmul},    {"nn.functional.linear", .run = run_linear},
};
FAMILY(products, rows);
