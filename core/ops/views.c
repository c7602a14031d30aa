/* Operations that look at the same memory in another way. */
#include "base/try.h"
#include "ops/op.h"

/* reshape */

static lks_status reshape_view(const lks_call *call, lks_view *out)
{
    bool possible = lks_view_reshape(&call->in[0]->view, call->params, out);

    return possible
               ? LKS_OK
               : lks_fail(LKS_SHAPE, "reshape: %s takes a copy", LKS_TEXT(call->in[0]));
}

static lks_status reshape_backward(lks_backprop *bp)
{
    return lks_give(bp, 0, lks_reshape(bp->dy, *lks_input_shape(bp, 0)));
}

const lks_op lks_op_reshape = {
    .name = "reshape",
    .params_size = sizeof(lks_shape),
    .view = reshape_view,
    .backward = reshape_backward,
};

/* Put what is missing for a size of -1; the product must be x's. */
static lks_status resolve_shape(const lks_tensor *x, lks_shape *shape)
{
    const lks_shape asked = *shape;
    int64_t known = 0;
    int open = -1;
    bool wrong = shape->ndim < 0 || shape->ndim > LKS_MAX_DIMS;
    char text[LKS_SHAPE_TEXT];

    for (int i = 0; !wrong && i < shape->ndim; i++) {
        if (shape->sizes[i] == -1 && open < 0)
            shape->sizes[open = i] = 1;
        wrong = shape->sizes[i] < 0;
    }
    wrong = wrong || !lks_sizes_product(shape->sizes, shape->ndim, &known);
    if (!wrong && open >= 0) {
        wrong = known == 0 || x->numel % known != 0;
        shape->sizes[open] = wrong ? 0 : x->numel / known;
    } else {
        wrong = wrong || known != x->numel;
    }
    if (wrong)
        return lks_fail(LKS_SHAPE, "reshape: %s does not fit into %s", LKS_TEXT(x),
                        lks_shape_text(&asked, text, sizeof text));
    return LKS_OK;
}

lks_tensor *lks_reshape(lks_tensor *x, lks_shape shape)
{
    lks_tensor *y;
    lks_view view;

    if (!x || resolve_shape(x, &shape) != LKS_OK)
        return NULL;
    if (lks_view_reshape(&x->view, &shape, &view))
        return lks_op_apply(&lks_op_reshape, &x, 1, &shape);
    if (lks_scope_open() != LKS_OK)
        return NULL;
    x = lks_clone(x);
    y = lks_scope_return(lks_op_apply(&lks_op_reshape, &x, 1, &shape));
    lks_scope_close();
    return y;
}

lks_tensor *lks_reshape_view(lks_tensor *x, lks_shape shape)
{
    char text[LKS_SHAPE_TEXT];
    lks_view view;

    if (!x || resolve_shape(x, &shape) != LKS_OK)
        return NULL;
    if (!lks_view_reshape(&x->view, &shape, &view)) {
        lks_fail(
            LKS_SHAPE,
            "reshape_view: %s as it lies in memory is not seen as %s without a copy; "
            "lks_reshape makes one",
            LKS_TEXT(x), lks_shape_text(&shape, text, sizeof text));
        return NULL;
    }
    return lks_op_apply(&lks_op_reshape, &x, 1, &shape);
}

lks_tensor *lks_flatten(lks_tensor *x, int start_dim, int end_dim)
{
    lks_shape shape = {0};
    int64_t joined;

    if (!x || lks_dim_wrap("flatten", x->view.ndim, start_dim, &start_dim) != LKS_OK ||
        lks_dim_wrap("flatten", x->view.ndim, end_dim, &end_dim) != LKS_OK)
        return NULL;
    if (start_dim > end_dim) {
        lks_fail(LKS_SHAPE, "flatten: start_dim %d comes after end_dim %d", start_dim,
                 end_dim);
        return NULL;
    }
    if (x->view.ndim == 0)
        return lks_reshape(x, LKS_SHAPE_OF(1));
    if (!lks_sizes_product(x->view.sizes + start_dim, end_dim - start_dim + 1, &joined)) {
        lks_fail(LKS_SHAPE,
                 "flatten: dimensions %d to %d of %s have more than 2^63 - 1 places",
                 start_dim, end_dim, LKS_TEXT(x));
        return NULL;
    }
    for (int i = 0; i < x->view.ndim; i++)
        if (i <= start_dim || i > end_dim)
            shape.sizes[shape.ndim++] = i == start_dim ? joined : x->view.sizes[i];
    return lks_reshape(x, shape);
}

