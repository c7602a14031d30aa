/* The arithmetic that all devices share, to the bit: the fused product, exp, log, tanh,
 * cos, sums in virtual lanes. Everything is built without contraction, so what is fused
 * is what says LKS_FMA. No calls but fma, no branches, no conversions that may trap:
 * loops of these vectorise. Of NaN neither sign nor payload is promised.
 *
 * Largest errors found: exp 1.0 ulp, log 0.8, tanh 1.3 in f32; 0.7, 0.8 and 1.3 in f64
 * (tests/core/reference/test_numerics.c). Further functions: maths.h. */
#ifndef LKS_NUMERICS_H
#define LKS_NUMERICS_H

#include <math.h>
#include <stdint.h>

#include "element.h"

/* a b + c, rounded once, in the type of c. */
#if defined(__cplusplus)
#define LKS_FMA(a, b, c) fma(a, b, c)
#else
#define LKS_FMA(a, b, c)                                                                 \
    _Generic((c), float : __builtin_fmaf, double : __builtin_fma)(a, b, c)
#endif

/* ---- f32 ----
 * source: argument reduction and ranges as in Cody & Waite, "Software manual for the
 * elementary functions", 1980; polynomials of Cephes, Moshier 1992. */

/* 2^n for n in [-126, 127], n given as the two's complement of a uint32_t. */
LKS_INLINE float lks_exp2_int_f32(uint32_t n)
{
    return lks_from_bits((n + 127) << 23);
}

LKS_INLINE float lks_exp_f32(float x)
{
    /* Adding 1.5 * 2^23 rounds to an integer, which then is the low bits of the sum. */
    const float shift = 0x1.8p23f;
    float shifted = LKS_FMA(x, 0x1.715476p+0f, shift);
    float n = shifted - shift;
    uint32_t k = lks_to_bits(shifted) - 0x4b400000u;
    /* half of k, rounded down, so that neither factor over- or underflows by itself */
    uint32_t k_half = (uint32_t)((int32_t)k >> 1);
    float r = LKS_FMA(-n, 0x1.0bfbe8p-15f, LKS_FMA(-n, 0x1.62ep-1f, x));
    float p = 0x1.6850e4p-10f;

    p = LKS_FMA(p, r, 0x1.123bccp-7f);
    p = LKS_FMA(p, r, 0x1.555b98p-5f);
    p = LKS_FMA(p, r, 0x1.55548ep-3f);
    p = LKS_FMA(p, r, 0x1.fffff8p-2f);
    p = LKS_FMA(p * r, r, r) + 1.0f;
    p = p * lks_exp2_int_f32(k_half) * lks_exp2_int_f32(k - k_half);
    p = x > 89.0f ? INFINITY : p;
    return x < -104.0f ? 0 : p;
}

/* x = m 2^e with m in [sqrt(1/2), sqrt(2)), a polynomial in m - 1. */
LKS_INLINE float lks_log_f32(float x)
{
    float scaled = x * (x < 0x1p-126f ? 0x1p23f : 1.0f); /* subnormals */
    float e_shift = x < 0x1p-126f ? 23.0f : 0.0f;
    uint32_t bits = lks_to_bits(scaled) + (0x3f800000 - 0x3f3504f3);
    float e = (float)((int32_t)(bits >> 23) - 127) - e_shift;
    float f = lks_from_bits((bits & 0x007fffff) + 0x3f3504f3) - 1.0f;
    float z = f * f, p = 7.0376836292e-2f, y;

    p = LKS_FMA(p, f, -1.1514610310e-1f);
    p = LKS_FMA(p, f, 1.1676998740e-1f);
    p = LKS_FMA(p, f, -1.2420140846e-1f);
    p = LKS_FMA(p, f, 1.4249322787e-1f);
    p = LKS_FMA(p, f, -1.6668057665e-1f);
    p = LKS_FMA(p, f, 2.0000714765e-1f);
    p = LKS_FMA(p, f, -2.4999993993e-1f);
    p = LKS_FMA(p, f, 3.3333331174e-1f);
    y = LKS_FMA(p * f, z, e * -2.12194440e-4f);
    y = LKS_FMA(-0.5f, z, y);
    y = LKS_FMA(e, 0.693359375f, f + y);
    y = x == 0 ? -INFINITY : y;
    return x < 0 ? NAN : x < INFINITY ? y : x;
}

/* For small |x| an odd polynomial, else 1 - 2 / (e^2|x| + 1). */
LKS_INLINE float lks_tanh_f32(float x)
{
    uint32_t sign = lks_to_bits(x) & 0x80000000u;
    float a = lks_from_bits(lks_to_bits(x) ^ sign);
    float s = x * x;
    float p = -5.70498872745e-3f;
    float large = 1.0f - 2.0f / (lks_exp_f32(2.0f * a) + 1.0f);

    p = LKS_FMA(p, s, 2.06390887954e-2f);
    p = LKS_FMA(p, s, -5.37397155531e-2f);
    p = LKS_FMA(p, s, 1.33314422036e-1f);
    p = LKS_FMA(p, s, -3.33332819422e-1f);
    p = LKS_FMA(p * s, a, a);
    return lks_from_bits(lks_to_bits(a < 0.625f ? p : large) | sign);
}

