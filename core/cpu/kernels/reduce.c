#include "cpu/cpu.h"

#include <math.h>
#include <stdlib.h>

#include "cpu/kernels/simd.h"
#include "cpu/loops.h"
#include "layout/view.h"
#include "numerics.h"

/* Two nests: over the elements of the output, and for each of them over the elements of x
 * that go into it, in logical order: the r-th is for lane r % 16 (reference/reduce.c). */

enum { LANES = LKS_SUM_LANES, MAX_COLUMNS = 64 };

/* `n_columns` neighbouring outputs that are being added up. */
typedef struct totals {
    lks_reduce op;
    bool by_columns;                  /* a chunk of one column is added up as any */
    int64_t n_columns, column_stride; /* bytes of x */
    int64_t r;                        /* elements of each output so far */
    union { /* 8 KiB, a quarter of a first cache; a row's lanes are [0][lane] */
        double f[LANES][MAX_COLUMNS];
        int64_t i[LANES][MAX_COLUMNS];
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

LKS_INLINE double add_square_f(double sum, double v)
{
    return LKS_FMA(v, v, sum);
}

LKS_INLINE int64_t add_square_i(int64_t sum, int64_t v)
{
    return sum + v * v;
}

/* Add n rows of values to the totals, or n values to the only one. Of the rows for one
 * lane several are added at a time, for the lanes of many columns are in memory. */
#define REDUCE_ROWS(dtype, stored, load, acc, field)                                     \
    LKS_INLINE acc take_##dtype(acc lane, const char *at, lks_reduce op)                 \
    {                                                                                    \
        acc v = (acc)load(*(const stored *)at);                                          \
                                                                                         \
        return op == LKS_REDUCE_MAX   ? max_##field(lane, v)                             \
               : op == LKS_REDUCE_SUM ? lane + v                                         \
                                      : add_square_##field(lane, v);                     \
    }                                                                                    \
                                                                                         \
    LKS_INLINE acc meet_##dtype(acc a, acc b, lks_reduce op)                             \
    {                                                                                    \
        return op == LKS_REDUCE_MAX ? max_##field(a, b) : a + b;                         \
    }                                                                                    \
                                                                                         \
    LKS_INLINE void columns_##dtype(int64_t n, const char *data, int64_t stride,         \
                                    int64_t column_stride, lks_reduce op, totals *to)    \
    {                                                                                    \
        for (int64_t i = 0; i < n; i++) {                                                \
            const int64_t at = i / (4 * LANES) * (4 * LANES), left = n - at;             \
            const char *row = data + i * stride;                                         \
            acc *lanes = to->of.field[(to->r + i) % LANES];                              \
                                                                                         \
            if (left < 4 * LANES) {                                                      \
                LKS_SIMD_FOR(j, to->n_columns)                                           \
                lanes[j] = take_##dtype(lanes[j], row + j * column_stride, op);          \
            } else if (i - at < LANES) {                                                 \
                LKS_SIMD_FOR(j, to->n_columns)                                           \
                {                                                                        \
                    const char *column = row + j * column_stride;                        \
                    acc lane = take_##dtype(lanes[j], column, op);                       \
                                                                                         \
                    lane = take_##dtype(lane, column + LANES * stride, op);              \
                    lane = take_##dtype(lane, column + 2 * LANES * stride, op);          \
                    lanes[j] = take_##dtype(lane, column + 3 * LANES * stride, op);      \
                }                                                                        \
            } else {                                                                     \
                i = at + 4 * LANES - 1;                                                  \
            }                                                                            \
        }                                                                                \
    }                                                                                    \
                                                                                         \
    LKS_INLINE void row_##dtype(int64_t n, const char *data, int64_t stride,             \
                                lks_reduce op, int64_t r, acc *row)                      \
    {                                                                                    \
        acc lanes[LANES];                                                                \
        int64_t i = 0;                                                                   \
                                                                                         \
        for (; i < n && (r + i) % LANES != 0; i++)                                       \
            row[(r + i) % LANES] =                                                       \
                take_##dtype(row[(r + i) % LANES], data + i * stride, op);               \
        for (int j = 0; j < LANES; j++)                                                  \
            lanes[j] = row[j];                                                           \
        for (; i + LANES <= n; i += LANES)                                               \
            LKS_SIMD_FOR(j, LANES)                                                       \
        lanes[j] = take_##dtype(lanes[j], data + (i + j) * stride, op);                  \
        for (int64_t j = 0; i + j < n; j++)                                              \
            lanes[j] = take_##dtype(lanes[j], data + (i + j) * stride, op);              \
        for (int j = 0; j < LANES; j++)                                                  \
            row[j] = lanes[j];                                                           \
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
            row_##dtype(n, data, size, op, to->r, to->of.field[0]);                      \
        else                                                                             \
            row_##dtype(n, data, stride, op, to->r, to->of.field[0]);                    \
        to->r += n;                                                                      \
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
    }                                                                                    \
                                                                                         \
    /* The lanes' tree; those that took no element are not there. */                     \
    static void meet_lanes_##dtype(totals *to)                                           \
    {                                                                                    \
        const int64_t n_lanes = to->r < LANES ? to->r : LANES;                           \
        acc *first = to->of.field[0];                                                    \
                                                                                         \
        for (int step = LANES / 2; step > 0; step /= 2)                                  \
            for (int lane = 0; lane < step && lane + step < n_lanes; lane++) {           \
                acc *a = to->by_columns ? to->of.field[lane] : first + lane;             \
                acc *b = to->by_columns ? to->of.field[lane + step] : a + step;          \
                                                                                         \
                LKS_SIMD_FOR(j, to->n_columns)                                           \
                a[j] = meet_##dtype(a[j], b[j], to->op);                                 \
            }                                                                            \
    }

