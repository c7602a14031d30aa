#include "share/dlpack.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "tensor/tensor_impl.h"

static const struct {
    lks_dtype dtype;
    uint8_t code, bits;
} types[] = {
    {LKS_F32, LKS_DLPACK_FLOAT, 32},   {LKS_F64, LKS_DLPACK_FLOAT, 64},
    {LKS_I64, LKS_DLPACK_INT, 64},     {LKS_I32, LKS_DLPACK_INT, 32},
    {LKS_I16, LKS_DLPACK_INT, 16},     {LKS_U8, LKS_DLPACK_UINT, 8},
    {LKS_BOOL, LKS_DLPACK_BOOL, 8},    {LKS_F16, LKS_DLPACK_FLOAT, 16},
    {LKS_BF16, LKS_DLPACK_BFLOAT, 16},
};
enum { N_TYPES = sizeof types / sizeof *types };
_Static_assert((int)N_TYPES == (int)LKS_N_DTYPES, "every dtype has its DLPack type");

/* ---- out ---- */

/* What is handed out: the struct, and what it points to. */
typedef struct handed_out {
    union {
        lks_dlpack versioned;
        lks_dlpack_unversioned unversioned;
    } managed; /* first, so that deleters find the rest */
    lks_storage *storage;
    int64_t shape[LKS_MAX_DIMS], strides[LKS_MAX_DIMS];
} handed_out;

static void take_back(handed_out *h)
{
    lks_storage_unref(h->storage);
    lks_free(h);
}

static void delete_versioned(lks_dlpack *self)
{
    take_back(self->manager_ctx);
}

static void delete_unversioned(lks_dlpack_unversioned *self)
{
    take_back(self->manager_ctx);
}

/* All CPUs, the reference among them, are one device to others. */
static lks_status device_out(const lks_storage *storage, lks_dlpack_array *out)
{
    char text[LKS_DEVICE_TEXT];

    out->device.id = 0;
    if (storage->kernels->host_reads) {
        out->device.type = LKS_DLPACK_CPU;
        return LKS_OK;
    }
    if (storage->device.type != LKS_CUDA)
        return lks_fail(LKS_DEVICE, "to_dlpack: DLPack does not know the device %s",
                        lks_device_text(storage->device, text, sizeof text));
    out->device.type = LKS_DLPACK_CUDA;
    out->device.id = storage->device.index;
    return storage->kernels->finish(storage->device.index);
}

static lks_status check_out(const lks_tensor *t)
{
    if (!t)
        return lks_refuse_null("to_dlpack");
    if (t->node)
        return lks_fail(LKS_STATE, "to_dlpack: the tensor requires a gradient, which "
                                   "others would not know of; lks_detach it");
    return LKS_OK;
}

static void fill(handed_out *h, const lks_view *view, lks_dlpack_array *out)
{
    out->data = view->data;
    out->ndim = view->ndim;
    for (int i = 0; i < N_TYPES; i++) {
        if (types[i].dtype != view->dtype)
            continue;
        out->dtype.code = types[i].code;
        out->dtype.bits = types[i].bits;
        out->dtype.lanes = 1;
    }
    memcpy(h->shape, view->sizes, sizeof h->shape);
    memcpy(h->strides, view->strides, sizeof h->strides);
    out->shape = h->shape;
    out->strides = h->strides;
    out->byte_offset = 0;
}

static lks_status hand_out(const lks_tensor *t, handed_out **out, lks_dlpack_array *array)
{
    handed_out *h;

    LKS_TRY(device_out(t->storage, array));
    if (!(h = lks_calloc(1, sizeof *h)))
        return LKS_NOMEM;
    fill(h, &t->view, array);
    h->storage = lks_storage_ref(t->storage);
    *out = h;
    return LKS_OK;
}

