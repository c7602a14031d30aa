/* Elements chosen by index tensors and masks. */
#include <string.h>

#include "table.h"

static void run_index_select(call *c)
{
    give(c, lks_index_select(input(c), whole(c, arg(0, "dim"), 0),
                             tensor(c, arg(1, "index"))));
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

/* PyTorch's cases have the table first, though the function has the numbers first. */
static void run_embedding(call *c)
{
    const place padding = named("padding_idx");

    only(c, named("max_norm"), -1);
    only(c, named("scale_grad_by_freq"), false);
    only(c, named("sparse"), false);
    give(c, lks_embedding(tensor(c, arg(0, "indices")), input(c),
                          integer(c, padding, LKS_NO_PADDING_IDX)));
}

static void run_embedding_bag(call *c)
{
    static const char *const modes[] = {"mean", "sum", "max"};
    const char *mode = word(c, named("mode"), "mean");
    lks_embedding_bag_options options = {
        .offsets = optional(c, named("offsets")),
        .include_last_offset = flag(c, named("include_last_offset"), false),
        .per_sample_weights = optional(c, named("per_sample_weights")),
        .padding_idx = integer(c, named("padding_idx"), LKS_NO_PADDING_IDX),
        .has_padding_idx = true,
    };

    for (int i = 0; i < 3; i++)
        if (strcmp(mode, modes[i]) == 0)
            options.mode = (lks_bag_mode)i;
    only(c, named("max_norm"), -1);
    only(c, named("scale_grad_by_freq"), false);
    only(c, named("sparse"), false);
    give(c, lks_embedding_bag(tensor(c, arg(0, "indices")), input(c), &options));
}

static const row rows[] = {
    {"index_select", .run = run_index_select},
    {"index_add", .run = run_index_add},
    {"gather", .run = run_gather},
    {"take_along_dim", .run = run_take_along_dim},
    {"scatter", .run = run_scatter},
    {"scatter_add", .run = run_scatter_add},
    {"nn.functional.embedding", .run = run_embedding},
    {"nn.functional.embedding_bag", .run = run_embedding_bag},
    {"where", .run = run_where},
    {"masked_fill", .run = run_masked_fill},
    {"masked_select", .run = run_masked_select},
    {"tril", .run = run_tril},
    {"triu", .run = run_triu},
    {"diag", .run = run_diag},
};
FAMILY(indexing, rows);
