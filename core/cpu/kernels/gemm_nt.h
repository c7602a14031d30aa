/* Products of rows with rows, c = x wT (+ bias) (+ c): what a linear layer does forward.
 * A BLAS copies the larger of the two to transpose it; here the smaller is, and the
 * result is turned tile by tile. */
#ifndef LKS_CPU_KERNELS_GEMM_NT_H
#define LKS_CPU_KERNELS_GEMM_NT_H

#include "cpu/cpu.h"

typedef struct lks_gemm_nt {
    int64_t m, n, k;
    const float *x, *w; /* [m][k], [n][k]; rows x_stride and w_stride apart */
    float *c;           /* [m][n]; rows c_stride apart */
    int64_t x_stride, w_stride, c_stride;
    const float *bias; /* [n] or NULL */
    bool accumulate;   /* c counts too */
} lks_gemm_nt;

/* LKS_NOMEM: then c is as before. */
lks_status LKS_CPU(gemm_nt)(const lks_gemm_nt *gemm);

#endif
