/* What the formulas of pointwise.def and reduce.def are written in, for elements of type
 * T, which the includer defines: float, double, int32_t or int64_t.
 *   M(f)(x)                    the maths function f, of floats
 *   ABS(x)                     |x|
 *   DIV(a, b)                  a / b, of integers 0 where that has no value
 *   FUSED(a, b, c)             a b + c, of floats rounded once
 *   IS_NAN(x)                  false for integers
 *   LARGER(a, b) SMALLER(a, b) a NaN wins, of equals a
 *   LOWEST HIGHEST             what no number is below, or above */
#ifndef LKS_FORMULAS_H
#define LKS_FORMULAS_H

#include "numerics.h"

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

#if defined(__cplusplus)

/* The maths functions that formulas name. */
#define LKS_MATHS(X) X(sqrt) X(exp) X(log) X(tanh)
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
#define FUSED(a, b, c) LKS_T(lks_fused_of)(a, b, c)
#define IS_NAN(x)      LKS_T(lks_is_nan_of)(x)
#define LARGER(a, b)   LKS_T(lks_larger_of)(a, b)
#define SMALLER(a, b)  LKS_T(lks_smaller_of)(a, b)
#define LOWEST         LKS_T(lks_lowest_of)((T)0)
#define HIGHEST        LKS_T(lks_highest_of)((T)0)

#endif
