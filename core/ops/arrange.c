/* Dimensions in another order, tensors side by side, again, reversed, shifted: all of it
 * written in terms of views and cat. */
#include "base/alloc.h"
#include "base/try.h"
#include "ops/op.h"

lks_tensor *lks_t(lks_tensor *x)
{
    if (x && x->view.ndim > 2) {
        lks_fail(LKS_SHAPE, "t: takes at most two dimensions, not %s", LKS_TEXT(x));
        return NULL;
    }
    return !x || x->view.ndim == 2 ? lks_transpose(x, 0, 1) : lks_same(x);
}

lks_tensor *lks_squeeze_all(lks_tensor *x)
{
    lks_shape shape = {0};

    if (!x)
        return NULL;
    for (int i = 0; i < x->view.ndim; i++)
        if (x->view.sizes[i] != 1)
            shape.sizes[shape.ndim++] = x->view.sizes[i];
    return lks_reshape(x, shape);
}

/* Wrap n dims; false if one is not there or is there twice. */
static bool wrap_dims(const char *name, const lks_tensor *x, const int *dims, int n,
                      int *out, unsigned *seen)
{
    *seen = 0;
    for (int i = 0; i < n; i++) {
        if (n > LKS_MAX_DIMS ||
            lks_dim_wrap(name, x->view.ndim, dims[i], &out[i]) != LKS_OK)
            return false;
        if (*seen & 1u << out[i]) {
            lks_fail(LKS_SHAPE, "%s: dimension %d is given twice", name, out[i]);
            return false;
        }
        *seen |= 1u << out[i];
    }
    return true;
}

lks_tensor *lks_movedim(lks_tensor *x, const int *source, const int *destination, int n)
{
    int from[LKS_MAX_DIMS], to[LKS_MAX_DIMS], order[LKS_MAX_DIMS], next = 0;
    unsigned moved, taken;

    if (!x || !wrap_dims("movedim", x, source, n, from, &moved) ||
        !wrap_dims("movedim", x, destination, n, to, &taken))
        return NULL;
    if (x->view.ndim == 0)
        return lks_same(x);
    for (int i = 0; i < n; i++)
        order[to[i]] = from[i];
    for (int i = 0; i < x->view.ndim; i++) {
        if (taken & 1u << i)
            continue;
        while (moved & 1u << next)
            next++;
        order[i] = next++;
    }
    return lks_permute(x, order);
}

/* stack */

static lks_status check_one_shape(lks_tensor *const *xs, int n)
{
    if (n <= 0)
        return lks_fail(LKS_INVALID, "stack: no tensors to join");
    for (int i = 0; i < n; i++) {
        lks_shape first, shape;

        if (!xs[i])
            return LKS_INVALID;
        first = lks_sizes(xs[0]);
        shape = lks_sizes(xs[i]);
        if (!lks_shape_equal(&first, &shape))
            return lks_fail(LKS_SHAPE, "stack: takes tensors of one shape, not %s and %s",
                            LKS_TEXT(xs[0]), LKS_TEXT(xs[i]));
    }
    return LKS_OK;
}

lks_tensor *lks_stack(lks_tensor *const *xs, int n, int dim)
{
    enum { FEW = 16 };
    lks_tensor *few[FEW], **rows = few, *y = NULL;

    if (check_one_shape(xs, n) != LKS_OK || lks_scope_open() != LKS_OK)
        return NULL;
    if (n > FEW)
        rows = lks_calloc((size_t)n, sizeof *rows);
    for (int i = 0; rows && i < n; i++)
        rows[i] = lks_unsqueeze(xs[i], dim);
    if (rows && rows[0])
        y = lks_scope_return(lks_cat(rows, n, dim));
    lks_scope_close();
    if (rows != few)
        lks_free(rows);
    return y;
}

/* repeat and tile */

/* y with its dimension `dim` laid `times` times behind itself; a view of repeated memory.
 */
static lks_tensor *again(lks_tensor *y, int dim, int64_t times)
{
    lks_shape shape = lks_sizes(y), folded = {3, {1, 1, 1}};

    for (int i = 0; i < shape.ndim; i++)
        folded.sizes[i < dim ? 0 : 2] *= shape.sizes[i];
    if (!lks_sizes_product((int64_t[]){shape.sizes[dim], times}, 2, &shape.sizes[dim])) {
        lks_fail(LKS_SHAPE, "repeat: dimension %d would be larger than 2^63 - 1", dim);
        return NULL;
    }
    y = lks_reshape(y, folded);
    folded.sizes[1] = times;
    return lks_reshape(lks_expand(y, folded), shape);
}

