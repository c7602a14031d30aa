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

static const row rows[] = {
    {"nn.functional.embedding", .run = run_embedding},
    {"index_select", .run = run_index_select},
};
FAMILY(indexing, rows);
