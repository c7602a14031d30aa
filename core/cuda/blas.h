/* Products by cuBLAS, for `numerics: fast`: f32 by way of TF32, so neither the
 * reference's bits nor always the same ones. Its library is opened when it is first asked
 * for. */
#ifndef LKS_CUDA_BLAS_H
#define LKS_CUDA_BLAS_H

#include "cuda/queue.h"

/* The table's `fast`. */
lks_status lks_cuda_fast(int index, bool fast);

bool lks_cuda_is_fast(int index);

/* c = a b (+ c if accumulate), as in kernels.h, if cuBLAS takes these views: f32, a
 * matrix's elements side by side along one of its dimensions. *done: it did. */
lks_status lks_cuda_blas_gemm(lks_cuda_queue *q, const lks_view *a, const lks_view *b,
                              bool accumulate, const lks_view *c, bool *done);

#endif
