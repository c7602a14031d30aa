#include "tensor/storage.h"

#include "base/small.h"

lks_storage *lks_storage_wrap(lks_device device, void *data, size_t size_bytes)
{
    const lks_kernels *kernels = lks_device_kernels(device);
    lks_storage *storage;

    if (!kernels) {
        lks_fail(LKS_DEVICE, "no such device: type %d, index %d", (int)device.type,
                 device.index);
        return NULL;
    }
    if (!(storage = lks_small_alloc(sizeof *storage)))
        return NULL;
    *storage = (lks_storage){.n_refs = 1,
                             .device = device,
                             .kernels = kernels,
                             .data = data,
                             .size_bytes = size_bytes};
    return storage;
}

lks_storage *lks_storage_adopt(lks_device device, void *data, size_t size_bytes,
                               void (*release)(void *owner), void *owner)
{
    lks_storage *storage = lks_storage_wrap(device, data, size_bytes);

    if (!storage)
        return NULL;
    storage->release = release;
    storage->owner = owner;
    return storage;
}

lks_storage *lks_storage_create(lks_device device, size_t size_bytes)
{
    lks_storage *storage = lks_storage_wrap(device, NULL, size_bytes ? size_bytes : 1);

    if (!storage)
        return NULL;
    storage->data = storage->kernels->alloc(device.index, storage->size_bytes);
    storage->owned = storage->data != NULL;
    if (!storage->data) {
        lks_storage_unref(storage);
        return NULL;
    }
    return storage;
}

lks_storage *lks_storage_ref(lks_storage *storage)
{
    atomic_fetch_add_explicit(&storage->n_refs, 1, memory_order_relaxed);
    return storage;
}

void lks_storage_unref(lks_storage *storage)
{
    if (!storage || !lks_is_last_ref(&storage->n_refs))
        return;
    if (storage->owned)
        storage->kernels->free(storage->device.index, storage->data, storage->size_bytes);
    else if (storage->release)
        storage->release(storage->owner);
    lks_small_free(storage, sizeof *storage);
}
