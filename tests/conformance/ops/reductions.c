/* Over dimensions. */
#include "table.h"

static void run_sum(call *c)
{
    int over[MAX_LIST];
    const int n = dims(c, arg(0, "dim"), over);

    give(c, lks_sum(input(c), over, n, flag(c, arg(1, "keepdim"), false)));
}

static void run_mean(call *c)
{
    int over[MAX_LIST];
    const int n = dims(c, arg(0, "dim"), over);

    give(c, lks_mean(input(c), over, n, flag(c, arg(1, "keepdim"), false)));
}

static void run_argmax(call *c)
{
    lks_tensor *x = input(c);
    const int dim = whole(c, arg(0, "dim"), 0);
    lks_tensor *y = given(c, arg(0, "dim")) ? lks_argmax(x, dim)
                                            : lks_argmax(lks_flatten(x, 0, -1), 0);

    give(c, flag(c, arg(1, "keepdim"), false) ? lks_unsqueeze(y, dim) : y);
}

static const row rows[] = {
    {"sum", .run = run_sum},
    {"mean", .run = run_mean},
    {"argmax", .run = run_argmax},
    {"trace", .unary = lks_trace},
};
FAMILY(reductions, rows);
