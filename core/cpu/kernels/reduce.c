#include "cpu/cpu.h"

#include <math.h>
#include <stdlib.h>

#include "cpu/kernels/element.h"
#include "cpu/loops.h"
#include "layout/view.h"

/* Two nests: over the elements of the output, and for each of them over the elements of x
 * that go into it. Floats add up in f64, rows in LANES partial sums. */

enum { LANES = 16, MAX_COLUMNS = 256 };

/* `n_columns` neighbouring outputs that are being added up. */
typedef struct totals {
    lks_reduce op;
    bool by_columns;                  /* a chunk of one column is added up as any */
    int64_t n_columns, column_stride; /* bytes of x */
    union {
        double f[MAX_COLUMNS];
        int64_t i[MAX_COLUMNS];
    } of;
} totals;

LKS_INLINE double max_f(double a, double b)
{
    return a != a ? a : b != b || b > a ? b : a;
}

LKS_INLINE int64_t max_i(int64_t a, int64_t b)
{
    return b > a ? b : a;
}

/* Add n rows of values to the totals, or n values to the only one. */
#define REDUCE_ROWS(dtype, stored, load, acc, field, max)                                \
    LKS_INLINE acc term_##dtype(const char *at, lks_reduce op)                           \
    {                                                                                    \
        acc v = (acc)load(*(const stored *)at);                                          \
                                                                                         \
        return op == LKS_REDUCE_SUM_SQUARES ? v * v : v;                                 \
    }                                                                                    \
                                                                                         \
    LKS_INLINE void columns_##dtype(int64_t n, const char *data, int64_t stride,         \
                                    int64_t column_stride, lks_reduce op, totals *to)    \
    {                                                                                    \
        for (int64_t i = 0; i < n; i++, data += stride)                                  \
            LKS_SIMD_FOR(j, to->n_columns)                                               \
            {                                                                            \
                acc v = term_##dtype(data + j * column_stride, op);                      \
                acc *total = &to->of.field[j];                                           \
                                                                                         \
                *total = op == LKS_REDUCE_MAX ? max(*total, v) : *total + v;             \
            }                                                                            \
    }                                                                                    \
                                                                                         \
    LKS_INLINE acc row_##dtype(int64_t n, const char *data, int64_t stride,              \
                               lks_reduce op, acc first)                                 \
    {                                                                                    \
        acc lanes[LANES];                                                                \
        int64_t i = 0;                                                                   \
                                                                                         \
        for (int j = 0; j < LANES; j++)                                                  \
            lanes[j] = op == LKS_REDUCE_MAX ? first : 0;                                 \
        for (; i + LANES <= n; i += LANES)                                               \
            LKS_SIMD_FOR(j, LANES)                                                       \
            {                                                                            \
                acc v = term_##dtype(data + (i + j) * stride, op);                       \
                lanes[j] = op == LKS_REDUCE_MAX ? max(lanes[j], v) : lanes[j] + v;       \
            }                                                                            \
        for (int64_t j = 0; i + j < n; j++) {                                            \
            acc v = term_##dtype(data + (i + j) * stride, op);                           \
            lanes[j] = op == LKS_REDUCE_MAX ? max(lanes[j], v) : lanes[j] + v;           \
        }                                                                                \
        for (int step = LANES / 2; step > 0; step /= 2)                                  \
            for (int j = 0; j < step; j++)                                               \
                lanes[j] = op == LKS_REDUCE_MAX ? max(lanes[j], lanes[j + step])         \
                                                : lanes[j] + lanes[j + step];            \
        return op == LKS_REDUCE_MAX ? lanes[0] : first + lanes[0];                       \
    }                                                                                    \
                                                                                         \
    LKS_INLINE void reduce_op_##dtype(int64_t n, const char *data, int64_t stride,       \
                                      lks_reduce op, totals *to)                         \
    {                                                                                    \
        const int64_t size = sizeof(stored);                                             \
                                                                                         \
        if (to->by_columns && to->column_stride == size)                                 \
            columns_##dtype(n, data, stride, size, op, to);                              \
        else if (to->by_columns)                                                         \
            columns_##dtype(n, data, stride, to->column_stride, op, to);                 \
        else if (stride == size)                                                         \
            to->of.field[0] = row_##dtype(n, data, size, op, to->of.field[0]);           \
        else                                                                             \
            to->of.field[0] = row_##dtype(n, data, stride, op, to->of.field[0]);         \
    }                                                                                    \
                                                                                         \
    static void reduce_##dtype(int64_t n, char *const *data, const int64_t *strides,     \
                               const void *context)                                      \
    {                                                                                    \
        totals *to = (totals *)(uintptr_t)context;                                       \
                                                                                         \
        if (to->op == LKS_REDUCE_MAX)                                                    \
            reduce_op_##dtype(n, data[0], strides[0], LKS_REDUCE_MAX, to);               \
        else if (to->op == LKS_REDUCE_SUM)                                               \
            reduce_op_##dtype(n, data[0], strides[0], LKS_REDUCE_SUM, to);               \
        else                                                                             \
            reduce_op_##dtype(n, data[0], strides[0], LKS_REDUCE_SUM_SQUARES, to);       \
    }

#define BEGIN_AND_END(dtype, stored, computed, store, field, lowest)                     \
    static void begin_##dtype(totals *to)                                                \
    {                                                                                    \
        for (int64_t j = 0; j < to->n_columns; j++)                                      \
            to->of.field[j] = to->op == LKS_REDUCE_MAX ? (lowest) : 0;                   \
    }                                                                                    \
                                                                                         \
    static void end_##dtype(const totals *to, char *out, int64_t stride)                 \
    {                                                                                    \
        for (int64_t j = 0; j < to->n_columns; j++)                                      \
            *(stored *)(out + j * stride) = store((computed)to->of.field[j]);            \
    }

