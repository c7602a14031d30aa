#include "data/convert.h"

#include <math.h>

/* X(dtype, C type, its value as the other dtype's) */
#define TO_F32(X)                                                                        \
    X(F64, double, (float)v)                                                             \
    X(I64, int64_t, (float)v)                                                            \
    X(I32, int32_t, (float)v)                                                            \
    X(I16, int16_t, (float)v)                                                            \
    X(U8, uint8_t, (float)v)                                                             \
    X(BOOL, uint8_t, (float)(v != 0))                                                    \
    X(F16, uint16_t, lks_f16_to_f32(v))
#define TO_I64(X)                                                                        \
    X(I32, int32_t, v)                                                                   \
    X(I16, int16_t, v)                                                                   \
    X(U8, uint8_t, v)                                                                    \
    X(BOOL, uint8_t, v)

#define CONVERSION(name, from, to, value)                                                \
    static void name(const void *in, size_t n, void *out)                                \
    {                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                 \
            const from v = ((const from *)in)[i];                                        \
            ((to *)out)[i] = value;                                                      \
        }                                                                                \
    }
#define CONVERSION_F32(name, type, value) CONVERSION(name##_to_f32, type, float, value)
#define CONVERSION_I64(name, type, value) CONVERSION(name##_to_i64, type, int64_t, value)
TO_F32(CONVERSION_F32)
TO_I64(CONVERSION_I64)

#define ENTRY_F32(name, type, value) [LKS_##name] = name##_to_f32,
#define ENTRY_I64(name, type, value) [LKS_##name] = name##_to_i64,
static const lks_convert conversions[LKS_N_DTYPES][LKS_N_DTYPES] = {
    [LKS_F32] = {TO_F32(ENTRY_F32)},
    [LKS_I64] = {TO_I64(ENTRY_I64)},
};

lks_convert lks_convert_find(lks_dtype from, lks_dtype to)
{
    return conversions[to][from];
}

size_t lks_find_beyond_f32(const double *values, size_t n)
{
    size_t i = 0;

    while (i < n && (isfinite((float)values[i]) || !isfinite(values[i])))
        i++;
    return i;
}

/* Divisions in vectors beat a table of 256 values: 0.7 against 1.1 us for 784 pixels. */
void lks_normalise_u8(const uint8_t *restrict in, size_t n, float mean, float std,
                      float *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = ((float)in[i] / 255 - mean) / std;
}

void lks_normalise_f32(const float *in, size_t n, float mean, float std, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (in[i] - mean) / std;
}
