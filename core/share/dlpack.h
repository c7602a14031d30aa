/* DLPack: arrays that libraries hand each other without a copy. NumPy, PyTorch, JAX and
 * CuPy speak it; in Python such a struct travels in a capsule called "dltensor_versioned"
 * or, the older one, "dltensor".
 *
 * The structs are DLPack's own under other names, so that they go together with its
 * header: cast a lks_dlpack * to DLManagedTensorVersioned * and the reverse, a
 * lks_dlpack_unversioned * to DLManagedTensor *.
 * source: https://dmlc.github.io/dlpack/latest/c_api.html, versions 0.8 and 1.0 */
#ifndef LKS_SHARE_DLPACK_H
#define LKS_SHARE_DLPACK_H

#include <stdint.h>

#include "base/status.h"
#include "tensor/tensor.h"

/* DLDeviceType, DLDataTypeCode, flags and the version: those that are known here. */
enum {
    LKS_DLPACK_CPU = 1,
    LKS_DLPACK_CUDA = 2,

    LKS_DLPACK_INT = 0,
    LKS_DLPACK_UINT = 1,
    LKS_DLPACK_FLOAT = 2,
    LKS_DLPACK_BFLOAT = 4,
    LKS_DLPACK_BOOL = 6,

    LKS_DLPACK_READ_ONLY = 1 << 0,

    LKS_DLPACK_MAJOR = 1,
    LKS_DLPACK_MINOR = 0
};

/* DLTensor. */
typedef struct lks_dlpack_array {
    void *data;
    struct {
        int32_t type, id;
    } device;
    int32_t ndim;
    struct {
        uint8_t code, bits;
        uint16_t lanes;
    } dtype;
    int64_t *shape;   /* [ndim] */
    int64_t *strides; /* [ndim], in elements; NULL: row-major without gaps */
    uint64_t byte_offset;
} lks_dlpack_array;

/* DLManagedTensorVersioned. Whoever has one calls its deleter once, when it no longer
 * needs the memory. */
typedef struct lks_dlpack {
    struct {
        uint32_t major, minor;
    } version;
    void *manager_ctx;
    void (*deleter)(struct lks_dlpack *self); /* NULL: there is nothing to do */
    uint64_t flags;
    lks_dlpack_array array;
} lks_dlpack;

/* DLManagedTensor, of before version 1. */
typedef struct lks_dlpack_unversioned {
    lks_dlpack_array array;
    void *manager_ctx;
    void (*deleter)(struct lks_dlpack_unversioned *self);
} lks_dlpack_unversioned;

/* t's memory for another library: *out is the caller's, to hand on, and keeps the memory
 * until its deleter is called, by any thread. Work that this thread queued on t's device
 * is finished then. Who writes into it calls lks_bump_version.
 *   errors   LKS_STATE: t requires a gradient (lks_detach it), or may only be read, which
 *            the older struct cannot say; LKS_DEVICE: a device that DLPack does not know;
 *            LKS_NOMEM */
lks_status lks_to_dlpack(const lks_tensor *t, lks_dlpack **out);
lks_status lks_to_dlpack_unversioned(const lks_tensor *t, lks_dlpack_unversioned **out);

/* Another library's memory as a tensor, which calls the deleter when the last of it goes.
 * On failure NULL, and `managed` stays the caller's. What the other queued on a GPU has
 * been finished. A flag for reading only is kept: in-place operations refuse the tensor.
 *   errors   LKS_INVALID: another major version, a pointer that is missing or not aligned;
 *            LKS_DTYPE: a type that we lack, several lanes; LKS_DEVICE: neither a CPU nor
 *            a CUDA device that is here; LKS_SHAPE: too many dimensions, a negative size,
 *            an overflow */
lks_tensor *lks_from_dlpack(lks_dlpack *managed);
lks_tensor *lks_from_dlpack_unversioned(lks_dlpack_unversioned *managed);

#endif
