/* Elements in order, and the first of them: places are found by a kernel, values gathered
 * from there. */
#include "base/try.h"
#include "ops/op.h"

#define ALL INT64_MIN

/* y and, if anybody asks for it, its index out of the open scope, which is closed. */
static lks_tensor *leave(lks_tensor *y, lks_tensor *places, lks_tensor **index)
{
    lks_scope_return(y);
    if (index)
        *index = y ? lks_scope_return(places) : NULL;
    lks_scope_close();
    return y;
}

/* Where each element of a line in order stands; x has a dimension. */
static lks_tensor *order_of(lks_tensor *x, int dim, bool descending)
{
    lks_tensor *values = lks_empty_like(x);
    lks_tensor *places = lks_empty(lks_sizes(x), LKS_I64, x->storage->device);

    if (!values || !places ||
        x->storage->kernels->sort(&x->view, dim, descending, &values->view,
                                  &places->view) != LKS_OK)
        return NULL;
    return places;
}

/* The first k along dim, or ALL; in an open scope. */
static lks_tensor *first_places(const char *name, lks_tensor *x, int dim, bool descending,
                                int64_t k)
{
    lks_tensor *line = x->view.ndim == 0 ? lks_unsqueeze(x, 0) : x, *places;

    if (!line)
        return NULL;
    if (k != ALL && (k < 0 || k > line->view.sizes[dim])) {
        lks_fail(LKS_INVALID, "%s: %lld elements of dimension %d of %s", name,
                 (long long)k, dim, LKS_TEXT(x));
        return NULL;
    }
    places = order_of(line, dim, descending);
    if (k != ALL)
        places = lks_contiguous(lks_narrow(places, dim, 0, k));
    return x->view.ndim == 0 && k != 0 ? lks_squeeze(places, 0) : places;
}

static lks_tensor *sort(const char *name, lks_tensor *x, int dim, bool descending,
                        int64_t k, lks_tensor **index)
{
    lks_tensor *places;

    if (index)
        *index = NULL;
    if (!x || lks_dim_wrap(name, x->view.ndim, dim, &dim) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    places = first_places(name, x, dim, descending, k);
    return leave(lks_gather(x, dim, places), places, index);
}

lks_tensor *lks_sort(lks_tensor *x, int dim, bool descending, lks_tensor **index)
{
    return sort("sort", x, dim, descending, ALL, index);
}

lks_tensor *lks_argsort(lks_tensor *x, int dim, bool descending)
{
    lks_tensor *places;

    if (!x || lks_dim_wrap("argsort", x->view.ndim, dim, &dim) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    places = lks_scope_return(first_places("argsort", x, dim, descending, ALL));
    lks_scope_close();
    return places;
}

lks_tensor *lks_topk(lks_tensor *x, int64_t k, int dim, bool largest, lks_tensor **index)
{
    return sort("topk", x, dim, largest, k < 0 ? -1 : k, index);
}

static lks_tensor *extreme(const char *name, lks_tensor *(*find)(lks_tensor *, int),
                           lks_tensor *x, int dim, bool keepdim, lks_tensor **index)
{
    lks_tensor *places, *kept, *y;

    if (index)
        *index = NULL;
    if (!x || lks_dim_wrap(name, x->view.ndim, dim, &dim) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    places = find(x, dim);
    kept = x->view.ndim == 0 ? places : lks_unsqueeze(places, dim);
    y = lks_gather(x, dim, kept);
    keepdim |= x->view.ndim == 0;
    return leave(keepdim ? y : lks_squeeze(y, dim), keepdim ? kept : places, index);
}

lks_tensor *lks_max_dim(lks_tensor *x, int dim, bool keepdim, lks_tensor **index)
{
    return extreme("max_dim", lks_argmax, x, dim, keepdim, index);
}

lks_tensor *lks_min_dim(lks_tensor *x, int dim, bool keepdim, lks_tensor **index)
{
    return extreme("min_dim", lks_argmin, x, dim, keepdim, index);
}
