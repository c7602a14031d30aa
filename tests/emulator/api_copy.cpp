/* The runtime's copies. Pageable memory is read when the copy is told, and written before
 * the call returns; pinned memory when the copy runs, which may be late: whoever uses a
 * pinned buffer again too early sees it. */
#include "memory.h"
#include "state.h"

#include <cstring>

using namespace emu;

enum memory_kind { DEVICE, PINNED, PAGEABLE };

struct copy {
    const char *name;
    void *to;
    const void *from;
    size_t n_bytes;
    cudaMemcpyKind kind;
};

static memory_kind kind_of(const void *p)
{
    return in_arena(p) ? DEVICE : is_pinned(p, 1) ? PINNED : PAGEABLE;
}

static bool direction_fits(const copy &c)
{
    const bool to_device = in_arena(c.to), from_device = in_arena(c.from);

    switch (c.kind) {
    case cudaMemcpyHostToHost:
        return !to_device && !from_device;
    case cudaMemcpyHostToDevice:
        return to_device && !from_device;
    case cudaMemcpyDeviceToHost:
        return !to_device && from_device;
    case cudaMemcpyDeviceToDevice:
        return to_device && from_device;
    default:
        return c.kind == cudaMemcpyDefault;
    }
}

/* Whether the allocation has these bytes. One that is born later in the stream is fine
 * when the copy is told, not when it runs. */
static bool fits(const void *p, size_t n_bytes, bool runs)
{
    const block *b = block_at(p);
    const char *at = static_cast<const char *>(p);

    if (!in_arena(p))
        return true;
    if (runs || !b)
        return has_bytes(b, p, n_bytes);
    return b->state != BLOCK_FREED && at >= b->start && n_bytes <= b->n_bytes &&
           static_cast<size_t>(at - b->start) <= b->n_bytes - n_bytes;
}

static void run_copy(int index, const copy &c, const std::string *staged)
{
    for (const void *p : {static_cast<const void *>(c.to), c.from})
        if (!(p == c.from && staged) && !fits(p, c.n_bytes, true)) {
            fail_device(index, cudaErrorIllegalAddress, "%s of %zu bytes: %p, %s", c.name,
                        c.n_bytes, p, describe(p).c_str());
            return;
        }
    memmove(host_address(c.to), staged ? staged->data() : host_address(c.from),
            c.n_bytes);
}

static cudaError_t start_copy(call &call, const copy &c, cudaStream_t handle, bool waits)
{
    stream *s = stream_of(handle);

    if (!s)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such stream");
    if (c.n_bytes == 0)
        return cudaSuccess;
    if (!direction_fits(c))
        return call.refuses(cudaErrorInvalidValue, "direction %d, but from %s to %s",
                            static_cast<int>(c.kind), describe(c.from).c_str(),
                            describe(c.to).c_str());
    for (const void *p : {static_cast<const void *>(c.to), c.from})
        if (!fits(p, c.n_bytes, false))
            return call.refuses(cudaErrorInvalidValue, "%zu bytes %s", c.n_bytes,
                                describe(p).c_str());
    const int index = s->device;
    const bool stages = kind_of(c.from) == PAGEABLE && in_arena(c.to) && !s->capture;
    std::shared_ptr<std::string> staged;
    if (stages)
        staged =
            std::make_shared<std::string>(static_cast<const char *>(c.from), c.n_bytes);
    const cudaError_t error =
        push(s, make_item(c.name, [=] { run_copy(index, c, staged.get()); }));
    if (error != cudaSuccess || s->capture)
        return call.ends(error);
    if (waits || (kind_of(c.to) == PAGEABLE && in_arena(c.from)))
        drain_stream(s);
    return call.ends(the().devices[index].sticky);
}

static cudaError_t start_fill(call &call, const char *name, void *p, int value,
                              size_t n_bytes, cudaStream_t handle, bool waits)
{
    stream *s = stream_of(handle);

    if (!s)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such stream");
    if (n_bytes == 0)
        return cudaSuccess;
    if (kind_of(p) == PAGEABLE || !fits(p, n_bytes, false))
        return call.refuses(cudaErrorInvalidValue, "%zu bytes %s", n_bytes,
                            describe(p).c_str());
    const int index = s->device;
    const cudaError_t error = push(s, make_item(name, [=] {
                                       if (fits(p, n_bytes, true))
                                           memset(host_address(p), value, n_bytes);
                                       else
                                           fail_device(index, cudaErrorIllegalAddress,
                                                       "%s of %zu bytes: %p, %s", name,
                                                       n_bytes, p, describe(p).c_str());
                                   }));
    if (error == cudaSuccess && waits && !s->capture)
        drain_stream(s);
    return call.ends(error);
}

extern "C" {

cudaError_t cudaMemcpy(void *to, const void *from, size_t n_bytes, cudaMemcpyKind kind)
{
    EMULATED_CALL(NO_CAPTURE);
    return start_copy(call, {__func__, to, from, n_bytes, kind}, nullptr, true);
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t n_bytes,
                            cudaMemcpyKind kind, cudaStream_t stream)
{
    EMULATED_CALL(A_DEVICE);
    return start_copy(call, {__func__, to, from, n_bytes, kind}, stream, false);
}

cudaError_t cudaMemcpyPeerAsync(void *to, int to_device, const void *from,
                                int from_device, size_t n_bytes, cudaStream_t stream)
{
    EMULATED_CALL(A_DEVICE);
    const block *b = block_at(to), *a = block_at(from);

    if (n_bytes && (!a || a->device != from_device || !b || b->device != to_device))
        return call.refuses(cudaErrorInvalidValue,
                            "from device %d, but %s; to device %d, but %s", from_device,
                            describe(from).c_str(), to_device, describe(to).c_str());
    return start_copy(call, {__func__, to, from, n_bytes, cudaMemcpyDeviceToDevice},
                      stream, false);
}

cudaError_t cudaMemset(void *p, int value, size_t n_bytes)
{
    EMULATED_CALL(NO_CAPTURE);
    return start_fill(call, __func__, p, value, n_bytes, nullptr, true);
}

cudaError_t cudaMemsetAsync(void *p, int value, size_t n_bytes, cudaStream_t stream)
{
    EMULATED_CALL(A_DEVICE);
    return start_fill(call, __func__, p, value, n_bytes, stream, false);
}

} // extern "C"
