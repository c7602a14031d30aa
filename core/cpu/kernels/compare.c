#include "cpu/cpu.h"

#include "cpu/kernels/simd.h"
#include "cpu/loops.h"

/* Elements as mere bits. */
typedef uint8_t bits8 __attribute__((may_alias));
typedef uint16_t bits16 __attribute__((may_alias));
typedef uint32_t bits32 __attribute__((may_alias));
typedef uint64_t bits64 __attribute__((may_alias));

/* data: out, a, b; b often one number that repeats. */
#define COMPARE_ROW(name, operator_, dtype, stored, computed, load)                      \
    static void name##_##dtype(int64_t n, char *const *data, const int64_t *strides,     \
                               const void *context)                                      \
    {                                                                                    \
        const int64_t size = sizeof(stored);                                             \
        const bool is_dense = strides[0] == 1 && strides[1] == size;                     \
        uint8_t *out = (uint8_t *)data[0];                                               \
        const stored *a = (const stored *)data[1], *b = (const stored *)data[2];         \
                                                                                         \
        (void)context;                                                                   \
        if (is_dense && strides[2] == size) {                                            \
            LKS_SIMD_FOR(i, n)                                                           \
            out[i] = load(a[i]) operator_ load(b[i]);                                    \
        } else if (is_dense && strides[2] == 0) {                                        \
            const computed one = load(b[0]);                                             \
                                                                                         \
            LKS_SIMD_FOR(i, n)                                                           \
            out[i] = load(a[i]) operator_ one;                                           \
        } else {                                                                         \
            for (int64_t i = 0; i < n; i++)                                              \
                *(uint8_t *)(data[0] + i * strides[0]) =                                 \
                    load(*(const stored *)(data[1] + i * strides[1]))                    \
                        operator_ load(*(const stored *)(data[2] + i * strides[2]));     \
        }                                                                                \
    }
#define COMPARE_ROWS(dtype, stored, computed, load, store)                               \
    COMPARE_ROW(eq, ==, dtype, stored, computed, load)                                   \
    COMPARE_ROW(ne, !=, dtype, stored, computed, load)                                   \
    COMPARE_ROW(lt, <, dtype, stored, computed, load)                                    \
    COMPARE_ROW(le, <=, dtype, stored, computed, load)                                   \
    COMPARE_ROW(gt, >, dtype, stored, computed, load)                                    \
    COMPARE_ROW(ge, >=, dtype, stored, computed, load)
LKS_ELEMENTS(COMPARE_ROWS)

lks_status LKS_CPU(compare)(lks_compare op, const lks_view *a, const lks_view *b,
                            const lks_view *out)
{
    static const lks_row_fn rows[LKS_N_DTYPES][LKS_N_COMPARE] = {
#define COMPARE_ENTRIES(dtype, stored, computed, load, store)                            \
    [LKS_##dtype] = {                                                                    \
        [LKS_COMPARE_eq] = eq_##dtype, [LKS_COMPARE_ne] = ne_##dtype,                    \
        [LKS_COMPARE_lt] = lt_##dtype, [LKS_COMPARE_le] = le_##dtype,                    \
        [LKS_COMPARE_gt] = gt_##dtype, [LKS_COMPARE_ge] = ge_##dtype,                    \
    },
        LKS_ELEMENTS(COMPARE_ENTRIES)};
    const lks_view *const views[] = {out, a, b};
    lks_nest nest;

    lks_nest_init(&nest, 3, views);
    lks_nest_run(&nest, rows[a->dtype][op], NULL);
    return LKS_OK;
}

/* data: out, condition, a, b; one of these two is often a number that repeats. */
#define WHERE_ROW(type, size)                                                            \
    static void where_##size(int64_t n, char *const *data, const int64_t *strides,       \
                             const void *context)                                        \
    {                                                                                    \
        const bool is_dense = strides[0] == size && strides[1] == 1;                     \
        const uint8_t *condition = (const uint8_t *)data[1];                             \
        const type *a = (const type *)data[2], *b = (const type *)data[3];               \
        type *out = (type *)data[0];                                                     \
                                                                                         \
        (void)context;                                                                   \
        if (is_dense && strides[2] == size && strides[3] == size) {                      \
            LKS_SIMD_FOR(i, n)                                                           \
            out[i] = condition[i] ? a[i] : b[i];                                         \
        } else if (is_dense && strides[2] == size && strides[3] == 0) {                  \
            const type one = b[0];                                                       \
                                                                                         \
            LKS_SIMD_FOR(i, n)                                                           \
            out[i] = condition[i] ? a[i] : one;                                          \
        } else if (is_dense && strides[2] == 0 && strides[3] == size) {                  \
            const type one = a[0];                                                       \
                                                                                         \
            LKS_SIMD_FOR(i, n)                                                           \
            out[i] = condition[i] ? one : b[i];                                          \
        } else {                                                                         \
            for (int64_t i = 0; i < n; i++)                                              \
                *(type *)(data[0] + i * strides[0]) =                                    \
                    *(const uint8_t *)(data[1] + i * strides[1])                         \
                        ? *(const type *)(data[2] + i * strides[2])                      \
                        : *(const type *)(data[3] + i * strides[3]);                     \
        }                                                                                \
    }
WHERE_ROW(bits8, 1)
WHERE_ROW(bits16, 2)
WHERE_ROW(bits32, 4)
WHERE_ROW(bits64, 8)

lks_status LKS_CPU(where)(const lks_view *condition, const lks_view *a, const lks_view *b,
                          const lks_view *out)
{
    static const lks_row_fn rows[] = {
        [1] = where_1, [2] = where_2, [4] = where_4, [8] = where_8};
    const lks_view *const views[] = {out, condition, a, b};
    lks_nest nest;

    lks_nest_init(&nest, 4, views);
    lks_nest_run(&nest, rows[lks_dtype_size_bytes(out->dtype)], NULL);
    return LKS_OK;
}
