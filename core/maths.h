/* More of the arithmetic that all devices share, to the bit: sin, cos, erf, erfc, expm1,
 * log1p, log2, pow. As in numerics.h: no calls but fma and sqrt, no branches; loops of
 * these vectorise. Those of f32 are computed in f64 and rounded once.
 *
 * Largest errors found in f64, in ulp (tests/core/reference/test_numerics.c): sin and cos
 * 0.81, for arguments of any size; erf 0.87, erfc 1.9; expm1 1.2, log1p 0.8, log2 0.77;
 * pow 0.72. In f32 all are within 0.51. */
#ifndef LKS_MATHS_H
#define LKS_MATHS_H

#include "numerics.h"

/* a + b is the returned sum and what its rounding left. source: Knuth, TAOCP 2, 4.2.2 */
LKS_INLINE double lks_two_sum_f64(double a, double b, double *rest)
{
    double sum = a + b, b_there = sum - a;

    *rest = (a - (sum - b_there)) + (b - b_there);
    return sum;
}

/* The same of a product. */
LKS_INLINE double lks_two_product_f64(double a, double b, double *rest)
{
    double product = a * b;

    *rest = LKS_FMA(a, b, -product);
    return product;
}

LKS_INLINE double lks_magnitude_f64(double x)
{
    return lks_from_bits64(lks_to_bits64(x) & 0x7fffffffffffffffu);
}

LKS_INLINE double lks_with_sign_f64(double magnitude, double sign)
{
    return lks_from_bits64((lks_to_bits64(magnitude) & 0x7fffffffffffffffu) |
                           (lks_to_bits64(sign) & 0x8000000000000000u));
}

/* ---- sin, cos ----
 * source: Payne & Hanek, "Radian reduction for trigonometric functions", 1983, in sums of
 * doubles. */

/* 48 bits as a fraction of one. */
LKS_INLINE double lks_fraction_48(uint64_t bits)
{
    const uint64_t mask = 0xffffffffffffu;

    return (lks_from_bits64(0x4330000000000000u | (bits & mask)) - 0x1p52) * 0x1p-48;
}

/* 192 bits of 2 / pi from behind the first `skip` <= 970 on, as four fractions of 48. */
LKS_INLINE void lks_two_by_pi(uint64_t skip, double *c)
{
    const uint64_t bits[] = {
        0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
        0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484,
        0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f,
        0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d, 0x7527bac7ebe5f17b,
        0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
    };
    const uint64_t *at = bits + (skip >> 6), left = skip & 63, right = 63 - left;
    uint64_t w0 = at[0] << left | at[1] >> 1 >> right;
    uint64_t w1 = at[1] << left | at[2] >> 1 >> right;
    uint64_t w2 = at[2] << left | at[3] >> 1 >> right;

    c[0] = lks_fraction_48(w0 >> 16);
    c[1] = lks_fraction_48(w0 << 32 | w1 >> 32) * 0x1p-48;
    c[2] = lks_fraction_48(w1 << 16 | w2 >> 48) * 0x1p-96;
    c[3] = lks_fraction_48(w2) * 0x1p-144;
}

/* x = quarter pi/2 + y + rest, quarter modulo 4 and |y| <= pi/4: to 2^-52 of y however
 * near x is to a multiple of pi/2. With |x| < 2^(E + 1), the first E - 54 bits of 2 / pi
 * give multiples of four quarters. */
