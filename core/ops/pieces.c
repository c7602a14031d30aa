/* A tensor in pieces, each a view of it, and its diagonals. */
#include "base/try.h"
#include "ops/op.h"

/* Room for n pieces, none of which is there yet. */
static lks_status make_room(const char *name, lks_tensor **out, int64_t n, int max)
{
    for (int i = 0; i < max; i++)
        out[i] = NULL;
    return n <= max ? LKS_OK
                    : lks_fail(LKS_INVALID, "%s: %lld pieces, and room for %d", name,
                               (long long)n, max);
}

int lks_unbind(lks_tensor *x, int dim, lks_tensor **out, int max)
{
    if (make_room("unbind", out, 0, max) != LKS_OK || !x ||
        lks_dim_resolve("unbind", x->view.ndim, dim, &dim) != LKS_OK ||
        make_room("unbind", out, x->view.sizes[dim], max) != LKS_OK)
        return -1;
    for (int i = 0; i < x->view.sizes[dim]; i++)
        if (!(out[i] = lks_select(x, dim, i)))
            return -1;
    return (int)x->view.sizes[dim];
}

/* Pieces of `size`, the last of what is left; `least` of them if there is nothing. */
static int split(const char *name, lks_tensor *x, int64_t size, int64_t least, int dim,
                 lks_tensor **out, int max)
{
    const int64_t all = x->view.sizes[dim];
    const int64_t n = all == 0 ? least : (all - 1) / size + 1;

    if (make_room(name, out, n, max) != LKS_OK)
        return -1;
    for (int64_t i = 0, at = 0; i < n; i++, at += all == 0 ? 0 : size)
        if (!(out[i] = lks_narrow(x, dim, at, all - at < size ? all - at : size)))
            return -1;
    return (int)n;
}

int lks_split(lks_tensor *x, int64_t size, int dim, lks_tensor **out, int max)
{
    if (make_room("split", out, 0, max) != LKS_OK || !x ||
        lks_dim_resolve("split", x->view.ndim, dim, &dim) != LKS_OK)
        return -1;
    if (size < 0 || (size == 0 && x->view.sizes[dim] != 0)) {
        lks_fail(LKS_INVALID, "split: pieces of %lld of dimension %d of %s",
                 (long long)size, dim, LKS_TEXT(x));
        return -1;
    }
    return split("split", x, size, 1, dim, out, max);
}

int lks_chunk(lks_tensor *x, int64_t chunks, int dim, lks_tensor **out, int max)
{
    if (make_room("chunk", out, 0, max) != LKS_OK || !x ||
        lks_dim_resolve("chunk", x->view.ndim, dim, &dim) != LKS_OK)
        return -1;
    if (chunks <= 0) {
        lks_fail(LKS_INVALID, "chunk: %lld chunks are none", (long long)chunks);
        return -1;
    }
    return split("chunk", x,
                 x->view.sizes[dim] / chunks + (x->view.sizes[dim] % chunks != 0), chunks,
                 dim, out, max);
}

static lks_status check_sizes(const lks_tensor *x, const int64_t *sizes, int n, int dim)
{
    int64_t left = x->view.sizes[dim];

    for (int i = 0; i < n; i++) {
        if (sizes[i] < 0 || sizes[i] > left)
            return lks_fail(LKS_SHAPE,
                            "split_sizes: piece %d of %lld does not fit into what is "
                            "left of dimension %d of %s",
                            i, (long long)sizes[i], dim, LKS_TEXT(x));
        left -= sizes[i];
    }
    return left == 0 ? LKS_OK
                     : lks_fail(LKS_SHAPE,
                                "split_sizes: %lld of dimension %d of %s are in no piece",
                                (long long)left, dim, LKS_TEXT(x));
}

int lks_split_sizes(lks_tensor *x, const int64_t *sizes, int n, int dim, lks_tensor **out)
{
    int64_t at = 0;

    if (make_room("split_sizes", out, 0, n) != LKS_OK || !x ||
        lks_dim_resolve("split_sizes", x->view.ndim, dim, &dim) != LKS_OK ||
        check_sizes(x, sizes, n, dim) != LKS_OK)
        return -1;
    for (int i = 0; i < n; at += sizes[i++])
        if (!(out[i] = lks_narrow(x, dim, at, sizes[i])))
            return -1;
    return n;
}

/* (…, n, m) as (…, n m) of which every (m + 1)-th is on a diagonal. */
static lks_tensor *diagonal_of_last(lks_tensor *x, int64_t offset)
{
    const int64_t n = lks_size(x, -2), m = lks_size(x, -1);
    const int64_t rows = offset < 0 ? n + offset : n,
                  columns = offset > 0 ? m - offset : m;
    const int64_t length = rows < columns ? rows : columns;
    int64_t start;

    x = lks_flatten(x, -2, -1);
    if (length <= 0)
        return lks_narrow(x, -1, 0, 0);
    start = offset < 0 ? -offset * m : offset;
    return lks_slice(x, -1, start, start + (length - 1) * (m + 1) + 1, m + 1);
}

lks_tensor *lks_diagonal(lks_tensor *x, int64_t offset, int dim1, int dim2)
{
    lks_tensor *y;

    if (!x || lks_dim_resolve("diagonal", x->view.ndim, dim1, &dim1) != LKS_OK ||
        lks_dim_resolve("diagonal", x->view.ndim, dim2, &dim2) != LKS_OK)
        return NULL;
    if (dim1 == dim2) {
        lks_fail(LKS_SHAPE, "diagonal: of dimension %d and itself", dim1);
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_movedim(x, (const int[]){dim1, dim2}, (const int[]){-2, -1}, 2);
    y = lks_scope_return(y ? diagonal_of_last(y, offset) : NULL);
    lks_scope_close();
    return y;
}

lks_tensor *lks_trace(lks_tensor *x)
{
    lks_tensor *y;

    if (!x)
        return NULL;
    if (x->view.ndim != 2) {
        lks_fail(LKS_SHAPE, "trace: takes a matrix, not %s", LKS_TEXT(x));
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(lks_sum_all(lks_diagonal(x, 0, 0, 1)));
    lks_scope_close();
    return y;
}
