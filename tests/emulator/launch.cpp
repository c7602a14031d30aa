/* Launching: what a device would refuse, then the kernel at its turn in the stream. */
#include "kernel.h"

#include <cuda_runtime.h>

using namespace emu;

static int dynamic_limit_of(const void *kernel)
{
    const auto found = the().dynamic_limit.find(kernel);

    return found == the().dynamic_limit.end() ? 48 << 10 : found->second;
}

static bool attributes_are_known(const cudaLaunchConfig_t &c)
{
    for (unsigned i = 0; i < c.numAttrs; i++)
        if (c.attrs[i].id != cudaLaunchAttributePriority &&
            c.attrs[i].id != cudaLaunchAttributeProgrammaticStreamSerialization)
            return false;
    return true;
}

static cudaError_t refuse(call &call, const cudaLaunchConfig_t &c, const void *kernel,
                          const stream *s)
{
    const std::string name = name_of_function(kernel);
    const dim3 g = c.gridDim, b = c.blockDim;
    const uint64_t n_threads = static_cast<uint64_t>(b.x) * b.y * b.z;
    const size_t limit = static_cast<size_t>(dynamic_limit_of(kernel));

    if (!s)
        return call.refuses(cudaErrorInvalidResourceHandle, "%s: there is no such stream",
                            name.c_str());
    if (s->device != self().device)
        return call.refuses(cudaErrorInvalidResourceHandle,
                            "%s: a stream of device %d, but the current one is %d",
                            name.c_str(), s->device, self().device);
    if (n_threads == 0 || n_threads > 1024 || b.z > 64 || g.x == 0 || g.x > 0x7fffffff ||
        g.y == 0 || g.y > 65535 || g.z == 0 || g.z > 65535)
        return call.refuses(cudaErrorInvalidConfiguration,
                            "%s: a grid of (%u,%u,%u) blocks of (%u,%u,%u) threads",
                            name.c_str(), g.x, g.y, g.z, b.x, b.y, b.z);
    if (c.dynamicSmemBytes > limit)
        return call.refuses(cudaErrorInvalidValue,
                            "%s: %zu bytes of dynamic shared memory, of which %zu are "
                            "allowed (cudaFuncSetAttribute)",
                            name.c_str(), c.dynamicSmemBytes, limit);
    if (!attributes_are_known(c))
        return call.refuses(cudaErrorNotSupported, "%s: an attribute is not emulated",
                            name.c_str());
    return cudaSuccess;
}

/* The dice of a launch hang on its place alone, not on what else has been thrown. */
static uint64_t seed_of_launch(stream *s)
{
    const uint64_t n = ++s->n_launches;

    if (!the().seed)
        return 0;
    return the().seed * 1000003 + static_cast<uint64_t>(s->device) * 7919 +
           static_cast<uint64_t>(s->number) * 104729 + n * 15485863;
}

namespace emu
{
cudaError_t launch(const cudaLaunchConfig_t *config, const void *kernel,
                   void (*run)(void *), const void *params, size_t n_bytes)
{
    static function &which = function_of("cudaLaunchKernelEx");
    class call call(which, "cudaLaunchKernelEx", A_DEVICE);

    if (call.error != cudaSuccess)
        return call.error;
    stream *s = stream_of(config->stream);
    if (cudaError_t error = refuse(call, *config, kernel, s))
        return error;
    auto plan = std::make_shared<launch_plan>();
    plan->kernel = kernel;
    plan->device = s->device;
    plan->grid = config->gridDim;
    plan->block = config->blockDim;
    plan->dynamic_bytes = config->dynamicSmemBytes;
    plan->run = run;
    plan->params.assign(static_cast<const char *>(params), n_bytes);
    plan->dice_seed = seed_of_launch(s);
    item i = {};
    i.name = the().trace ? name_of_function(kernel) : "cudaLaunchKernelEx";
    i.work = [plan] {
        kernel_run(*plan);
        return DONE;
    };
    return call.ends(push(s, std::move(i)));
}
} // namespace emu

extern "C" {

cudaError_t cudaFuncSetAttribute(const void *kernel, cudaFuncAttribute attribute,
                                 int value)
{
    EMULATED_CALL(A_DEVICE);
    if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout)
        return cudaSuccess;
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize || value < 0 ||
        value > MAX_SHARED)
        return call.refuses(cudaErrorInvalidValue, "%s: attribute %d to be %d",
                            name_of_function(kernel).c_str(), static_cast<int>(attribute),
                            value);
    the().dynamic_limit[kernel] = value;
    return cudaSuccess;
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes *out, const void *kernel)
{
    EMULATED_CALL(A_DEVICE);
    cudaFuncAttributes a = {};

    a.maxThreadsPerBlock = 1024;
    a.numRegs = 32;
    a.binaryVersion = a.ptxVersion = 80;
    a.maxDynamicSharedSizeBytes = dynamic_limit_of(kernel);
    *out = a;
    return cudaSuccess;
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *n, const void *,
                                                          int n_threads, size_t n_bytes)
{
    EMULATED_CALL(A_DEVICE);
    if (n_threads <= 0 || n_threads > 1024)
        return call.ends(cudaErrorInvalidValue);
    *n = 2048 / n_threads;
    if (n_bytes && static_cast<int>((164 << 10) / (n_bytes + 1024)) < *n)
        *n = static_cast<int>((164 << 10) / (n_bytes + 1024));
    return cudaSuccess;
}

} // extern "C"
