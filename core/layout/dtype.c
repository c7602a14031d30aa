#include "layout/dtype.h"

#include <stdint.h>
#include <string.h>

typedef struct dtype_info {
    size_t size_bytes;
    const char *safetensors_name, *name;
} dtype_info;

static const dtype_info infos[LKS_N_DTYPES] = {
#define DTYPE_INFO(id, type, safetensors, torch)                                         \
    [LKS_##id] = {sizeof(type), safetensors, torch},
    LKS_DTYPE_LIST(DTYPE_INFO)
#undef DTYPE_INFO
};

/* The order of promotion: the higher of two wins. u8 is below all signed integers, since
 * the smallest of them that we have (i16) holds all its values. */
static const int promotion_rank[LKS_N_DTYPES] = {
    [LKS_BOOL] = 0, [LKS_U8] = 1,   [LKS_I16] = 2, [LKS_I32] = 3, [LKS_I64] = 4,
    [LKS_F16] = 5,  [LKS_BF16] = 5, [LKS_F32] = 6, [LKS_F64] = 7,
};

size_t lks_dtype_size_bytes(lks_dtype dtype)
{
    return infos[dtype].size_bytes;
}

const char *lks_dtype_name(lks_dtype dtype)
{
    return infos[dtype].name;
}

const char *lks_dtype_safetensors_name(lks_dtype dtype)
{
    return infos[dtype].safetensors_name;
}

bool lks_dtype_from_safetensors_name(const char *name, lks_dtype *out)
{
    for (int i = 0; i < LKS_N_DTYPES; i++) {
        if (strcmp(infos[i].safetensors_name, name) == 0) {
            *out = (lks_dtype)i;
            return true;
        }
    }
    return false;
}

bool lks_dtype_is_float(lks_dtype dtype)
{
    return promotion_rank[dtype] >= promotion_rank[LKS_F16];
}

int lks_dtype_kind(lks_dtype dtype)
{
    return dtype == LKS_BOOL ? 0 : lks_dtype_is_float(dtype) ? 2 : 1;
}

lks_dtype lks_dtype_promote(lks_dtype a, lks_dtype b)
{
    if (a != b && promotion_rank[a] == promotion_rank[b])
        return LKS_F32; /* f16 and bf16: neither holds the other */
    return promotion_rank[a] > promotion_rank[b] ? a : b;
}

static uint32_t f32_bits(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float f32_of_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

float lks_f16_to_f32(unsigned short bits)
{
    const uint32_t sign = (uint32_t)(bits & 0x8000u) << 16;
    const uint32_t magnitude = bits & 0x7fffu;

    if (magnitude >= 0x7c00u) /* infinity, NaN with its payload */
        return f32_of_bits(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
    if (magnitude < 0x0400u) /* zero, subnormal: a multiple of 2^-24, exact in f32 */
        return f32_of_bits(sign | f32_bits((float)magnitude * 0x1p-24f));
    /* Widen the fraction 10 -> 23 bits, rebias the exponent 15 -> 127. */
    return f32_of_bits(sign | ((magnitude << 13) + ((127u - 15u) << 23)));
}

/* NaN gives PyTorch's 0x7e00 with the sign kept. */
unsigned short lks_f16_from_f32(float value)
{
    const uint32_t bits = f32_bits(value);
    const uint32_t sign = bits >> 16 & 0x8000u;
    const uint32_t magnitude = bits & 0x7fffffffu;
    uint32_t half;

    if (magnitude > 0x7f800000u)
        half = 0x7e00u;
    else if (magnitude >= 0x477ff000u) /* from 65520 on the nearest is infinity */
        half = 0x7c00u;
    else if (magnitude < 0x38800000u) /* below 2^-14: subnormal */
        /* In [0.5, 1) f32 numbers are 2^-24 apart, as subnormal halves are: the addition
         * rounds to them, to even. */
        half = f32_bits(f32_of_bits(magnitude) + 0.5f) - f32_bits(0.5f);
    else
        /* Add just under half of the last place kept, and the rest if that place is odd.
         * A carry moves into the exponent, as it must. */
        half = (magnitude - ((127u - 15u) << 23) + 0xfffu + (magnitude >> 13 & 1u)) >> 13;
    return (unsigned short)(sign | half);
}

float lks_bf16_to_f32(unsigned short bits)
{
    return f32_of_bits((uint32_t)bits << 16);
}

/* NaN gives PyTorch's 0x7fc0. */
unsigned short lks_bf16_from_f32(float value)
{
    const uint32_t bits = f32_bits(value);

    if ((bits & 0x7fffffffu) > 0x7f800000u)
        return 0x7fc0u;
    return (unsigned short)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}
