/* Samples and targets from NumPy arrays: the way in for data of any other kind. */
#include "data/format.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "io/npy.h"

/* X(dtype, C type, its value as float) */
#define NUMBERS(X)                                                                       \
    X(F32, float, (float)v)                                                              \
    X(F64, double, (float)v)                                                             \
    X(I64, int64_t, (float)v)                                                            \
    X(I32, int32_t, (float)v)                                                            \
    X(I16, int16_t, (float)v)                                                            \
    X(U8, uint8_t, (float)v)                                                             \
    X(BOOL, uint8_t, (float)(v != 0))                                                    \
    X(F16, uint16_t, lks_f16_to_f32(v))

static float value_f32(const lks_npy *array, size_t i)
{
    switch (array->dtype) {
#define VALUE(name, type, as_float)                                                      \
    case LKS_##name: {                                                                   \
        const type v = ((const type *)array->data)[i];                                   \
        return as_float;                                                                 \
    }
        NUMBERS(VALUE)
#undef VALUE
    default:
        return 0; /* lks_npy_read gives no other dtype */
    }
}

static int64_t value_i64(const lks_npy *array, size_t i)
{
    switch (array->dtype) {
    case LKS_I64:
        return ((const int64_t *)array->data)[i];
    case LKS_I32:
        return ((const int32_t *)array->data)[i];
    case LKS_I16:
        return ((const int16_t *)array->data)[i];
    default: /* U8, BOOL */
        return ((const uint8_t *)array->data)[i];
    }
}

/* The first element that float32 has only infinity for, n if there is none. */
static size_t find_beyond_f32(const lks_npy *array, size_t n)
{
    const double *values = array->data;
    size_t i = 0;

    if (array->dtype != LKS_F64)
        return n;
    while (i < n && (isfinite((float)values[i]) || !isfinite(values[i])))
        i++;
    return i;
}

static lks_status to_f32(lks_npy *array, const char *path, size_t n, float *out)
{
    const size_t bad = find_beyond_f32(array, n);

    if (bad < n)
        return lks_fail(LKS_FORMAT, "%s: sample %zu has the value %g, beyond float32",
                        path, bad / (n / (size_t)array->sizes[0]),
                        ((const double *)array->data)[bad]);
    for (size_t i = 0; i < n; i++)
        out[i] = value_f32(array, i);
    return LKS_OK;
}

/* Replace array's data by the same numbers as `dtype`, F32 or I64. */
static lks_status convert(lks_npy *array, const char *path, lks_dtype dtype)
{
    const size_t n = array->size_bytes / lks_dtype_size_bytes(array->dtype);
    void *data;
    lks_status st = LKS_OK;

    if (array->dtype == dtype)
        return LKS_OK;
    if (!(data = lks_calloc(n, lks_dtype_size_bytes(dtype))))
        return LKS_NOMEM;
    if (dtype == LKS_F32)
        LKS_GO(to_f32(array, path, n, data));
    for (size_t i = 0; dtype == LKS_I64 && i < n; i++)
        ((int64_t *)data)[i] = value_i64(array, i);
    lks_free(array->data);
    array->data = data;
    array->dtype = dtype;
    data = NULL;
cleanup:
    lks_free(data);
    return st;
}

static lks_status read_array(const char *path, lks_npy *out)
{
    LKS_TRY(lks_npy_read(path, out));
    if (out->ndim < 1 || out->ndim > 1 + LKS_DATASET_MAX_DIMS)
        return lks_fail(LKS_FORMAT,
                        "%s: the array has %d dimensions; 1 (samples) to %d are allowed",
                        path, out->ndim, 1 + LKS_DATASET_MAX_DIMS);
    return LKS_OK;
}

static lks_status read_inputs(const char *path, lks_samples *out)
{
    lks_npy array = {0};
    lks_status st;

    LKS_GO(read_array(path, &array));
    if (array.dtype != LKS_U8)
        LKS_GO(convert(&array, path, LKS_F32));
    out->n_samples = (uint64_t)array.sizes[0];
    out->input_dtype = array.dtype;
    out->n_dims = array.ndim - 1;
    memcpy(out->sizes, array.sizes + 1, (size_t)out->n_dims * sizeof(int64_t));
    out->inputs = array.data;
    array.data = NULL;
cleanup:
    lks_free(array.data);
    return st;
}

static lks_status read_targets(const char *path, lks_samples *out, uint64_t *n_targets)
{
    lks_npy array = {0};
    lks_status st;

    LKS_GO(read_array(path, &array));
    if (!lks_dtype_is_float(array.dtype) && array.ndim != 1)
        LKS_FAIL(
            LKS_FORMAT,
            "%s: targets of %s are classes and want 1 dimension, not %d (values want "
            "a float dtype)",
            path, lks_dtype_name(array.dtype), array.ndim);
    LKS_GO(convert(&array, path, lks_dtype_is_float(array.dtype) ? LKS_F32 : LKS_I64));
    *n_targets = (uint64_t)array.sizes[0];
    out->target_dtype = array.dtype;
    out->n_target_dims = array.ndim - 1;
    memcpy(out->target_sizes, array.sizes + 1,
           (size_t)out->n_target_dims * sizeof(int64_t));
    out->targets = array.data;
    array.data = NULL;
cleanup:
    lks_free(array.data);
    return st;
}

static lks_status read_npy(const char *const *paths, int n_paths, lks_samples *out)
{
    uint64_t n_targets = 0;

    (void)n_paths;
    LKS_TRY(read_inputs(paths[0], out));
    LKS_TRY(read_targets(paths[1], out, &n_targets));
    if (out->n_samples != n_targets)
        return lks_fail(LKS_FORMAT, "%s holds %llu inputs but %s %llu targets", paths[0],
                        (unsigned long long)out->n_samples, paths[1],
                        (unsigned long long)n_targets);
    out->file_end[1] = n_targets;
    return LKS_OK;
}

const lks_dataset_format lks_dataset_npy = {
    .name = "npy",
    .wants = "2 files, inputs and targets",
    .min_files = 2,
    .max_files = 2,
    .read = read_npy,
};
