#include "layout/view.h"

lks_view lks_view_dense(lks_device device, void *data, lks_dtype dtype,
                        const lks_shape *shape)
{
    lks_view view = {.data = data, .dtype = dtype, .ndim = shape->ndim, .device = device};

    for (int i = 0; i < shape->ndim; i++)
        view.sizes[i] = shape->sizes[i];
    lks_shape_strides(shape, view.strides);
    return view;
}

lks_view lks_view_flat(lks_device device, void *data, lks_dtype dtype, size_t n)
{
    return (lks_view){.data = data,
                      .dtype = dtype,
                      .ndim = 1,
                      .sizes = {(int64_t)n},
                      .strides = {1},
                      .device = device};
}

lks_view lks_view_part(const lks_view *flat, size_t first, size_t n)
{
    return lks_view_flat(flat->device, lks_view_at(flat, (int64_t)first), flat->dtype, n);
}

lks_view lks_view_scalar(lks_device device, void *data, lks_dtype dtype)
{
    return (lks_view){.data = data, .dtype = dtype, .device = device};
}

int64_t lks_view_count(const lks_view *view)
{
    int64_t n = 1;

    for (int i = 0; i < view->ndim; i++)
        if (view->sizes[i] == 0)
            return 0;
    for (int i = 0; i < view->ndim; i++)
        n *= view->sizes[i];
    return n;
}

bool lks_view_is_dense(const lks_view *view)
{
    int64_t expected = 1;

    if (lks_view_count(view) == 0)
        return true;
    for (int i = view->ndim; i-- > 0;) {
        if (view->sizes[i] != 1 && view->strides[i] != expected)
            return false;
        expected *= view->sizes[i];
    }
    return true;
}

bool lks_view_repeats(const lks_view *view)
{
    for (int i = 0; i < view->ndim; i++)
        if (view->strides[i] == 0 && view->sizes[i] > 1)
            return true;
    return false;
}

void *lks_view_at(const lks_view *view, int64_t offset)
{
    return (char *)view->data + offset * (int64_t)lks_dtype_size_bytes(view->dtype);
}

static bool has_shape(const lks_view *view, const lks_shape *shape)
{
    if (view->ndim != shape->ndim)
        return false;
    for (int i = 0; i < view->ndim; i++)
        if (view->sizes[i] != shape->sizes[i])
            return false;
    return true;
}

lks_view lks_view_expand(const lks_view *view, const lks_shape *shape)
{
    const int lead = shape->ndim - view->ndim;
    lks_view out;

    if (has_shape(view, shape))
        return *view;
    out = (lks_view){.data = view->data,
                     .dtype = view->dtype,
                     .ndim = shape->ndim,
                     .device = view->device};
    for (int i = 0; i < shape->ndim; i++) {
        out.sizes[i] = shape->sizes[i];
        if (i >= lead && view->sizes[i - lead] == shape->sizes[i])
            out.strides[i] = view->strides[i - lead];
    }
    return out;
}

lks_view lks_view_transpose(const lks_view *view, int dim0, int dim1)
{
    lks_view out = *view;

    out.sizes[dim0] = view->sizes[dim1];
    out.sizes[dim1] = view->sizes[dim0];
    out.strides[dim0] = view->strides[dim1];
    out.strides[dim1] = view->strides[dim0];
    return out;
}

lks_view lks_view_slice(const lks_view *view, int dim, int64_t start, int64_t step,
                        int64_t length)
{
    lks_view out = *view;

    out.sizes[dim] = length;
    /* An empty slice may start past the end; its address must not. Nor is a stride
     * computed that no element is reached by: it may be beyond all numbers. */
    if (lks_view_count(&out) > 0)
        out.data = lks_view_at(view, start * view->strides[dim]);
    if (lks_view_count(&out) > 0 && length > 1)
        out.strides[dim] = view->strides[dim] * step;
    return out;
}

/* Merge neighbours that are one run of memory, drop sizes of 1: at most ndim (size,
 * stride) pairs that visit the same elements in the same order. */
static int collapse(const lks_view *view, int64_t *sizes, int64_t *strides)
{
    int n = 0;

    for (int i = 0; i < view->ndim; i++) {
        if (view->sizes[i] == 1)
            continue;
        if (n > 0 && strides[n - 1] == view->sizes[i] * view->strides[i]) {
            sizes[n - 1] *= view->sizes[i];
            strides[n - 1] = view->strides[i];
        } else {
            sizes[n] = view->sizes[i];
            strides[n++] = view->strides[i];
        }
    }
    return n;
}

lks_view lks_view_without(const lks_view *view, int dim)
{
    lks_view out = *view;

    out.ndim--;
    for (int d = dim; d < out.ndim; d++) {
        out.sizes[d] = view->sizes[d + 1];
        out.strides[d] = view->strides[d + 1];
    }
    return out;
}

bool lks_view_reshape(const lks_view *view, const lks_shape *shape, lks_view *out)
{
    int64_t sizes[LKS_MAX_DIMS], strides[LKS_MAX_DIMS], left = 1, stride = 1;
    lks_view result = lks_view_dense(view->device, view->data, view->dtype, shape);
    int from;

    if (lks_view_count(view) == 0) {
        *out = result;
        return true;
    }
    from = collapse(view, sizes, strides);
    /* From the last dimension on, cut each run of memory into the new sizes. */
    for (int i = shape->ndim; i-- > 0;) {
        if (shape->sizes[i] == 1) {
            result.strides[i] = stride;
            continue;
        }
        if (left == 1) {
            left = sizes[--from];
            stride = strides[from];
        }
        if (left % shape->sizes[i] != 0)
            return false;
        result.strides[i] = stride;
        stride *= shape->sizes[i];
        left /= shape->sizes[i];
    }
    *out = result;
    return true;
}

bool lks_view_matrix(const lks_view *view, int n_row_dims, lks_view *out)
{
    lks_shape shape = {.ndim = 2};

    return lks_sizes_product(view->sizes, n_row_dims, &shape.sizes[0]) &&
           lks_sizes_product(view->sizes + n_row_dims, view->ndim - n_row_dims,
                             &shape.sizes[1]) &&
           lks_view_reshape(view, &shape, out);
}

int64_t lks_view_n_matrices(const lks_view *view)
{
    const int n = view->ndim;
    int64_t count = lks_view_count(view);

    return count > 0 ? count / (view->sizes[n - 2] * view->sizes[n - 1]) : 0;
}

void *lks_view_matrix_data(const lks_view *view, int64_t i)
{
    int64_t offset = 0;

    for (int d = view->ndim - 2; d-- > 0; i /= view->sizes[d])
        offset += i % view->sizes[d] * view->strides[d];
    return lks_view_at(view, offset);
}

lks_view lks_view_matrix_at(const lks_view *view, int64_t i)
{
    const int n = view->ndim - 2;
    lks_view matrix = {
        .data = lks_view_matrix_data(view, i),
        .dtype = view->dtype,
        .ndim = 2,
        .device = view->device,
    };

    for (int d = 0; d < 2; d++) {
        matrix.sizes[d] = view->sizes[n + d];
        matrix.strides[d] = view->strides[n + d];
    }
    return matrix;
}
