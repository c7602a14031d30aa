/* Asynchronous copies into shared memory. What is copied arrives when the thread waits
 * for it, no sooner: until then the place holds 0xff, and counts as not written. */
#ifndef LKS_TESTS_EMULATOR_CUDA_PIPELINE_PRIMITIVES_H
#define LKS_TESTS_EMULATOR_CUDA_PIPELINE_PRIMITIVES_H

#include <cuda_runtime.h>

namespace emu
{
void copy_begins(void *to, const void *from, size_t n_bytes, size_t n_zeros, void *pc);
void copies_committed();
void copies_awaited(size_t n_left); /* all groups but the newest n_left */
} // namespace emu

__attribute__((noinline)) inline void
__pipeline_memcpy_async(void *to, const void *from, size_t n_bytes, size_t n_zeros = 0)
{
    emu::copy_begins(to, from, n_bytes, n_zeros, __builtin_return_address(0));
}
inline void __pipeline_commit()
{
    emu::copies_committed();
}
inline void __pipeline_wait_prior(size_t n_left)
{
    emu::copies_awaited(n_left);
}

#endif
