/* The runtime's own header, and the device side of the language for a C++ compiler of the
 * host: this folder comes before the toolkit's, and .cu files are compiled with -x c++.
 *
 * Kernels are launched by cudaLaunchKernelEx, for <<<>>> is not C++. Dynamic shared
 * memory is the one array extern __shared__ __align__(16) unsigned char dynamic_shared[];
 */
#ifndef LKS_TESTS_EMULATOR_CUDA_RUNTIME_H
#define LKS_TESTS_EMULATOR_CUDA_RUNTIME_H

#ifndef __cplusplus /* C has no device side */
#include_next <cuda_runtime.h>
#else

#ifndef __cplusplus /* C has the host's side only */
#include_next <cuda_runtime.h>
#else

#define cudaLaunchKernelEx cudaLaunchKernelExOfTheToolkit /* ours is at the end */
#include_next <cuda_runtime.h>
#undef cudaLaunchKernelEx

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory> /* before __noinline__, which it spells as an attribute's name */
#include <tuple>
#include <type_traits>
#include <utility>

#undef __noinline__
#undef __launch_bounds__
#undef __maxnreg__
#undef __cluster_dims__
#undef __grid_constant__
#undef __shared__
#undef __constant__
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __maxnreg__(...)
#define __grid_constant__
#define __constant__
/* Static, or extern for the dynamic array, and found by the checker as a segment of its
 * own. A launch runs on one thread, one block after the other. */
#define __shared__ thread_local

/* Of the thread that runs. */
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
static constexpr int warpSize = 32;

namespace emu
{
struct site {
    const char *file;
    int line;
};
/* What threads of a block, or lanes of a warp, meet at has to be the same thing in the
 * same line for all of them. */
enum warp_operation { SYNCWARP, SHUFFLE, VOTE, REDUCTION };

int lane_of_thread();
int barrier(site at, bool vote); /* how many threads voted yes */
/* Wait for the lanes of `mask`: what each brought, by lane. Valid until the next call. */
const uint64_t *meet(warp_operation what, unsigned mask, uint64_t value, site at);
/* Ends the kernel and breaks its device. */
[[noreturn]] void fail(cudaError_t error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* An atomic access, for the checker. */
void note_atomic(const void *address, size_t n_bytes, void *pc);
cudaError_t launch(const cudaLaunchConfig_t *config, const void *kernel,
                   void (*run)(void *), const void *params, size_t n_bytes);
} // namespace emu

#define EMULATED_HERE (emu::site{__FILE__, __LINE__})

#include "emulated/atomics.h"
#include "emulated/maths.h"
#include "emulated/warp.h"

#define __syncthreads()           ((void)emu::barrier(EMULATED_HERE, false))
#define __syncthreads_count(vote) emu::barrier(EMULATED_HERE, (vote) != 0)
#define __syncthreads_or(vote)    ((int)(emu::barrier(EMULATED_HERE, (vote) != 0) > 0))
#define __syncthreads_and(vote)   ((int)(emu::barrier(EMULATED_HERE, (vote) == 0) == 0))

/* Of one thread at a time nothing is reordered: a fence has nothing to do. */
inline void __threadfence()
{
}
inline void __threadfence_block()
{
}
inline void __threadfence_system()
{
}
inline void __nanosleep(unsigned)
{
}
[[noreturn]] inline void __trap()
{
    emu::fail(cudaErrorLaunchFailure, "__trap()");
}
template <class T> inline T __ldg(const T *p)
{
    return *p;
}
template <class T> inline T __ldcg(const T *p)
{
    return *p;
}
template <class T> inline T __ldcs(const T *p)
{
    return *p;
}
template <class T> inline void __stcs(T *p, T value)
{
    *p = value;
}
template <class T> inline void __stcg(T *p, T value)
{
    *p = value;
}

/* As the toolkit has them for its own compiler alone. */
template <class... Params>
inline cudaError_t cudaFuncSetAttribute(void (*kernel)(Params...),
                                        cudaFuncAttribute attribute, int value)
{
    return ::cudaFuncSetAttribute(reinterpret_cast<const void *>(kernel), attribute,
                                  value);
}
template <class... Params>
inline cudaError_t cudaFuncGetAttributes(cudaFuncAttributes *out,
                                         void (*kernel)(Params...))
{
    return ::cudaFuncGetAttributes(out, reinterpret_cast<const void *>(kernel));
}
template <class... Params>
inline cudaError_t
cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *n, void (*kernel)(Params...),
                                              int n_threads, size_t n_bytes)
{
    return ::cudaOccupancyMaxActiveBlocksPerMultiprocessor(
        n, reinterpret_cast<const void *>(kernel), n_threads, n_bytes);
}

/* Each thread calls the kernel with its own copy of the arguments. */
template <class... Params, class... Args>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t *config,
                               void (*kernel)(Params...), Args &&...args)
{
    struct bound {
        void (*kernel)(Params...);
        std::tuple<std::decay_t<Params>...> values;
        static void run(void *self)
        {
            bound *b = static_cast<bound *>(self);

            std::apply(b->kernel, b->values);
        }
    } b{kernel, std::tuple<std::decay_t<Params>...>(
                    static_cast<Params>(std::forward<Args>(args))...)};
    static_assert((std::is_trivially_copyable_v<std::decay_t<Params>> && ...),
                  "a kernel's arguments are copied as bytes");

    return emu::launch(config, reinterpret_cast<const void *>(kernel), bound::run, &b,
                       sizeof b);
}

#endif

#endif

#endif
