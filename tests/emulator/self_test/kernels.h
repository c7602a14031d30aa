/* Kernels for the emulator's own tests, as a product would have them. */
#ifndef LKS_TESTS_EMULATOR_KERNELS_H
#define LKS_TESTS_EMULATOR_KERNELS_H

#include <cuda_runtime_api.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* *out += the sum of x[n]: by shared memory, shuffles and one atomicAdd a block. */
cudaError_t run_sum(const float *x, size_t n, float *out, cudaStream_t stream);
/* y[n] += x[n] */
cudaError_t run_add(size_t n, const float *x, float *y, cudaStream_t stream);
/* The same by 16 bytes at a time; n is a multiple of 4. */
cudaError_t run_add4(size_t n, const float *x, float *y, cudaStream_t stream);
/* x[n] = value */
cudaError_t run_fill(size_t n, float value, float *x, cudaStream_t stream);
/* c[m,n] = a[m,k] b[k,n], through tiles that cp.async brings, two at a time. */
cudaError_t run_product(int m, int n, int k, const float *a, const float *b, float *c,
                        cudaStream_t stream);
/* y[n] = x[n] * by, in half or bfloat16. */
cudaError_t run_scale(size_t n, const void *x, float by, void *y, bool is_half,
                      cudaStream_t stream);
/* out[10, 32]: what each lane of a warp gets of each warp function. */
cudaError_t run_warp(int *out, cudaStream_t stream);
/* out[4]: atomicMax, Min, CAS, Exch over 100 threads; votes of the block in out[4, 5, 6].
 */
cudaError_t run_atomics(int *out, cudaStream_t stream);
/* x[0] = the dynamic shared memory's last byte, of that many. */
cudaError_t run_dynamic(int *x, size_t n_bytes, bool raise_limit, cudaStream_t stream);
/* out[n_blocks] = in which order blocks ran. */
cudaError_t run_order(unsigned *counter, unsigned *out, unsigned n_blocks,
                      cudaStream_t stream);
/* That grid and block of a kernel that does nothing. */
cudaError_t run_empty(unsigned grid_x, unsigned grid_y, unsigned block_x,
                      unsigned block_z, cudaStream_t stream);
/* Stores through a pointer, from the host. */
void store_from_the_host(float *x);

/* bugs.cu: one bug each; x is [64] on the device. */
typedef enum {
    BUG_NONE,
    BUG_NO_BARRIER,
    BUG_NO_SYNCWARP,
    BUG_BLOCKS_RACE,
    BUG_WRITES_BEHIND_END,
    BUG_READS_BEHIND_END,
    BUG_DIVERGENT_BARRIER,
    BUG_BARRIERS_OF_TWO_LINES,
    BUG_HALF_WARP_SHUFFLE,
    BUG_UNINITIALISED_SHARED,
    BUG_MISALIGNED,
    BUG_PLAIN_SUM,
    BUG_NO_PIPELINE_WAIT,
    BUG_NO_BARRIER_AFTER_COPY,
    BUG_DYNAMIC_SHARED_BEHIND_END,
    BUG_SHARED_INDEX,
    BUG_WILD_STORE,
    BUG_DEEP_STACK,
    BUG_LATE_READ,
} bug;
cudaError_t run_bug(bug which, unsigned n_blocks, float *x, cudaStream_t stream);
/* The line of bugs.cu that this bug is told at; the other one of a race. */
int line_of_bug(bug which);

#ifdef __cplusplus
}
#endif

#endif