#define FLOAT_REDUCER(dtype, stored, computed, load, store)                              \
    REDUCE_ROWS(dtype, stored, load, double, f, max_f)                                   \
    BEGIN_AND_END(dtype, stored, computed, store, f, -INFINITY)
#define INT_REDUCER(dtype, stored, computed, load, store)                                \
    REDUCE_ROWS(dtype, stored, load, int64_t, i, max_i)                                  \
    BEGIN_AND_END(dtype, stored, computed, store, i, INT64_MIN)
LKS_FLOAT_ELEMENTS(FLOAT_REDUCER)
LKS_INT_ELEMENTS(INT_REDUCER)

typedef struct reducer {
    void (*begin)(totals *to);
    lks_row_fn rows;
    void (*end)(const totals *to, char *out, int64_t stride);
} reducer;

static const reducer reducers[LKS_N_DTYPES] = {
#define ENTRY(dtype, stored, computed, load, store)                                      \
    [LKS_##dtype] = {begin_##dtype, reduce_##dtype, end_##dtype},
    LKS_FLOAT_ELEMENTS(ENTRY) LKS_INT_ELEMENTS(ENTRY)};

typedef struct reduction {
    lks_reduce op;
    const reducer *reducer, *stores; /* of x's dtype and of the output's */
    lks_nest parts; /* over x's reduced dimensions; data is set for each output */
    bool by_columns;
} reduction;

/* A row of outputs, many at a time where x runs along with them. */
static void reduce_outputs(int64_t n, char *const *data, const int64_t *strides,
                           const void *context)
{
    const reduction *plan = context;
    int64_t n_columns = plan->by_columns ? MAX_COLUMNS : 1;
    lks_nest parts = plan->parts;
    totals to;

    to.op = plan->op;
    to.by_columns = plan->by_columns;
    to.column_stride = strides[0];
    for (int64_t j = 0; j < n; j += n_columns) {
        to.n_columns = n - j < n_columns ? n - j : n_columns;
        plan->reducer->begin(&to);
        parts.data[0] = data[0] + j * strides[0];
        lks_nest_walk(&parts, plan->reducer->rows, &to);
        plan->stores->end(&to, data[1] + j * strides[1], strides[1]);
    }
}

lks_status LKS_CPU(reduce)(lks_reduce op, const lks_view *x, const lks_view *out)
{
    reduction plan = {
        .op = op, .reducer = &reducers[x->dtype], .stores = &reducers[out->dtype]};
    lks_view kept = *x, reduced = *x;
    const lks_view *const outer_views[] = {&kept, out}, *const part_views[] = {&reduced};
    lks_nest outer;

    if (!plan.reducer->rows)
        return lks_cpu_no_dtype("reduce", x->dtype);
    for (int d = 0; d < x->ndim; d++) {
        kept.sizes[d] = out->sizes[d];
        if (x->sizes[d] == out->sizes[d])
            reduced.sizes[d] = 1;
    }
    lks_nest_init(&outer, 2, outer_views);
    lks_nest_init(&plan.parts, 1, part_views);
    plan.by_columns = outer.sizes[outer.ndim - 1] > 1 &&
                      llabs(outer.strides[outer.ndim - 1][0]) <
                          llabs(plan.parts.strides[plan.parts.ndim - 1][0]);
    outer.n_each = lks_view_count(&reduced) > 1 ? lks_view_count(&reduced) : 1;
    lks_nest_run(&outer, reduce_outputs, &plan);
    return LKS_OK;
}

/* Rows of x along the searched dimension. */
typedef struct search {
    int64_t n, stride; /* bytes */
} search;

#define ARGMAX_ROW(dtype, stored, computed, load, store)                                 \
    static void argmax_##dtype(int64_t n, char *const *data, const int64_t *strides,     \
                               const void *context)                                      \
    {                                                                                    \
        const search *along = context;                                                   \
                                                                                         \
        for (int64_t i = 0; i < n; i++) {                                                \
            const char *x = data[1] + i * strides[1];                                    \
            computed best = load(*(const stored *)x);                                    \
            int64_t best_at = 0;                                                         \
                                                                                         \
            for (int64_t j = 1; j < along->n && best == best; j++) {                     \
                computed v = load(*(const stored *)(x + j * along->stride));             \
                                                                                         \
                if (v > best || v != v) {                                                \
                    best = v;                                                            \
                    best_at = j;                                                         \
                }                                                                        \
            }                                                                            \
            *(int64_t *)(data[0] + i * strides[0]) = best_at;                            \
        }                                                                                \
    }
LKS_ELEMENTS(ARGMAX_ROW)

static const lks_row_fn argmax_rows[LKS_N_DTYPES] = {
#define ARGMAX_ENTRY(dtype, stored, computed, load, store) [LKS_##dtype] = argmax_##dtype,
    LKS_ELEMENTS(ARGMAX_ENTRY)};

lks_status LKS_CPU(argmax)(const lks_view *x, int dim, const lks_view *out)
{
    const int64_t size = (int64_t)lks_dtype_size_bytes(x->dtype);
    const search along = {x->sizes[dim], x->strides[dim] * size};
    lks_view rows = *x;
    const lks_view *const views[] = {out, &rows};
    lks_nest nest;

    rows.ndim--;
    for (int d = dim; d < rows.ndim; d++) {
        rows.sizes[d] = x->sizes[d + 1];
        rows.strides[d] = x->strides[d + 1];
    }
    lks_nest_init(&nest, 2, views);
    nest.n_each = along.n;
    lks_nest_run(&nest, argmax_rows[x->dtype], &along);
    return LKS_OK;
}
