/* The runtime's functions that allocate and free. */
#include "memory.h"
#include "state.h"

#include <algorithm>

using namespace emu;

/* A pool is named by its device. */
static device *device_of_pool(cudaMemPool_t pool)
{
    for (int i = 0; i < the().n_devices; i++)
        if (reinterpret_cast<device *>(pool) == &the().devices[i])
            return &the().devices[i];
    return nullptr;
}

static block *block_that_starts(const void *p)
{
    block *b = block_at(p);

    return b && b->start == p && b->state != BLOCK_FREED ? b : nullptr;
}

/* What is freed in streams that have not come so far may make room. */
static block *allocate(int index, size_t n_bytes, bool pooled)
{
    block *b = memory_allocate(index, n_bytes, pooled);

    if (b || the().n_pending == 0 || !the().captures.empty())
        return b;
    drain_device(index);
    return memory_allocate(index, n_bytes, pooled);
}

extern "C" {

cudaError_t cudaMalloc(void **out, size_t n_bytes)
{
    EMULATED_CALL(NO_CAPTURE);
    block *b = allocate(self().device, n_bytes, false);

    if (!b)
        return call.ends(cudaErrorMemoryAllocation);
    memory_birth(b);
    *out = n_bytes ? b->start : nullptr;
    if (!n_bytes)
        memory_free(b);
    return cudaSuccess;
}

cudaError_t cudaFree(void *p)
{
    EMULATED_CALL(NO_CAPTURE);
    block *b = block_that_starts(p);

    if (!p)
        return cudaSuccess;
    if (!b || b->freeing)
        return call.refuses(cudaErrorInvalidValue, "frees %p, %s%s", p,
                            describe(p).c_str(), b ? ", whose free is queued" : "");
    drain_device(b->device);
    if (b->state == BLOCK_LIVE)
        memory_free(b);
    return call.ends(call.here().sticky);
}

cudaError_t cudaMallocAsync(void **out, size_t n_bytes, cudaStream_t handle)
{
    EMULATED_CALL(A_DEVICE);
    stream *s = stream_of(handle);

    if (!s)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such stream");
    if (s->capture)
        return call.refuses(cudaErrorNotSupported, "not emulated while captured");
    if (!n_bytes) {
        *out = nullptr;
        return cudaSuccess;
    }
    block *b = allocate(s->device, n_bytes, true);
    if (!b)
        return call.ends(cudaErrorMemoryAllocation);
    *out = b->start;
    item birth = make_item(__func__, [=] { memory_birth(b); });
    birth.always = true;
    return call.ends(push(s, std::move(birth)));
}

/* At its turn in the stream, so that what is told to the stream later finds it gone. */
cudaError_t cudaFreeAsync(void *p, cudaStream_t handle)
{
    EMULATED_CALL(A_DEVICE);
    stream *s = stream_of(handle);
    block *b = block_that_starts(p);

    if (!s)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such stream");
    if (!p)
        return cudaSuccess;
    if (!b || b->freeing)
        return call.refuses(cudaErrorInvalidValue, "frees %p, %s%s", p,
                            describe(p).c_str(), b ? ", whose free is queued" : "");
    if (s->capture)
        return call.refuses(cudaErrorNotSupported, "not emulated while captured");
    b->freeing = true;
    item end = make_item(__func__, [=] {
        if (b->state == BLOCK_UNBORN)
            tell("cudaFreeAsync: a stream frees %p before another has allocated it", p);
        memory_free(b);
    });
    end.always = true;
    return call.ends(push(s, std::move(end)));
}

cudaError_t cudaHostAlloc(void **out, size_t n_bytes, unsigned)
{
    EMULATED_CALL(NO_CAPTURE);
    *out = n_bytes ? pinned_allocate(n_bytes) : nullptr;
    return call.ends(*out || !n_bytes ? cudaSuccess : cudaErrorMemoryAllocation);
}

cudaError_t cudaMallocHost(void **out, size_t n_bytes)
{
    EMULATED_CALL(NO_CAPTURE);
    *out = n_bytes ? pinned_allocate(n_bytes) : nullptr;
    return call.ends(*out || !n_bytes ? cudaSuccess : cudaErrorMemoryAllocation);
}

cudaError_t cudaFreeHost(void *p)
{
    EMULATED_CALL(NO_CAPTURE);
    if (p && !pinned_free(p))
        return call.refuses(cudaErrorInvalidValue, "frees %p, %s", p,
                            describe(p).c_str());
    return cudaSuccess;
}

cudaError_t cudaHostGetDevicePointer(void **out, void *p, unsigned)
{
    EMULATED_CALL(A_DEVICE);
    if (!is_pinned(p, 1))
        return call.refuses(cudaErrorInvalidValue, "%p is %s", p, describe(p).c_str());
    *out = p;
    return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes *out, const void *p)
{
    EMULATED_CALL(A_DEVICE);
    const block *b = block_at(p);
    cudaPointerAttributes a = {};

    a.type = cudaMemoryTypeUnregistered;
    if (b && b->state != BLOCK_FREED) {
        a.type = cudaMemoryTypeDevice;
        a.device = b->device;
        a.devicePointer = const_cast<void *>(p);
    } else if (is_pinned(p, 1)) {
        a.type = cudaMemoryTypeHost;
        a.device = self().device;
        a.devicePointer = a.hostPointer = const_cast<void *>(p);
    } else {
        a.hostPointer = const_cast<void *>(p);
    }
    *out = a;
    return cudaSuccess;
}

/* ---- pools ---- */

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t *out, int index)
{
    EMULATED_CALL(NO_DEVICE);
    if (index < 0 || index >= the().n_devices)
        return call.ends(cudaErrorInvalidDevice);
    *out = reinterpret_cast<cudaMemPool_t>(&the().devices[index]);
    return cudaSuccess;
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute,
                                    void *value)
{
    EMULATED_CALL(A_DEVICE);
    device *d = device_of_pool(pool);

    if (!d)
        return call.ends(cudaErrorInvalidValue);
    switch (attribute) {
    case cudaMemPoolAttrReleaseThreshold:
        d->release_threshold = *static_cast<uint64_t *>(value);
        return cudaSuccess;
    case cudaMemPoolAttrReservedMemHigh:
    case cudaMemPoolAttrUsedMemHigh:
        d->peak_bytes = d->live_bytes; /* to reset it is all that may be asked */
        return cudaSuccess;
    case cudaMemPoolReuseFollowEventDependencies:
    case cudaMemPoolReuseAllowOpportunistic:
    case cudaMemPoolReuseAllowInternalDependencies:
        return cudaSuccess;
    default:
        return call.ends(cudaErrorInvalidValue);
    }
}

cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute,
                                    void *value)
{
    EMULATED_CALL(A_DEVICE);
    const device *d = device_of_pool(pool);

    if (!d)
        return call.ends(cudaErrorInvalidValue);
    switch (attribute) {
    case cudaMemPoolAttrReleaseThreshold:
        *static_cast<uint64_t *>(value) = d->release_threshold;
        return cudaSuccess;
    case cudaMemPoolAttrReservedMemCurrent:
    case cudaMemPoolAttrUsedMemCurrent:
        *static_cast<uint64_t *>(value) = d->live_bytes;
        return cudaSuccess;
    case cudaMemPoolAttrReservedMemHigh:
    case cudaMemPoolAttrUsedMemHigh:
        *static_cast<uint64_t *>(value) = d->peak_bytes;
        return cudaSuccess;
    default:
        return call.ends(cudaErrorInvalidValue);
    }
}

cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, size_t)
{
    EMULATED_CALL(A_DEVICE);
    return call.ends(device_of_pool(pool) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaMemPoolSetAccess(cudaMemPool_t pool, const cudaMemAccessDesc *list,
                                 size_t n)
{
    EMULATED_CALL(A_DEVICE);
    const device *owner = device_of_pool(pool);

    if (!owner)
        return call.ends(cudaErrorInvalidValue);
    for (size_t i = 0; i < n; i++) {
        const int index = list[i].location.id;

        if (list[i].location.type != cudaMemLocationTypeDevice || index < 0 ||
            index >= the().n_devices)
            return call.ends(cudaErrorInvalidValue);
        the().devices[index].pool_peer[owner->number] =
            list[i].flags == cudaMemAccessFlagsProtReadWrite;
    }
    return cudaSuccess;
}

} // extern "C"
