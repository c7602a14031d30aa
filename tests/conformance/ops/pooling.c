/* One number of each window. */
#include "table.h"

/* y, and its indices if they are asked for. */
static void give_both(call *c, lks_tensor *y, lks_tensor *index, place return_indices)
{
    give(c, y);
    if (flag(c, return_indices, false))
        give(c, index);
}

static void run_max_pool2d(call *c)
{
    lks_pool2d_params p = {0};
    lks_tensor *y, *index;

    pair(c, arg(0, "kernel_size"), 1, p.kernel);
    pair(c, arg(1, "stride"), 0, p.stride);
    pair(c, arg(2, "padding"), 0, p.padding);
    pair(c, arg(3, "dilation"), 1, p.dilation);
    p.ceil_mode = flag(c, arg(4, "ceil_mode"), false);
    y = lks_max_pool2d_with_indices(input(c), &p, &index);
    give_both(c, y, index, arg(5, "return_indices"));
}

static void run_max_pool1d(call *c)
{
    const lks_pool1d_params p = {
        .kernel = integer(c, arg(0, "kernel_size"), 1),
        .stride = integer(c, arg(1, "stride"), 0),
        .padding = integer(c, arg(2, "padding"), 0),
        .dilation = integer(c, arg(3, "dilation"), 1),
        .ceil_mode = flag(c, arg(4, "ceil_mode"), false),
    };
    lks_tensor *index, *y = lks_max_pool1d(input(c), &p, &index);

    give_both(c, y, index, arg(5, "return_indices"));
}

static void run_avg_pool1d(call *c)
{
    const lks_pool1d_params p = {
        .kernel = integer(c, arg(0, "kernel_size"), 1),
        .stride = integer(c, arg(1, "stride"), 0),
        .padding = integer(c, arg(2, "padding"), 0),
        .ceil_mode = flag(c, arg(3, "ceil_mode"), false),
        .leave_out_padding = !flag(c, arg(4, "count_include_pad"), true),
    };

    give(c, lks_avg_pool1d(input(c), &p));
}

static void run_avg_pool2d(call *c)
{
    lks_avg_pool2d_params p = {
        .ceil_mode = flag(c, arg(3, "ceil_mode"), false),
        .leave_out_padding = !flag(c, arg(4, "count_include_pad"), true),
        .divisor_override = integer(c, arg(5, "divisor_override"), 0),
    };

    pair(c, arg(0, "kernel_size"), 1, p.kernel);
    pair(c, arg(1, "stride"), 0, p.stride);
    pair(c, arg(2, "padding"), 0, p.padding);
    give(c, lks_avg_pool2d(input(c), &p));
}

static void run_adaptive_avg_pool1d(call *c)
{
    give(c, lks_adaptive_avg_pool1d(input(c), integer(c, arg(0, "output_size"), -1)));
}

static void run_adaptive_avg_pool2d(call *c)
{
    int64_t size[2];

    pair_or_none(c, arg(0, "output_size"), -1, size);
    give(c, lks_adaptive_avg_pool2d(input(c), size));
}

static void run_adaptive_max_pool2d(call *c)
{
    int64_t size[2];
    lks_tensor *y, *index;

    pair_or_none(c, arg(0, "output_size"), -1, size);
    y = lks_adaptive_max_pool2d(input(c), size, &index);
    give_both(c, y, index, arg(1, "return_indices"));
}

static const row rows[] = {
    {"nn.functional.max_pool1d", .run = run_max_pool1d},
    {"nn.functional.max_pool2d", .run = run_max_pool2d},
    {"nn.functional.avg_pool1d", .run = run_avg_pool1d},
    {"nn.functional.avg_pool2d", .run = run_avg_pool2d},
    {"nn.functional.adaptive_avg_pool1d", .run = run_adaptive_avg_pool1d},
    {"nn.functional.adaptive_avg_pool2d", .run = run_adaptive_avg_pool2d},
    {"nn.functional.adaptive_max_pool2d", .run = run_adaptive_max_pool2d},
};
FAMILY(pooling, rows);
