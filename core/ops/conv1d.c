/* Convolutions along a line: those of images one row high. */
#include "ops/op.h"

static lks_conv2d_params of_one_row(const lks_conv1d_params *params)
{
    const lks_conv1d_params p = params ? *params : (lks_conv1d_params){0};

    return (lks_conv2d_params){
        .stride = {1, p.stride},
        .padding = {0, p.padding},
        .dilation = {1, p.dilation},
        .groups = p.groups,
    };
}

static bool are_lines(const char *name, const lks_tensor *x, const lks_tensor *w)
{
    if (x && w && (x->view.ndim == 2 || x->view.ndim == 3) && w->view.ndim == 3)
        return true;
    if (x && w)
        lks_fail(LKS_SHAPE,
                 "%s: input %s with weight %s: takes (N, C, L) or (C, L) and a weight of "
                 "three dimensions",
                 name, LKS_TEXT(x), LKS_TEXT(w));
    return false;
}

lks_tensor *lks_conv1d(lks_tensor *x, lks_tensor *w, lks_tensor *b,
                       const lks_conv1d_params *params)
{
    const lks_conv2d_params p = of_one_row(params);
    lks_tensor *y;

    if (!are_lines("conv1d", x, w) || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_conv2d(lks_unsqueeze(x, -2), lks_unsqueeze(w, -2), b, &p);
    y = lks_scope_return(lks_squeeze(y, -2));
    lks_scope_close();
    return y;
}

lks_tensor *lks_conv_transpose1d(lks_tensor *x, lks_tensor *w, lks_tensor *b,
                                 const lks_conv1d_params *params, int64_t output_padding)
{
    const lks_conv2d_params p = of_one_row(params);
    lks_tensor *y;

    if (!are_lines("conv_transpose1d", x, w) || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_conv_transpose2d(lks_unsqueeze(x, -2), lks_unsqueeze(w, -2), b, &p,
                             (const int64_t[]){0, output_padding});
    y = lks_scope_return(lks_squeeze(y, -2));
    lks_scope_close();
    return y;
}
