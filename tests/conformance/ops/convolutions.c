/* Windows that are multiplied with weights. */
#include <string.h>

#include "table.h"

/* "same": as many zeros as keep the size, one more behind than before where they are not
 * even; x with them. "valid": none. */
static lks_tensor *pad_by_word(call *c, lks_tensor *x, lks_tensor *w,
                               const lks_conv2d_params *p)
{
    int64_t pad[4];

    if (strcmp(word(c, arg(3, "padding"), ""), "same") != 0 || !w)
        return x;
    for (int i = 0; i < 2; i++) {
        const int64_t both = p->dilation[1 - i] * (lks_size(w, -1 - i) - 1);

        pad[2 * i] = both / 2;
        pad[2 * i + 1] = both - both / 2;
    }
    return lks_pad(x, pad, 4, LKS_PAD_CONSTANT, 0);
}

static void run_conv2d(call *c)
{
    lks_tensor *x = input(c), *w = tensor(c, arg(0, "weight"));
    lks_conv2d_params p = {.groups = integer(c, arg(5, "groups"), 1)};

    pair(c, arg(2, "stride"), 1, p.stride);
    pair(c, arg(4, "dilation"), 1, p.dilation);
    if (is_word(c, arg(3, "padding")))
        x = pad_by_word(c, x, w, &p);
    else
        pair(c, arg(3, "padding"), 0, p.padding);
    give(c, lks_conv2d(x, w, optional(c, arg(1, "bias")), &p));
}

static void run_conv1d(call *c)
{
    lks_tensor *x = input(c), *w = tensor(c, arg(0, "weight"));
    lks_conv1d_params p = {
        .stride = integer(c, arg(2, "stride"), 1),
        .dilation = integer(c, arg(4, "dilation"), 1),
        .groups = integer(c, arg(5, "groups"), 1),
    };
    const lks_conv2d_params rows = {.dilation = {p.dilation, p.dilation}};

    if (!is_word(c, arg(3, "padding")))
        p.padding = integer(c, arg(3, "padding"), 0);
    else
        x = lks_squeeze(pad_by_word(c, lks_unsqueeze(x, -2), lks_unsqueeze(w, -2), &rows),
                        -2);
    give(c, lks_conv1d(x, w, optional(c, arg(1, "bias")), &p));
}

static void run_conv_transpose1d(call *c)
{
    const lks_conv1d_params p = {
        .stride = integer(c, arg(2, "stride"), 1),
        .padding = integer(c, arg(3, "padding"), 0),
        .dilation = integer(c, arg(6, "dilation"), 1),
        .groups = integer(c, arg(5, "groups"), 1),
    };

    give(c, lks_conv_transpose1d(input(c), tensor(c, arg(0, "weight")),
                                 optional(c, arg(1, "bias")), &p,
                                 integer(c, arg(4, "output_padding"), 0)));
}

static void run_conv_transpose2d(call *c)
{
    lks_conv2d_params p = {.groups = integer(c, arg(5, "groups"), 1)};
    int64_t output_padding[2];

    pair(c, arg(2, "stride"), 1, p.stride);
    pair(c, arg(3, "padding"), 0, p.padding);
    pair(c, arg(4, "output_padding"), 0, output_padding);
    pair(c, arg(6, "dilation"), 1, p.dilation);
    give(c, lks_conv_transpose2d(input(c), tensor(c, arg(0, "weight")),
                                 optional(c, arg(1, "bias")), &p, output_padding));
}

static const row rows[] = {
    {"nn.functional.conv2d", .run = run_conv2d},
    {"nn.functional.conv1d", .run = run_conv1d},
    {"nn.functional.conv_transpose1d", .run = run_conv_transpose1d},
    {"nn.functional.conv_transpose2d", .run = run_conv_transpose2d},
};
FAMILY(convolutions, rows);
