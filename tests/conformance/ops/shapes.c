/* The same elements in another arrangement. */
#include "table.h"

static void run_reshape(call *c)
{
    give(c, lks_reshape(input(c), shape(c, arg(0, "shape"))));
}

static void run_flatten(call *c)
{
    give(c, lks_flatten(input(c), whole(c, arg(0, "start_dim"), 0),
                        whole(c, arg(1, "end_dim"), -1)));
}

static void run_transpose(call *c)
{
    give(c, lks_transpose(input(c), whole(c, arg(0, "dim0"), 0),
                          whole(c, arg(1, "dim1"), 0)));
}

static void run_permute(call *c)
{
    int order[MAX_LIST];

    dims(c, arg(0, "dims"), order);
    give(c, lks_permute(input(c), order));
}

static void run_expand(call *c)
{
    give(c, lks_expand(input(c), shape(c, arg(0, "size"))));
}

static void run_squeeze(call *c)
{
    give(c, given(c, arg(0, "dim")) ? lks_squeeze(input(c), whole(c, arg(0, "dim"), 0))
                                    : lks_squeeze_all(input(c)));
}

static void run_unsqueeze(call *c)
{
    give(c, lks_unsqueeze(input(c), whole(c, arg(0, "dim"), 0)));
}

static void run_narrow(call *c)
{
    give(c, lks_narrow(input(c), whole(c, arg(0, "dim"), 0),
                       integer(c, arg(1, "start"), 0), integer(c, arg(2, "length"), 0)));
}

static void run_select(call *c)
{
    give(c, lks_select(input(c), whole(c, arg(0, "dim"), 0),
                       integer(c, arg(1, "index"), 0)));
}

static void run_cat(call *c)
{
    lks_tensor *xs[MAX_LIST];
    const int n = tensors(c, named("input"), xs);

    give(c, lks_cat(xs, n, whole(c, arg(0, "dim"), 0)));
}

static void run_stack(call *c)
{
    lks_tensor *xs[MAX_LIST];
    const int n = tensors(c, named("input"), xs);

    give(c, lks_stack(xs, n, whole(c, arg(0, "dim"), 0)));
}

static void run_movedim(call *c)
{
    int from[MAX_LIST], to[MAX_LIST];
    const int n = dims(c, arg(0, "source"), from);

    if (dims(c, arg(1, "destination"), to) == n)
        give(c, lks_movedim(input(c), from, to, n));
}

static void run_repeat(call *c)
{
    give(c, lks_repeat(input(c), shape(c, arg(0, "repeats"))));
}

static void run_tile(call *c)
{
    give(c, lks_tile(input(c), shape(c, arg(0, "dims"))));
}

static void run_flip(call *c)
{
    int along[MAX_LIST];
    const int n = dims(c, arg(0, "dims"), along);

    give(c, lks_flip(input(c), along, n));
}

static void run_roll(call *c)
{
    int64_t by[MAX_LIST];
    int along[MAX_LIST];
    const int n = integers(c, arg(0, "shifts"), by);
    const bool flat = dims(c, arg(1, "dims"), along) != n;

    give(c, lks_roll(input(c), by, flat ? NULL : along, n));
}

static void run_diagonal(call *c)
{
    give(c, lks_diagonal(input(c), integer(c, arg(0, "offset"), 0),
                         whole(c, arg(1, "dim1"), 0), whole(c, arg(2, "dim2"), 1)));
}

/* Pieces, or the failure that left none. */
static void give_all(call *c, lks_tensor *const *pieces, int n)
{
    for (int i = 0; i < n; i++)
        give(c, pieces[i]);
}

static void run_unbind(call *c)
{
    lks_tensor *ys[MAX_OUTPUTS];

    give_all(c, ys, lks_unbind(input(c), whole(c, arg(0, "dim"), 0), ys, MAX_OUTPUTS));
}

static void run_chunk(call *c)
{
    lks_tensor *ys[MAX_OUTPUTS];

    give_all(c, ys,
             lks_chunk(input(c), integer(c, arg(0, "chunks"), 1),
                       whole(c, arg(1, "dim"), 0), ys, MAX_OUTPUTS));
}

static void run_split(call *c)
{
    lks_tensor *ys[MAX_OUTPUTS];

    give_all(c, ys,
             lks_split(input(c), integer(c, arg(0, "split_size"), 1),
                       whole(c, arg(1, "dim"), 0), ys, MAX_OUTPUTS));
}

static void run_split_sizes(call *c)
{
    lks_tensor *ys[MAX_OUTPUTS];
    int64_t sizes[MAX_LIST];
    const int n = integers(c, arg(0, "split_sizes"), sizes);

    give_all(c, ys, lks_split_sizes(input(c), sizes, n, whole(c, arg(1, "dim"), 0), ys));
}

static void run_unfold(call *c)
{
    lks_pool2d_params p = {0};

    pair(c, arg(0, "kernel_size"), 1, p.kernel);
    pair(c, arg(1, "dilation"), 1, p.dilation);
    pair(c, arg(2, "padding"), 0, p.padding);
    pair(c, arg(3, "stride"), 1, p.stride);
    give(c, lks_unfold(input(c), &p));
}

static void run_pixel_shuffle(call *c)
{
    give(c, lks_pixel_shuffle(input(c), integer(c, arg(0, "upscale_factor"), 1)));
}

static const row rows[] = {
    {"reshape", .run = run_reshape},
    {"view", .run = run_reshape},
    {"flatten", .run = run_flatten},
    {"transpose", .run = run_transpose},
    {"permute", .run = run_permute},
    {"expand", .run = run_expand},
    {"broadcast_to", .run = run_expand},
    {"squeeze", .run = run_squeeze},
    {"unsqueeze", .run = run_unsqueeze},
    {"narrow", .run = run_narrow},
    {"select", .run = run_select},
    {"cat", .run = run_cat},
    {"stack", .run = run_stack},
    {"t", .unary = lks_t},
    {"movedim", .run = run_movedim},
    {"repeat", .run = run_repeat},
    {"tile", .run = run_tile},
    {"flip", .run = run_flip},
    {"roll", .run = run_roll},
    {"diagonal", .run = run_diagonal},
    {"unbind", .run = run_unbind},
    {"chunk", .run = run_chunk},
    {"split", .run = run_split},
    {"split/list_args", .run = run_split_sizes},
    {"nn.functional.unfold", .run = run_unfold},
    {"nn.functional.pixel_shuffle", .run = run_pixel_shuffle},
};
FAMILY(shapes, rows);
