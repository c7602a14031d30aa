#include "reference/lines.h"

#include "reference/reference.h"

void lks_reference_lines(int n_views, const lks_view *const *views, int dim,
                         lks_line_fn line, const void *context)
{
    lks_view firsts[LKS_LINES_MAX_OPERANDS];
    int64_t strides[LKS_LINES_MAX_OPERANDS];
    char *data[LKS_LINES_MAX_OPERANDS];

    for (int k = 0; k < n_views; k++) {
        firsts[k] = lks_view_without(views[k], dim);
        strides[k] =
            views[k]->strides[dim] * (int64_t)lks_dtype_size_bytes(views[k]->dtype);
    }
    for (int64_t i = 0; i < lks_view_count(&firsts[0]); i++) {
        for (int k = 0; k < n_views; k++)
            data[k] = lks_reference_at(&firsts[k], i);
        line(views[0]->sizes[dim], data, strides, context);
    }
}
