/* Elements of each dtype: how one is stored, the type it computes in, and the way
 * between. For loops that a macro writes once per dtype, on every device: plain inline
 * code that C and CUDA compilers take. */
#ifndef LKS_ELEMENT_H
#define LKS_ELEMENT_H

#include <stdint.h>

#include "base/inline.h"
#include "layout/dtype.h"

LKS_INLINE float lks_from_bits(uint32_t bits)
{
    union {
        uint32_t bits;
        float value;
    } both;

    both.bits = bits;
    return both.value;
}

LKS_INLINE uint32_t lks_to_bits(float value)
{
    union {
        float value;
        uint32_t bits;
    } both;

    both.value = value;
    return both.bits;
}

LKS_INLINE double lks_from_bits64(uint64_t bits)
{
    union {
        uint64_t bits;
        double value;
    } both;

    both.bits = bits;
    return both.value;
}

LKS_INLINE uint64_t lks_to_bits64(double value)
{
    union {
        double value;
        uint64_t bits;
    } both;

    both.value = value;
    return both.bits;
}

/* The narrow floats, as dtype.h has them but without calls and branches, so that loops
 * vectorise. f32 arithmetic shifts the exponent and so handles the subnormals. */
LKS_INLINE float lks_load_f16(uint16_t bits)
{
    uint32_t magnitude = (uint32_t)(bits & 0x7fff) << 13;
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
    uint32_t finite = lks_to_bits(lks_from_bits(magnitude) * 0x1p112f);
    uint32_t special = magnitude | 0x7f800000;

    return lks_from_bits((magnitude < 0x0f800000 ? finite : special) | sign);
}

LKS_INLINE uint16_t lks_store_f16(float value)
{
    uint32_t bits = lks_to_bits(value), sign = bits & 0x80000000;
    uint32_t magnitude = bits ^ sign;
    /* below 2^-14 a sum with 1/2 rounds to the subnormals' spacing of 2^-24 */
    uint32_t subnormal = lks_to_bits(lks_from_bits(magnitude) + 0.5f) - 0x3f000000;
    uint32_t normal = (magnitude + 0xfff + (magnitude >> 13 & 1) - 0x38000000) >> 13;
    uint32_t special = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00;
    uint32_t half = magnitude >= 0x477ff000  ? special
                    : magnitude < 0x38800000 ? subnormal
                                             : normal;

    return (uint16_t)(half | sign >> 16);
}

LKS_INLINE float lks_load_bf16(uint16_t bits)
{
    return lks_from_bits((uint32_t)bits << 16);
}

LKS_INLINE uint16_t lks_store_bf16(float value)
{
    uint32_t bits = lks_to_bits(value);
    uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;

    return (uint16_t)(value != value ? (bits >> 16 | 0x40) : rounded);
}

/* X(dtype, stored as, computes in, load, store) */
#define LKS_INT_ELEMENTS(X)                                                              \
    X(I64, int64_t, int64_t, (int64_t), (int64_t))                                       \
    X(I32, int32_t, int32_t, (int32_t), (int32_t))                                       \
    X(I16, int16_t, int32_t, (int32_t), (int16_t))                                       \
    X(U8, uint8_t, int32_t, (int32_t), (uint8_t))
#define LKS_FLOAT_ELEMENTS(X)                                                            \
    X(F32, float, float, (float), (float))                                               \
    X(F64, double, double, (double), (double))                                           \
    X(F16, uint16_t, float, lks_load_f16, lks_store_f16)                                 \
    X(BF16, uint16_t, float, lks_load_bf16, lks_store_bf16)
#define LKS_BOOL_ELEMENTS(X) X(BOOL, uint8_t, int32_t, (int32_t), (uint8_t)0 !=)

#define LKS_ELEMENTS(X) LKS_FLOAT_ELEMENTS(X) LKS_INT_ELEMENTS(X) LKS_BOOL_ELEMENTS(X)

/* The same as types and functions, for pages that know a dtype by its name:
 * lks_stored_F16, lks_computed_F16, lks_load_element_F16, lks_store_element_F16 … */
#define LKS_NAMED_ELEMENT(dtype, stored, computed, load, store)                          \
    typedef stored lks_stored_##dtype;                                                   \
    typedef computed lks_computed_##dtype;                                               \
    LKS_INLINE computed lks_load_element_##dtype(stored x)                               \
    {                                                                                    \
        return load(x);                                                                  \
    }                                                                                    \
    LKS_INLINE stored lks_store_element_##dtype(computed x)                              \
    {                                                                                    \
        return store(x);                                                                 \
    }
LKS_ELEMENTS(LKS_NAMED_ELEMENT)

/* Casts, LKS_TO_<dtype>(x) of a number x of any type that elements compute in. A float
 * that an integer type cannot hold becomes the nearest it can, NaN zero. */
#define LKS_SATURATE(dtype, type, low, high)                                             \
    LKS_INLINE type lks_saturate_##dtype(double x)                                       \
    {                                                                                    \
        return x >= (double)(high)  ? (high)                                             \
               : x <= (double)(low) ? (low)                                              \
               : x == x             ? (type)x                                            \
                                    : 0;                                                             \
    }
LKS_SATURATE(I64, int64_t, INT64_MIN, INT64_MAX)
LKS_SATURATE(I32, int32_t, INT32_MIN, INT32_MAX)
LKS_SATURATE(I16, int16_t, INT16_MIN, INT16_MAX)
LKS_SATURATE(U8, uint8_t, 0, UINT8_MAX)

#define LKS_IS_FLOAT(x) ((__typeof__(x))0.5 != 0)
#define LKS_TO_INT(dtype, type, x)                                                       \
    (LKS_IS_FLOAT(x) ? lks_saturate_##dtype((double)(x)) : (type)(x))
#define LKS_TO_I64(x)  LKS_TO_INT(I64, int64_t, x)
#define LKS_TO_I32(x)  LKS_TO_INT(I32, int32_t, x)
#define LKS_TO_I16(x)  LKS_TO_INT(I16, int16_t, x)
#define LKS_TO_U8(x)   LKS_TO_INT(U8, uint8_t, x)
#define LKS_TO_BOOL(x) ((uint8_t)((x) != 0))
#define LKS_TO_F32(x)  ((float)(x))
#define LKS_TO_F64(x)  ((double)(x))
#define LKS_TO_F16(x)  lks_store_f16((float)(x))
#define LKS_TO_BF16(x) lks_store_bf16((float)(x))

#endif