lks_status lks_to_dlpack(const lks_tensor *t, lks_dlpack **out)
{
    lks_dlpack_array array = {0};
    handed_out *h = NULL;

    LKS_TRY(check_out(t));
    LKS_TRY(hand_out(t, &h, &array));
    h->managed.versioned = (lks_dlpack){
        .version = {LKS_DLPACK_MAJOR, LKS_DLPACK_MINOR},
        .manager_ctx = h,
        .deleter = delete_versioned,
        .flags = t->storage->read_only ? LKS_DLPACK_READ_ONLY : 0,
        .array = array,
    };
    *out = &h->managed.versioned;
    return LKS_OK;
}

lks_status lks_to_dlpack_unversioned(const lks_tensor *t, lks_dlpack_unversioned **out)
{
    lks_dlpack_array array = {0};
    handed_out *h = NULL;

    LKS_TRY(check_out(t));
    LKS_TRY(lks_check_writable(t, "to_dlpack_unversioned"));
    LKS_TRY(hand_out(t, &h, &array));
    h->managed.unversioned = (lks_dlpack_unversioned){
        .array = array,
        .manager_ctx = h,
        .deleter = delete_unversioned,
    };
    *out = &h->managed.unversioned;
    return LKS_OK;
}

/* ---- in ---- */

static lks_status device_in(const lks_dlpack_array *array, lks_device *out)
{
    const int n_cuda = lks_device_count(LKS_CUDA);

    *out = lks_cpu;
    if (array->device.type == LKS_DLPACK_CPU)
        return LKS_OK;
    if (array->device.type != LKS_DLPACK_CUDA)
        return lks_fail(LKS_DEVICE,
                        "from_dlpack: memory of device type %d; of a CPU (1) and of CUDA "
                        "(2) can be used",
                        array->device.type);
    if (array->device.id < 0 || array->device.id >= n_cuda)
        return lks_fail(LKS_DEVICE, "from_dlpack: memory of CUDA device %d; there are %d",
                        array->device.id, n_cuda);
    *out = (lks_device){LKS_CUDA, array->device.id};
    return LKS_OK;
}

static lks_status dtype_in(const lks_dlpack_array *array, lks_dtype *out)
{
    if (array->dtype.lanes != 1)
        return lks_fail(LKS_DTYPE, "from_dlpack: elements of %d lanes; of 1 can be used",
                        array->dtype.lanes);
    for (int i = 0; i < N_TYPES; i++) {
        if (types[i].code == array->dtype.code && types[i].bits == array->dtype.bits) {
            *out = types[i].dtype;
            return LKS_OK;
        }
    }
    return lks_fail(LKS_DTYPE, "from_dlpack: no dtype for elements of code %d, %d bits",
                    array->dtype.code, array->dtype.bits);
}

static lks_status shape_in(const lks_dlpack_array *array, lks_shape *out, int64_t *numel)
{
    if (array->ndim < 0 || array->ndim > LKS_MAX_DIMS)
        return lks_fail(LKS_SHAPE, "from_dlpack: %d dimensions; 0 to %d are allowed",
                        array->ndim, LKS_MAX_DIMS);
    if (array->ndim > 0 && !array->shape)
        return lks_fail(LKS_INVALID, "from_dlpack: %d dimensions without a shape",
                        array->ndim);
    *out = (lks_shape){.ndim = array->ndim};
    for (int d = 0; d < array->ndim; d++)
        out->sizes[d] = array->shape[d];
    return lks_shape_numel(out, numel);
}

static lks_status data_in(const lks_dlpack_array *array, int64_t numel, lks_view *view)
{
    const uintptr_t at = (uintptr_t)array->data + array->byte_offset;

    if (!array->data && numel > 0)
        return lks_fail(LKS_INVALID, "from_dlpack: %lld elements without memory",
                        (long long)numel);
    if (numel > 0 && at % lks_dtype_size_bytes(view->dtype) != 0)
        return lks_fail(LKS_INVALID,
                        "from_dlpack: the memory is not aligned to elements of %s",
                        lks_dtype_name(view->dtype));
    view->data = (void *)at;
    return LKS_OK;
}

