#include "cpu/cpu.h"
#include "cpu/kernels/element.h"
#include "cpu/loops.h"

/* Casts. A float that an integer type cannot hold becomes the nearest it can, NaN zero.
 */
#define SATURATE(dtype, type, low, high)                                                 \
    static inline type to_##dtype##_float(double x)                                      \
    {                                                                                    \
        return x >= (double)(high)  ? (high)                                             \
               : x <= (double)(low) ? (low)                                              \
               : x == x             ? (type)x                                            \
                                    : 0;                                                             \
    }
SATURATE(I64, int64_t, INT64_MIN, INT64_MAX)
SATURATE(I32, int32_t, INT32_MIN, INT32_MAX)
SATURATE(I16, int16_t, INT16_MIN, INT16_MAX)
SATURATE(U8, uint8_t, 0, UINT8_MAX)

#define TO_INT(dtype, type, x)                                                           \
    _Generic((x), float                                                                  \
             : to_##dtype##_float((double)(x)), double                                   \
             : to_##dtype##_float((double)(x)), default                                  \
             : (type)(x))
#define TO_I64(x)  TO_INT(I64, int64_t, x)
#define TO_I32(x)  TO_INT(I32, int32_t, x)
#define TO_I16(x)  TO_INT(I16, int16_t, x)
#define TO_U8(x)   TO_INT(U8, uint8_t, x)
#define TO_BOOL(x) ((uint8_t)((x) != 0))
#define TO_F32(x)  ((float)(x))
#define TO_F64(x)  ((double)(x))
#define TO_F16(x)  lks_store_f16((float)(x))
#define TO_BF16(x) lks_store_bf16((float)(x))

#define COPY_ROW(from, from_type, load, to, to_type)                                     \
    static void copy_##from##_##to(int64_t n, char *const *data, const int64_t *strides, \
                                   const void *context)                                  \
    {                                                                                    \
        (void)context;                                                                   \
        if (strides[0] == sizeof(to_type) && strides[1] == sizeof(from_type)) {          \
            to_type *out = (to_type *)data[0];                                           \
            const from_type *in = (const from_type *)data[1];                            \
                                                                                         \
            LKS_SIMD_FOR(i, n)                                                           \
            out[i] = TO_##to(load(in[i]));                                               \
            return;                                                                      \
        }                                                                                \
        for (int64_t i = 0; i < n; i++)                                                  \
            *(to_type *)(data[0] + i * strides[0]) =                                     \
                TO_##to(load(*(const from_type *)(data[1] + i * strides[1])));           \
    }

#define COPY_ROWS(from, from_type, computed, load, store)                                \
    COPY_ROW(from, from_type, load, F32, float)                                          \
    COPY_ROW(from, from_type, load, F64, double)                                         \
    COPY_ROW(from, from_type, load, I64, int64_t)                                        \
    COPY_ROW(from, from_type, load, I32, int32_t)                                        \
    COPY_ROW(from, from_type, load, I16, int16_t)                                        \
    COPY_ROW(from, from_type, load, U8, uint8_t)                                         \
    COPY_ROW(from, from_type, load, BOOL, uint8_t)                                       \
    COPY_ROW(from, from_type, load, F16, uint16_t)                                       \
    COPY_ROW(from, from_type, load, BF16, uint16_t)
LKS_ELEMENTS(COPY_ROWS)

static const lks_row_fn copy_rows[LKS_N_DTYPES][LKS_N_DTYPES] = {
#define COPY_ENTRIES(from, from_type, computed, load, store)                             \
    [LKS_##from] = {                                                                     \
        [LKS_F32] = copy_##from##_F32,   [LKS_F64] = copy_##from##_F64,                  \
        [LKS_I64] = copy_##from##_I64,   [LKS_I32] = copy_##from##_I32,                  \
        [LKS_I16] = copy_##from##_I16,   [LKS_U8] = copy_##from##_U8,                    \
        [LKS_BOOL] = copy_##from##_BOOL, [LKS_F16] = copy_##from##_F16,                  \
        [LKS_BF16] = copy_##from##_BF16,                                                 \
    },
    LKS_ELEMENTS(COPY_ENTRIES)};

lks_status LKS_CPU(copy)(const lks_view *x, const lks_view *out)
{
    const lks_view *const views[] = {out, x};
    lks_nest nest;

    lks_nest_init(&nest, 2, views);
    lks_nest_run(&nest, copy_rows[x->dtype][out->dtype], NULL);
    return LKS_OK;
}

lks_status LKS_CPU(fill)(const lks_view *out, double value)
{
    lks_view x = *out;

    x.data = &value;
    x.dtype = LKS_F64;
    for (int d = 0; d < x.ndim; d++)
        x.strides[d] = 0;
    return LKS_CPU(copy)(&x, out);
}
