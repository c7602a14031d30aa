/* Advanced indexing, x[i, :, mask]: an index, a mask or nothing for each dimension. */
#include "base/alloc.h"
#include "base/try.h"
#include "ops/op.h"

/* ---- where a tensor is not zero ---- */

/* The coordinates of those of n elements, row-major in `shape`, that are held; out has
 * room for them all. */
static void write_coordinates(const unsigned char *held, int64_t n,
                              const lks_shape *shape, int64_t *out)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t left = i;

        if (!held[i])
            continue;
        for (int d = shape->ndim - 1; d >= 0; d--) {
            out[d] = left % shape->sizes[d];
            left /= shape->sizes[d];
        }
        out += shape->ndim;
    }
}

static lks_tensor *coordinates_of(const lks_tensor *truths)
{
    const lks_shape shape = lks_sizes(truths);
    const int64_t n = truths->numel;
    unsigned char *held = lks_malloc((size_t)n + 1);
    int64_t *places = NULL, n_held = 0;
    lks_tensor *t = NULL;

    if (!held || lks_to_host(truths, held) != LKS_OK)
        goto cleanup;
    for (int64_t i = 0; i < n; i++)
        n_held += held[i];
    places = lks_calloc((size_t)n_held * (size_t)shape.ndim + 1, sizeof *places);
    if (!places)
        goto cleanup;
    write_coordinates(held, n, &shape, places);
    t = lks_from_data(LKS_SHAPE_OF(n_held, shape.ndim), LKS_I64, places,
                      truths->storage->device);
cleanup:
    lks_free(places);
    lks_free(held);
    return t;
}

lks_tensor *lks_nonzero(lks_tensor *x)
{
    lks_tensor *truths, *y;

    if (!x || lks_scope_open() != LKS_OK)
        return NULL;
    truths = lks_to(x, LKS_BOOL);
    y = lks_scope_return(truths ? coordinates_of(truths) : NULL);
    lks_scope_close();
    return y;
}

/* ---- what is asked for ---- */

/* Of x's dimensions some, m of them, are indexed. Those are turned to lie beside one
 * another, from `first` on: they do already, or they come to the front, as in PyTorch. */
typedef struct request {
    const char *name;
    lks_tensor *index[LKS_MAX_DIMS]; /* of each of x's dimensions; NULL: all of it */
    int n;                           /* so many of them were spoken of */
    lks_shape shape;                 /* in which the indices meet */
    int first, m;
    bool turned;
    int order[LKS_MAX_DIMS]; /* x's dimensions as turned */
} request;

/* A mask stands for as many indices as it has dimensions. */
static lks_status take_mask(request *r, const lks_tensor *x, lks_tensor *mask)
{
    bool fits = mask->view.ndim > 0 && r->n + mask->view.ndim <= x->view.ndim;
    lks_tensor *places;

    for (int d = 0; fits && d < mask->view.ndim; d++)
        fits = mask->view.sizes[d] == x->view.sizes[r->n + d];
    if (!fits)
        return lks_fail(LKS_SHAPE, "%s: a mask %s does not lie over %s from dimension %d",
                        r->name, LKS_TEXT(mask), LKS_TEXT(x), r->n);
    if (!(places = lks_nonzero(mask)))
        return LKS_NOMEM;
    for (int d = 0; d < mask->view.ndim; d++)
        if (!(r->index[r->n++] = lks_select(places, 1, d)))
            return LKS_NOMEM;
    return LKS_OK;
}

static lks_status take_index(request *r, const lks_tensor *x, lks_tensor *index)
{
    if (!index && lks_error_status() != LKS_OK)
        return lks_error_status(); /* it failed, rather than being left out */
    if (r->n >= x->view.ndim)
        return lks_fail(LKS_SHAPE, "%s: more indices than dimensions of %s", r->name,
                        LKS_TEXT(x));
    if (index && index->view.dtype == LKS_BOOL)
        return take_mask(r, x, index);
    if (index && index->view.dtype != LKS_I64 && index->view.dtype != LKS_I32)
        return lks_fail(LKS_DTYPE,
                        "%s: takes indices of int64 or int32 and masks of bool, not %s",
                        r->name, lks_dtype_name(index->view.dtype));
    r->index[r->n++] = index ? lks_to(index, LKS_I64) : NULL;
    return index && !r->index[r->n - 1] ? LKS_NOMEM : LKS_OK;
}

