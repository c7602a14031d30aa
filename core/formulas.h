/* What the formulas of pointwise.def and reduce.def are written in, for elements of type
 * T, which the includer defines: float, double, int32_t or int64_t.
 *   M(f)(x)                    the maths function f, of floats
 *   ABS(x)                     |x|
 *   DIV(a, b)                  a / b, of integers 0 where that has no value
 *   POW(a, b)                  a^b, of integers 0 where that is no integer
 *   WHOLE(f)(x)                the whole number next to x by floor, ceil, rint or trunc
 *   XLOGY(a, b) BCE(a, b)      of floats; of integers 0
 *   FUSED(a, b, c)             a b + c, of floats rounded once
 *   IS_NAN(x)                  false for integers
 *   LARGER(a, b) SMALLER(a, b) a NaN wins, of equals a
 *   LOWEST HIGHEST             what no number is below, or above */
#ifndef LKS_FORMULAS_H
#define LKS_FORMULAS_H

#include "maths.h"

LKS_INLINE float lks_sqrt_f32(float x)
{
    return sqrtf(x);
}

LKS_INLINE double lks_sqrt_f64(double x)
{
    return sqrt(x);
}

LKS_INLINE int64_t lks_abs_int(int64_t x)
{
    return x < 0 ? -x : x;
}

LKS_INLINE int64_t lks_div_int(int64_t a, int64_t b)
{
    return b == 0 ? 0 : b == -1 ? -a : a / b;
}

/* By squaring; wraps around. */
LKS_INLINE int64_t lks_pow_int(int64_t a, int64_t b)
{
    uint64_t power = 1, square = (uint64_t)a;

    if (b < 0)
        return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
    for (; b > 0; b >>= 1, square *= square)
        power *= b & 1 ? square : 1;
    return (int64_t)power;
}

/* One function a type, told apart by their names, in C++ by their arguments. */
#if defined(__cplusplus)
#define LKS_TYPED(name, suffix) name
#else
#define LKS_TYPED(name, suffix) name##_##suffix
#endif

#define LKS_FORMULAS(suffix, type, abs_x, a_by_b, a_b_and_c, is_nan, lowest, highest)    \
    LKS_INLINE type LKS_TYPED(lks_abs_of, suffix)(type x)                                \
    {                                                                                    \
        return abs_x;                                                                    \
    }                                                                                    \
    LKS_INLINE type LKS_TYPED(lks_div_of, suffix)(type a, type b)                        \
    {                                                                                    \
        return a_by_b;                                                                   \
    }                                                                                    \
    LKS_INLINE type LKS_TYPED(lks_fused_of, suffix)(type a, type b, type c)              \
    {                                                                                    \
        return a_b_and_c;                                                                \
    }                                                                                    \
    LKS_INLINE bool LKS_TYPED(lks_is_nan_of, suffix)(type x)                             \
    {                                                                                    \
        return (void)x, is_nan(x);                                                       \
    }                                                                                    \
    LKS_INLINE type LKS_TYPED(lks_larger_of, suffix)(type a, type b)                     \
    {                                                                                    \
        return is_nan(a) ? a : is_nan(b) || b > a ? b : a;                               \
    }                                                                                    \
    LKS_INLINE type LKS_TYPED(lks_smaller_of, suffix)(type a, type b)                    \
    {                                                                                    \
        return is_nan(a) ? a : is_nan(b) || b < a ? b : a;                               \
    }                                                                                    \
    LKS_INLINE type LKS_TYPED(lks_lowest_of, suffix)(type x)                             \
    {                                                                                    \
        return (void)x, lowest;                                                          \
    }                                                                                    \
    LKS_INLINE type LKS_TYPED(lks_highest_of, suffix)(type x)                            \
    {                                                                                    \
        return (void)x, highest;                                                         \
    }
#define LKS_IS_NAN(x)   ((x) != (x))
#define LKS_IS_NEVER(x) false
LKS_FORMULAS(f32, float, fabsf(x), a / b, LKS_FMA(a, b, c), LKS_IS_NAN, -INFINITY,
             INFINITY)
LKS_FORMULAS(f64, double, fabs(x), a / b, LKS_FMA(a, b, c), LKS_IS_NAN, -(double)INFINITY,
             (double)INFINITY)
LKS_FORMULAS(i32, int32_t, (int32_t)lks_abs_int(x), (int32_t)lks_div_int(a, b), a *b + c,
             LKS_IS_NEVER, INT32_MIN, INT32_MAX)
LKS_FORMULAS(i64, int64_t, lks_abs_int(x), lks_div_int(a, b), a *b + c, LKS_IS_NEVER,
             INT64_MIN, INT64_MAX)

#define LKS_POW_OF(suffix, type, a_to_b)                                                 \
    LKS_INLINE type LKS_TYPED(lks_pow_of, suffix)(type a, type b)                        \
    {                                                                                    \
        return a_to_b;                                                                   \
    }
LKS_POW_OF(f32, float, lks_pow_f32(a, b))
LKS_POW_OF(f64, double, lks_pow_f64(a, b))
LKS_POW_OF(i32, int32_t, (int32_t)lks_pow_int(a, b))
LKS_POW_OF(i64, int64_t, lks_pow_int(a, b))

