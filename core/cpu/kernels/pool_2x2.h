/* Max pooling over 2 x 2 windows side by side, f32: the usual case, in vectors. */
#ifndef LKS_CPU_KERNELS_POOL_2X2_H
#define LKS_CPU_KERNELS_POOL_2X2_H

#include "cpu/kernels/simd.h"

/* Whether v takes the place of the best so far: 0, or -1 in vectors and 1 in scalars. */
#define LKS_BEATS(v, best) (((v) > (best)) | (((v) != (v)) & ((best) == (best))))

#define LKS_VECTOR(type, n)                                                              \
    type __attribute__((vector_size(n * sizeof(type)), aligned(4), may_alias))

/* Steps of n outputs, from or to 2n elements of a top and a bottom row. `offsets` counts
 * from the top left of the first window; w is the row's length. */
#define LKS_POOL_STEP(n, PLACES, EVEN, ODD, LOW, HIGH, INTERLEAVE)                       \
    typedef LKS_VECTOR(float, n) lks_pool_f##n;                                          \
    typedef LKS_VECTOR(int32_t, n) lks_pool_i##n;                                        \
    typedef float lks_pool_pair_f##n                                                     \
        __attribute__((vector_size(2 * n * sizeof(float)), aligned(4), may_alias));      \
    typedef int32_t lks_pool_pair_i##n                                                   \
        __attribute__((vector_size(2 * n * sizeof(float)), aligned(4), may_alias));      \
                                                                                         \
    LKS_INLINE void lks_pool_step_##n(const float *top, const float *bottom, int32_t w,  \
                                      int32_t first, float *y, int32_t *index)           \
    {                                                                                    \
        const lks_pool_i##n places = {PLACES};                                           \
        lks_pool_pair_f##n t = *(const lks_pool_pair_f##n *)top;                         \
        lks_pool_pair_f##n b = *(const lks_pool_pair_f##n *)bottom;                      \
        /* the left ones of the top row, then of the bottom row; the right ones */       \
        lks_pool_pair_f##n left = __builtin_shufflevector(t, b, EVEN);                   \
        lks_pool_pair_f##n right = __builtin_shufflevector(t, b, ODD);                   \
        lks_pool_pair_i##n is_right = LKS_BEATS(right, left);                            \
        lks_pool_pair_i##n best = ((lks_pool_pair_i##n)right & is_right) |               \
                                  ((lks_pool_pair_i##n)left & ~is_right);                \
        lks_pool_i##n upper = __builtin_shufflevector(best, best, LOW);                  \
        lks_pool_i##n lower = __builtin_shufflevector(best, best, HIGH);                 \
        lks_pool_i##n upper_right = __builtin_shufflevector(is_right, is_right, LOW);    \
        lks_pool_i##n lower_right = __builtin_shufflevector(is_right, is_right, HIGH);   \
        lks_pool_i##n is_lower = LKS_BEATS((lks_pool_f##n)lower, (lks_pool_f##n)upper);  \
                                                                                         \
        *(lks_pool_i##n *)y = (lower & is_lower) | (upper & ~is_lower);                  \
        *(lks_pool_i##n *)index =                                                        \
            first + places + (is_lower & (w - lower_right)) - (~is_lower & upper_right); \
    }                                                                                    \
                                                                                         \
    LKS_INLINE void lks_unpool_step_##n(const float *dy, const int32_t *index,           \
                                        int32_t w, int32_t first, float *top,            \
                                        float *bottom)                                   \
    {                                                                                    \
        const lks_pool_i##n places = {PLACES};                                           \
        lks_pool_i##n g = *(const lks_pool_i##n *)dy;                                    \
        lks_pool_i##n at = *(const lks_pool_i##n *)index - first - places;               \
        lks_pool_i##n a = g & (at == 0), b = g & (at == 1);                              \
        lks_pool_i##n c = g & (at == w), d = g & (at == w + 1);                          \
                                                                                         \
        *(lks_pool_pair_i##n *)top = __builtin_shufflevector(a, b, INTERLEAVE);          \
        *(lks_pool_pair_i##n *)bottom = __builtin_shufflevector(c, d, INTERLEAVE);       \
    }

#define LKS_LIST(...) __VA_ARGS__
LKS_POOL_STEP(4, LKS_LIST(0, 2, 4, 6), LKS_LIST(0, 2, 4, 6, 8, 10, 12, 14),
              LKS_LIST(1, 3, 5, 7, 9, 11, 13, 15), LKS_LIST(0, 1, 2, 3),
              LKS_LIST(4, 5, 6, 7), LKS_LIST(0, 4, 1, 5, 2, 6, 3, 7))
LKS_POOL_STEP(8, LKS_LIST(0, 2, 4, 6, 8, 10, 12, 14),
              LKS_LIST(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30),
              LKS_LIST(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31),
              LKS_LIST(0, 1, 2, 3, 4, 5, 6, 7), LKS_LIST(8, 9, 10, 11, 12, 13, 14, 15),
              LKS_LIST(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15))

/* One row of `n` outputs from rows `top` and top + w of a plane; `first` is top's place
 * in the plane. */
LKS_INLINE void lks_pool_row_2x2(int64_t n, int32_t w, int32_t first, const float *top,
                                 float *y, int32_t *index)
{
    int64_t i = 0;

    for (; i + 8 <= n; i += 8)
        lks_pool_step_8(top + 2 * i, top + 2 * i + w, w, first + 2 * (int32_t)i, y + i,
                        index + i);
    for (; i + 4 <= n; i += 4)
        lks_pool_step_4(top + 2 * i, top + 2 * i + w, w, first + 2 * (int32_t)i, y + i,
                        index + i);
    for (; i < n; i++) {
        const float *at = top + 2 * i;
        int32_t upper = LKS_BEATS(at[1], at[0]), lower = w + LKS_BEATS(at[w + 1], at[w]);
        int32_t best = LKS_BEATS(at[lower], at[upper]) ? lower : upper;

        y[i] = at[best];
        index[i] = first + 2 * (int32_t)i + best;
    }
}

/* And back: writes whole windows of rows `top` and top + w. */
LKS_INLINE void lks_unpool_row_2x2(int64_t n, int32_t w, int32_t first, const float *dy,
                                   const int32_t *index, float *top)
{
    int64_t i = 0;

    for (; i + 8 <= n; i += 8)
        lks_unpool_step_8(dy + i, index + i, w, first + 2 * (int32_t)i, top + 2 * i,
                          top + 2 * i + w);
    for (; i + 4 <= n; i += 4)
        lks_unpool_step_4(dy + i, index + i, w, first + 2 * (int32_t)i, top + 2 * i,
                          top + 2 * i + w);
    for (; i < n; i++) {
        float *at = top + 2 * i;

        at[0] = at[1] = at[w] = at[w + 1] = 0;
        at[index[i] - first - 2 * i] = dy[i];
    }
}

#endif
