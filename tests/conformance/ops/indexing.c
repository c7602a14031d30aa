/* Elements chosen by index tensors and masks. */
#include "table.h"

static void run_index_select(call *c)
{
    give(c, lks_index_select(input(c), whole(c, arg(0, "dim"), 0),
                             tensor(c, arg(1, "index"))));
}

/* The cases have the weight first. */
static void run_embedding(call *c)
{
    give(c, lks_embedding(input(c), tensor(c, arg(0, "indices"))));
}

static void run_index_add(call *c)
{
    give(c,
         lks_index_add(input(c), whole(c, arg(0, "dim"), 0), tensor(c, arg(1, "index")),
                       tensor(c, arg(2, "source")), number(c, named("alpha"), 1)));
}

static void run_gather(call *c)
{
    give(c, lks_gather(input(c), whole(c, arg(0, "dim"), 0), tensor(c, arg(1, "index"))));
}

static void run_take_along_dim(call *c)
{
    lks_tensor *x = input(c), *index = tensor(c, arg(0, "indices"));

    give(c,
         given(c, arg(1, "dim"))
             ? lks_take_along_dim(x, index, whole(c, arg(1, "dim"), 0))
             : lks_take_along_dim(lks_flatten(x, 0, -1), lks_flatten(index, 0, -1), 0));
}

static void run_scatter(call *c)
{
    const int dim = whole(c, arg(0, "dim"), 0);
    lks_tensor *x = input(c), *index = tensor(c, arg(1, "index"));

    if (is_tensor(c, arg(2, "src")))
        give(c, lks_scatter(x, dim, index, tensor(c, arg(2, "src"))));
    else
        give(c, lks_scatter_value(x, dim, index, number(c, arg(2, "value"), 0)));
}

static void run_scatter_add(call *c)
{
    give(c, lks_scatter_add(input(c), whole(c, arg(0, "dim"), 0),
                            tensor(c, arg(1, "index")), tensor(c, arg(2, "src"))));
}

static void run_where(call *c)
{
    give(c,
         lks_where(tensor(c, arg(0, "condition")), input(c), tensor(c, arg(1, "other"))));
}

static void run_masked_fill(call *c)
{
    lks_tensor *x = input(c), *mask = tensor(c, arg(0, "mask"));

    if (is_tensor(c, arg(1, "value")))
        give(c, lks_masked_fill(x, mask, tensor(c, arg(1, "value"))));
    else
        give(c, lks_masked_fill_scalar(x, mask, number(c, arg(1, "value"), 0)));
}

static void run_masked_select(call *c)
{
    give(c, lks_masked_select(input(c), tensor(c, arg(0, "mask"))));
}

static void run_tril(call *c)
{
    give(c, lks_tril(input(c), integer(c, arg(0, "diagonal"), 0)));
}

static void run_triu(call *c)
{
    give(c, lks_triu(input(c), integer(c, arg(0, "diagonal"), 0)));
}

static void run_diag(call *c)
{
    give(c, lks_diag(input(c), integer(c, arg(0, "diagonal"), 0)));
}

static const row rows[] = {
    {"nn.functional.embedding", .run = run_embedding},
    {"index_select", .run = run_index_select},
    {"index_add", .run = run_index_add},
    {"gather", .run = run_gather},
    {"take_along_dim", .run = run_take_along_dim},
    {"scatter", .run = run_scatter},
    {"scatter_add", .run = run_scatter_add},
    {"where", .run = run_where},
    {"masked_fill", .run = run_masked_fill},
    {"masked_select", .run = run_masked_select},
    {"tril", .run = run_tril},
    {"triu", .run = run_triu},
    {"diag", .run = run_diag},
};
FAMILY(indexing, rows);
