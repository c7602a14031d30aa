#include "cpu/cpu.h"

#include <string.h>

#include "base/try.h"
#include "cpu/kernels/simd.h"
#include "cpu/kernels/vector.h"
#include "cpu/loops.h"

/* Elements as mere bits. */
typedef uint8_t bits8 __attribute__((may_alias));
typedef uint16_t bits16 __attribute__((may_alias));
typedef uint32_t bits32 __attribute__((may_alias));
typedef uint64_t bits64 __attribute__((may_alias));

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
            out[i] = LKS_TO_##to(load(in[i]));                                           \
            return;                                                                      \
        }                                                                                \
        for (int64_t i = 0; i < n; i++)                                                  \
            *(to_type *)(data[0] + i * strides[0]) =                                     \
                LKS_TO_##to(load(*(const from_type *)(data[1] + i * strides[1])));       \
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

/* Two dimensions of a copy of 4-byte elements: a runs on in the source, b in the output.
 */
typedef struct turn {
    int64_t n_a, n_b, from_stride_b, to_stride_a; /* elements */
} turn;

static void turn_planes(int64_t n, char *const *data, const int64_t *strides,
                        const void *context)
{
    const turn *t = context;
    int64_t whole = t->n_b / 8 * 8;

    for (int64_t i = 0; i < n; i++) {
        const float *from = (const float *)(data[1] + i * strides[1]);
        float *to = (float *)(data[0] + i * strides[0]);

        for (int64_t b = 0; b < whole; b += 8)
            lks_transpose_rows(8, t->n_a, from + b * t->from_stride_b, t->from_stride_b,
                               to + b, t->to_stride_a);
        for (int64_t b = whole; b < t->n_b; b++)
            for (int64_t a = 0; a < t->n_a; a++) /* as whole words: they may not be f32 */
                memcpy(to + a * t->to_stride_a + b, from + b * t->from_stride_b + a,
                       sizeof *to);
    }
}

static void remove_dim(lks_nest *nest, int dim)
{
    for (nest->ndim--; dim < nest->ndim; dim++) {
        nest->sizes[dim] = nest->sizes[dim + 1];
        memcpy(nest->strides[dim], nest->strides[dim + 1], sizeof nest->strides[dim]);
    }
    if (nest->ndim == 0) {
        nest->sizes[nest->ndim++] = 1;
        memset(nest->strides[0], 0, sizeof nest->strides[0]);
    }
}

/* If the source runs on along another dimension than the output, turn 8 x 8 elements at a
 * time: else each would cost a cache line. */
static bool copy_turned(lks_nest *nest)
{
    const int64_t size = sizeof(float);
    int b = nest->ndim - 1, a = b - 1;
    turn t;

    while (a >= 0 && nest->strides[a][1] != size)
        a--;
    if (a < 0 || nest->strides[b][0] != size || nest->strides[a][0] % size != 0 ||
        nest->strides[b][1] % size != 0)
        return false;
    t = (turn){nest->sizes[a], nest->sizes[b], nest->strides[b][1] / size,
               nest->strides[a][0] / size};
    remove_dim(nest, b);
    remove_dim(nest, a);
    nest->n_each = t.n_a * t.n_b;
    lks_nest_run(nest, turn_planes, &t);
    return true;
}

lks_status LKS_CPU(copy)(const lks_view *x, const lks_view *out)
{
    const lks_view *const views[] = {out, x};
    lks_nest nest;

    lks_nest_init(&nest, 2, views);
    if (x->dtype == out->dtype && lks_dtype_size_bytes(x->dtype) == sizeof(float) &&
        copy_turned(&nest))
        return LKS_OK;
    lks_nest_run(&nest, copy_rows[x->dtype][out->dtype], NULL);
    return LKS_OK;
}

#define FILL_ROW(type, size)                                                             \
    static void fill_##size(int64_t n, char *const *data, const int64_t *strides,        \
                            const void *context)                                         \
    {                                                                                    \
        const type value = *(const type *)context;                                       \
        type *out = (type *)data[0];                                                     \
                                                                                         \
        if (strides[0] == sizeof(type)) {                                                \
            LKS_SIMD_FOR(i, n)                                                           \
            out[i] = value;                                                              \
            return;                                                                      \
        }                                                                                \
        for (int64_t i = 0; i < n; i++)                                                  \
            *(type *)(data[0] + i * strides[0]) = value;                                 \
    }
FILL_ROW(bits8, 1)
FILL_ROW(bits16, 2)
FILL_ROW(bits32, 4)
FILL_ROW(bits64, 8)

lks_status LKS_CPU(fill)(const lks_view *out, double value)
{
    static const lks_row_fn rows[] = {
        [1] = fill_1, [2] = fill_2, [4] = fill_4, [8] = fill_8};
    const lks_view *const views[] = {out};
    bits64 element;
    const lks_view from = {.data = &value, .dtype = LKS_F64};
    const lks_view to = {.data = &element, .dtype = out->dtype};
    lks_nest nest;

    LKS_TRY(LKS_CPU(copy)(&from, &to));
    lks_nest_init(&nest, 1, views);
    lks_nest_run(&nest, rows[lks_dtype_size_bytes(out->dtype)], &element);
    return LKS_OK;
}