/* ---- f64 ---- */

/* 2^n for n in [-1022, 1023], n given as the two's complement of a uint64_t. */
LKS_INLINE double lks_exp2_int_f64(uint64_t n)
{
    return lks_from_bits64((n + 1023) << 52);
}

/* x = n log(2) + r + c, |r| <= log(2) / 2, c what the rounding of r left; n as the two's
 * complement of a uint64_t. Returns r. */
LKS_INLINE double lks_exp_reduce_f64(double x, uint64_t *n, double *c)
{
    const double shift = 0x1.8p52; /* as in f32 */
    double shifted = LKS_FMA(x, 0x1.71547652b82fep+0, shift);
    double whole = shifted - shift;
    double high = LKS_FMA(-whole, 0x1.62e42fefa39efp-1, x);
    double r = LKS_FMA(-whole, 0x1.abc9e3b39803fp-56, high);

    *n = lks_to_bits64(shifted) - 0x4338000000000000u;
    *c = LKS_FMA(-whole, 0x1.abc9e3b39803fp-56, high - r);
    return r;
}

/* (e^r - 1 - r) / r^2: the powers of r have 1/k!. */
LKS_INLINE double lks_exp_poly_f64(double r)
{
    double p = 0x1.6124613a86d09p-33;

    p = LKS_FMA(p, r, 0x1.1eed8eff8d898p-29);
    p = LKS_FMA(p, r, 0x1.ae64567f544e4p-26);
    p = LKS_FMA(p, r, 0x1.27e4fb7789f5cp-22);
    p = LKS_FMA(p, r, 0x1.71de3a556c734p-19);
    p = LKS_FMA(p, r, 0x1.a01a01a01a01ap-16);
    p = LKS_FMA(p, r, 0x1.a01a01a01a01ap-13);
    p = LKS_FMA(p, r, 0x1.6c16c16c16c17p-10);
    p = LKS_FMA(p, r, 0x1.1111111111111p-7);
    p = LKS_FMA(p, r, 0x1.5555555555555p-5);
    p = LKS_FMA(p, r, 0x1.5555555555555p-3);
    return LKS_FMA(p, r, 0.5);
}

/* p 2^n by halves of n, so that neither factor over- or underflows by itself. */
LKS_INLINE double lks_scale_f64(double p, uint64_t n)
{
    uint64_t n_half = ((n + 2048) >> 1) - 1024;

    return p * lks_exp2_int_f64(n_half) * lks_exp2_int_f64(n - n_half);
}

/* e^x = 2^n e^(r + c). 1 + r is split, lest its rounding be added to that of the sum. */
LKS_INLINE double lks_exp_f64(double x)
{
    uint64_t n;
    double c, r = lks_exp_reduce_f64(x, &n, &c);
    double p = lks_exp_poly_f64(r), one_r = 1 + r;

    p = one_r + (LKS_FMA(p * r, r, c) + ((1 - one_r) + r));
    p = lks_scale_f64(p, n);
    p = x > 710.0 ? (double)INFINITY : p;
    return x < -746.0 ? 0 : p;
}

/* m in [sqrt(1/2), sqrt(2)) and e with x = m 2^e, x > 0. Returns m - 1. */
LKS_INLINE double lks_log_split_f64(double x, double *e)
{
    double scaled = x * (x < 0x1p-1022 ? 0x1p54 : 1.0); /* subnormals */
    double e_shift = x < 0x1p-1022 ? 54.0 : 0.0;
    uint64_t bits = lks_to_bits64(scaled) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);

    /* the exponent as the low bits of 1.5 * 2^52 */
    *e =
        lks_from_bits64(0x4338000000000000u + (bits >> 52)) - 0x1.8p52 - 1023.0 - e_shift;
    return lks_from_bits64((bits & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu) - 1.0;
}

/* log(1 + f) - f + half + tail, half being f^2/2, is s (half + R(s^2)) + tail with s = f /
 * (2 + f). source: fdlibm's e_log.c, Sun Microsystems 1993 */
LKS_INLINE double lks_log_rest_f64(double f, double half, double tail)
{
    double s = f / (2.0 + f), z = s * s, p = 1.479819860511658591e-01;

    p = LKS_FMA(p, z, 1.531383769920937332e-01);
    p = LKS_FMA(p, z, 1.818357216161805012e-01);
    p = LKS_FMA(p, z, 2.222219843214978396e-01);
    p = LKS_FMA(p, z, 2.857142874366239149e-01);
    p = LKS_FMA(p, z, 3.999999999940941908e-01);
    p = LKS_FMA(p, z, 6.666666666666735130e-01);
    return LKS_FMA(s, LKS_FMA(p, z, half), tail);
}

/* y, and what a logarithm is where there is none of x or no finite one. */
LKS_INLINE double lks_log_edges_f64(double x, double y)
{
    y = x == 0 ? -(double)INFINITY : y;
    return x < 0 ? (double)NAN : x < (double)INFINITY ? y : x;
}