/* The shape in which the indices meet. */
static lks_status meet(request *r)
{
    const lks_tensor *before = NULL;

    r->shape = LKS_SCALAR;
    for (int d = 0; d < r->n; d++) {
        lks_shape one, both;

        if (!r->index[d])
            continue;
        one = lks_sizes(r->index[d]);
        if (!lks_shapes_meet(&r->shape, &one, &both))
            return lks_fail(LKS_SHAPE, "%s: indices %s and %s do not broadcast", r->name,
                            LKS_TEXT(before), LKS_TEXT(r->index[d]));
        r->shape = both;
        before = r->index[d];
    }
    return LKS_OK;
}

/* In which order x's dimensions are walked. */
static void turn(request *r, int ndim)
{
    int last = -1, n = 0;

    r->first = ndim;
    for (int d = ndim - 1; d >= 0; d--)
        if (r->index[d]) {
            r->first = d;
            last = last < 0 ? d : last;
            r->m++;
        }
    r->turned = r->m > 0 && last - r->first + 1 != r->m;
    if (r->turned)
        r->first = 0;
    for (int d = 0; d < ndim; d++)
        if (!r->turned || r->index[d])
            r->order[n++] = d;
    for (int d = 0; d < ndim && r->turned; d++)
        if (!r->index[d])
            r->order[n++] = d;
}

static lks_status understand(request *r, const lks_tensor *x, lks_tensor *const *indices,
                             int n)
{
    if (n < 1)
        return lks_fail(LKS_SHAPE, "%s: %d indices into %s", r->name, n, LKS_TEXT(x));
    for (int i = 0; i < n; i++)
        LKS_TRY(take_index(r, x, indices[i]));
    LKS_TRY(meet(r));
    turn(r, x->view.ndim);
    if (r->m > 0 && r->shape.ndim + x->view.ndim - r->m > LKS_MAX_DIMS)
        return lks_fail(LKS_SHAPE, "%s: indices of %d dimensions into %s", r->name,
                        r->shape.ndim, LKS_TEXT(x));
    return LKS_OK;
}

/* ---- where that is ---- */

/* index, which may count from the end, as places of a dimension of n. What is beyond is
 * refused by the kernel, here, since joined to others it might be a place. */
static lks_tensor *places_in(lks_tensor *index, int64_t n)
{
    lks_tensor *flat = lks_flatten(index, 0, -1);
    lks_tensor *from_start =
        lks_where(lks_lt_scalar(flat, 0), lks_add_scalar(flat, (double)n), flat);

    return lks_gather(flat ? lks_arange(n, LKS_I64, flat->storage->device) : NULL, 0,
                      from_start);
}

/* The indices, of one shape, as (k) places among the elements of the dimensions indexed.
 */
static lks_tensor *joined(const request *r, const lks_tensor *x)
{
    lks_tensor *sum = NULL;

    for (int d = 0; d < x->view.ndim; d++) {
        lks_tensor *places;

        if (!r->index[d])
            continue;
        places = places_in(lks_expand(r->index[d], r->shape), x->view.sizes[d]);
        if (sum)
            places = lks_add(lks_mul_scalar(sum, (double)x->view.sizes[d]), places);
        if (!(sum = places))
            return NULL;
    }
    return sum;
}

/* x turned, and with the dimensions indexed as one. */
static lks_tensor *lines_of(const request *r, lks_tensor *x)
{
    if (r->turned)
        x = lks_permute(x, r->order);
    return lks_flatten(x, r->first, r->first + r->m - 1);
}

/* The sizes of what is taken: x's, and in the place of those indexed `shape`. */
static lks_shape sizes_at(const request *r, const lks_tensor *x, const lks_shape *shape)
{
    lks_shape at = LKS_SCALAR;

    for (int d = 0; d < x->view.ndim - r->m + 1; d++) {
        if (d == r->first)
            for (int i = 0; i < shape->ndim; i++)
                at.sizes[at.ndim++] = shape->sizes[i];
        if (d < x->view.ndim - r->m)
            at.sizes[at.ndim++] = x->view.sizes[r->order[d < r->first ? d : d + r->m]];
    }
    return at;
}

/* A mask without dimensions lies over one more, of one element. Whether it is alone. */
static bool is_one_truth(lks_tensor *const *indices, int n)
{
    return n == 1 && indices[0] && indices[0]->view.ndim == 0 &&
           indices[0]->view.dtype == LKS_BOOL;
}