/* Lanes that take an element are of `n_elements` the first. */
#define BEGIN_AND_END(dtype, stored, computed, store, field, lowest)                     \
    static void begin_##dtype(int64_t n_elements, totals *to)                            \
    {                                                                                    \
        const int64_t n_lanes = n_elements < LANES ? n_elements : LANES;                 \
        const int64_t n_rows = !to->by_columns ? 1 : n_lanes > 0 ? n_lanes : 1;          \
        const int64_t n = to->by_columns ? to->n_columns : LANES;                        \
                                                                                         \
        for (int64_t i = 0; i < n_rows; i++)                                             \
            LKS_SIMD_FOR(j, n)                                                           \
        to->of.field[i][j] = to->op == LKS_REDUCE_MAX ? (lowest) : 0;                    \
    }                                                                                    \
                                                                                         \
    static void end_##dtype(const totals *to, char *out, int64_t stride)                 \
    {                                                                                    \
        for (int64_t j = 0; j < to->n_columns; j++)                                      \
            *(stored *)(out + j * stride) = store((computed)to->of.field[0][j]);         \
    }

#define FLOAT_REDUCER(dtype, stored, computed, load, store)                              \
    REDUCE_ROWS(dtype, stored, load, double, f)                                          \
    BEGIN_AND_END(dtype, stored, computed, store, f, -(double)INFINITY)
#define INT_REDUCER(dtype, stored, computed, load, store)                                \
    REDUCE_ROWS(dtype, stored, load, int64_t, i)                                         \
    BEGIN_AND_END(dtype, stored, computed, store, i, INT64_MIN)
LKS_FLOAT_ELEMENTS(FLOAT_REDUCER)
LKS_INT_ELEMENTS(INT_REDUCER)

typedef struct reducer {
    void (*begin)(int64_t n_elements, totals *to);
    lks_row_fn rows;
    void (*meet)(totals *to);
    void (*end)(const totals *to, char *out, int64_t stride);
} reducer;

static const reducer reducers[LKS_N_DTYPES] = {
#define ENTRY(dtype, stored, computed, load, store)                                      \
    [LKS_##dtype] = {begin_##dtype, reduce_##dtype, meet_lanes_##dtype, end_##dtype},
    LKS_FLOAT_ELEMENTS(ENTRY) LKS_INT_ELEMENTS(ENTRY)};

typedef struct reduction {
    lks_reduce op;
    const reducer *reducer, *stores; /* of x's dtype and of the output's */
    lks_nest parts; /* over x's reduced dimensions; data is set for each output */
    int64_t n_elements; /* of each */
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
        to.r = 0;
        plan->reducer->begin(plan->n_elements, &to);
        parts.data[0] = data[0] + j * strides[0];
        lks_nest_walk(&parts, plan->reducer->rows, &to);
        plan->reducer->meet(&to);
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
    lks_nest_init_in_order(&plan.parts, 1, part_views);
    plan.n_elements = lks_view_count(&reduced);
    plan.by_columns = outer.sizes[outer.ndim - 1] > 1 &&
                      llabs(outer.strides[outer.ndim - 1][0]) <
                          llabs(plan.parts.strides[plan.parts.ndim - 1][0]);
    outer.n_each = plan.n_elements > 1 ? plan.n_elements : 1;
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
