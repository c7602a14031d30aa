/* A storage: one refcounted block of a device's memory, shared by the tensors that view
 * it. */
#ifndef LKS_TENSOR_STORAGE_H
#define LKS_TENSOR_STORAGE_H

#include <stdatomic.h>

#include "device.h"
#include "kernels.h"

typedef struct lks_storage {
    atomic_int n_refs;
    lks_device device;
    const lks_kernels *kernels;
    void *data;
    size_t size_bytes;
    bool owned;     /* else another's memory: lks_from_blob, lks_storage_adopt */
    bool read_only; /* in-place operations refuse it */
    /* Of another's memory, called with its owner when the last reference goes; NULL: the
     * owner sees to it that it lasts. */
    void (*release)(void *owner);
    void *owner;
    /* Counts in-place changes through any view; what was saved for backward remembers the
     * count. */
    uint32_t version;
    /* The version after the latest in-place change that was recorded in a graph, 0 if
     * none: views taken before it have a history that is no longer true. */
    uint32_t recorded_version;
} lks_storage;

/* Give a reference back: whether it was the last. That of a sole holder is told by looking,
 * as nobody is there to take or give one meanwhile; it is the common case, and a fifth of
 * the cost. */
static inline bool lks_is_last_ref(atomic_int *n_refs)
{
    return atomic_load_explicit(n_refs, memory_order_acquire) == 1 ||
           atomic_fetch_sub_explicit(n_refs, 1, memory_order_acq_rel) == 1;
}

/* A new block; NULL with the failure recorded. */
lks_storage *lks_storage_create(lks_device device, size_t size_bytes);
/* Around the caller's memory. */
lks_storage *lks_storage_wrap(lks_device device, void *data, size_t size_bytes);
/* Around memory whose owner is told, by any thread, when it is no longer needed; not if
 * this fails. */
lks_storage *lks_storage_adopt(lks_device device, void *data, size_t size_bytes,
                               void (*release)(void *owner), void *owner);

lks_storage *lks_storage_ref(lks_storage *storage);
void lks_storage_unref(lks_storage *storage); /* NULL is fine */

#endif
