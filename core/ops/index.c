/* Advanced indexing: an index for each of the leading dimensions, x[i, j, …]. */
#include "base/try.h"
#include "ops/op.h"

static lks_status check(const char *name, const lks_tensor *x, lks_tensor *const *indices,
                        int n, lks_shape *shape)
{
    if (n < 1 || n > x->view.ndim)
        return lks_fail(LKS_SHAPE, "%s: %d indices into %s", name, n, LKS_TEXT(x));
    *shape = LKS_SCALAR;
    for (int i = 0; i < n; i++) {
        lks_shape one, both;

        if (!indices[i])
            return LKS_INVALID;
        if (indices[i]->view.dtype != LKS_I64)
            return lks_fail(LKS_DTYPE, "%s: takes indices of int64, not %s", name,
                            lks_dtype_name(indices[i]->view.dtype));
        one = lks_sizes(indices[i]);
        if (!lks_shapes_meet(shape, &one, &both))
            return lks_fail(LKS_SHAPE, "%s: indices %s and %s do not broadcast", name,
                            LKS_TEXT(indices[0]), LKS_TEXT(indices[i]));
        *shape = both;
    }
    if (shape->ndim + x->view.ndim - n > LKS_MAX_DIMS)
        return lks_fail(LKS_SHAPE, "%s: indices of %d dimensions into %s", name,
                        shape->ndim, LKS_TEXT(x));
    return LKS_OK;
}

/* index, which may count from the end, as places of a dimension of n. What is beyond is
 * refused by the kernel, here, since joined to others it might be a place. */
static lks_tensor *places_in(lks_tensor *index, int64_t n)
{
    lks_tensor *flat = lks_flatten(index, 0, -1);
    lks_tensor *from_start =
        lks_where(lks_lt_scalar(flat, 0), lks_add_scalar(flat, (double)n), flat);

    return lks_gather(lks_arange(n, LKS_I64, index->storage->device), 0, from_start);
}

/* The indices, of that shape, as (m) places among x's leading elements. */
static lks_tensor *joined(const lks_tensor *x, lks_tensor *const *indices, int n,
                          lks_shape shape)
{
    lks_tensor *sum = NULL;

    for (int i = 0; i < n; i++) {
        lks_tensor *index = lks_expand(indices[i], shape), *places;

        if (!index || !(places = places_in(index, x->view.sizes[i])))
            return NULL;
        sum = i == 0 ? places
                     : lks_add(lks_mul_scalar(sum, (double)x->view.sizes[i]), places);
    }
    return sum;
}

/* x with its n leading dimensions as one. */
static lks_tensor *rows_of(lks_tensor *x, int n)
{
    return lks_flatten(x, 0, n - 1);
}

/* Of one element: the indices' shape, then x's other dimensions. */
static lks_shape shape_at(const lks_tensor *x, int n, const lks_shape *shape)
{
    lks_shape at = *shape;

    for (int d = n; d < x->view.ndim; d++)
        at.sizes[at.ndim++] = x->view.sizes[d];
    return at;
}

lks_tensor *lks_index(lks_tensor *x, lks_tensor *const *indices, int n)
{
    lks_tensor *y;
    lks_shape shape;

    if (!x || check("index", x, indices, n, &shape) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_index_select(rows_of(x, n), 0, joined(x, indices, n, shape));
    y = lks_scope_return(lks_reshape(y, shape_at(x, n, &shape)));
    lks_scope_close();
    return y;
}

/* values (m, …) into rows at the places (m). */
static lks_tensor *put(lks_tensor *rows, lks_tensor *places, lks_tensor *values)
{
    lks_shape shape = {values->view.ndim, {0}};

    for (int d = 0; d < shape.ndim; d++)
        shape.sizes[d] = d == 0 ? places->numel : 1;
    places = lks_reshape(places, shape);
    return places ? lks_scatter(rows, 0, lks_expand(places, lks_sizes(values)), values)
                  : NULL;
}

lks_tensor *lks_index_put(lks_tensor *x, lks_tensor *const *indices, int n,
                          lks_tensor *values, bool accumulate)
{
    lks_tensor *places, *rows, *y = NULL;
    lks_shape shape, each;

    if (!x || !values || check("index_put", x, indices, n, &shape) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    places = joined(x, indices, n, shape);
    rows = rows_of(x, n);
    values = lks_expand(values, shape_at(x, n, &shape));
    if (places && rows && values) {
        each = lks_sizes(rows);
        each.sizes[0] = places->numel;
        values = lks_reshape(values, each);
        y = !values      ? NULL
            : accumulate ? lks_index_add(rows, 0, places, values, 1)
                         : put(rows, places, values);
        y = lks_reshape(y, lks_sizes(x));
    }
    lks_scope_return(y);
    lks_scope_close();
    return y;
}