LKS_INLINE double lks_log_f64(double x)
{
    double e, f = lks_log_split_f64(x, &e), half = 0.5 * f * f;
    double y = lks_log_rest_f64(f, half, e * 1.90821492927058770002e-10);

    y = LKS_FMA(e, 6.93147180369123816490e-01, f - (half - y));
    return lks_log_edges_f64(x, y);
}

/* source: Cephes' tanh. For small |x| a rational form, else as in f32. */
LKS_INLINE double lks_tanh_f64(double x)
{
    uint64_t sign = lks_to_bits64(x) & 0x8000000000000000u;
    double a = lks_from_bits64(lks_to_bits64(x) ^ sign);
    double s = x * x;
    double p = -9.64399179425052238628e-1, q = s + 1.12811678491632931402e2;
    double large = 1.0 - 2.0 / (lks_exp_f64(2.0 * a) + 1.0);

    p = LKS_FMA(p, s, -9.92877231001918586564e1);
    p = LKS_FMA(p, s, -1.61468768441708447952e3);
    q = LKS_FMA(q, s, 2.23548839060100448583e3);
    q = LKS_FMA(q, s, 4.84406305325125486048e3);
    p = LKS_FMA(a * s, p / q, a);
    return lks_from_bits64(lks_to_bits64(a < 0.625 ? p : large) | sign);
}

/* cos(2 pi u) for u in [0, 1): u is a number of quarters and a rest, without rounding;
 * the powers of the rest's angle have 1/k!. */
LKS_INLINE double lks_cos_turn_f64(double u)
{
    double quarters = (u * 4 + 0x1.8p52) - 0x1.8p52;
    double t = (u - quarters * 0.25) * 0x1.921fb54442d18p+2, z = t * t;
    double s = 0x1.952c77030ad4ap-49, c = -0x1.6827863b97d97p-53;
    int quarter = (int)quarters;

    s = LKS_FMA(s, z, -0x1.ae7f3e733b81fp-41);
    s = LKS_FMA(s, z, 0x1.6124613a86d09p-33);
    s = LKS_FMA(s, z, -0x1.ae64567f544e4p-26);
    s = LKS_FMA(s, z, 0x1.71de3a556c734p-19);
    s = LKS_FMA(s, z, -0x1.a01a01a01a01ap-13);
    s = LKS_FMA(s, z, 0x1.1111111111111p-7);
    s = LKS_FMA(s, z, -0x1.5555555555555p-3);
    s = LKS_FMA(s * z, t, t);
    c = LKS_FMA(c, z, 0x1.ae7f3e733b81fp-45);
    c = LKS_FMA(c, z, -0x1.93974a8c07c9dp-37);
    c = LKS_FMA(c, z, 0x1.1eed8eff8d898p-29);
    c = LKS_FMA(c, z, -0x1.27e4fb7789f5cp-22);
    c = LKS_FMA(c, z, 0x1.a01a01a01a01ap-16);
    c = LKS_FMA(c, z, -0x1.6c16c16c16c17p-10);
    c = LKS_FMA(c, z, 0x1.5555555555555p-5);
    c = LKS_FMA(c, z, -0.5);
    c = LKS_FMA(c, z, 1.0);
    c = quarter & 1 ? -s : c;
    return quarter & 2 ? -c : c;
}

/* base^n by squaring. */
LKS_INLINE double lks_power_f64(double base, uint64_t n)
{
    double power = 1;

    for (; n > 0; n >>= 1, base *= base)
        if (n & 1)
            power *= base;
    return power;
}

/* ---- sums ---- */

/* Long sums run in virtual lanes, element i in lane i % LKS_SUM_LANES, each from +0
 * upwards; then the lanes meet in a fixed tree: lane j takes lane j + 8, then j + 4,
 * j + 2, j + 1. A lane without elements is +0. Reductions (reference/reduce.c) begin anew
 * after each chunk, so that many threads can share a long one. */
enum { LKS_SUM_LANES = 16, LKS_SUM_CHUNK = 4096 };

/* Running sums begin anew after each of these, to what stood there before being added. */
enum { LKS_SCAN_CHUNK = 64 };

/* The sum of lanes that stand `stride` apart; written out, so that it stays in registers.
 */
#define LKS_MEET_LANES(T)                                                                \
    LKS_INLINE T lks_meet_four_##T(const T *lanes, int64_t stride)                       \
    {                                                                                    \
        return (lanes[0] + lanes[8 * stride]) +                                          \
               (lanes[4 * stride] + lanes[12 * stride]);                                 \
    }                                                                                    \
                                                                                         \
    LKS_INLINE T lks_meet_lanes_##T(const T *lanes, int64_t stride)                      \
    {                                                                                    \
        return (lks_meet_four_##T(lanes, stride) +                                       \
                lks_meet_four_##T(lanes + 2 * stride, stride)) +                         \
               (lks_meet_four_##T(lanes + stride, stride) +                              \
                lks_meet_four_##T(lanes + 3 * stride, stride));                          \
    }
LKS_MEET_LANES(float)
LKS_MEET_LANES(double)

#endif
