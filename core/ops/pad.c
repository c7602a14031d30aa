/* More elements around a tensor, or fewer: written in terms of cat and views. */
#include "base/try.h"
#include "ops/op.h"

/* The new ones of one side, in an open scope. */
typedef struct side {
    lks_tensor *x;
    int dim;
    int64_t count; /* how many, above 0 */
    bool before;
} side;

static lks_tensor *constant_side(const side *s, double value)
{
    lks_shape shape = lks_sizes(s->x);

    shape.sizes[s->dim] = s->count;
    return lks_full(shape, value, s->x->view.dtype, s->x->storage->device);
}

static lks_tensor *reflect_side(const side *s)
{
    const int64_t size = s->x->view.sizes[s->dim];

    return lks_flip(
        lks_narrow(s->x, s->dim, s->before ? 1 : size - 1 - s->count, s->count), &s->dim,
        1);
}

static lks_tensor *replicate_side(const side *s)
{
    const int64_t size = s->x->view.sizes[s->dim];
    lks_shape shape = lks_sizes(s->x);

    shape.sizes[s->dim] = s->count;
    return lks_expand(lks_narrow(s->x, s->dim, s->before ? 0 : size - 1, 1), shape);
}

static lks_tensor *circular_side(const side *s)
{
    const int64_t size = s->x->view.sizes[s->dim];

    return lks_narrow(s->x, s->dim, s->before ? size - s->count : 0, s->count);
}

static lks_tensor *make_side(const side *s, lks_pad_mode mode, double value)
{
    switch (mode) {
    case LKS_PAD_REFLECT:
        return reflect_side(s);
    case LKS_PAD_REPLICATE:
        return replicate_side(s);
    case LKS_PAD_CIRCULAR:
        return circular_side(s);
    default:
        return constant_side(s, value);
    }
}

/* One dimension: fewer by narrow, more by cat. */
static lks_tensor *pad_one(lks_tensor *x, int dim, const int64_t *pad, lks_pad_mode mode,
                           double value)
{
    const int64_t cut[2] = {pad[0] < 0 ? -pad[0] : 0, pad[1] < 0 ? -pad[1] : 0};
    lks_tensor *parts[3];
    int n = 0;

    if (cut[0] || cut[1])
        x = lks_narrow(x, dim, cut[0], x->view.sizes[dim] - cut[0] - cut[1]);
    if (!x || (pad[0] <= 0 && pad[1] <= 0))
        return x;
    if (pad[0] > 0)
        parts[n++] = make_side(&(side){x, dim, pad[0], true}, mode, value);
    parts[n++] = x;
    if (pad[1] > 0)
        parts[n++] = make_side(&(side){x, dim, pad[1], false}, mode, value);
    return parts[0] && parts[n - 1] ? lks_cat(parts, n, dim) : NULL;
}

/* How many elements a side may take of a dimension of `size`. */
static int64_t most_of(lks_pad_mode mode, int64_t size)
{
    return mode == LKS_PAD_REFLECT    ? size - 1
           : mode == LKS_PAD_CIRCULAR ? size
           : size > 0                 ? INT64_MAX
                                      : 0;
}

static lks_status check_pad(const lks_tensor *x, const int64_t *pad, int n,
                            lks_pad_mode mode)
{
    if (n < 0 || n % 2 != 0 || n / 2 > x->view.ndim)
        return lks_fail(LKS_SHAPE,
                        "pad: two numbers a dimension, the last first, not %d "
                        "for %s",
                        n, LKS_TEXT(x));
    for (int i = 0; i < n; i++) {
        const int dim = x->view.ndim - 1 - i / 2;
        const int64_t size = x->view.sizes[dim], other = pad[i ^ 1];
        const int64_t left = other < 0 ? size + other : size;

        if (pad[i] < -size || (pad[i] < 0 && -pad[i] > left))
            return lks_fail(LKS_SHAPE,
                            "pad: %lld and %lld leave nothing of dimension %d "
                            "of %s",
                            (long long)pad[i & ~1], (long long)pad[i | 1], dim,
                            LKS_TEXT(x));
        if (mode != LKS_PAD_CONSTANT && pad[i] > most_of(mode, left))
            return lks_fail(LKS_SHAPE,
                            "pad: dimension %d of %s is too small for %lld "
                            "more of its own elements",
                            dim, LKS_TEXT(x), (long long)pad[i]);
    }
    return LKS_OK;
}

lks_tensor *lks_pad(lks_tensor *x, const int64_t *pad, int n, lks_pad_mode mode,
                    double value)
{
    lks_tensor *y = x;

    if (!x || check_pad(x, pad, n, mode) != LKS_OK || lks_scope_open() != LKS_OK)
        return NULL;
    for (int i = 0; y && i < n; i += 2)
        y = pad_one(y, x->view.ndim - 1 - i / 2, pad + i, mode, value);
    y = lks_scope_return(y && y->storage == x->storage ? lks_clone(y) : y);
    lks_scope_close();
    return y;
}