static lks_status check_repeats(const lks_tensor *x, const lks_shape *repeats)
{
    char text[LKS_SHAPE_TEXT];
    bool fits = repeats->ndim >= x->view.ndim && repeats->ndim <= LKS_MAX_DIMS;

    for (int i = 0; fits && i < repeats->ndim; i++)
        fits = repeats->sizes[i] >= 0;
    return fits ? LKS_OK
                : lks_fail(LKS_SHAPE,
                           "repeat: %s takes a number for each dimension, none below 0, "
                           "not %s",
                           LKS_TEXT(x), lks_shape_text(repeats, text, sizeof text));
}

lks_tensor *lks_repeat(lks_tensor *x, lks_shape repeats)
{
    lks_shape shape = {repeats.ndim, {0}};
    lks_tensor *y;
    bool copied = false;

    if (!x || check_repeats(x, &repeats) != LKS_OK || lks_scope_open() != LKS_OK)
        return NULL;
    for (int i = 0; i < shape.ndim; i++) {
        const int at = i - (shape.ndim - x->view.ndim);
        shape.sizes[i] = at < 0 ? 1 : x->view.sizes[at];
    }
    y = lks_reshape(x, shape);
    for (int i = shape.ndim - 1; y && i >= 0; i--)
        if (repeats.sizes[i] != 1) {
            y = again(y, i, repeats.sizes[i]);
            copied = true;
        }
    y = lks_scope_return(copied ? lks_contiguous(y) : lks_clone(y));
    lks_scope_close();
    return y;
}

lks_tensor *lks_tile(lks_tensor *x, lks_shape repeats)
{
    lks_shape padded = repeats;

    if (!x)
        return NULL;
    if (repeats.ndim < x->view.ndim) {
        const int lead = x->view.ndim - repeats.ndim;

        padded.ndim = x->view.ndim;
        for (int i = 0; i < padded.ndim; i++)
            padded.sizes[i] = i < lead ? 1 : repeats.sizes[i - lead];
    }
    return lks_repeat(x, padded);
}

lks_tensor *lks_flip(lks_tensor *x, const int *dims, int n)
{
    int along[LKS_MAX_DIMS];
    unsigned seen;
    lks_tensor *y = x;

    if (!x || !wrap_dims("flip", x, dims, n, along, &seen) || lks_scope_open() != LKS_OK)
        return NULL;
    for (int i = 0; x->view.ndim > 0 && i < n; i++)
        y = lks_slice(y, along[i], -1, -x->view.sizes[along[i]] - 1, -1);
    y = lks_scope_return(lks_clone(y));
    lks_scope_close();
    return y;
}

/* roll */

/* One dimension's last `by` elements before the others; in an open scope. */
static lks_tensor *roll_one(lks_tensor *x, int dim, int64_t by)
{
    const int64_t size = x->view.sizes[dim];
    lks_tensor *parts[2];

    by = size == 0 ? 0 : (by % size + size) % size;
    if (by == 0)
        return x;
    parts[0] = lks_narrow(x, dim, size - by, by);
    parts[1] = lks_narrow(x, dim, 0, size - by);
    return parts[0] && parts[1] ? lks_cat(parts, 2, dim) : NULL;
}

lks_tensor *lks_roll(lks_tensor *x, const int64_t *shifts, const int *dims, int n)
{
    lks_tensor *y = x;
    int dim;

    if (!x || lks_scope_open() != LKS_OK)
        return NULL;
    if (!dims) {
        y = lks_flatten(x, 0, -1);
        y = y ? lks_reshape(roll_one(y, 0, *shifts), lks_sizes(x)) : NULL;
    }
    for (int i = 0; dims && y && i < n; i++)
        y = lks_dim_wrap("roll", x->view.ndim, dims[i], &dim) != LKS_OK ? NULL
            : x->view.ndim > 0 ? roll_one(y, dim, shifts[i])
                               : y;
    y = lks_scope_return(y && y->storage == x->storage ? lks_clone(y) : y);
    lks_scope_close();
    return y;
}
