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
    int device_index; /* whose threads share it */
    lks_factor a, b;
    int64_t n_terms;
    float *c; /* [a.n][b.n] */
    int64_t c_stride_a, c_stride_b;
    const float *bias; /* [a.n][b.n], one of its strides 0; or NULL */
    int64_t bias_stride_a, bias_stride_b;
    bool accumulate; /* c counts too */
} lks_product;

enum {
    LKS_PRODUCT_DEPTH = 1024,   /* terms in a block: reference/gemm_of.h */
    LKS_PRODUCT_CHUNK = 256,    /* and in a chunk */
    LKS_PRODUCT_BLOCK = 262144, /* f32: a few second caches, or a part of a third */
    /* f32 to work in: a block, one more term of each of its rows, and a last strip of
     * rows that is not full. */
    LKS_PRODUCT_SCRATCH = 2 * LKS_PRODUCT_BLOCK + 16 * (LKS_PRODUCT_DEPTH + 1),
};

void LKS_CPU(product)(const lks_product *product, float *scratch);

/* product_few.c: a of a few rows, the terms of both factors side by side. */
bool LKS_CPU(product_is_few)(const lks_product *product);
void LKS_CPU(product_few)(const lks_product *product);

#endif