LKS_INLINE double lks_quarters_f64(double x, uint64_t *quarter, double *rest)
{
    const double shift = 0x1.8p52;
    uint64_t bits = lks_to_bits64(x), exponent = bits >> 52 & 2047;
    uint64_t skip = exponent > 1023 + 54 ? exponent - (1023 + 54) : 0;
    double scaled, a, a_rest, p1, p1_rest, p2, p2_rest, e1, e2, e, h, l, y, c[4];

    skip = skip > 970 ? 970 : skip; /* infinity, NaN */
    scaled = lks_from_bits64(bits - (skip << 52));
    lks_two_by_pi(skip, c);
    a = lks_two_product_f64(scaled, c[0], &a_rest);
    p1 = lks_two_product_f64(scaled, c[1], &p1_rest);
    p2 = lks_two_product_f64(scaled, c[2], &p2_rest);
    /* from up to 2^55, and exactly: multiples of 16 quarters go */
    a -= ((a * 0.25 + 4 * shift) - 4 * shift) * 4;
    a = lks_two_sum_f64(a, p1, &e1);
    a = lks_two_sum_f64(a, a_rest, &e2);
    h = a + shift;
    *quarter = lks_to_bits64(h) & 3;
    h = lks_two_sum_f64(a - (h - shift), e1, &l);
    h = lks_two_sum_f64(h, e2, &e);
    l += e;
    h = lks_two_sum_f64(h, p2, &e);
    l += e;
    h = lks_two_sum_f64(h, p1_rest, &e);
    l += e + LKS_FMA(scaled, c[3], p2_rest);
    h = lks_two_sum_f64(h, l, &l);
    y = lks_two_product_f64(h, 0x1.921fb54442d18p+0, &e);
    *rest = e + LKS_FMA(h, 0x1.1a62633145c07p-54, l * 0x1.921fb54442d18p+0);
    return y;
}

/* sin(y + rest) and cos(y + rest), |y| <= pi/4: the powers of y have 1/k!. */
LKS_INLINE double lks_sin_quarter_f64(double y, double rest)
{
    double z = y * y, s = 0x1.952c77030ad4ap-49;

    s = LKS_FMA(s, z, -0x1.ae7f3e733b81fp-41);
    s = LKS_FMA(s, z, 0x1.6124613a86d09p-33);
    s = LKS_FMA(s, z, -0x1.ae64567f544e4p-26);
    s = LKS_FMA(s, z, 0x1.71de3a556c734p-19);
    s = LKS_FMA(s, z, -0x1.a01a01a01a01ap-13);
    s = LKS_FMA(s, z, 0x1.1111111111111p-7);
    s = LKS_FMA(s, z, -0x1.5555555555555p-3);
    return y + LKS_FMA(s * z, y, LKS_FMA(-0.5 * z, rest, rest));
}

LKS_INLINE double lks_cos_quarter_f64(double y, double rest)
{
    double z = y * y, half = 0.5 * z, one = 1 - half, c = -0x1.6827863b97d97p-53;

    c = LKS_FMA(c, z, 0x1.ae7f3e733b81fp-45);
    c = LKS_FMA(c, z, -0x1.93974a8c07c9dp-37);
    c = LKS_FMA(c, z, 0x1.1eed8eff8d898p-29);
    c = LKS_FMA(c, z, -0x1.27e4fb7789f5cp-22);
    c = LKS_FMA(c, z, 0x1.a01a01a01a01ap-16);
    c = LKS_FMA(c, z, -0x1.6c16c16c16c17p-10);
    c = LKS_FMA(c, z, 0x1.5555555555555p-5);
    return one + (((1 - one) - half) + LKS_FMA(c * z, z, -y * rest));
}

/* The sine of x and so many quarters. */
LKS_INLINE double lks_sin_from_f64(double x, uint64_t quarters)
{
    uint64_t quarter;
    double rest, y = lks_quarters_f64(x, &quarter, &rest);
    double s = lks_sin_quarter_f64(y, rest), c = lks_cos_quarter_f64(y, rest);

    quarter += quarters;
    s = quarter & 1 ? c : s;
    s = quarter & 2 ? -s : s;
    return lks_magnitude_f64(x) < (double)INFINITY ? s : (double)NAN;
}

LKS_INLINE double lks_sin_f64(double x)
{
    double y = lks_sin_from_f64(x, 0);

    return lks_magnitude_f64(x) < 0x1p-27 ? x : y; /* keeps zeros and subnormals */
}

LKS_INLINE double lks_cos_f64(double x)
{
    return lks_sin_from_f64(x, 1);
}

/* ---- exponentials ---- */

/* e^(high + low), |low| well below |high|. */
LKS_INLINE double lks_exp_sum_f64(double high, double low)
{
    uint64_t n;
    double x = high + low, c, r = lks_exp_reduce_f64(x, &n, &c);
    double p = lks_exp_poly_f64(r), one_r = 1 + r;

    c += low - (x - high);
    p = one_r + (LKS_FMA(p * r, r, c * LKS_FMA(p * r, r, one_r)) + ((1 - one_r) + r));
    p = lks_scale_f64(p, n);
    p = high > 710.0 ? (double)INFINITY : p;
    return high < -746.0 ? 0 : p;
}

