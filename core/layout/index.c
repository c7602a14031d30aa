#include "layout/index.h"

int64_t lks_index_at(const lks_view *index, int64_t i)
{
    return ((const int64_t *)index->data)[i * index->strides[0]];
}

/* The r-th line along the last dimension. */
static lks_view line_of(const lks_view *index, int64_t r)
{
    const int last = index->ndim - 1;
    int64_t offset = 0;

    for (int d = last; d-- > 0; r /= index->sizes[d])
        offset += r % index->sizes[d] * index->strides[d];
    return (lks_view){.data = lks_view_at(index, offset),
                      .dtype = index->dtype,
                      .ndim = 1,
                      .sizes = {index->sizes[last]},
                      .strides = {index->strides[last]}};
}

lks_status lks_index_check(const char *kernel, const lks_view *index, const lks_view *x,
                           int dim)
{
    const int64_t n = index->sizes[index->ndim - 1];
    const int64_t n_lines = n > 0 ? lks_view_count(index) / n : 0;
    const lks_shape shape = lks_view_shape(x);
    char text[LKS_SHAPE_TEXT];

    for (int64_t r = 0; r < n_lines; r++) {
        const lks_view line = line_of(index, r);

        for (int64_t i = 0; i < n; i++) {
            const int64_t at = lks_index_at(&line, i);

            if (at < 0 || at >= x->sizes[dim])
                return lks_fail(
                    LKS_INVALID,
                    "%s: index %lld (number %lld) is outside dimension %d of %s", kernel,
                    (long long)at, (long long)(r * n + i), dim,
                    lks_shape_text(&shape, text, sizeof text));
        }
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

lks_status lks_length_refuse(const char *kernel, int64_t length, int64_t sequence,
                             int64_t n_steps)
{
    if (length < 1)
        return lks_fail(LKS_INVALID,
                        "%s: length %lld of sequence %lld: a sequence has at least one "
                        "step",
                        kernel, (long long)length, (long long)sequence);
    return lks_fail(LKS_INVALID,
                    "%s: length %lld of sequence %lld is beyond the padding, which ends "
                    "at %lld",
                    kernel, (long long)length, (long long)sequence, (long long)n_steps);
}

lks_status lks_lengths_check(const char *kernel, const lks_view *lengths, int64_t n_steps)
{
    for (int64_t i = 0; lengths && i < lengths->sizes[0]; i++) {
        const int64_t length = lks_index_at(lengths, i);

        if (length < 1 || length > n_steps)
            return lks_length_refuse(kernel, length, i, n_steps);
    }
    return LKS_OK;
}
