/* Tensors from nothing, from numbers and from the caller's memory. */
#include "base/alloc.h"
#include "tensor/normal.h"
#include "tensor/tensor_impl.h"

lks_tensor *lks_empty(lks_shape shape, lks_dtype dtype, lks_device device)
{
    return lks_scope_own(lks_tensor_create(&shape, dtype, device));
}

lks_tensor *lks_full(lks_shape shape, double value, lks_dtype dtype, lks_device device)
{
    lks_tensor *t = lks_tensor_create(&shape, dtype, device);

    if (t && t->storage->kernels->fill(&t->view, value) != LKS_OK) {
        lks_unref(t);
        return NULL;
    }
    return lks_scope_own(t);
}

lks_tensor *lks_zeros(lks_shape shape, lks_dtype dtype, lks_device device)
{
    return lks_full(shape, 0, dtype, device);
}

lks_tensor *lks_ones(lks_shape shape, lks_dtype dtype, lks_device device)
{
    return lks_full(shape, 1, dtype, device);
}

lks_tensor *lks_tensor_of_host(const void *values, const lks_shape *shape,
                               lks_dtype dtype, lks_device device)
{
    lks_tensor *t = lks_tensor_create(shape, dtype, device);
    const size_t size = lks_dtype_size_bytes(dtype);

    if (t && t->storage->kernels->copy_in(device.index, t->view.data, values,
                                          (size_t)t->numel * size) != LKS_OK) {
        lks_unref(t);
        return NULL;
    }
    return t;
}

/* Writes elements 0 … n - 1, of an f64, an f32 or an i64 tensor, into `out`. */
typedef void (*fill_fn)(const lks_rng *rng, lks_dtype dtype, int64_t n, void *out);

/* A tensor that the host computes. */
static lks_tensor *create_filled(const lks_shape *shape, lks_dtype dtype,
                                 lks_device device, fill_fn fill, const lks_rng *rng)
{
    lks_tensor *t = NULL;
    void *values;
    int64_t n;

    if (lks_shape_numel(shape, &n) != LKS_OK ||
        !(values = lks_calloc((size_t)n, lks_dtype_size_bytes(dtype))))
        return NULL;
    fill(rng, dtype, n, values);
    t = lks_tensor_of_host(values, shape, dtype, device);
    lks_free(values);
    return t;
}

lks_tensor *lks_tensor_recast(lks_tensor *t, lks_dtype dtype)
{
    lks_shape shape;
    lks_tensor *cast;

    if (!t || t->view.dtype == dtype)
        return t;
    shape = lks_sizes(t);
    cast = lks_tensor_create(&shape, dtype, t->storage->device);
    if (cast && t->storage->kernels->copy(&t->view, &cast->view) != LKS_OK) {
        lks_unref(cast);
        cast = NULL;
    }
    lks_unref(t);
    return cast;
}

static void fill_counting(const lks_rng *rng, lks_dtype dtype, int64_t n, void *out)
{
    (void)rng, (void)dtype;
    for (int64_t i = 0; i < n; i++)
        ((int64_t *)out)[i] = i;
}

lks_tensor *lks_arange(int64_t n, lks_dtype dtype, lks_device device)
{
    const lks_shape shape = LKS_SHAPE_OF(n);
    lks_tensor *t = create_filled(&shape, LKS_I64, device, fill_counting, NULL);

    return lks_scope_own(lks_tensor_recast(t, dtype));
}

lks_tensor *lks_from_data(lks_shape shape, lks_dtype dtype, const void *values,
                          lks_device device)
{
    int64_t n;

    if (!values && lks_shape_numel(&shape, &n) == LKS_OK && n > 0) {
        lks_fail(LKS_INVALID, "from_data: given no values");
        return NULL;
    }
    return lks_scope_own(lks_tensor_of_host(values, &shape, dtype, device));
}

lks_tensor *lks_from_blob(lks_shape shape, lks_dtype dtype, void *data, lks_device device)
{
    int64_t numel;
    lks_storage *storage;
    lks_view view;
    lks_tensor *t;

    if (lks_shape_numel(&shape, &numel) != LKS_OK)
        return NULL;
    if (!data && numel > 0) {
        lks_fail(LKS_INVALID, "from_blob: given no memory");
        return NULL;
    }
    storage = lks_storage_wrap(device, data, (size_t)numel * lks_dtype_size_bytes(dtype));
    if (!storage)
        return NULL;
    view = lks_view_dense(device, data, dtype, &shape);
    t = lks_tensor_from_storage(storage, &view);
    lks_storage_unref(storage);
    return lks_scope_own(t);
}

/* f64 is drawn as such, every other float from f32. */
static lks_tensor *create_random(const char *what, const lks_shape *shape,
                                 lks_dtype dtype, lks_device device, fill_fn fill,
                                 const lks_rng *rng)
{
    const lks_dtype drawn = dtype == LKS_F64 ? LKS_F64 : LKS_F32;

    if (!lks_dtype_is_float(dtype)) {
        lks_fail(LKS_DTYPE, "%s: %s is no floating-point dtype", what,
                 lks_dtype_name(dtype));
        return NULL;
    }
    if (lks_check_rng(what, rng) != LKS_OK)
        return NULL;
    return lks_scope_own(
        lks_tensor_recast(create_filled(shape, drawn, device, fill, rng), dtype));
}

static void fill_uniform(const lks_rng *rng, lks_dtype dtype, int64_t n, void *out)
{
    if (dtype == LKS_F64)
        lks_rng_uniform_f64(rng, 0, (size_t)n, out);
    else
        lks_rng_uniform_f32(rng, 0, (size_t)n, out);
}

lks_tensor *lks_rand(lks_shape shape, lks_dtype dtype, const lks_rng *rng,
                     lks_device device)
{
    return create_random("rand", &shape, dtype, device, fill_uniform, rng);
}

static void fill_normal(const lks_rng *rng, lks_dtype dtype, int64_t n, void *out)
{
    for (int64_t i = 0; i < n; i++) {
        const double value = lks_normal_at(rng, (uint64_t)i);

        if (dtype == LKS_F64)
            ((double *)out)[i] = value;
        else
            ((float *)out)[i] = (float)value;
    }
}

lks_tensor *lks_randn(lks_shape shape, lks_dtype dtype, const lks_rng *rng,
                      lks_device device)
{
    return create_random("randn", &shape, dtype, device, fill_normal, rng);
}
