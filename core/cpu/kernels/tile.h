/* The inner kernel of convolution: LKS_TILE_ROWS rows of sums at most, as many vectors of
 * each as registers hold at a time.
 *
 *     y[m][p] = first[m][p] + sum over t of w[t][m] * x[offsets[t] + p] */
#ifndef LKS_CPU_KERNELS_TILE_H
#define LKS_CPU_KERNELS_TILE_H

#include "cpu/cpu.h"
#include "cpu/kernels/vector.h"

typedef struct lks_tile {
    int64_t n_rows;  /* of m: 1 … LKS_TILE_ROWS */
    int64_t n_terms; /* of t */
    int64_t n;       /* of p; of x, up to LKS_LANES - 1 more are read */
    const float *w;  /* [n_terms][n_rows] */
    const float *x;
    const int64_t *offsets; /* [n_terms] */
    const float *bias;      /* [n_rows]: first[m][p] is bias[m]; NULL: y[m][p] before */
    float *y;
    int64_t y_stride; /* from one m to the next */
} lks_tile;

void LKS_CPU(tile)(const lks_tile *tile);

LKS_INLINE int64_t lks_at_most(int64_t n, int64_t limit)
{
    return n < limit ? n : limit;
}

/* n rows fall into blocks of at most LKS_TILE_ROWS, as evenly as they can: their number,
 * and the first row of one of them. */
LKS_INLINE int64_t lks_n_row_blocks(int64_t n)
{
    return (n + LKS_TILE_ROWS - 1) / LKS_TILE_ROWS;
}

LKS_INLINE int64_t lks_row_block(int64_t n, int64_t block)
{
    return n * block / lks_n_row_blocks(n);
}

#endif
