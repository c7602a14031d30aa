#include "cpu/cpu.h"

#include "base/try.h"
#include "cpu/kernels/simd.h"
#include "formulas.h"
#include "cpu/loops.h"

static bool are_dense(int n_operands, const int64_t *strides, int64_t size)
{
    for (int k = 0; k < n_operands; k++)
        if (strides[k] != size)
            return false;
    return true;
}

/* The p and q of a formula that may name them, as T: a call's context is its numbers. */
#define NUMBERS                                                                          \
    const double *numbers = context;                                                     \
    const T p = numbers ? (T)numbers[0] : 0, q = numbers ? (T)numbers[1] : 0

/* Rows. data[0] is the output. Where all operands are dense, or scalars that repeat, the
 * loop says so with constants, so that it vectorises. */

#define UNARY_ROW(dtype, stored, computed, load, store, name, formula)                   \
    static void name##_##dtype(int64_t n, char *const *data, const int64_t *strides,     \
                               const void *context)                                      \
    {                                                                                    \
        typedef computed T;                                                              \
        const int64_t size = sizeof(stored);                                             \
        NUMBERS;                                                                         \
                                                                                         \
        (void)p, (void)q;                                                                \
        if (strides[0] == size && strides[1] == size) {                                  \
            stored *out = (stored *)data[0];                                             \
            const stored *in = (const stored *)data[1];                                  \
                                                                                         \
            LKS_SIMD_FOR(i, n)                                                           \
            {                                                                            \
                T x = load(in[i]);                                                       \
                out[i] = store((T)(formula));                                            \
            }                                                                            \
            return;                                                                      \
        }                                                                                \
        for (int64_t i = 0; i < n; i++) {                                                \
            T x = load(*(const stored *)(data[1] + i * strides[1]));                     \
            *(stored *)(data[0] + i * strides[0]) = store((T)(formula));                 \
        }                                                                                \
    }

#define BINARY_LOOP(stored, load, store, formula, a_at, b_at)                            \
    {                                                                                    \
        stored *out = (stored *)data[0];                                                 \
        const stored *in_a = (const stored *)data[1];                                    \
        const stored *in_b = (const stored *)data[2];                                    \
                                                                                         \
        LKS_SIMD_FOR(i, n)                                                               \
        {                                                                                \
            T a = load(in_a[a_at]), b = load(in_b[b_at]);                                \
            out[i] = store((T)(formula));                                                \
        }                                                                                \
        return;                                                                          \
    }

#define BINARY_ROW(dtype, stored, computed, load, store, name, formula)                  \
    static void name##_##dtype(int64_t n, char *const *data, const int64_t *strides,     \
                               const void *context)                                      \
    {                                                                                    \
        typedef computed T;                                                              \
        const int64_t size = sizeof(stored);                                             \
                                                                                         \
        (void)context;                                                                   \
        if (strides[0] == size && strides[1] == size && strides[2] == size)              \
            BINARY_LOOP(stored, load, store, formula, i, i)                              \
        if (strides[0] == size && strides[1] == size && strides[2] == 0)                 \
            BINARY_LOOP(stored, load, store, formula, i, 0)                              \
        if (strides[0] == size && strides[1] == 0 && strides[2] == size)                 \
            BINARY_LOOP(stored, load, store, formula, 0, i)                              \
        for (int64_t i = 0; i < n; i++) {                                                \
            T a = load(*(const stored *)(data[1] + i * strides[1]));                     \
            T b = load(*(const stored *)(data[2] + i * strides[2]));                     \
            *(stored *)(data[0] + i * strides[0]) = store((T)(formula));                 \
        }                                                                                \
    }

/* data[1] and on: the operands of a derivative's formula. */
#define UNARY_OPERANDS(at)  T x = at(1), y = at(2), dy = at(3)
#define BINARY_OPERANDS(at) T a = at(1), b = at(2), y = at(3), dy = at(4)
#define DENSE_AT(k)         ((const T *)data[k])[i]
#define STRIDED_AT(k)       *(const T *)(data[k] + i * strides[k])
#define UNUSED_UNARY        (void)x, (void)y, (void)dy
#define UNUSED_BINARY       (void)a, (void)b, (void)y, (void)dy

#define BACKWARD_ROW(row_name, T_, n_operands, OPERANDS, UNUSED, formula)                \
    static void row_name(int64_t n, char *const *data, const int64_t *strides,           \
                         const void *context)                                            \
    {                                                                                    \
        typedef T_ T;                                                                    \
        NUMBERS;                                                                         \
                                                                                         \
        (void)p, (void)q;                                                                \
        if (are_dense(n_operands, strides, sizeof(T))) {                                 \
            T *out = (T *)data[0];                                                       \
                                                                                         \
            LKS_SIMD_FOR(i, n)                                                           \
            {                                                                            \
                OPERANDS(DENSE_AT);                                                      \
                UNUSED;                                                                  \
                out[i] = (T)(formula);                                                   \
            }                                                                            \
            return;                                                                      \
        }                                                                                \
        for (int64_t i = 0; i < n; i++) {                                                \
            OPERANDS(STRIDED_AT);                                                        \
            UNUSED;                                                                      \
            *(T *)(data[0] + i * strides[0]) = (T)(formula);                             \
        }                                                                                \
    }

#define FLOAT_ROWS(ROW, name, formula)                                                   \
    ROW(F32, float, float, (float), (float), name, formula)                              \
    ROW(F64, double, double, (double), (double), name, formula)                          \
    ROW(F16, uint16_t, float, lks_load_f16, lks_store_f16, name, formula)                \
    ROW(BF16, uint16_t, float, lks_load_bf16, lks_store_bf16, name, formula)
