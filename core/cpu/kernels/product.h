/* Products of f32 matrices, c[i][j] = sum over t of a[i][t] b[j][t], wherever their
 * numbers lie. The bits of an element are those of reference/gemm_of.h, whichever factor
 * is called a. */
#ifndef LKS_CPU_KERNELS_PRODUCT_H
#define LKS_CPU_KERNELS_PRODUCT_H

#include "cpu/cpu.h"

/* n rows of as many terms as the product has. Strides in elements, any. */
typedef struct lks_factor {
    const float *data;
    int64_t n, stride, term_stride;
} lks_factor;

typedef struct lks_product {
    lks_factor a, b;
    int64_t n_terms;
    float *c; /* [a.n][b.n] */
    int64_t c_stride_a, c_stride_b;
    const float *bias; /* [a.n][b.n], one of its strides 0; or NULL */
    int64_t bias_stride_a, bias_stride_b;
    bool accumulate; /* c counts too */
} lks_product;

/* f32 numbers that a product of these sizes needs to work in. */
int64_t LKS_CPU(product_scratch)(const lks_product *product);
void LKS_CPU(product)(const lks_product *product, float *scratch);

#endif
