/* Element types: PyTorch's five classic ones and the narrow ones. */
#ifndef LKS_LAYOUT_DTYPE_H
#define LKS_LAYOUT_DTYPE_H

#include <stdbool.h>
#include <stddef.h>

/* X(enum name, C storage type, safetensors name, PyTorch name) */
#define LKS_DTYPE_LIST(X)                                                                \
    X(F32, float, "F32", "float32")                                                      \
    X(F64, double, "F64", "float64")                                                     \
    X(I64, int64_t, "I64", "int64")                                                      \
    X(I32, int32_t, "I32", "int32")                                                      \
    X(I16, int16_t, "I16", "int16")                                                      \
    X(U8, uint8_t, "U8", "uint8")                                                        \
    X(BOOL, uint8_t, "BOOL", "bool")                                                     \
    X(F16, uint16_t, "F16", "float16")                                                   \
    X(BF16, uint16_t, "BF16", "bfloat16")

typedef enum lks_dtype {
#define LKS_DTYPE_ENUM(name, type, safetensors, torch) LKS_##name,
    LKS_DTYPE_LIST(LKS_DTYPE_ENUM)
#undef LKS_DTYPE_ENUM
        LKS_N_DTYPES
} lks_dtype;

enum { LKS_MAX_ELEMENT_BYTES = 8 };
size_t lks_dtype_size_bytes(lks_dtype dtype); /* of one element */

/* "float32", … */
const char *lks_dtype_name(lks_dtype dtype);

/* "F32", …: the safetensors name; and back (false: no such name, *out untouched). */
const char *lks_dtype_safetensors_name(lks_dtype dtype);
bool lks_dtype_from_safetensors_name(const char *name, lks_dtype *out);

/* f32 f64 f16 bf16 */
bool lks_dtype_is_float(lks_dtype dtype);

/* 0 for booleans, 1 for integers, 2 for floats: an operation in place never casts its
 * result down one of these. */
int lks_dtype_kind(lks_dtype dtype);

/* What a binary operation of the two yields: PyTorch's promotion among tensors that have
 * dimensions. */
lks_dtype lks_dtype_promote(lks_dtype a, lks_dtype b);

/* IEEE half and bfloat16 to and from f32, rounding to nearest even. */
float lks_f16_to_f32(unsigned short bits);
unsigned short lks_f16_from_f32(float value);
float lks_bf16_to_f32(unsigned short bits);
unsigned short lks_bf16_from_f32(float value);

#endif
