/* Vectors of f32 in the width of the instruction set at hand, with the compilers' vector
 * extensions: for the few kernels whose registers we want to lay out ourselves. */
#ifndef LKS_CPU_KERNELS_VECTOR_H
#define LKS_CPU_KERNELS_VECTOR_H

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "cpu/kernels/simd.h"
#include "numerics.h"

/* LKS_LANES is a vector's. A tile of LKS_TILE_ROWS rows of LKS_TILE_VECTORS vectors of
 * sums is what the registers hold; LKS_FOR_TILES(X) is X(rows, vectors) for each size up
 * to that. */
#define LKS_SIX_ROWS(X, v) X(1, v) X(2, v) X(3, v) X(4, v) X(5, v) X(6, v)
#if defined(__AVX512F__)
enum { LKS_LANES = 16, LKS_TILE_ROWS = 8, LKS_TILE_VECTORS = 3 }; /* 32 registers */
#define LKS_EIGHT_ROWS(X, v) LKS_SIX_ROWS(X, v) X(7, v) X(8, v)
#define LKS_FOR_TILES(X)     LKS_EIGHT_ROWS(X, 1) LKS_EIGHT_ROWS(X, 2) LKS_EIGHT_ROWS(X, 3)
#else
#if defined(__AVX__)
enum { LKS_LANES = 8, LKS_TILE_ROWS = 6, LKS_TILE_VECTORS = 2 }; /* 16 registers */
#else
enum { LKS_LANES = 4, LKS_TILE_ROWS = 6, LKS_TILE_VECTORS = 2 };
#endif
#define LKS_FOR_TILES(X) LKS_SIX_ROWS(X, 1) LKS_SIX_ROWS(X, 2)
#endif

/* Before a loop over the rows of a tile: gcc leaves longer ones rolled, and then keeps
 * the sums in memory. */
#if defined(__clang__)
#define LKS_UNROLL _Pragma("unroll")
#else
#define LKS_UNROLL _Pragma("GCC unroll 8")
#endif

/* Aligned like its elements: it may stand at any f32 in memory. */
typedef float lks_vec
    __attribute__((vector_size(LKS_LANES * sizeof(float)), aligned(4), may_alias));

LKS_INLINE lks_vec lks_vec_load(const float *at)
{
    return *(const lks_vec *)at;
}

LKS_INLINE void lks_vec_store(float *at, lks_vec v)
{
    *(lks_vec *)at = v;
}

LKS_INLINE lks_vec lks_vec_all(float value)
{
    return value -
           (lks_vec){0}; /* minus, for -0 + 0 is not -0 and would cost an addition */
}

/* Eight f32, in whatever registers there are. */
typedef float lks_vec8
    __attribute__((vector_size(8 * sizeof(float)), aligned(4), may_alias));

LKS_INLINE lks_vec8 lks_vec8_all(float value)
{
    return value - (lks_vec8){0};
}

/* a b + c, each lane rounded once. The compilers fuse nothing by themselves here. */
#if defined(__AVX512F__)
LKS_INLINE lks_vec lks_vec_fma(lks_vec a, lks_vec b, lks_vec c)
{
    return (lks_vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
#elif defined(__aarch64__)
LKS_INLINE lks_vec lks_vec_fma(lks_vec a, lks_vec b, lks_vec c)
{
    return (lks_vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
#else
LKS_INLINE lks_vec lks_vec_fma(lks_vec a, lks_vec b, lks_vec c)
{
    return (lks_vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
#endif

#if defined(__aarch64__)
LKS_INLINE lks_vec8 lks_vec8_fma(lks_vec8 a, lks_vec8 b, lks_vec8 c)
{
    for (int i = 0; i < 8; i++)
        c[i] = LKS_FMA(a[i], b[i], c[i]);
    return c;
}
#else
LKS_INLINE lks_vec8 lks_vec8_fma(lks_vec8 a, lks_vec8 b, lks_vec8 c)
{
    return (lks_vec8)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
#endif

/* to[i] = from[i] and to[i] += from[i] for rows apart from each other. The rows here are
 * a few vectors long: too short to pay for a call or for a general loop's set-up. */
LKS_INLINE void lks_copy_row(float *to, const float *from, int64_t n)
{
    int64_t i = 0;

    for (; i + 8 <= n; i += 8)
        *(lks_vec8 *)(to + i) = *(const lks_vec8 *)(from + i);
    if (n >= 8 && i < n) { /* some once more */
        *(lks_vec8 *)(to + n - 8) = *(const lks_vec8 *)(from + n - 8);
        return;
    }
    for (; i < n; i++)
        to[i] = from[i];
}

LKS_INLINE void lks_add_row(float *to, const float *from, int64_t n)
{
    int64_t i = 0;

    for (; i + 8 <= n; i += 8)
        *(lks_vec8 *)(to + i) += *(const lks_vec8 *)(from + i);
    for (; i < n; i++)
        to[i] += from[i];
}

#define LKS_PAIR_LOW(a, b)  __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define LKS_PAIR_HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define LKS_QUAD_LOW(a, b)  __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define LKS_QUAD_HIGH(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define LKS_HALF_LOW(a, b)  __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define LKS_HALF_HIGH(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)

/* Eight rows of eight to eight columns, in place. */
LKS_INLINE void lks_transpose_8x8(lks_vec8 r[8])
{
    lks_vec8 pairs[8], quads[8];

    for (int i = 0; i < 4; i++) {
        pairs[i] = LKS_PAIR_LOW(r[2 * i], r[2 * i + 1]);
        pairs[i + 4] = LKS_PAIR_HIGH(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 2; i++) {
        quads[4 * i] = LKS_QUAD_LOW(pairs[4 * i], pairs[4 * i + 1]);
        quads[4 * i + 1] = LKS_QUAD_HIGH(pairs[4 * i], pairs[4 * i + 1]);
        quads[4 * i + 2] = LKS_QUAD_LOW(pairs[4 * i + 2], pairs[4 * i + 3]);
        quads[4 * i + 3] = LKS_QUAD_HIGH(pairs[4 * i + 2], pairs[4 * i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        int from = i / 2 * 4 + i % 2;

        r[i] = LKS_HALF_LOW(quads[from], quads[from + 2]);
        r[i + 4] = LKS_HALF_HIGH(quads[from], quads[from + 2]);
    }
}

/* to[column][row] = from[row][column] for eight rows, those from n_rows on read as 0. */
LKS_INLINE void lks_transpose_rows(int64_t n_rows, int64_t n_columns, const float *from,
                                   int64_t from_stride, float *to, int64_t to_stride)
{
    int64_t column = 0;

    for (; column + 8 <= n_columns; column += 8) {
        lks_vec8 r[8];

        for (int i = 0; i < 8; i++)
            r[i] = i < n_rows ? *(const lks_vec8 *)(from + i * from_stride + column)
                              : (lks_vec8){0};
        lks_transpose_8x8(r);
        for (int i = 0; i < 8; i++)
            *(lks_vec8 *)(to + (column + i) * to_stride) = r[i];
    }
    for (; column < n_columns; column++)
        for (int i = 0; i < 8; i++)
            to[column * to_stride + i] = i < n_rows ? from[i * from_stride + column] : 0;
}

#endif
