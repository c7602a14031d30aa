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

/* Add n rows of values to the totals, or n values to the only one. Of the rows for one
 * lane four are added at a time, for the lanes of many columns are in memory; the first
 * finds nothing there yet. */
#define REDUCE_ROWS(dtype, stored, load, acc, field, lowest)                             \
    LKS_INLINE acc take_##dtype(acc lane, const char *at, lks_reduce op)                 \
    {                                                                                    \
        acc v = (acc)load(*(const stored *)at);                                          \
                                                                                         \
        return op == LKS_REDUCE_MAX   ? max_##field(lane, v)                             \
               : op == LKS_REDUCE_SUM ? lane + v                                         \
                                      : lane + v * v;                                    \
    }                                                                                    \
                                                                                         \
    LKS_INLINE acc meet_##dtype(acc a, acc b, lks_reduce op)                             \
    {                                                                                    \
        return op == LKS_REDUCE_MAX ? max_##field(a, b) : a + b;                         \
    }                                                                                    \
                                                                                         \
    LKS_INLINE void lanes_##dtype(int n_rows, bool first, const char *row,               \
                                  int64_t stride, int64_t column_stride, lks_reduce op,  \
                                  int64_t n_columns, acc *lanes)                         \
    {                                                                                    \
        LKS_SIMD_FOR(j, n_columns)                                                       \
        {                                                                                \
            acc lane = !first ? lanes[j] : op == LKS_REDUCE_MAX ? (lowest) : 0;          \
                                                                                         \
            for (int i = 0; i < n_rows; i++)                                             \
                lane = take_##dtype(lane, row + j * column_stride + i * LANES * stride,  \
                                    op);                                                 \
            lanes[j] = lane;                                                             \
        }                                                                                \
    }                                                                                    \
                                                                                         \
    LKS_INLINE void columns_##dtype(int64_t n, const char *data, int64_t stride,         \
                                    int64_t column_stride, lks_reduce op, totals *to)    \
    {                                                                                    \
        const int64_t n_columns = to->n_columns, group = 4 * LANES;                      \
                                                                                         \
        for (int64_t i = 0; i < n; i += i % group == LANES - 1 && i / group < n / group  \
                                            ? group - LANES + 1                          \
                                            : 1) {                                       \
            const char *row = data + i * stride;                                         \
            const bool four = i / group < n / group, first = to->r + i < LANES;          \
            acc *lanes = to->of.field[(to->r + i) % LANES];                              \
                                                                                         \
            if (four && first)                                                           \
                lanes_##dtype(4, true, row, stride, column_stride, op, n_columns,        \
                              lanes);                                                    \
            else if (four)                                                               \
                lanes_##dtype(4, false, row, stride, column_stride, op, n_columns,       \
                              lanes);                                                    \
            else                                                                         \
                lanes_##dtype(1, first, row, stride, column_stride, op, n_columns,       \
                              lanes);                                                    \
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
        for (int j = 0; j < LANES; j++)                                                  \
            row[j] = lanes[j];                                                           \
        for (int64_t j = 0; i + j < n; j++)                                              \
            row[j] = take_##dtype(row[j], data + (i + j) * stride, op);                  \
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
    }

/* What stands in the lanes before all, where the rows do not see to it; and the lanes'
 * tree, without those that took no element. */
#define BEGIN_AND_END(dtype, stored, computed, acc, store, field, lowest)                \
    static void begin_##dtype(totals *to)                                                \
    {                                                                                    \
        const int64_t n = to->by_columns ? to->n_columns : LANES;                        \
        const acc none = to->op == LKS_REDUCE_MAX ? (lowest) : 0;                        \
                                                                                         \
        for (int64_t j = 0; j < n; j++)                                                  \
            to->of.field[0][j] = none;                                                   \
    }                                                                                    \
                                                                                         \
    /* Written out, so that it stays in registers. */                                    \
    LKS_INLINE acc four_##dtype(const acc *lanes, int64_t stride, lks_reduce op)         \
    {                                                                                    \
        acc a = meet_##dtype(lanes[0], lanes[8 * stride], op);                           \
        acc b = meet_##dtype(lanes[4 * stride], lanes[12 * stride], op);                 \
                                                                                         \
        return meet_##dtype(a, b, op);                                                   \
    }                                                                                    \
                                                                                         \
    LKS_INLINE acc tree_##dtype(const acc *lanes, int64_t stride, lks_reduce op)         \
    {                                                                                    \
        acc a = four_##dtype(lanes, stride, op);                                         \
        acc b = four_##dtype(lanes + stride, stride, op);                                \
        acc c = four_##dtype(lanes + 2 * stride, stride, op);                            \
        acc d = four_##dtype(lanes + 3 * stride, stride, op);                            \
                                                                                         \
        return meet_##dtype(meet_##dtype(a, c, op), meet_##dtype(b, d, op), op);         \
    }                                                                                    \
                                                                                         \
    LKS_INLINE void meet_op_##dtype(totals *to, lks_reduce op)                           \
    {                                                                                    \
        acc *first = to->of.field[0];                                                    \
                                                                                         \
        if (!to->by_columns)                                                             \
            first[0] = tree_##dtype(first, 1, op);                                       \
        if (to->by_columns && to->r >= LANES) {                                          \
            LKS_SIMD_FOR(j, to->n_columns)                                               \
            first[j] = tree_##dtype(first + j, MAX_COLUMNS, op);                         \
            return;                                                                      \
        }                                                                                \
        for (int step = LANES / 2; step > 0 && to->by_columns; step /= 2)                \
            for (int i = 0; i < step && i + step < to->r; i++)                           \
                for (int64_t j = 0; j < to->n_columns; j++)                              \
                    to->of.field[i][j] =                                                 \
                        meet_##dtype(to->of.field[i][j], to->of.field[i + step][j], op); \
    }                                                                                    \
                                                                                         \
    static void meet_lanes_##dtype(totals *to)                                           \
    {                                                                                    \
        if (to->op == LKS_REDUCE_MAX)                                                    \
            meet_op_##dtype(to, LKS_REDUCE_MAX);                                         \
        else                                                                             \
            meet_op_##dtype(to, LKS_REDUCE_SUM);                                         \
    }                                                                                    \
                                                                                         \
    static void end_##dtype(const totals *to, char *out, int64_t stride)                 \
    {                                                                                    \
        for (int64_t j = 0; j < to->n_columns; j++)                                      \
            *(stored *)(out + j * stride) = store((computed)to->of.field[0][j]);         \
    }

#define FLOAT_REDUCER(dtype, stored, computed, load, store)                              \
    REDUCE_ROWS(dtype, stored, load, double, f, -(double)INFINITY)                       \
    BEGIN_AND_END(dtype, stored, computed, double, store, f, -(double)INFINITY)
#define INT_REDUCER(dtype, stored, computed, load, store)                                \
    REDUCE_ROWS(dtype, stored, load, int64_t, i, INT64_MIN)                              \
    BEGIN_AND_END(dtype, stored, computed, int64_t, store, i, INT64_MIN)
LKS_FLOAT_ELEMENTS(FLOAT_REDUCER)
LKS_INT_ELEMENTS(INT_REDUCER)

typedef struct reducer {
    void (*begin)(totals *to);
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
        plan->reducer->begin(&to);
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
    int64_t n_each;
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
    n_each = lks_view_count(&reduced);
    plan.by_columns = outer.sizes[outer.ndim - 1] > 1 &&
                      llabs(outer.strides[outer.ndim - 1][0]) <
                          llabs(plan.parts.strides[plan.parts.ndim - 1][0]);
    outer.n_each = n_each > 1 ? n_each : 1;
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