/* e^x - 1 = 2^n (1 - 2^-n + (e^(r + c) - 1)). */
LKS_INLINE double lks_expm1_f64(double x)
{
    uint64_t n;
    double near = x < -40.0 ? -40.0 : x > 710.0 ? 710.0 : x;
    double c, r = lks_exp_reduce_f64(near, &n, &c), p = lks_exp_poly_f64(r), rest;
    double whole = 1 - lks_exp2_int_f64(n > 1000 && n < 2000 ? -(uint64_t)1000 : 0 - n);

    p = LKS_FMA(p * r, r, c);
    whole = lks_two_sum_f64(whole, r, &rest);
    p = lks_scale_f64(whole + (rest + p), n);
    p = x > 710.0 ? (double)INFINITY : p;
    return lks_magnitude_f64(x) < 0x1p-54 ? x : p;
}

/* ---- logarithms ---- */

/* log(1 + x) = log(u) + c / u with u + c = 1 + x. Where u lies about 1, x itself is its
 * distance. */
LKS_INLINE double lks_log1p_f64(double x)
{
    double c, u = lks_two_sum_f64(1, x, &c), e, f = lks_log_split_f64(u, &e);
    double half, y;

    f = e == 0 ? x : f;
    c = e == 0 || u > 0x1p60 ? 0 : c / u;
    half = 0.5 * f * f;
    y = lks_log_rest_f64(f, half, LKS_FMA(e, 1.90821492927058770002e-10, c));
    y = LKS_FMA(e, 6.93147180369123816490e-01, f - (half - y));
    y = lks_magnitude_f64(x) < 0x1p-54 ? x : y;
    return lks_log_edges_f64(u, y);
}

/* log(m) in two parts, times 1 / log(2) in two. */
LKS_INLINE double lks_log2_f64(double x)
{
    double e, f = lks_log_split_f64(x, &e), half = 0.5 * f * f;
    double high = f - half, low = ((f - high) - half) + lks_log_rest_f64(f, half, 0);
    double rest, sum_rest, y = lks_two_product_f64(high, 0x1.71547652b82fep+0, &rest);

    rest += LKS_FMA(high, 0x1.777d0ffda0d24p-56, low * 0x1.71547652b82fep+0);
    y = lks_two_sum_f64(e, y, &sum_rest);
    return lks_log_edges_f64(x, y + (rest + sum_rest));
}

/* ---- pow ---- */

/* log(x) in two parts, to 2^-65 of it, x > 0 and finite: with s = f / (2 + f), log(1 + f)
 * = 2 s + s^3 (2/3 + 2/5 s^2 + …). */
LKS_INLINE double lks_log_pair_f64(double x, double *low)
{
    double e, f = lks_log_split_f64(x, &e), d = 2 + f, d_low = f - (d - 2);
    double by_d = 1 / d, s = f * by_d;
    double s_low = LKS_FMA(-s, d_low, LKS_FMA(-s, d, f)) * by_d;
    double z_low, z = lks_two_product_f64(s, s, &z_low), q = 0x1.2f684bda12f68p-4;
    double c, c_low, t, t_low, u, u_low, y, y_low, rest;

    z_low = LKS_FMA(2 * s, s_low, z_low);
    q = LKS_FMA(q, z, 0x1.47ae147ae147bp-4);
    q = LKS_FMA(q, z, 0x1.642c8590b2164p-4);
    q = LKS_FMA(q, z, 0x1.8618618618618p-4);
    q = LKS_FMA(q, z, 0x1.af286bca1af28p-4);
    q = LKS_FMA(q, z, 0x1.e1e1e1e1e1e1ep-4);
    q = LKS_FMA(q, z, 0x1.1111111111111p-3);
    q = LKS_FMA(q, z, 0x1.3b13b13b13b14p-3);
    q = LKS_FMA(q, z, 0x1.745d1745d1746p-3);
    q = LKS_FMA(q, z, 0x1.c71c71c71c71cp-3);
    q = LKS_FMA(q, z, 0x1.2492492492492p-2);
    q = LKS_FMA(q, z, 0x1.999999999999ap-2) * z;
    c = 0x1.5555555555555p-1 + q;
    c_low = ((0x1.5555555555555p-1 - c) + q) + 0x1.5555555555555p-55;
    t = lks_two_product_f64(z, c, &t_low);
    t_low += LKS_FMA(z, c_low, z_low * c);
    u = lks_two_product_f64(s, t, &u_low);
    u_low += LKS_FMA(s, t_low, s_low * t);
    y = 2 * s + u;
    y_low = ((2 * s - y) + u) + LKS_FMA(2.0, s_low, u_low);
    y = lks_two_sum_f64(e * 6.93147180369123816490e-01, y, &rest);
    *low = LKS_FMA(e, 1.90821492927058770002e-10, rest + y_low);
    return y;
}

