/* The inner kernel of products: a tile of LKS_TILE_ROWS rows of one factor, a, by
 * LKS_TILE_VECTORS vectors of rows of the other, b, at most. Each term takes one number
 * of each row of a and each vector of b; the sums are in registers until the end. */
#ifndef LKS_CPU_KERNELS_PRODUCT_SUMS_H
#define LKS_CPU_KERNELS_PRODUCT_SUMS_H

#include "cpu/cpu.h"
#include "cpu/kernels/product.h"
#include "cpu/kernels/vector.h"

/* Strides in elements. */
typedef struct lks_operands {
    int64_t n_terms;
    const float *a, *b;
    bool terms_lie;                  /* side by side in a, rows a_stride apart; if not, */
    int64_t a_stride;                /* rows do, terms a_stride apart */
    int64_t b_stride, b_term_stride; /* vectors apart, terms apart */
    float *out;                      /* [n_rows][n_vectors * LKS_LANES] */
    int64_t out_stride;
    /* Of a single chunk of terms: what is added to the sums, lies as out does and may be
     * that; or NULL. */
    const float *add;
    int64_t add_stride;
    /* Of a single chunk, too: what is asked for meanwhile, strides for each term, into the
     * second cache; or NULL. */
    const float *ahead;
    int64_t ahead_stride;
} lks_operands;

void LKS_CPU(product_sums)(int64_t n_rows, int64_t n_vectors, const lks_operands *o);

#endif
