/* Windows that are multiplied with weights. */
#include <string.h>

#include "table.h"

/* Zeros on both sides: a number of them, "valid" for none, "same" for as many as keep the
 * size, which the library takes where they are as many on both sides. */
static void read_padding(call *c, lks_tensor *w, lks_conv2d_params *p)
{
    const item *it = sample_find(c->sample, ARG, "padding");

    if (!it || it->form != STR) {
        pair(c, arg(3, "padding"), 0, p->padding);
        return;
    }
    if (strcmp(word(c, named("padding"), ""), "same") == 0 && w)
        for (int i = 0; i < 2; i++) {
            const int64_t both = p->dilation[i] * (lks_size(w, i - 2) - 1);

            p->padding[i] = both / 2;
            if (both % 2 != 0)
                lacks(c, "padding");
        }
}

static void run_conv2d(call *c)
{
    lks_tensor *x = input(c), *w = tensor(c, arg(0, "weight"));
    lks_conv2d_params p = {.groups = integer(c, arg(5, "groups"), 1)};

    pair(c, arg(2, "stride"), 1, p.stride);
    pair(c, arg(4, "dilation"), 1, p.dilation);
    read_padding(c, w, &p);
    give(c, lks_conv2d(x, w, optional(c, arg(1, "bias")), &p));
}

static const row rows[] = {
    {"nn.functional.conv2d", .run = run_conv2d},
};
FAMILY(convolutions, rows);
