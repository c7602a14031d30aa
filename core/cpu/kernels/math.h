/* f32 functions that the compiler can vectorise: no calls, no branches, no conversions
 * that may trap. Within 2 ulp of the true value; right at the infinities and NaN.
 * source: argument reduction and ranges as in Cody & Waite, "Software manual for the
 * elementary functions", 1980. */
#ifndef LKS_CPU_KERNELS_MATH_H
#define LKS_CPU_KERNELS_MATH_H

#include <math.h>
#include <stdint.h>

#include "cpu/kernels/element.h"

/* 2^n for n in [-126, 127], n given as the two's complement of a uint32_t. */
LKS_INLINE float lks_exp2_int(uint32_t n)
{
    return lks_from_bits((n + 127) << 23);
}

LKS_INLINE float lks_expf(float x)
{
    /* Adding 1.5 * 2^23 rounds to an integer, which then is the low bits of the sum. */
    const float shift = 0x1.8p23f;
    float clamped = x > 89.0f ? 89.0f : x < -104.0f ? -104.0f : x;
    float shifted = clamped * 0x1.715476p+0f + shift;
    float n = shifted - shift;
    uint32_t k = lks_to_bits(shifted) - 0x4b400000u;
    /* half of k, rounded down, so that neither factor over- or underflows by itself */
    uint32_t k_half = (uint32_t)((int32_t)k >> 1);
    float r = (clamped - n * 0x1.62ep-1f) - n * 0x1.0bfbe8p-15f;
    float p = 0x1.6850e4p-10f;

    p = p * r + 0x1.123bccp-7f;
    p = p * r + 0x1.555b98p-5f;
    p = p * r + 0x1.55548ep-3f;
    p = p * r + 0x1.fffff8p-2f;
    p = (p * r) * r + r + 1.0f;
    return p * lks_exp2_int(k_half) * lks_exp2_int(k - k_half);
}

/* source: a rational form would divide; for small |x| the odd polynomial of Cephes'
 * tanhf, else 1 - 2 / (e^2|x| + 1). */
LKS_INLINE float lks_tanhf(float x)
{
    float a = x < 0 ? -x : x;
    float s = x * x;
    float p = -5.70498872745e-3f;
    float large = 1.0f - 2.0f / (lks_expf(2.0f * a) + 1.0f);

    p = p * s + 2.06390887954e-2f;
    p = p * s - 5.37397155531e-2f;
    p = p * s + 1.33314422036e-1f;
    p = p * s - 3.33332819422e-1f;
    p = (p * s) * x + x;
    return a < 0.625f ? p : x < 0 ? -large : large;
}

#endif
