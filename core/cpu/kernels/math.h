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

/* source: Cephes' logf: x = m 2^e with m in [sqrt(1/2), sqrt(2)), a polynomial in m - 1.
 */
LKS_INLINE float lks_logf(float x)
{
    float scaled = x * (x < 0x1p-126f ? 0x1p23f : 1.0f); /* subnormals */
    float e_shift = x < 0x1p-126f ? 23.0f : 0.0f;
    uint32_t bits = lks_to_bits(scaled) + (0x3f800000 - 0x3f3504f3);
    float e = (float)((int32_t)(bits >> 23) - 127) - e_shift;
    float f = lks_from_bits((bits & 0x007fffff) + 0x3f3504f3) - 1.0f;
    float z = f * f, p = 7.0376836292e-2f, y;

    p = p * f - 1.1514610310e-1f;
    p = p * f + 1.1676998740e-1f;
    p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f;
    p = p * f - 1.6668057665e-1f;
    p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f;
    p = p * f + 3.3333331174e-1f;
    y = p * f * z + e * -2.12194440e-4f - 0.5f * z;
    y = f + y + e * 0.693359375f;
    y = x == 0 ? -INFINITY : y;
    return x < 0 ? NAN : x < INFINITY ? y : x;
}

#endif