/* Of integers each is its own. These calls are exact. */
#define LKS_WHOLE_OF(f)                                                                  \
    LKS_INLINE float LKS_TYPED(lks_##f##_of, f32)(float x)                               \
    {                                                                                    \
        return (float)f((double)x);                                                      \
    }                                                                                    \
    LKS_INLINE double LKS_TYPED(lks_##f##_of, f64)(double x)                             \
    {                                                                                    \
        return f(x);                                                                     \
    }                                                                                    \
    LKS_INLINE int32_t LKS_TYPED(lks_##f##_of, i32)(int32_t x)                           \
    {                                                                                    \
        return x;                                                                        \
    }                                                                                    \
    LKS_INLINE int64_t LKS_TYPED(lks_##f##_of, i64)(int64_t x)                           \
    {                                                                                    \
        return x;                                                                        \
    }
LKS_WHOLE_OF(floor)
LKS_WHOLE_OF(ceil)
LKS_WHOLE_OF(rint)
LKS_WHOLE_OF(trunc)

/* Formulas of two operands that exist for floats: of integers 0, which no operation asks
 * for. */
#define LKS_FLOATS_OF(name, suffix, type, formula)                                       \
    LKS_INLINE type LKS_TYPED(lks_##name##_of, suffix)(type a, type b)                   \
    {                                                                                    \
        return (void)a, (void)b, (type)(formula);                                        \
    }
/* The logarithms of binary cross-entropy are at least -100, as in PyTorch. */
#define LKS_BCE(log_a, log1p_of_minus_a)                                                 \
    (b - 1) * (log1p_of_minus_a < -100 ? -100 : log1p_of_minus_a) -                      \
        b *(log_a < -100 ? -100 : log_a)
LKS_FLOATS_OF(xlogy, f32, float, LKS_IS_NAN(b) ? b : a == 0 ? 0 : a * lks_log_f32(b))
LKS_FLOATS_OF(xlogy, f64, double, LKS_IS_NAN(b) ? b : a == 0 ? 0 : a * lks_log_f64(b))
LKS_FLOATS_OF(xlogy, i32, int32_t, 0)
LKS_FLOATS_OF(xlogy, i64, int64_t, 0)
LKS_FLOATS_OF(bce, f32, float, LKS_BCE(lks_log_f32(a), lks_log1p_f32(-a)))
LKS_FLOATS_OF(bce, f64, double, LKS_BCE(lks_log_f64(a), lks_log1p_f64(-a)))
LKS_FLOATS_OF(bce, i32, int32_t, 0)
LKS_FLOATS_OF(bce, i64, int64_t, 0)

#if defined(__cplusplus)

/* The maths functions that formulas name. */
#define LKS_MATHS(X)                                                                     \
    X(sqrt)                                                                              \
    X(exp)                                                                               \
    X(log)                                                                               \
    X(tanh)                                                                              \
    X(sin) X(cos) X(erf) X(erfc) X(expm1) X(log1p) X(log2)
#define LKS_MATHS_OF(f)                                                                  \
    LKS_INLINE float lks_maths_##f(float x)                                              \
    {                                                                                    \
        return lks_##f##_f32(x);                                                         \
    }                                                                                    \
    LKS_INLINE double lks_maths_##f(double x)                                            \
    {                                                                                    \
        return lks_##f##_f64(x);                                                         \
    }
LKS_MATHS(LKS_MATHS_OF)

#define M(f)        lks_maths_##f
#define LKS_T(name) name

#else

#define M(f) _Generic((T)0, float : lks_##f##_f32, double : lks_##f##_f64)
#define LKS_T(name)                                                                      \
    _Generic((T)0, float                                                                 \
             : name##_f32, double                                                        \
             : name##_f64, int32_t                                                       \
             : name##_i32, int64_t                                                       \
             : name##_i64)

#endif

#define ABS(x)         LKS_T(lks_abs_of)(x)
#define DIV(a, b)      LKS_T(lks_div_of)(a, b)
#define POW(a, b)      LKS_T(lks_pow_of)(a, b)
#define WHOLE(f)       LKS_T(lks_##f##_of)
#define XLOGY(a, b)    LKS_T(lks_xlogy_of)(a, b)
#define BCE(a, b)      LKS_T(lks_bce_of)(a, b)
#define FUSED(a, b, c) LKS_T(lks_fused_of)(a, b, c)
#define IS_NAN(x)      LKS_T(lks_is_nan_of)(x)
#define LARGER(a, b)   LKS_T(lks_larger_of)(a, b)
#define SMALLER(a, b)  LKS_T(lks_smaller_of)(a, b)
#define LOWEST         LKS_T(lks_lowest_of)((T)0)
#define HIGHEST        LKS_T(lks_highest_of)((T)0)

/* Of several formulas. */
#define SIGMOID(x)    (1 / (1 + M(exp)(-(x))))
#define HARD_STEP(x)  (SMALLER(LARGER((x) + 3, (T)0), (T)6) / 6)
#define NORMAL_CDF(x) ((T)0.5 * M(erfc)(-(x) * (T)0.70710678118654752440))
#define NORMAL_PDF(x) ((T)0.39894228040143267794 * M(exp)(-(x) * (x) / 2))
#define GELU_TANH(x)                                                                     \
    M(tanh)((T)0.79788456080286535588 * ((x) + (T)0.044715 * (x) * (x) * (x)))
#define GELU_TANH_DX(x) ((T)0.79788456080286535588 * (1 + (T)0.134145 * (x) * (x)))
#define MISH_TANH(x)    M(tanh)(M(log1p)(M(exp)(x)))

#endif