static lks_tensor *index_of(lks_tensor *x, lks_tensor *const *indices, int n)
{
    request r = {.name = "index"};

    if (!x || understand(&r, x, indices, n) != LKS_OK)
        return NULL;
    if (r.m == 0)
        return lks_clone(x);
    return lks_reshape(lks_index_select(lines_of(&r, x), r.first, joined(&r, x)),
                       sizes_at(&r, x, &r.shape));
}

lks_tensor *lks_index(lks_tensor *x, lks_tensor *const *indices, int n)
{
    lks_tensor *y, *truth;

    if (!x || lks_scope_open() != LKS_OK)
        return NULL;
    if (is_one_truth(indices, n)) {
        truth = lks_unsqueeze(indices[0], 0);
        y = index_of(truth ? lks_unsqueeze(x, 0) : NULL, &truth, 1);
    } else {
        y = index_of(x, indices, n);
    }
    lks_scope_return(y);
    lks_scope_close();
    return y;
}

/* ---- and what is put there ---- */

/* values (…, k, …) into lines at the places (k) along dimension `dim`. */
static lks_tensor *put(lks_tensor *lines, int dim, lks_tensor *places, lks_tensor *values)
{
    lks_shape shape = {values->view.ndim, {0}};

    for (int d = 0; d < shape.ndim; d++)
        shape.sizes[d] = d == dim ? places->numel : 1;
    places = lks_expand(lks_reshape(places, shape), lks_sizes(values));
    return lks_scatter(lines, dim, places, values);
}

/* The lines back in x's order. */
static lks_tensor *unturned(const request *r, const lks_tensor *x, lks_tensor *lines)
{
    lks_shape shape = lks_sizes(x);
    int inverse[LKS_MAX_DIMS];

    for (int d = 0; d < shape.ndim; d++) {
        shape.sizes[d] = x->view.sizes[r->order[d]];
        inverse[r->order[d]] = d;
    }
    lines = lks_reshape(lines, shape);
    return r->turned ? lks_permute(lines, inverse) : lines;
}

static lks_tensor *put_all(const request *r, lks_tensor *x, lks_tensor *values,
                           bool accumulate)
{
    lks_tensor *places = joined(r, x), *lines = lines_of(r, x);
    lks_shape one_line;

    values = lks_expand(values, sizes_at(r, x, &r->shape));
    if (!places || !lines || !values)
        return NULL;
    one_line = LKS_SHAPE_OF(places->numel);
    values = lks_reshape(values, sizes_at(r, x, &one_line));
    if (!values)
        return NULL;
    lines = accumulate ? lks_index_add(lines, r->first, places, values, 1)
                       : put(lines, r->first, places, values);
    return unturned(r, x, lines);
}

/* All of x: as an index of everything. */
static lks_tensor *put_everywhere(lks_tensor *x, lks_tensor *values, bool accumulate)
{
    values = lks_expand(values, lks_sizes(x));
    return accumulate ? lks_add(x, values) : lks_clone(values);
}

static lks_tensor *put_of(lks_tensor *x, lks_tensor *const *indices, int n,
                          lks_tensor *values, bool accumulate)
{
    request r = {.name = "index_put"};

    if (!x || understand(&r, x, indices, n) != LKS_OK)
        return NULL;
    return r.m == 0 ? put_everywhere(x, values, accumulate)
                    : put_all(&r, x, values, accumulate);
}

lks_tensor *lks_index_put(lks_tensor *x, lks_tensor *const *indices, int n,
                          lks_tensor *values, bool accumulate)
{
    lks_tensor *y, *truth;

    if (!x || !values)
        return NULL;
    if (values->view.dtype != x->view.dtype) {
        lks_fail(LKS_DTYPE, "index_put: values of %s into %s",
                 lks_dtype_name(values->view.dtype), lks_dtype_name(x->view.dtype));
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    if (is_one_truth(indices, n)) {
        truth = lks_unsqueeze(indices[0], 0);
        y = put_of(truth ? lks_unsqueeze(x, 0) : NULL, &truth, 1, values, accumulate);
        y = lks_reshape(y, lks_sizes(x));
    } else {
        y = put_of(x, indices, n, values, accumulate);
    }
    lks_scope_return(y);
    lks_scope_close();
    return y;
}
