#include "layout/shape.h"

#include <inttypes.h>
#include <stdio.h>

#include "layout/view.h"

bool lks_sizes_product(const int64_t *sizes, int n, int64_t *out)
{
    int64_t product = 1;
    bool overflows = false, empty = false;

    for (int i = 0; i < n; i++) {
        empty |= sizes[i] == 0;
        overflows |= __builtin_mul_overflow(product, sizes[i], &product);
    }
    *out = empty ? 0 : product;
    return empty || !overflows;
}

lks_status lks_shape_numel(const lks_shape *shape, int64_t *out)
{
    int64_t n;
    char text[LKS_SHAPE_TEXT];

    if (shape->ndim < 0 || shape->ndim > LKS_MAX_DIMS)
        return lks_fail(LKS_SHAPE, "%d dimensions: 0 to %d are possible", shape->ndim,
                        LKS_MAX_DIMS);
    for (int i = 0; i < shape->ndim; i++)
        if (shape->sizes[i] < 0)
            return lks_fail(LKS_SHAPE, "shape %s has a negative size",
                            lks_shape_text(shape, text, sizeof text));
    if (!lks_sizes_product(shape->sizes, shape->ndim, &n))
        return lks_fail(LKS_SHAPE, "shape %s has more than 2^63 - 1 elements",
                        lks_shape_text(shape, text, sizeof text));
    *out = n;
    return LKS_OK;
}

bool lks_shape_equal(const lks_shape *a, const lks_shape *b)
{
    if (a->ndim != b->ndim)
        return false;
    for (int i = 0; i < a->ndim; i++)
        if (a->sizes[i] != b->sizes[i])
            return false;
    return true;
}

void lks_shape_strides(const lks_shape *shape, int64_t *strides)
{
    int64_t stride = 1;

    for (int i = shape->ndim; i-- > 0;) {
        int64_t next;

        strides[i] = stride;
        /* Only beside a size of 0 can it overflow, where no stride leads anywhere. */
        if (shape->sizes[i] > 1 &&
            !__builtin_mul_overflow(stride, shape->sizes[i], &next))
            stride = next;
    }
}

bool lks_shapes_meet(const lks_shape *a, const lks_shape *b, lks_shape *out)
{
    lks_shape result = {.ndim = a->ndim > b->ndim ? a->ndim : b->ndim};

    for (int i = 0; i < result.ndim; i++) {
        int ia = i - (result.ndim - a->ndim), ib = i - (result.ndim - b->ndim);
        int64_t na = ia >= 0 ? a->sizes[ia] : 1, nb = ib >= 0 ? b->sizes[ib] : 1;

        if (na != nb && na != 1 && nb != 1)
            return false;
        result.sizes[i] = na == 1 ? nb : na;
    }
    *out = result;
    return true;
}

lks_status lks_shape_broadcast(const lks_shape *a, const lks_shape *b, lks_shape *out)
{
    char a_text[LKS_SHAPE_TEXT], b_text[LKS_SHAPE_TEXT];

    if (!lks_shapes_meet(a, b, out))
        return lks_fail(LKS_SHAPE, "%s does not broadcast with %s",
                        lks_shape_text(a, a_text, sizeof a_text),
                        lks_shape_text(b, b_text, sizeof b_text));
    return LKS_OK;
}

char *lks_shape_text(const lks_shape *shape, char *text, size_t size)
{
    size_t used = 0;

    if (size == 0)
        return text;
    if (shape->ndim < 0 || shape->ndim > LKS_MAX_DIMS) {
        snprintf(text, size, "(%d dimensions)", shape->ndim);
        return text;
    }
    text[0] = '\0';
    for (int i = 0; i < shape->ndim && used < size; i++) {
        int n = snprintf(text + used, size - used, "%s%" PRId64, i ? ", " : "(",
                         shape->sizes[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    if (used < size)
        snprintf(text + used, size - used, "%s",
                 shape->ndim == 0   ? "()"
                 : shape->ndim == 1 ? ",)"
                                    : ")");
    return text;
}
