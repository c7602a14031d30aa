/* The kernels of the CUDA device, lks_cuda_fill and on, as in core/kernels.h. */
#ifndef LKS_CUDA_ENTRIES_H
#define LKS_CUDA_ENTRIES_H

#include "kernels.h"

#define LKS_CUDA_KERNEL(name) LKS_KERNEL_TYPE(name) lks_cuda_##name;
LKS_KERNEL_LIST(LKS_CUDA_KERNEL)

#endif
