/* Rows times a matrix that stays, packed once for many products: f32, in the order of
 * reference/gemm_of.h, the state of a recurrent layer times its weights. */
#ifndef LKS_CPU_KERNELS_PACKED_H
#define LKS_CPU_KERNELS_PACKED_H

#include "cpu/cpu.h"
#include "cpu/kernels/product.h"
#include "cpu/kernels/vector.h"

enum {
    LKS_PACKED_WIDTH = LKS_TILE_VECTORS * LKS_LANES,
    LKS_PACKED_STRIP = LKS_LANES < 8 ? 8 : LKS_LANES, /* what transposes can fill */
};

/* Strips of columns fall into blocks of at most WIDTH columns, as evenly as they can; the
 * last strip is filled up with zeros.
 *
 *     block[t][j] = w[t][first + j] */
typedef struct lks_packed {
    int64_t n_terms, n_columns;
    float *data; /* [lks_packed_size] */
} lks_packed;

LKS_INLINE int64_t lks_packed_strips(int64_t n_columns)
{
    return (n_columns + LKS_PACKED_STRIP - 1) / LKS_PACKED_STRIP;
}

LKS_INLINE int64_t lks_packed_size(int64_t n_terms, int64_t n_columns)
{
    return n_terms * lks_packed_strips(n_columns) * LKS_PACKED_STRIP;
}

LKS_INLINE int64_t lks_packed_blocks(int64_t n_columns)
{
    return (lks_packed_strips(n_columns) * LKS_PACKED_STRIP + LKS_PACKED_WIDTH - 1) /
           LKS_PACKED_WIDTH;
}

/* The first column of a block, or where the last one with its zeros ends. */
LKS_INLINE int64_t lks_packed_block(int64_t n_columns, int64_t block)
{
    return lks_packed_strips(n_columns) * block / lks_packed_blocks(n_columns) *
           LKS_PACKED_STRIP;
}

/* w[t][j] stands at from[t * term_stride + j * stride], one of them 1. */
void LKS_CPU(pack)(const float *from, int64_t term_stride, int64_t stride, int64_t block,
                   const lks_packed *out);

/* sums[r][j] of terms [first, first + n_terms), a block of them at most, of rows at `a`;
 * sums [n_rows][WIDTH]. */
void LKS_CPU(packed_sums)(const lks_packed *w, int64_t block, int64_t first,
                          int64_t n_terms, const float *a, int64_t a_stride,
                          int64_t n_rows, float *sums);

#endif
