/* The largest of windows that divide an image, as torch.nn.functional.adaptive_max_pool2d:
 * max_pool2d of an image in which each window has its own rows and columns; a window that
 * is short of some has its last ones again, which changes no maximum. */
#include "base/alloc.h"
#include "base/try.h"
#include "ops/op.h"

enum { FEW_PIECES = 64 };

/* Along one dimension: n windows, each of `length` places of `size`. */
typedef struct windows {
    int64_t size, n, length;
} windows;

static int64_t first_of(const windows *w, int64_t i)
{
    return i * w->size / w->n;
}

static int64_t end_of(const windows *w, int64_t i)
{
    return ((i + 1) * w->size + w->n - 1) / w->n;
}

static windows windows_of(int64_t size, int64_t n)
{
    windows w = {size, n, 0};

    for (int64_t i = 0; i < n; i++)
        if (end_of(&w, i) - first_of(&w, i) > w.length)
            w.length = end_of(&w, i) - first_of(&w, i);
    return w;
}

/* Which place stands where; the caller's to free. */
static int64_t *places_of(const windows *w)
{
    int64_t *places = lks_calloc((size_t)(w->n * w->length), sizeof *places);

    for (int64_t i = 0; places && i < w->n * w->length; i++) {
        const int64_t at = first_of(w, i / w->length) + i % w->length;
        const int64_t end = end_of(w, i / w->length);

        places[i] = at < end ? at : end - 1;
    }
    return places;
}

/* Each window's places, the last one twice where it is short of one: no window is short
 * of more. They are joined from views, since steps that copy from the host cannot be
 * recorded. */
static int cut(lks_tensor *x, int dim, const windows *w, lks_tensor **pieces)
{
    int n = 0;

    for (int64_t i = 0; i < w->n; i++) {
        const int64_t first = first_of(w, i), end = end_of(w, i);

        pieces[n++] = lks_narrow(x, dim, first, end - first);
        if (end - first < w->length)
            pieces[n++] = lks_narrow(x, dim, end - 1, 1);
    }
    return n;
}

static lks_tensor *spread(lks_tensor *x, int dim, const windows *w)
{
    lks_tensor *few[FEW_PIECES], **pieces = few;

    if (!x || w->n * w->length == w->size) /* they lie side by side */
        return x;
    if (2 * w->n > FEW_PIECES &&
        !(pieces = lks_calloc((size_t)(2 * w->n), sizeof *pieces)))
        return NULL;
    x = lks_cat(pieces, cut(x, dim, w, pieces), dim);
    if (pieces != few)
        lks_free(pieces);
    return x;
}

/* index, of places in the spread image, as places of x. */
static lks_tensor *places_in(lks_tensor *index, const windows *rows,
                             const windows *columns)
{
    const int64_t height = rows->n * rows->length, width = columns->n * columns->length;
    int64_t *row = places_of(rows), *column = places_of(columns);
    int64_t *both = lks_calloc((size_t)(height * width), sizeof *both);
    lks_tensor *table = NULL;

    if (index && row && column && both) {
        for (int64_t i = 0; i < height * width; i++)
            both[i] = row[i / width] * columns->size + column[i % width];
        table = lks_from_data(LKS_SHAPE_OF(height * width), LKS_I64, both,
                              index->storage->device);
    }
    lks_free(row);
    lks_free(column);
    lks_free(both);
    if (!table)
        return NULL;
    return lks_reshape(lks_index_select(table, 0, lks_flatten(index, 0, -1)),
                       lks_sizes(index));
}

static lks_tensor *pool(lks_tensor *x, const int64_t *size, lks_tensor **index)
{
    const int last = x->view.ndim - 1;
    const windows rows = windows_of(x->view.sizes[last - 1], size[0]);
    const windows columns = windows_of(x->view.sizes[last], size[1]);
    const lks_pool2d_params p = {.kernel = {rows.length, columns.length}};
    lks_tensor *y;

    x = spread(spread(x, last - 1, &rows), last, &columns);
    y = lks_max_pool2d_with_indices(x, &p, index);
    if (index)
        *index = y ? places_in(*index, &rows, &columns) : NULL;
    return y && (!index || *index) ? y : NULL;
}

/* How large the result is, -1 being PyTorch's None. */
static lks_status complete(const lks_tensor *x, const int64_t *size, int64_t *out)
{
    const int ndim = x->view.ndim;

    if (ndim != 3 && ndim != 4)
        return lks_fail(LKS_SHAPE,
                        "adaptive_max_pool2d: input %s: takes (N, C, H, W) or (C, H, W)",
                        LKS_TEXT(x));
    for (int d = 0; d < 2; d++) {
        const int64_t has = x->view.sizes[ndim - 2 + d];

        out[d] = size[d] == -1 ? has : size[d];
        if (has < 1 || out[d] < 1 || out[d] > INT32_MAX / 2 || has > INT32_MAX)
            return lks_fail(LKS_SHAPE,
                            "adaptive_max_pool2d: input %s gives no output of %lld x "
                            "%lld",
                            LKS_TEXT(x), (long long)size[0], (long long)size[1]);
    }
    return LKS_OK;
}

lks_tensor *lks_adaptive_max_pool2d(lks_tensor *x, const int64_t *size,
                                    lks_tensor **index)
{
    int64_t n[2];
    lks_tensor *y;

    if (index)
        *index = NULL;
    if (!x || complete(x, size, n) != LKS_OK || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(pool(x, n, index));
    if (index)
        *index = lks_scope_return(y ? *index : NULL);
    lks_scope_close();
    return y;
}
