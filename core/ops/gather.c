/* Gathering and scattering along a dimension, to places that differ from line to line. */
#include "base/try.h"
#include "ops/op.h"

/* The part of x that lies beside the index: of its sizes but along dim. */
static lks_view beside(const lks_view *x, const lks_view *index, int dim)
{
    lks_view part = *x;

    for (int d = 0; d < x->ndim; d++)
        if (d != dim)
            part.sizes[d] = index->sizes[d];
    return part;
}

static lks_status check_index(const lks_op *op, const lks_tensor *x,
                              const lks_tensor *index, int dim)
{
    bool fits = index->view.ndim == x->view.ndim;

    if (index->view.dtype != LKS_I64)
        return lks_fail(LKS_DTYPE, "%s: takes an index of int64, not %s", op->name,
                        lks_dtype_name(index->view.dtype));
    for (int d = 0; fits && d < x->view.ndim; d++)
        fits = d == dim || index->view.sizes[d] <= x->view.sizes[d];
    if (!fits)
        return lks_fail(LKS_SHAPE,
                        "%s: an index %s does not fit into %s beside dimension %d",
                        op->name, LKS_TEXT(index), LKS_TEXT(x), dim);
    return LKS_OK;
}

/* A scalar counts as having one dimension. */
static lks_tensor *with_dims(lks_tensor *x)
{
    return x && x->view.ndim == 0 ? lks_unsqueeze(x, 0) : x;
}

/* op of these three, the last of which may be NULL, shaped as `like` if that is a scalar.
 */