lks_tensor *lks_squeeze(lks_tensor *x, int dim)
{
    lks_shape shape = {0};

    if (!x || lks_dim_wrap("squeeze", x->view.ndim, dim, &dim) != LKS_OK)
        return NULL;
    for (int i = 0; i < x->view.ndim; i++)
        if (i != dim || x->view.sizes[i] != 1)
            shape.sizes[shape.ndim++] = x->view.sizes[i];
    return lks_reshape(x, shape);
}

lks_tensor *lks_unsqueeze(lks_tensor *x, int dim)
{
    lks_shape shape = {0};

    if (!x || lks_dim_resolve("unsqueeze", x->view.ndim + 1, dim, &dim) != LKS_OK)
        return NULL;
    if (x->view.ndim == LKS_MAX_DIMS) {
        lks_fail(LKS_SHAPE, "unsqueeze: %s has %d dimensions already", LKS_TEXT(x),
                 LKS_MAX_DIMS);
        return NULL;
    }
    for (int i = 0; i <= x->view.ndim; i++)
        shape.sizes[shape.ndim++] = i == dim ? 1 : x->view.sizes[i - (i > dim)];
    return lks_reshape(x, shape);
}

/* permute */

typedef struct permutation {
    int dims[LKS_MAX_DIMS];
} permutation;

static lks_status permute_view(const lks_call *call, lks_view *out)
{
    const permutation *params = call->params;
    const lks_view *x = &call->in[0]->view;

    *out = *x;
    for (int i = 0; i < x->ndim; i++) {
        out->sizes[i] = x->sizes[params->dims[i]];
        out->strides[i] = x->strides[params->dims[i]];
    }
    return LKS_OK;
}

static lks_status permute_backward(lks_backprop *bp)
{
    const permutation *params = bp->params;
    int inverse[LKS_MAX_DIMS];

    for (int i = 0; i < bp->dy->view.ndim; i++)
        inverse[params->dims[i]] = i;
    return lks_give(bp, 0, lks_permute(bp->dy, inverse));
}

const lks_op lks_op_permute = {
    .name = "permute",
    .params_size = sizeof(permutation),
    .view = permute_view,
    .backward = permute_backward,
};

lks_tensor *lks_permute(lks_tensor *x, const int *dims)
{
    permutation params = {{0}};
    unsigned seen = 0;

    if (!x)
        return NULL;
    for (int i = 0; i < x->view.ndim; i++) {
        if (lks_dim_resolve("permute", x->view.ndim, dims[i], &params.dims[i]) != LKS_OK)
            return NULL;
        seen |= 1u << params.dims[i];
    }
    if (seen != (1u << x->view.ndim) - 1) {
        lks_fail(LKS_SHAPE, "permute: a dimension of %s is given twice", LKS_TEXT(x));
        return NULL;
    }
    return lks_op_apply(&lks_op_permute, &x, 1, &params);
}

lks_tensor *lks_transpose(lks_tensor *x, int dim0, int dim1)
{
    permutation params;

    if (!x || lks_dim_wrap("transpose", x->view.ndim, dim0, &dim0) != LKS_OK ||
        lks_dim_wrap("transpose", x->view.ndim, dim1, &dim1) != LKS_OK)
        return NULL;
    for (int i = 0; i < LKS_MAX_DIMS; i++)
        params.dims[i] = i == dim0 ? dim1 : i == dim1 ? dim0 : i;
    return lks_op_apply(&lks_op_permute, &x, 1, &params);
}

/* expand */

static lks_status expand_view(const lks_call *call, lks_view *out)
{
    *out = lks_view_expand(&call->in[0]->view, call->params);
    return LKS_OK;
}

static lks_status expand_backward(lks_backprop *bp)
{
    return lks_give(bp, 0, lks_sum_to(bp->dy, lks_input_shape(bp, 0)));
}

const lks_op lks_op_expand = {
    .name = "expand",
    .params_size = sizeof(lks_shape),
    .view = expand_view,
    .backward = expand_backward,
};

lks_tensor *lks_expand(lks_tensor *x, lks_shape shape)
{
    const lks_shape asked = shape;
    lks_shape have, meet;
    char text[LKS_SHAPE_TEXT];
    int64_t numel;
    int lead;
    bool fits;

    if (!x)
        return NULL;
    have = lks_sizes(x);
    lead = shape.ndim - have.ndim;
    fits = lead >= 0 && shape.ndim <= LKS_MAX_DIMS;
    for (int i = 0; fits && i < shape.ndim; i++) {
        if (shape.sizes[i] == -1 && i >= lead)
            shape.sizes[i] = have.sizes[i - lead];
        fits = shape.sizes[i] >= 0;
    }
    if (!fits || !lks_shapes_meet(&have, &shape, &meet) ||
        !lks_shape_equal(&meet, &shape)) {
        lks_fail(LKS_SHAPE, "expand: %s does not broadcast to %s", LKS_TEXT(x),
                 lks_shape_text(&asked, text, sizeof text));
        return NULL;
    }
    if (!lks_sizes_product(shape.sizes, shape.ndim, &numel)) {
        lks_fail(LKS_SHAPE, "expand: %s has more than 2^63 - 1 elements",
                 lks_shape_text(&shape, text, sizeof text));
        return NULL;
    }
    return lks_op_apply(&lks_op_expand, &x, 1, &shape);
}

