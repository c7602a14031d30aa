/* Elements around a tensor. */
#include <string.h>

#include "table.h"

static void run_pad(call *c)
{
    static const char *const modes[] = {
        [LKS_PAD_CONSTANT] = "constant",
        [LKS_PAD_REFLECT] = "reflect",
        [LKS_PAD_REPLICATE] = "replicate",
        [LKS_PAD_CIRCULAR] = "circular",
    };
    const char *name = word(c, arg(1, "mode"), "constant");
    int64_t pad[MAX_LIST];
    const int n = integers(c, arg(0, "pad"), pad);
    int mode = 0;

    while (mode < 4 && strcmp(modes[mode], name) != 0)
        mode++;
    if (mode == 4)
        lacks(c, "mode");
    else
        give(c, lks_pad(input(c), pad, n, (lks_pad_mode)mode,
                        number(c, arg(2, "value"), 0)));
}

static const row rows[] = {
    {"nn.functional.pad/constant", .run = run_pad},
    {"nn.functional.pad/reflect", .run = run_pad},
    {"nn.functional.pad/replicate", .run = run_pad},
    {"nn.functional.pad/circular", .run = run_pad},
};
FAMILY(padding, rows);
