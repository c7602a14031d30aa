/* Elements chosen by index tensors and masks. */
#include "table.h"

static void run_index_select(call *c)
{
    lks_tensor *x = input(c);

    if (x && lks_ndim(x) == 0)
        lacks(c, "input without dimensions");
    give(c, lks_index_select(x, whole(c, arg(0, "dim"), 0), tensor(c, arg(1, "index"))));
}

static const row rows[] = {
    {"index_select", .run = run_index_select},
};
FAMILY(indexing, rows);