/* slice: also narrow and select */

typedef struct cut {
    int dim;
    bool drop; /* the dimension goes: select */
    int64_t start, step, length;
} cut;

static lks_view cut_view(const lks_view *x, const cut *c)
{
    lks_view part = lks_view_slice(x, c->dim, c->start, c->step, c->length);

    if (!c->drop)
        return part;
    part.ndim--;
    for (int i = c->dim; i < part.ndim; i++) {
        part.sizes[i] = part.sizes[i + 1];
        part.strides[i] = part.strides[i + 1];
    }
    return part;
}

static lks_status slice_view(const lks_call *call, lks_view *out)
{
    *out = cut_view(&call->in[0]->view, call->params);
    return LKS_OK;
}

/* Into x's place in one gradient for all slices of it: T slices cost no T gradients. */
static lks_status slice_backward(lks_backprop *bp)
{
    lks_landing dx;
    lks_view part;
    lks_status st = LKS_OK;

    LKS_TRY(lks_land_open(bp, 0, true, &dx));
    part = cut_view(&dx.view, bp->params);
    if (!dx.add)
        st = bp->kernels->fill(&dx.view, 0);
    if (st == LKS_OK && dx.add)
        st = bp->kernels->binary(LKS_BINARY_add, &part, &bp->dy->view, &part);
    else if (st == LKS_OK)
        st = bp->kernels->copy(&bp->dy->view, &part);
    return lks_land_close(bp, &dx, st);
}

const lks_op lks_op_slice = {
    .name = "slice",
    .params_size = sizeof(cut),
    .view = slice_view,
    .backward = slice_backward,
};

lks_tensor *lks_narrow(lks_tensor *x, int dim, int64_t start, int64_t length)
{
    cut c = {.step = 1, .length = length};
    int64_t size;

    if (!x || lks_dim_resolve("narrow", x->view.ndim, dim, &c.dim) != LKS_OK)
        return NULL;
    size = x->view.sizes[c.dim];
    c.start = start < 0 ? start + size : start;
    if (start < -size || length < 0 || c.start > size || length > size - c.start) {
        lks_fail(LKS_SHAPE, "narrow: %lld elements from %lld on leave dimension %d of %s",
                 (long long)length, (long long)start, c.dim, LKS_TEXT(x));
        return NULL;
    }
    return lks_op_apply(&lks_op_slice, &x, 1, &c);
}

lks_tensor *lks_select(lks_tensor *x, int dim, int64_t index)
{
    cut c = {.drop = true, .step = 1, .length = 1};
    int64_t size;

    if (!x || lks_dim_resolve("select", x->view.ndim, dim, &c.dim) != LKS_OK)
        return NULL;
    size = x->view.sizes[c.dim];
    if (index < -size || index >= size) {
        lks_fail(LKS_SHAPE, "select: no index %lld in dimension %d of %s",
                 (long long)index, c.dim, LKS_TEXT(x));
        return NULL;
    }
    c.start = index < 0 ? index + size : index;
    return lks_op_apply(&lks_op_slice, &x, 1, &c);
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Python's rules for x[start:end:step]. */
static cut resolve_slice(int dim, int64_t size, int64_t start, int64_t end, int64_t step)
{
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1, span;

    start = clamp(start < 0 ? start + size : start, low, high);
    end = clamp(end < 0 ? end + size : end, low, high);
    span = step > 0 ? end - start : start - end;
    step = clamp(step, -INT64_MAX, INT64_MAX);
    return (cut){.dim = dim,
                 .start = start,
                 .step = step,
                 .length = span > 0 ? (span - 1) / (step > 0 ? step : -step) + 1 : 0};
}

lks_tensor *lks_slice(lks_tensor *x, int dim, int64_t start, int64_t end, int64_t step)
{
    cut c;

    if (!x || lks_dim_resolve("slice", x->view.ndim, dim, &dim) != LKS_OK)
        return NULL;
    if (step == 0) {
        lks_fail(LKS_INVALID, "slice: a step of 0 goes nowhere");
        return NULL;
    }
    c = resolve_slice(dim, x->view.sizes[dim], start, end, step);
    return lks_op_apply(&lks_op_slice, &x, 1, &c);
}
