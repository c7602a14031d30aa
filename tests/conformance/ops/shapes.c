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

/* Of one dimension; lks_squeeze has no call for all of them. */
static void run_squeeze(call *c)
{
    lks_tensor *x = input(c);

    if (given(c, arg(0, "dim"))) {
        give(c, lks_squeeze(x, whole(c, arg(0, "dim"), 0)));
        return;
    }
    for (int i = lks_ndim(x) - 1; i >= 0; i--)
        x = lks_squeeze(x, i);
    give(c, x);
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

static const row rows[] = {
    {"reshape", .run = run_reshape},     {"view", .run = run_reshape},
    {"flatten", .run = run_flatten},     {"transpose", .run = run_transpose},
    {"permute", .run = run_permute},     {"expand", .run = run_expand},
    {"broadcast_to", .run = run_expand}, {"squeeze", .run = run_squeeze},
    {"unsqueeze", .run = run_unsqueeze}, {"narrow", .run = run_narrow},
    {"select", .run = run_select},       {"cat", .run = run_cat},
};
FAMILY(shapes, rows);
