/* From numbers as a file has them to those of a field. Private to core/data. */
#ifndef LKS_DATA_CONVERT_H
#define LKS_DATA_CONVERT_H

#include "data/dataset.h"

/* in[0..n) of one dtype to out[0..n) of another. */
typedef void (*lks_convert)(const void *in, size_t n, void *out);

/* NULL: the dtypes are the same, or there is no such way. Real dtypes become F32,
 * integers and booleans I64 too. */
lks_convert lks_convert_find(lks_dtype from, lks_dtype to);

/* The first of values[0..n) that float32 has only infinity for; n if there is none. */
size_t lks_find_beyond_f32(const double *values, size_t n);

/* In PyTorch's order of (x.float() / 255 - mean) / std, each step rounded to f32; without
 * the division of pixels by 255: `in` may be `out`. */
void lks_normalise_u8(const uint8_t *restrict in, size_t n, float mean, float std,
                      float *restrict out);
void lks_normalise_f32(const float *in, size_t n, float mean, float std, float *out);

#endif
