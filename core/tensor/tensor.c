#include "tensor/tensor_impl.h"

#include "autograd/node.h"
#include "base/small.h"
#include "base/try.h"

/* lks_view_dense into place: a view is slow to copy as long as it is new. */
static void set_dense(lks_view *out, lks_device device, void *data, lks_dtype dtype,
                      const lks_shape *shape)
{
    *out =
        (lks_view){.data = data, .dtype = dtype, .ndim = shape->ndim, .device = device};
    for (int i = 0; i < shape->ndim; i++)
        out->sizes[i] = shape->sizes[i];
    lks_shape_strides(shape, out->strides);
}

/* All but the view; takes over the reference. */
static lks_tensor *create_on(lks_storage *storage, int64_t numel, bool dense)
{
    lks_tensor *t = lks_small_alloc(sizeof *t);

    if (!t) {
        lks_storage_unref(storage);
        return NULL;
    }
    atomic_init(&t->n_refs, 1);
    t->numel = numel;
    t->storage = storage;
    t->node = NULL;
    t->dense = dense;
    t->is_view = false;
    t->view_version = storage->version;
    return t;
}

lks_tensor *lks_tensor_from_storage(lks_storage *storage, const lks_view *view)
{
    lks_tensor *t = create_on(lks_storage_ref(storage), lks_view_count(view),
                              lks_view_is_dense(view));

    if (t)
        t->view = *view;
    return t;
}

lks_tensor *lks_tensor_create(const lks_shape *shape, lks_dtype dtype, lks_device device)
{
    int64_t numel;
    size_t size_bytes;
    lks_storage *storage;
    lks_tensor *t;
    char text[LKS_SHAPE_TEXT];

    if (lks_shape_numel(shape, &numel) != LKS_OK)
        return NULL;
    if (__builtin_mul_overflow((size_t)numel, lks_dtype_size_bytes(dtype), &size_bytes)) {
        lks_fail(LKS_NOMEM, "a %s tensor of shape %s does not fit in memory",
                 lks_dtype_name(dtype), lks_shape_text(shape, text, sizeof text));
        return NULL;
    }
    if (!(storage = lks_storage_create(device, size_bytes)))
        return NULL;
    if ((t = create_on(storage, numel, true)))
        set_dense(&t->view, device, storage->data, dtype, shape);
    return t;
}

lks_tensor *lks_tensor_alias(const lks_tensor *t, const lks_view *view)
{
    return lks_tensor_from_storage(t->storage, view);
}

lks_tensor *lks_ref(lks_tensor *t)
{
    if (t)
        atomic_fetch_add_explicit(&t->n_refs, 1, memory_order_relaxed);
    return t;
}

void lks_unref(lks_tensor *t)
{
    if (!t || !lks_is_last_ref(&t->n_refs))
        return;
    if (t->node) {
        lks_node_forget_tensor(t->node, t);
        lks_node_unref(t->node);
    }
    lks_storage_unref(t->storage);
    lks_small_free(t, sizeof *t);
}

lks_shape lks_sizes(const lks_tensor *t)
{
    return t ? lks_view_shape(&t->view) : LKS_SCALAR;
}

int lks_ndim(const lks_tensor *t)
{
    return t ? t->view.ndim : 0;
}

int64_t lks_size(const lks_tensor *t, int dim)
{
    int i;

    if (!t || lks_dim_resolve("size", t->view.ndim, dim, &i) != LKS_OK)
        return 0;
    return t->view.sizes[i];
}

int64_t lks_stride(const lks_tensor *t, int dim)
{
    int i;

    if (!t || lks_dim_resolve("stride", t->view.ndim, dim, &i) != LKS_OK)
        return 0;
    return t->view.strides[i];
}

int64_t lks_numel(const lks_tensor *t)
{
    return t ? t->numel : 0;
}

lks_dtype lks_tensor_dtype(const lks_tensor *t)
{
    return t ? t->view.dtype : LKS_F32;
}

lks_device lks_tensor_device(const lks_tensor *t)
{
    return t ? t->storage->device : lks_cpu;
}

bool lks_is_contiguous(const lks_tensor *t)
{
    return t && t->dense;
}

void *lks_data(const lks_tensor *t)
{
    return t ? t->view.data : NULL;
}

bool lks_is_read_only(const lks_tensor *t)
{
    return t && t->storage->read_only;
}

void lks_bump_version(lks_tensor *t)
{
    if (t)
        t->storage->version++;
}