/* Whether y is a whole number, and whether an odd one. */
LKS_INLINE bool lks_is_whole_f64(double y)
{
    double a = lks_magnitude_f64(y), near = (a + 0x1p52) - 0x1p52;

    return a >= 0x1p52 || near == a;
}

LKS_INLINE bool lks_is_odd_f64(double y)
{
    return lks_magnitude_f64(y) < 0x1p53 && lks_is_whole_f64(y) &&
           !lks_is_whole_f64(0.5 * y);
}

/* The values at the edges are those of C99's annex F. */
LKS_INLINE double lks_pow_f64(double x, double y)
{
    double a = lks_magnitude_f64(x), low, high = lks_log_pair_f64(a, &low), rest;
    double product = lks_two_product_f64(y, high, &rest);
    double p = lks_exp_sum_f64(product, LKS_FMA(y, low, rest));
    const bool grows = y > 0;

    p = a == 0 ? (grows ? 0 : (double)INFINITY) : p;
    p = a == (double)INFINITY ? (grows ? (double)INFINITY : 0) : p;
    p = lks_magnitude_f64(y) == (double)INFINITY
            ? ((a > 1) == grows ? (double)INFINITY : 0)
            : p;
    p = a == 1 ? 1 : p;
    p = x < 0 && a < (double)INFINITY && !lks_is_whole_f64(y) ? (double)NAN : p;
    p = lks_is_odd_f64(y) ? lks_with_sign_f64(p, x) : p;
    p = x != x || y != y ? (double)NAN : p;
    return x == 1 || y == 0 ? 1 : p;
}

/* ---- erf, erfc ----
 * source: fdlibm's s_erf.c, Sun Microsystems 1993: four rational functions, of a^2, a - 1
 * and 1 / a^2 twice, whose coefficients are chosen for each element. */
#define LKS_ERF_OF(small, middle, near, far)                                             \
    (a < 0.84375 ? (small) : a < 1.25 ? (middle) : a < 1 / 0.35 ? (near) : (far))

/* What the rational function gives at t. */
LKS_INLINE double lks_erf_rational_f64(double a, double t)
{
    double p = LKS_ERF_OF(0, 0, -9.81432934416914548592e+00, 0);
    double q = LKS_ERF_OF(0, 0, -6.04244152148580987438e-02, 0);

    p = LKS_FMA(p, t,
                LKS_ERF_OF(0, -2.16637559486879084300e-03, -8.12874355063065934246e+01,
                           -4.83519191608651397019e+02));
    p = LKS_FMA(p, t,
                LKS_ERF_OF(0, 3.54783043256182359371e-02, -1.84605092906711035994e+02,
                           -1.02509513161107724954e+03));
    p = LKS_FMA(p, t,
                LKS_ERF_OF(-2.37630166566501626084e-05, -1.10894694282396677476e-01,
                           -1.62396669462573470355e+02, -6.37566443368389627722e+02));
    p = LKS_FMA(p, t,
                LKS_ERF_OF(-5.77027029648944159157e-03, 3.18346619901161753674e-01,
                           -6.23753324503260060396e+01, -1.60636384855821916062e+02));
    p = LKS_FMA(p, t,
                LKS_ERF_OF(-2.84817495755985104766e-02, -3.72207876035701323847e-01,
                           -1.05586262253232909814e+01, -1.77579549177547519889e+01));
    p = LKS_FMA(p, t,
                LKS_ERF_OF(-3.25042107247001499370e-01, 4.14856118683748331666e-01,
                           -6.93858572707181764372e-01, -7.99283237680523006574e-01));
    p = LKS_FMA(p, t,
                LKS_ERF_OF(1.28379167095512558561e-01, -2.36211856075265944077e-03,
                           -9.86494403484714822705e-03, -9.86494292470009928597e-03));
    q = LKS_FMA(
        q, t, LKS_ERF_OF(0, 0, 6.57024977031928170135e+00, -2.24409524465858183362e+01));
    q = LKS_FMA(q, t,
                LKS_ERF_OF(0, 1.19844998467991074170e-02, 1.08635005541779435134e+02,
                           4.74528541206955367215e+02));
    q = LKS_FMA(q, t,
                LKS_ERF_OF(-3.96022827877536812320e-06, 1.36370839120290507362e-02,
                           4.29008140027567833386e+02, 2.55305040643316442583e+03));
    q = LKS_FMA(q, t,
                LKS_ERF_OF(1.32494738004321644526e-04, 1.26171219808761642112e-01,
                           6.45387271733267880336e+02, 3.19985821950859553908e+03));
    q = LKS_FMA(q, t,
                LKS_ERF_OF(5.08130628187576562776e-03, 7.18286544141962662868e-02,
                           4.34565877475229228821e+02, 1.53672958608443695994e+03));
    q = LKS_FMA(q, t,
                LKS_ERF_OF(6.50222499887672944485e-02, 5.40397917702171048937e-01,
                           1.37657754143519042600e+02, 3.25792512996573918826e+02));
    q = LKS_FMA(q, t,
                LKS_ERF_OF(3.97917223959155352819e-01, 1.06420880400844228286e-01,
                           1.96512716674392571292e+01, 3.03380607434824582924e+01));
    return p / LKS_FMA(q, t, 1.0);
}

