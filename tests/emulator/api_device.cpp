/* The runtime's functions on devices and errors. */
#include "memory.h"
#include "state.h"

#include <cstring>

using namespace emu;

static bool is_device(int index)
{
    return index >= 0 && index < the().n_devices;
}

extern "C" {

cudaError_t cudaGetDeviceCount(int *count)
{
    EMULATED_CALL(NO_DRIVER);
    *count = the().no_driver ? 0 : the().n_devices;
    if (the().no_driver)
        return call.ends(cudaErrorInsufficientDriver);
    return call.ends(*count ? cudaSuccess : cudaErrorNoDevice);
}

cudaError_t cudaSetDevice(int index)
{
    EMULATED_CALL(NO_DEVICE);
    if (!is_device(index))
        return call.ends(cudaErrorInvalidDevice);
    self().device = index;
    return cudaSuccess;
}

cudaError_t cudaGetDevice(int *index)
{
    EMULATED_CALL(NO_DEVICE);
    *index = self().device;
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int index)
{
    static const struct {
        cudaDeviceAttr attribute;
        int value;
    } known[] = {
        {cudaDevAttrMaxThreadsPerBlock, 1024},
        {cudaDevAttrMaxBlockDimX, 1024},
        {cudaDevAttrMaxBlockDimY, 1024},
        {cudaDevAttrMaxBlockDimZ, 64},
        {cudaDevAttrMaxGridDimX, 0x7fffffff},
        {cudaDevAttrMaxGridDimY, 65535},
        {cudaDevAttrMaxGridDimZ, 65535},
        {cudaDevAttrMaxSharedMemoryPerBlock, 48 << 10},
        {cudaDevAttrMaxSharedMemoryPerBlockOptin, MAX_SHARED},
        {cudaDevAttrMaxSharedMemoryPerMultiprocessor, 164 << 10},
        {cudaDevAttrReservedSharedMemoryPerBlock, 1 << 10},
        {cudaDevAttrTotalConstantMemory, 64 << 10},
        {cudaDevAttrWarpSize, 32},
        {cudaDevAttrMaxRegistersPerBlock, 65536},
        {cudaDevAttrMaxRegistersPerMultiprocessor, 65536},
        {cudaDevAttrMaxThreadsPerMultiProcessor, 2048},
        {cudaDevAttrMaxBlocksPerMultiprocessor, 32},
        {cudaDevAttrMultiProcessorCount, N_MULTIPROCESSORS},
        {cudaDevAttrL2CacheSize, 1 << 20},
        {cudaDevAttrGlobalMemoryBusWidth, 256},
        {cudaDevAttrAsyncEngineCount, 2},
        {cudaDevAttrConcurrentKernels, 1},
        {cudaDevAttrUnifiedAddressing, 1},
        {cudaDevAttrCanMapHostMemory, 1},
        {cudaDevAttrStreamPrioritiesSupported, 1},
        {cudaDevAttrMemoryPoolsSupported, 1},
        {cudaDevAttrComputeCapabilityMajor, 8},
        {cudaDevAttrComputeCapabilityMinor, 0},
    };

    EMULATED_CALL(NO_DEVICE);
    if (!is_device(index))
        return call.ends(cudaErrorInvalidDevice);
    *value = attribute == cudaDevAttrPciDeviceId ? index : 0;
    for (const auto &one : known)
        if (one.attribute == attribute)
            *value = one.value;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *out, int index)
{
    cudaDeviceProp p = {};

    EMULATED_CALL(NO_DEVICE);
    if (!is_device(index))
        return call.ends(cudaErrorInvalidDevice);
    strcpy(p.name, "Emulated GPU");
    p.uuid.bytes[0] = 'E';
    p.uuid.bytes[15] = static_cast<char>(index);
    p.pciDeviceID = index;
    p.totalGlobalMem = the().device_bytes;
    p.sharedMemPerBlock = 48 << 10;
    p.sharedMemPerBlockOptin = MAX_SHARED;
    p.sharedMemPerMultiprocessor = 164 << 10;
    p.reservedSharedMemPerBlock = 1 << 10;
    p.regsPerBlock = p.regsPerMultiprocessor = 65536;
    p.warpSize = 32;
    p.maxThreadsPerBlock = 1024;
    p.maxThreadsPerMultiProcessor = 2048;
    p.maxBlocksPerMultiProcessor = 32;
    p.maxThreadsDim[0] = p.maxThreadsDim[1] = 1024;
    p.maxThreadsDim[2] = 64;
    p.maxGridSize[0] = 0x7fffffff;
    p.maxGridSize[1] = p.maxGridSize[2] = 65535;
    p.totalConstMem = 64 << 10;
    p.major = 8;
    p.multiProcessorCount = N_MULTIPROCESSORS;
    p.l2CacheSize = 1 << 20;
    p.memoryBusWidth = 256;
    p.asyncEngineCount = 2;
    p.concurrentKernels = p.unifiedAddressing = p.canMapHostMemory = 1;
    p.streamPrioritiesSupported = p.memoryPoolsSupported = 1;
    *out = p;
    return cudaSuccess;
}

cudaError_t cudaDeviceGetPCIBusId(char *out, int n_bytes, int index)
{
    EMULATED_CALL(NO_DEVICE);
    if (!is_device(index))
        return call.ends(cudaErrorInvalidDevice);
    snprintf(out, static_cast<size_t>(n_bytes), "0000:%02x:00.0", index + 1);
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *n_free, size_t *n_all)
{
    EMULATED_CALL(A_DEVICE);
    *n_all = the().device_bytes;
    *n_free = *n_all - call.here().live_bytes;
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version)
{
    EMULATED_CALL(NO_DRIVER);
    *version = the().no_driver ? 0 : CUDART_VERSION;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
    EMULATED_CALL(NO_DRIVER);
    *version = CUDART_VERSION;
    return cudaSuccess;
}

cudaError_t cudaDeviceCanAccessPeer(int *can, int index, int peer)
{
    EMULATED_CALL(NO_DEVICE);
    if (!is_device(index) || !is_device(peer))
        return call.ends(cudaErrorInvalidDevice);
    *can = index != peer;
    return cudaSuccess;
}

cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned flags)
{
    EMULATED_CALL(A_DEVICE);
    if (flags)
        return call.ends(cudaErrorInvalidValue);
    if (!is_device(peer) || peer == self().device)
        return call.ends(cudaErrorInvalidDevice);
    if (call.here().peer[peer])
        return call.ends(cudaErrorPeerAccessAlreadyEnabled);
    call.here().peer[peer] = true;
    return cudaSuccess;
}

cudaError_t cudaDeviceDisablePeerAccess(int peer)
{
    EMULATED_CALL(A_DEVICE);
    if (!is_device(peer))
        return call.ends(cudaErrorInvalidDevice);
    if (!call.here().peer[peer])
        return call.ends(cudaErrorPeerAccessNotEnabled);
    call.here().peer[peer] = false;
    return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize(void)
{
    EMULATED_CALL(NO_CAPTURE);
    drain_device(self().device);
    return call.ends(call.here().sticky);
}

cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest)
{
    EMULATED_CALL(NO_DEVICE);
    *least = 0;
    *greatest = -5;
    return cudaSuccess;
}

/* ---- errors ---- */

cudaError_t cudaGetLastError(void)
{
    EMULATED_CALL(NO_DRIVER);
    const cudaError_t last = self().last_error, sticky = call.here().sticky;

    self().last_error = cudaSuccess;
    return sticky != cudaSuccess ? sticky : last;
}

cudaError_t cudaPeekAtLastError(void)
{
    EMULATED_CALL(NO_DRIVER);
    const cudaError_t last = self().last_error, sticky = call.here().sticky;

    return sticky != cudaSuccess ? sticky : last;
}

} // extern "C"
