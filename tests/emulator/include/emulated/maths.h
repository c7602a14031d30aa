/* Intrinsic functions that round as the hardware does. The fast and inexact ones (__expf,
 * __sinf …) are left out on purpose: no other machine has their bits. */
#ifndef LKS_TESTS_EMULATOR_MATHS_H
#define LKS_TESTS_EMULATOR_MATHS_H

#include <cmath>

namespace emu
{
template <class To, class From> inline To bits_as(From value)
{
    To to;

    static_assert(sizeof to == sizeof value, "");
    memcpy(&to, &value, sizeof to);
    return to;
}
} // namespace emu

inline float __fmaf_rn(float a, float b, float c)
{
    return __builtin_fmaf(a, b, c);
}
inline double __fma_rn(double a, double b, double c)
{
    return __builtin_fma(a, b, c);
}
#define EMULATED_ROUNDED(type, prefix)                                                   \
    inline type __##prefix##add_rn(type a, type b)                                       \
    {                                                                                    \
        return a + b;                                                                    \
    }                                                                                    \
    inline type __##prefix##sub_rn(type a, type b)                                       \
    {                                                                                    \
        return a - b;                                                                    \
    }                                                                                    \
    inline type __##prefix##mul_rn(type a, type b)                                       \
    {                                                                                    \
        return a * b;                                                                    \
    }                                                                                    \
    inline type __##prefix##div_rn(type a, type b)                                       \
    {                                                                                    \
        return a / b;                                                                    \
    }
EMULATED_ROUNDED(float, f)
EMULATED_ROUNDED(double, d)
#undef EMULATED_ROUNDED
inline float __fsqrt_rn(float x)
{
    return std::sqrt(x);
}
inline double __dsqrt_rn(double x)
{
    return std::sqrt(x);
}
inline float __frcp_rn(float x)
{
    return 1 / x;
}
inline float __saturatef(float x)
{
    return x > 0 ? (x < 1 ? x : 1) : 0; /* of a NaN 0 */
}
inline int __float2int_rn(float x)
{
    return static_cast<int>(std::nearbyint(x));
}
inline int __float2int_rz(float x)
{
    return static_cast<int>(x);
}
inline float __int2float_rn(int x)
{
    return static_cast<float>(x);
}
inline float __uint2float_rn(unsigned x)
{
    return static_cast<float>(x);
}
inline float __double2float_rn(double x)
{
    return static_cast<float>(x);
}
inline int __float_as_int(float x)
{
    return emu::bits_as<int>(x);
}
inline unsigned __float_as_uint(float x)
{
    return emu::bits_as<unsigned>(x);
}
inline float __int_as_float(int x)
{
    return emu::bits_as<float>(x);
}
inline float __uint_as_float(unsigned x)
{
    return emu::bits_as<float>(x);
}
inline long long __double_as_longlong(double x)
{
    return emu::bits_as<long long>(x);
}
inline double __longlong_as_double(long long x)
{
    return emu::bits_as<double>(x);
}
inline int __mulhi(int a, int b)
{
    return static_cast<int>(static_cast<int64_t>(a) * b >> 32);
}
inline unsigned __umulhi(unsigned a, unsigned b)
{
    return static_cast<unsigned>(static_cast<uint64_t>(a) * b >> 32);
}
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b)
{
    return static_cast<unsigned long long>(static_cast<unsigned __int128>(a) * b >> 64);
}
inline int __popc(unsigned x)
{
    return __builtin_popcount(x);
}
inline int __popcll(unsigned long long x)
{
    return __builtin_popcountll(x);
}
inline int __ffs(int x)
{
    return __builtin_ffs(x);
}
inline int __clz(int x)
{
    return x ? __builtin_clz(static_cast<unsigned>(x)) : 32;
}
inline int __clzll(long long x)
{
    return x ? __builtin_clzll(static_cast<unsigned long long>(x)) : 64;
}

/* CUDA has these for every pair of types, at file scope. */
template <class A, class B> inline constexpr std::common_type_t<A, B> min(A a, B b)
{
    return b < a ? b : a;
}
template <class A, class B> inline constexpr std::common_type_t<A, B> max(A a, B b)
{
    return a < b ? b : a;
}

#endif
