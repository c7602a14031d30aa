/* Which GPUs there are, and what they are. */
#include <stdio.h>

#include "cuda/queue.h"

/* The first call of CUDA starts its driver: done once, whatever it says. */
static cudaError_t count_devices(int *n)
{
    const cudaError_t error = cudaGetDeviceCount(n);

    cudaGetLastError();
    if (error != cudaSuccess)
        *n = 0;
    if (*n > LKS_CUDA_MAX_DEVICES)
        *n = LKS_CUDA_MAX_DEVICES;
    return error;
}

int lks_cuda_count(void)
{
    int n;

    count_devices(&n);
    return n;
}

const char *lks_cuda_absence(bool *is_fault)
{
    static _Thread_local char text[256];
    const int needed = CUDART_VERSION;
    int n, driver = 0;
    const cudaError_t error = count_devices(&n);

    cudaDriverGetVersion(&driver);
    *is_fault = error != cudaSuccess && error != cudaErrorNoDevice &&
                (error != cudaErrorInsufficientDriver || driver > 0);
    if (error == cudaSuccess || error == cudaErrorNoDevice)
        return "there is no NVIDIA GPU that this process may use";
    if (error != cudaErrorInsufficientDriver)
        snprintf(text, sizeof text, "CUDA does not start: %s", cudaGetErrorString(error));
    else if (driver == 0)
        return "there is no NVIDIA driver";
    else
        snprintf(text, sizeof text,
                 "the NVIDIA driver is too old: it serves CUDA %d.%d, this Lockstep was "
                 "built with %d.%d",
                 driver / 1000, driver % 1000 / 10, needed / 1000, needed % 1000 / 10);
    return text;
}

/* FNV-1a of its UUID, which parts of a shared GPU have as well. source: Fowler, Noll & Vo
 */
uint64_t lks_cuda_identity(int index)
{
    struct cudaDeviceProp properties;
    uint64_t hash = 0xcbf29ce484222325u;

    if (cudaGetDeviceProperties(&properties, index) != cudaSuccess) {
        cudaGetLastError();
        return 0;
    }
    for (size_t i = 0; i < sizeof properties.uuid.bytes; i++)
        hash = (hash ^ (unsigned char)properties.uuid.bytes[i]) * 0x100000001b3u;
    return hash;
}

lks_status lks_cuda_describe(int index, lks_device_facts *out)
{
    struct cudaDeviceProp properties;
    size_t n_free = 0, total = 0;
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_of(index, &q));
    LKS_CUDA_TRY(index, cudaGetDeviceProperties(&properties, index));
    LKS_CUDA_TRY(index, cudaMemGetInfo(&n_free, &total));
    snprintf(out->model, sizeof out->model, "%.*s", (int)sizeof out->model - 1,
             properties.name);
    out->free_bytes = n_free;
    out->total_bytes = total;
    return LKS_OK;
}
