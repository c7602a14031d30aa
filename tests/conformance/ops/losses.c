/* Results beside targets. */
#include "table.h"

static void run_cross_entropy(call *c)
{
    const lks_cross_entropy_options options = {
        .reduction = reduction(c, named("reduction")),
        .ignore_index = integer(c, named("ignore_index"), LKS_NO_IGNORE_INDEX),
    };
    lks_tensor *x = input(c);

    if (x && lks_ndim(x) == 1)
        lacks(c, "input without a batch");
    give(c, lks_cross_entropy(x, tensor(c, arg(0, "target")), &options));
}

static void run_mse_loss(call *c)
{
    give(c, lks_mse_loss(input(c), tensor(c, arg(0, "target")),
                         reduction(c, named("reduction"))));
}

static const row rows[] = {
    {"nn.functional.cross_entropy", .run = run_cross_entropy},
    {"nn.functional.mse_loss", .run = run_mse_loss},
};
FAMILY(losses, rows);
