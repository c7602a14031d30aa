/* What the formulas of pointwise.def are written in, for loops over elements of type T.
 */
#ifndef LKS_POINTWISE_MATHS_H
#define LKS_POINTWISE_MATHS_H

#include "numerics.h"

#define M(f)   M_##f
#define M_fabs _Generic((T)0, float : fabsf, double : fabs, default : abs_int)
#define M_sqrt _Generic((T)0, float : sqrtf, double : sqrt)
#define M_exp  _Generic((T)0, float : lks_exp_f32, double : lks_exp_f64)
#define M_log  _Generic((T)0, float : lks_log_f32, double : lks_log_f64)
#define M_tanh _Generic((T)0, float : lks_tanh_f32, double : lks_tanh_f64)
#define DIV(a, b)                                                                        \
    _Generic((T)0, float : div_f32, double : div_f64, default : div_int)(a, b)

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

#endif
