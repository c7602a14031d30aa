/* Pooling along a line: that of images one row high. */
#include "ops/op.h"

static bool is_line(const char *name, const lks_tensor *x)
{
    if (x && x->view.ndim != 2 && x->view.ndim != 3)
        lks_fail(LKS_SHAPE, "%s: input %s: takes (N, C, L) or (C, L)", name, LKS_TEXT(x));
    return x && (x->view.ndim == 2 || x->view.ndim == 3);
}

lks_tensor *lks_max_pool1d(lks_tensor *x, const lks_pool1d_params *p, lks_tensor **index)
{
    const lks_pool2d_params rows = {
        .kernel = {1, p->kernel},
        .stride = {1, p->stride},
        .padding = {0, p->padding},
        .dilation = {1, p->dilation},
        .ceil_mode = p->ceil_mode,
    };
    lks_tensor *y;

    if (index)
        *index = NULL;
    if (!is_line("max_pool1d", x) || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_max_pool2d_with_indices(lks_unsqueeze(x, -2), &rows, index);
    if (index)
        *index = lks_scope_return(y ? lks_squeeze(*index, -2) : NULL);
    y = lks_scope_return(lks_squeeze(y, -2));
    lks_scope_close();
    return y;
}

lks_tensor *lks_avg_pool1d(lks_tensor *x, const lks_pool1d_params *p)
{
    const lks_avg_pool2d_params rows = {
        .kernel = {1, p->kernel},
        .stride = {1, p->stride},
        .padding = {0, p->padding},
        .ceil_mode = p->ceil_mode,
        .leave_out_padding = p->leave_out_padding,
    };
    lks_tensor *y;

    if (!is_line("avg_pool1d", x) || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(lks_squeeze(lks_avg_pool2d(lks_unsqueeze(x, -2), &rows), -2));
    lks_scope_close();
    return y;
}

lks_tensor *lks_adaptive_avg_pool1d(lks_tensor *x, int64_t size)
{
    lks_tensor *y;

    if (!is_line("adaptive_avg_pool1d", x) || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_adaptive_avg_pool2d(lks_unsqueeze(x, -2), (const int64_t[]){1, size});
    y = lks_scope_return(lks_squeeze(y, -2));
    lks_scope_close();
    return y;
}
