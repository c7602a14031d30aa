/* What the formulas of pointwise.def are written in, for loops over elements of type T.
 */
#ifndef LKS_POINTWISE_MATHS_H
#define LKS_POINTWISE_MATHS_H

#include "numerics.h"

LKS_INLINE int64_t abs_int(int64_t x)
{
    return x < 0 ? -x : x;
}

LKS_INLINE float div_f32(float a, float b)
{
    return a / b;
}

LKS_INLINE double div_f64(double a, double b)
{
    return a / b;
}

LKS_INLINE int64_t div_int(int64_t a, int64_t b)
{
    return b == 0 ? 0 : b == -1 ? -a : a / b;
}

#define M(f) M_##f

#if defined(__cplusplus)

/* f for each type that elements compute in. */
#define OF_FLOATS(f, of_f32, of_f64)                                                     \
    LKS_INLINE float M_##f(float x)                                                      \
    {                                                                                    \
        return of_f32(x);                                                                \
    }                                                                                    \
    LKS_INLINE double M_##f(double x)                                                    \
    {                                                                                    \
        return of_f64(x);                                                                \
    }
OF_FLOATS(fabs, fabsf, fabs)
OF_FLOATS(sqrt, sqrtf, sqrt)
OF_FLOATS(exp, lks_exp_f32, lks_exp_f64)
OF_FLOATS(log, lks_log_f32, lks_log_f64)
OF_FLOATS(tanh, lks_tanh_f32, lks_tanh_f64)
#undef OF_FLOATS

LKS_INLINE int64_t M_fabs(int64_t x)
{
    return abs_int(x);
}

LKS_INLINE int32_t M_fabs(int32_t x)
{
    return (int32_t)abs_int(x);
}

LKS_INLINE float DIV(float a, float b)
{
    return div_f32(a, b);
}

LKS_INLINE double DIV(double a, double b)
{
    return div_f64(a, b);
}

LKS_INLINE int64_t DIV(int64_t a, int64_t b)
{
    return div_int(a, b);
}

LKS_INLINE int32_t DIV(int32_t a, int32_t b)
{
    return (int32_t)div_int(a, b);
}

#else

#define M_fabs _Generic((T)0, float : fabsf, double : fabs, default : abs_int)
#define M_sqrt _Generic((T)0, float : sqrtf, double : sqrt)
#define M_exp  _Generic((T)0, float : lks_exp_f32, double : lks_exp_f64)
#define M_log  _Generic((T)0, float : lks_log_f32, double : lks_log_f64)
#define M_tanh _Generic((T)0, float : lks_tanh_f32, double : lks_tanh_f64)
#define DIV(a, b)                                                                        \
    _Generic((T)0, float : div_f32, double : div_f64, default : div_int)(a, b)

#endif

#endif
