/* NVIDIA GPUs as devices: what the rest of the core knows of them. */
#ifndef LKS_CUDA_CUDA_H
#define LKS_CUDA_CUDA_H

#include "kernels.h"

/* The table; its count() is 0 where there is no GPU, or no driver. */
const lks_kernels *lks_cuda_kernels(void);

/* The calling thread's queue on a device as a cudaStream_t, for a communicator that puts
 * work between its kernels; NULL: the error is recorded. */
void *lks_cuda_stream(int index);

/* From now on the calling thread's kernels on a device go to another stream of that
 * device, and so lks_cuda_stream says; NULL: to its own again. The caller orders the two
 * streams by events, takes no marks in between, and frees nothing that either one still
 * uses. */
lks_status lks_cuda_divert(int index, void *stream);

#endif