static lks_tensor *apply(const lks_op *op, lks_tensor *x, int dim, lks_tensor *index,
                         lks_tensor *source, const lks_tensor *like)
{
    lks_tensor *in[3], *y;

    if (lks_dim_wrap(op->name, x->view.ndim, dim, &dim) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    in[0] = with_dims(x);
    in[1] = with_dims(index);
    in[2] = with_dims(source);
    y = in[0] && in[1] && (!source || in[2]) ? lks_op_apply(op, in, source ? 3 : 2, &dim)
                                             : NULL;
    y = lks_scope_return(like->view.ndim == 0 ? lks_squeeze(y, 0) : y);
    lks_scope_close();
    return y;
}

/* gather */

static lks_status gather_infer(const lks_call *call, lks_shape *shape, lks_dtype *dtype)
{
    *shape = lks_sizes(call->in[1]);
    *dtype = call->in[0]->view.dtype;
    return check_index(call->op, call->in[0], call->in[1], *(const int *)call->params);
}

static lks_status gather_forward(lks_call *call)
{
    const int dim = *(const int *)call->params;
    const lks_view *index = &call->in[1]->view;
    const lks_view x = beside(&call->in[0]->view, index, dim);

    return call->kernels->gather(&x, dim, index, &call->out->view);
}

static lks_status gather_backward(lks_backprop *bp)
{
    const int dim = *(const int *)bp->params;
    const lks_view *index = lks_saved_view(bp, LKS_IN(1));
    lks_status st = LKS_OK;
    lks_landing dx;
    lks_view part;

    LKS_TRY(lks_land_open(bp, 0, true, &dx));
    if (!dx.add)
        st = bp->kernels->fill(&dx.view, 0);
    part = beside(&dx.view, index, dim);
    if (st == LKS_OK)
        st = bp->kernels->scatter(&bp->dy->view, dim, index, true, &part);
    return lks_land_close(bp, &dx, st);
}

const lks_op lks_op_gather = {
    .name = "gather",
    .params_size = sizeof(int),
    .needs = {LKS_IN(1)},
    .infer = gather_infer,
    .forward = gather_forward,
    .backward = gather_backward,
};

lks_tensor *lks_gather(lks_tensor *x, int dim, lks_tensor *index)
{
    return x && index ? apply(&lks_op_gather, x, dim, index, NULL, index) : NULL;
}

lks_tensor *lks_take_along_dim(lks_tensor *x, lks_tensor *index, int dim)
{
    lks_shape from, places, meet;
    int64_t n, n_places;
    lks_tensor *y;

    if (!x || !index ||
        lks_dim_resolve("take_along_dim", x->view.ndim, dim, &dim) != LKS_OK)
        return NULL;
    from = lks_sizes(x);
    places = lks_sizes(index);
    n = from.sizes[dim];
    n_places = places.ndim == from.ndim ? places.sizes[dim] : 0;
    from.sizes[dim] = places.sizes[dim] = 1;
    if (places.ndim != from.ndim || !lks_shapes_meet(&from, &places, &meet)) {
        lks_fail(LKS_SHAPE,
                 "take_along_dim: an index %s does not broadcast with %s beside "
                 "dimension %d",
                 LKS_TEXT(index), LKS_TEXT(x), dim);
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    meet.sizes[dim] = n;
    x = lks_expand(x, meet);
    meet.sizes[dim] = n_places;
    y = lks_scope_return(lks_gather(x, dim, lks_expand(index, meet)));
    lks_scope_close();
    return y;
}

/* scatter and scatter_add, told apart by their code */

static lks_status scatter_infer(const lks_call *call, lks_shape *shape, lks_dtype *dtype)
{
    const lks_tensor *x = call->in[0], *index = call->in[1], *source = call->in[2];
    const lks_shape places = lks_sizes(index), from = lks_sizes(source);

    *shape = lks_sizes(x);
    *dtype = x->view.dtype;
    LKS_TRY(check_index(call->op, x, index, *(const int *)call->params));
    if (!lks_shape_equal(&places, &from))
        return lks_fail(LKS_SHAPE, "%s: an index %s, and elements %s", call->op->name,
                        LKS_TEXT(index), LKS_TEXT(source));
    if (source->view.dtype != *dtype)
        return lks_fail(LKS_DTYPE, "%s: elements of %s into %s", call->op->name,
                        lks_dtype_name(source->view.dtype), lks_dtype_name(*dtype));
    return LKS_OK;
}

static lks_status scatter_forward(lks_call *call)
{
    const int dim = *(const int *)call->params;
    const lks_view *index = &call->in[1]->view;
    const lks_view out = beside(&call->out->view, index, dim);

    LKS_TRY(call->kernels->copy(&call->in[0]->view, &call->out->view));
    return call->kernels->scatter(&call->in[2]->view, dim, index,
                                  call->op == &lks_op_scatter_add, &out);
}

static lks_status scatter_backward(lks_backprop *bp)
{
    const int dim = *(const int *)bp->params;
    const bool add = bp->node->op == &lks_op_scatter_add.graph;
    lks_tensor *index = lks_saved_tensor(bp, LKS_IN(1));

    if (lks_wants(bp, 0))
        LKS_TRY(lks_give(bp, 0, add ? bp->dy : lks_scatter_value(bp->dy, dim, index, 0)));
    if (lks_wants(bp, 2))
        LKS_TRY(lks_give(bp, 2, lks_gather(bp->dy, dim, index)));
    return LKS_OK;
}

const lks_op lks_op_scatter = {
    .name = "scatter",
    .params_size = sizeof(int),
    .needs = {LKS_IN(1), 0, LKS_IN(1)},
    .infer = scatter_infer,
    .forward = scatter_forward,
    .backward = scatter_backward,
};

const lks_op lks_op_scatter_add = {
    .name = "scatter_add",
    .params_size = sizeof(int),
    .needs = {0, 0, LKS_IN(1)},
    .infer = scatter_infer,
    .forward = scatter_forward,
    .backward = scatter_backward,
};

/* As many of the elements as there are indices. */
static lks_tensor *first_of(lks_tensor *source, const lks_tensor *index)
{
    const int ndim = source->view.ndim == index->view.ndim ? source->view.ndim : 0;

    for (int d = 0; source && d < ndim; d++)
        if (source->view.sizes[d] > index->view.sizes[d])
            source = lks_narrow(source, d, 0, index->view.sizes[d]);
    return source;
}

static lks_tensor *scatter(const lks_op *op, lks_tensor *x, int dim, lks_tensor *index,
                           lks_tensor *source)
{
    lks_tensor *y;

    if (!x || !index || !source || lks_scope_open() != LKS_OK)
        return NULL;
    source = first_of(source, index);
    y = lks_scope_return(source ? apply(op, x, dim, index, source, x) : NULL);
    lks_scope_close();
    return y;
}

lks_tensor *lks_scatter(lks_tensor *x, int dim, lks_tensor *index, lks_tensor *source)
{
    return scatter(&lks_op_scatter, x, dim, index, source);
}

lks_tensor *lks_scatter_add(lks_tensor *x, int dim, lks_tensor *index, lks_tensor *source)
{
    return scatter(&lks_op_scatter_add, x, dim, index, source);
}

lks_tensor *lks_scatter_value(lks_tensor *x, int dim, lks_tensor *index, double value)
{
    lks_tensor *source, *y;

    if (!x || !index || lks_scope_open() != LKS_OK)
        return NULL;
    source = lks_full(LKS_SCALAR, value, x->view.dtype, x->storage->device);
    y = lks_scatter(x, dim, index, lks_expand(source, lks_sizes(index)));
    lks_scope_return(y);
    lks_scope_close();
    return y;
}

/* index_add */

static lks_status index_add_infer(const lks_call *call, lks_shape *shape,
                                  lks_dtype *dtype)
{
    const lks_tensor *x = call->in[0], *index = call->in[1], *source = call->in[2];
    const lks_shape from = lks_sizes(source);
    lks_shape want = lks_sizes(x);

    *shape = want;
    *dtype = x->view.dtype;
    if (index->view.dtype != LKS_I64 || index->view.ndim != 1)
        return lks_fail(index->view.dtype != LKS_I64 ? LKS_DTYPE : LKS_SHAPE,
                        "index_add: takes an index (n) of int64, not %s of %s",
                        LKS_TEXT(index), lks_dtype_name(index->view.dtype));
    want.sizes[*(const int *)call->params] = index->numel;
    if (!lks_shape_equal(&want, &from) || source->view.dtype != *dtype)
        return lks_fail(source->view.dtype != *dtype ? LKS_DTYPE : LKS_SHAPE,
                        "index_add: %s of %s at %lld indices do not fit into %s of %s",
                        LKS_TEXT(source), lks_dtype_name(source->view.dtype),
                        (long long)index->numel, LKS_TEXT(x), lks_dtype_name(*dtype));
    return LKS_OK;
}

/* The kernel for rows takes f32 and f64; the others' elements go one by one, each line to
 * the same places. */
static lks_status index_add_forward(lks_call *call)
{
    const int dim = *(const int *)call->params;
    const lks_view *source = &call->in[2]->view, *index = &call->in[1]->view;
    lks_view places = *source;

    LKS_TRY(call->kernels->copy(&call->in[0]->view, &call->out->view));
    if (source->dtype == LKS_F32 || source->dtype == LKS_F64)
        return call->kernels->index_add(source, dim, index, &call->out->view);
    places.data = index->data;
    places.dtype = LKS_I64;
    for (int d = 0; d < places.ndim; d++)
        places.strides[d] = d == dim ? index->strides[0] : 0;
    return call->kernels->scatter(source, dim, &places, true, &call->out->view);
}

static lks_status index_add_backward(lks_backprop *bp)
{
    if (lks_wants(bp, 0))
        LKS_TRY(lks_give(bp, 0, bp->dy));
    if (!lks_wants(bp, 2))
        return LKS_OK;
    return lks_give(bp, 2,
                    lks_index_select(bp->dy, *(const int *)bp->params,
                                     lks_saved_tensor(bp, LKS_IN(1))));
}

const lks_op lks_op_index_add = {
    .name = "index_add",
    .params_size = sizeof(int),
    .needs = {0, 0, LKS_IN(1)},
    .infer = index_add_infer,
    .forward = index_add_forward,
    .backward = index_add_backward,
};

lks_tensor *lks_index_add(lks_tensor *x, int dim, lks_tensor *index, lks_tensor *source,
                          double alpha)
{
    lks_tensor *y;

    if (!x || !index || !source || lks_scope_open() != LKS_OK)
        return NULL;
    if (alpha != 1)
        source = lks_mul_scalar(source, alpha);
    y = source ? apply(&lks_op_index_add, x, dim, index, source, x) : NULL;
    lks_scope_return(y);
    lks_scope_close();
    return y;
}

/* one_hot */

lks_tensor *lks_one_hot(lks_tensor *index, int64_t n_classes)
{
    const lks_status before = lks_error_status();
    lks_tensor *y;
    lks_shape shape;

    if (!index)
        return NULL;
    if (index->view.dtype != LKS_I64 || n_classes < 0 ||
        index->view.ndim == LKS_MAX_DIMS) {
        lks_fail(index->view.dtype != LKS_I64 ? LKS_DTYPE : LKS_SHAPE,
                 "one_hot: takes an index of int64 and a number of classes, not %s of %s "
                 "and %lld",
                 LKS_TEXT(index), lks_dtype_name(index->view.dtype),
                 (long long)n_classes);
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    shape = lks_sizes(index);
    shape.sizes[shape.ndim++] = n_classes;
    y = lks_zeros(shape, LKS_I64, index->storage->device);
    y = lks_scope_return(lks_scatter_value(y, -1, lks_unsqueeze(index, -1), 1));
    lks_scope_close();
    return lks_named("one_hot", before, y);
}
