/* What stands behind a layer. */
#include "table.h"

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

static const row rows[] = {
    {"nn.functional.relu", .unary = lks_relu},
    {"softmax", .run = run_softmax},
    {"log_softmax", .run = run_log_softmax},
    {"nn.functional.softmin", .run = run_softmin},
};
FAMILY(activations, rows);