lks_status lks_dim_resolve(const char *op, int ndim, int dim, int *out)
{
    if (dim < -ndim || dim >= ndim)
        return lks_fail(LKS_SHAPE, "%s: no dimension %d in a tensor of %d", op, dim,
                        ndim);
    *out = dim < 0 ? dim + ndim : dim;
    return LKS_OK;
}

lks_status lks_refuse_null(const char *what)
{
    lks_status standing = lks_error_status();

    if (standing != LKS_OK)
        return standing;
    return lks_fail(LKS_INVALID, "%s: given no tensor", what);
}

lks_status lks_check_rng(const char *what, const lks_rng *rng)
{
    return rng ? LKS_OK : lks_fail(LKS_INVALID, "%s: given no rng", what);
}

lks_status lks_dim_wrap(const char *op, int ndim, int dim, int *out)
{
    if (ndim > 0 || (dim != 0 && dim != -1))
        return lks_dim_resolve(op, ndim, dim, out);
    *out = 0;
    return LKS_OK;
}

const char *lks_view_text(const lks_view *view, lks_sizes_text *text)
{
    const lks_shape shape = lks_view_shape(view);
    return lks_shape_text(&shape, text->text, sizeof text->text);
}

lks_status lks_refuse_devices(const lks_tensor *a, const lks_tensor *b, const char *what)
{
    char texts[2][LKS_DEVICE_TEXT];

    return lks_fail(LKS_DEVICE, "%s: one tensor is on %s, another on %s", what,
                    lks_device_text(a->storage->device, texts[0], sizeof texts[0]),
                    lks_device_text(b->storage->device, texts[1], sizeof texts[1]));
}

lks_status lks_refuse_history(const char *what)
{
    return lks_fail(LKS_STATE,
                    "%s: given a view of a tensor that was changed in place since; take "
                    "the view again",
                    what);
}

lks_status lks_check_writable(const lks_tensor *t, const char *what)
{
    if (t->storage->read_only)
        return lks_fail(LKS_STATE,
                        "%s: the tensor's memory may only be read; lks_clone it", what);
    return LKS_OK;
}

static lks_status copy_out(const lks_tensor *t, void *out)
{
    const lks_storage *from = t->storage;

    return from->kernels->copy_out(from->device.index, out, t->view.data,
                                   (size_t)t->numel *
                                       lks_dtype_size_bytes(t->view.dtype));
}

lks_status lks_to_host(const lks_tensor *t, void *out)
{
    const lks_kernels *kernels;
    lks_shape shape;
    lks_view to;
    lks_tensor *dense;
    lks_status st;

    if (!t)
        return lks_refuse_null("to_host");
    kernels = t->storage->kernels;
    shape = lks_sizes(t);
    if (t->dense)
        return copy_out(t, out);
    if (kernels->host_reads) {
        to = lks_view_dense(t->storage->device, out, t->view.dtype, &shape);
        return kernels->copy(&t->view, &to);
    }
    if (!(dense = lks_tensor_create(&shape, t->view.dtype, t->storage->device)))
        return LKS_NOMEM;
    LKS_GO(kernels->copy(&t->view, &dense->view));
    LKS_GO(copy_out(dense, out));
cleanup:
    lks_unref(dense);
    return st;
}

/* An element that was copied to the host, cast to what `to` views, one number. */
static void cast_element(const void *element, lks_dtype dtype, const lks_view *to)
{
    const lks_view from = lks_view_scalar(lks_cpu, (void *)(uintptr_t)element, dtype);

    lks_device_kernels(lks_cpu)->copy(&from, to); /* it takes every dtype */
}

double lks_number_of(const void *element, lks_dtype dtype)
{
    double number = 0;
    const lks_view to = lks_view_scalar(lks_cpu, &number, LKS_F64);

    cast_element(element, dtype, &to);
    return number;
}

/* The element of a tensor of one, cast to what `to` views in the host's memory. */
static lks_status item(const lks_tensor *t, const lks_view *to)
{
    _Alignas(8) char element[LKS_MAX_ELEMENT_BYTES];

    if (!t)
        return lks_refuse_null("item");
    if (t->numel != 1)
        return lks_fail(LKS_SHAPE, "item: the tensor has %lld elements, not one",
                        (long long)t->numel);
    LKS_TRY(copy_out(t, element));
    cast_element(element, t->view.dtype, to);
    return LKS_OK;
}

lks_status lks_item(const lks_tensor *t, double *out)
{
    const lks_view to = lks_view_scalar(lks_cpu, out, LKS_F64);

    return item(t, &to);
}

lks_status lks_item_i64(const lks_tensor *t, int64_t *out)
{
    const lks_view to = lks_view_scalar(lks_cpu, out, LKS_I64);

    return item(t, &to);
}