#define INT_ROWS(ROW, name, formula)                                                     \
    ROW(I64, int64_t, int64_t, (int64_t), (int64_t), name, formula)                      \
    ROW(I32, int32_t, int32_t, (int32_t), (int32_t), name, formula)                      \
    ROW(I16, int16_t, int32_t, (int32_t), (int16_t), name, formula)                      \
    ROW(U8, uint8_t, int32_t, (int32_t), (uint8_t), name, formula)

#define LKS_UNARY(name, y, dx)                                                           \
    FLOAT_ROWS(UNARY_ROW, name, y)                                                       \
    INT_ROWS(UNARY_ROW, name, y)
#define LKS_UNARY_FLOAT(name, y, dx) FLOAT_ROWS(UNARY_ROW, name, y)
#define LKS_BINARY(name, y, da, db)                                                      \
    FLOAT_ROWS(BINARY_ROW, name, y)                                                      \
    INT_ROWS(BINARY_ROW, name, y)
#include "pointwise.def"

#define LKS_UNARY(name, y, dx)                                                           \
    BACKWARD_ROW(name##_dx_float, float, 4, UNARY_OPERANDS, UNUSED_UNARY, dx)            \
    BACKWARD_ROW(name##_dx_double, double, 4, UNARY_OPERANDS, UNUSED_UNARY, dx)
#define LKS_BINARY(name, y, da, db)                                                      \
    BACKWARD_ROW(name##_da_float, float, 5, BINARY_OPERANDS, UNUSED_BINARY, da)          \
    BACKWARD_ROW(name##_da_double, double, 5, BINARY_OPERANDS, UNUSED_BINARY, da)        \
    BACKWARD_ROW(name##_db_float, float, 5, BINARY_OPERANDS, UNUSED_BINARY, db)          \
    BACKWARD_ROW(name##_db_double, double, 5, BINARY_OPERANDS, UNUSED_BINARY, db)
#include "pointwise.def"

#define FLOAT_ENTRIES(name)                                                              \
    [LKS_F32] = name##_F32, [LKS_F64] = name##_F64, [LKS_F16] = name##_F16,              \
    [LKS_BF16] = name##_BF16
#define ALL_ENTRIES(name)                                                                \
    FLOAT_ENTRIES(name), [LKS_I64] = name##_I64, [LKS_I32] = name##_I32,                 \
                         [LKS_I16] = name##_I16, [LKS_U8] = name##_U8

#define DERIVATIVE_ENTRIES(rows)                                                         \
    {                                                                                    \
        [LKS_F32] = rows##_float, [LKS_F64] = rows##_double                              \
    }

static const struct {
    const char *name;
    lks_row_fn y[LKS_N_DTYPES], dx[LKS_N_DTYPES];
} unaries[LKS_N_UNARY] = {
#define LKS_UNARY(op, y, dx)                                                             \
    [LKS_UNARY_##op] = {#op, {ALL_ENTRIES(op)}, DERIVATIVE_ENTRIES(op##_dx)},
#define LKS_UNARY_FLOAT(op, y, dx)                                                       \
    [LKS_UNARY_##op] = {#op, {FLOAT_ENTRIES(op)}, DERIVATIVE_ENTRIES(op##_dx)},
#include "pointwise.def"
};

static const struct {
    const char *name;
    lks_row_fn y[LKS_N_DTYPES], da[LKS_N_DTYPES], db[LKS_N_DTYPES];
} binaries[LKS_N_BINARY] = {
#define LKS_BINARY(op, y, da, db)                                                        \
    [LKS_BINARY_##op] = {#op,                                                            \
                         {ALL_ENTRIES(op)},                                              \
                         DERIVATIVE_ENTRIES(op##_da),                                    \
                         DERIVATIVE_ENTRIES(op##_db)},
#include "pointwise.def"
};

static lks_status run_rows(const char *kernel, lks_row_fn row, const double *numbers,
                           int n_operands, const lks_view *const *views)
{
    lks_nest nest;

    if (!row)
        return lks_cpu_no_dtype(kernel, views[0]->dtype);
    lks_nest_init(&nest, n_operands, views);
    lks_nest_run(&nest, row, numbers);
    return LKS_OK;
}

lks_status LKS_CPU(unary)(lks_unary op, const double *numbers, const lks_view *x,
                          const lks_view *out)
{
    const lks_view *const views[] = {out, x};

    return run_rows(unaries[op].name, unaries[op].y[x->dtype], numbers, 2, views);
}

lks_status LKS_CPU(unary_backward)(lks_unary op, const double *numbers, const lks_view *x,
                                   const lks_view *y, const lks_view *dy,
                                   const lks_view *dx)
{
    const lks_view *const views[] = {dx, x, y, dy};

    return run_rows(unaries[op].name, unaries[op].dx[x->dtype], numbers, 4, views);
}

lks_status LKS_CPU(binary)(lks_binary op, const lks_view *a, const lks_view *b,
                           const lks_view *out)
{
    const lks_view *const views[] = {out, a, b};

    return run_rows(binaries[op].name, binaries[op].y[a->dtype], NULL, 3, views);
}

lks_status LKS_CPU(binary_backward)(lks_binary op, const lks_view *a, const lks_view *b,
                                    const lks_view *y, const lks_view *dy,
                                    const lks_view *da, const lks_view *db)
{
    const lks_view *const views_a[] = {da, a, b, y, dy};
    const lks_view *const views_b[] = {db, a, b, y, dy};

    if (da)
        LKS_TRY(run_rows(binaries[op].name, binaries[op].da[a->dtype], NULL, 5, views_a));
    if (db)
        LKS_TRY(run_rows(binaries[op].name, binaries[op].db[a->dtype], NULL, 5, views_b));
    return LKS_OK;
}
