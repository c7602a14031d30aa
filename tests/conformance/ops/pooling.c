/* One number of each window. */
#include "table.h"

static void run_max_pool2d(call *c)
{
    lks_pool2d_params p = {0};

    pair(c, arg(0, "kernel_size"), 1, p.kernel);
    pair(c, arg(1, "stride"), 0, p.stride);
    pair(c, arg(2, "padding"), 0, p.padding);
    pair(c, arg(3, "dilation"), 1, p.dilation);
    only(c, arg(4, "ceil_mode"), false);
    only(c, arg(5, "return_indices"), false);
    give(c, lks_max_pool2d(input(c), &p));
}

static const row rows[] = {
    {"nn.functional.max_pool2d", .run = run_max_pool2d},
};
FAMILY(pooling, rows);
