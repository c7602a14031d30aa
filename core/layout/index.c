#include "layout/index.h"

int64_t lks_index_at(const lks_view *index, int64_t i)
{
    return ((const int64_t *)index->data)[i * index->strides[0]];
}

lks_status lks_index_check(const char *kernel, const lks_view *index, const lks_view *x,
                           int dim)
{
    const lks_shape shape = lks_view_shape(x);
    char text[LKS_SHAPE_TEXT];

    for (int64_t i = 0; i < index->sizes[0]; i++) {
        const int64_t at = lks_index_at(index, i);

        if (at < 0 || at >= x->sizes[dim])
            return lks_fail(LKS_INVALID,
                            "%s: index %lld (number %lld) is outside dimension %d of %s",
                            kernel, (long long)at, (long long)i, dim,
                            lks_shape_text(&shape, text, sizeof text));
    }
    return LKS_OK;
}

lks_status lks_targets_check(const char *kernel, const lks_view *target,
                             int64_t n_classes, int64_t ignored, int64_t *n_counted)
{
    *n_counted = 0;
    for (int64_t i = 0; i < target->sizes[0]; i++) {
        const int64_t at = lks_index_at(target, i);

        if (at == ignored)
            continue;
        if (at < 0 || at >= n_classes)
            return lks_fail(LKS_INVALID,
                            "%s: target %lld of row %lld is outside the %lld classes",
                            kernel, (long long)at, (long long)i, (long long)n_classes);
        ++*n_counted;
    }
    return LKS_OK;
}