/* The elements from the lowest address to the highest, counted from the first. */
static lks_status extent(const lks_view *view, int64_t *lowest, int64_t *highest)
{
    *lowest = *highest = 0;
    for (int d = 0; d < view->ndim; d++) {
        int64_t *end = view->strides[d] < 0 ? lowest : highest, span, bytes;

        if (__builtin_mul_overflow(view->sizes[d] - 1, view->strides[d], &span) ||
            __builtin_add_overflow(*end, span, end) ||
            __builtin_mul_overflow(*end, (int64_t)LKS_MAX_ELEMENT_BYTES * 2, &bytes))
            return lks_fail(LKS_SHAPE, "from_dlpack: the strides overflow");
    }
    return LKS_OK;
}

static lks_status view_in(const lks_dlpack_array *array, lks_view *out)
{
    lks_device device;
    lks_dtype dtype = LKS_F32;
    lks_shape shape;
    int64_t numel;

    LKS_TRY(device_in(array, &device));
    LKS_TRY(dtype_in(array, &dtype));
    LKS_TRY(shape_in(array, &shape, &numel));
    *out = lks_view_dense(device, NULL, dtype, &shape);
    if (array->strides && numel > 0) /* those of no elements say nothing */
        for (int d = 0; d < array->ndim; d++)
            out->strides[d] = array->strides[d];
    return data_in(array, numel, out);
}

/* A tensor of the array; `managed` is its storage's owner if this does not fail. */
static lks_tensor *take_in(const lks_dlpack_array *array, bool read_only,
                           void (*release)(void *managed), void *managed)
{
    int64_t lowest = 0, highest = -1;
    lks_view view;
    size_t width;
    lks_storage *storage;
    lks_tensor *t;

    if (view_in(array, &view) != LKS_OK ||
        (lks_view_count(&view) > 0 && extent(&view, &lowest, &highest) != LKS_OK))
        return NULL;
    width = lks_dtype_size_bytes(view.dtype);
    storage = lks_storage_adopt(view.device, (char *)view.data + lowest * (int64_t)width,
                                (size_t)(highest - lowest + 1) * width, NULL, NULL);
    if (!storage)
        return NULL;
    storage->read_only = read_only;
    t = lks_scope_own(lks_tensor_from_storage(storage, &view));
    if (t) { /* only now: what fails leaves it to the caller */
        storage->release = release;
        storage->owner = managed;
    }
    lks_storage_unref(storage);
    return t;
}

/* What was queued on another's memory is done before it goes. */
static void finish(const lks_dlpack_array *array)
{
    if (array->device.type == LKS_DLPACK_CUDA)
        lks_device_kernels((lks_device){LKS_CUDA, array->device.id})
            ->finish(array->device.id);
}

static void release_versioned(void *managed)
{
    lks_dlpack *self = managed;

    finish(&self->array);
    if (self->deleter)
        self->deleter(self);
}

static void release_unversioned(void *managed)
{
    lks_dlpack_unversioned *self = managed;

    finish(&self->array);
    if (self->deleter)
        self->deleter(self);
}

lks_tensor *lks_from_dlpack(lks_dlpack *managed)
{
    if (!managed) {
        lks_refuse_null("from_dlpack");
        return NULL;
    }
    if (managed->version.major != LKS_DLPACK_MAJOR) {
        lks_fail(LKS_INVALID, "from_dlpack: DLPack %u.%u; known is version 1",
                 managed->version.major, managed->version.minor);
        return NULL;
    }
    return take_in(&managed->array, managed->flags & LKS_DLPACK_READ_ONLY,
                   release_versioned, managed);
}

lks_tensor *lks_from_dlpack_unversioned(lks_dlpack_unversioned *managed)
{
    if (!managed) {
        lks_refuse_null("from_dlpack");
        return NULL;
    }
    return take_in(&managed->array, false, release_unversioned, managed);
}
