/* Elements chosen by index tensors and masks. */
#include "table.h"

static void run_index_select(call *c)
{
    give(c, lks_index_select(input(c), whole(c, arg(0, "dim"), 0),
                             tensor(c, arg(1, "index"))));
}

static const row rows[] = {
    {"index_select", .run = run_index_select},
};
FAMILY(indexing, rows);