/* erfc(a) for a in [1.25, 30]: e^(-a^2 - 0.5625 + rational) / a. */
LKS_INLINE double lks_erf_tail_f64(double a, double rational)
{
    double rest, square = lks_two_product_f64(-a, a, &rest), sum_rest;
    double high = lks_two_sum_f64(square, -0.5625, &sum_rest);

    return lks_exp_sum_f64(high, (sum_rest + rest) + rational) / a;
}

LKS_INLINE double lks_erf_f64(double x)
{
    const double erf_1 = 8.45062911510467529297e-01;
    double whole = lks_magnitude_f64(x), a = whole > 30 ? 30 : whole;
    double r =
        lks_erf_rational_f64(a, LKS_ERF_OF(a * a, a - 1, 1 / (a * a), 1 / (a * a)));
    double tail = lks_erf_tail_f64(a, r);

    return lks_with_sign_f64(LKS_ERF_OF(LKS_FMA(a, r, a), erf_1 + r, 1 - tail, 1 - tail),
                             x);
}

LKS_INLINE double lks_erfc_f64(double x)
{
    const double erf_1 = 8.45062911510467529297e-01;
    double whole = lks_magnitude_f64(x), a = whole > 30 ? 30 : whole;
    double r =
        lks_erf_rational_f64(a, LKS_ERF_OF(a * a, a - 1, 1 / (a * a), 1 / (a * a)));
    double tail = lks_erf_tail_f64(a, r);
    double below_half = x < 0.25 ? 1 - LKS_FMA(x, r, x) : 0.5 - LKS_FMA(x, r, x - 0.5);
    double small = x < 0.5 ? below_half : LKS_FMA(-x, r, 1 - x);
    double middle = x < 0 ? 1 + (erf_1 + r) : (1 - erf_1) - r;

    tail = x < 0 ? 2 - tail : tail;
    return LKS_ERF_OF(small, middle, tail, tail);
}
#undef LKS_ERF_OF

/* ---- f32 ---- */

#define LKS_MATHS_ROUNDED(f)                                                             \
    LKS_INLINE float lks_##f##_f32(float x)                                              \
    {                                                                                    \
        return (float)lks_##f##_f64((double)x);                                          \
    }
LKS_MATHS_ROUNDED(sin)
LKS_MATHS_ROUNDED(cos)
LKS_MATHS_ROUNDED(erf)
LKS_MATHS_ROUNDED(erfc)
LKS_MATHS_ROUNDED(expm1)
LKS_MATHS_ROUNDED(log1p)
LKS_MATHS_ROUNDED(log2)

LKS_INLINE float lks_pow_f32(float x, float y)
{
    return (float)lks_pow_f64((double)x, (double)y);
}

#endif
