#include "cpu/cpu.h"

#include <math.h>
#include <stdlib.h>

#include "cpu/kernels/simd.h"
#include "cpu/loops.h"
#include "layout/view.h"
#include "formulas.h"

/* Two nests: over the elements of the output, and for each of them over the elements of x
 * that go into it, in logical order: the r-th of a chunk is for lane r % 16
 * (reference/reduce.c). */

enum { LANES = LKS_SUM_LANES, CHUNK = LKS_SUM_CHUNK, MAX_COLUMNS = 64 };

/* `n_columns` neighbouring outputs that are being added up. */
typedef struct totals {
    lks_reduce op;
    bool by_columns;                  /* a chunk of one column is added up as any */
    int64_t n_columns, column_stride; /* bytes of x */
    int64_t r;                        /* elements of each output's chunk so far */
    union { /* 8 KiB, a quarter of a first cache; a row's lanes are [0][lane] */
        double lanes_double[LANES][MAX_COLUMNS];
        int64_t lanes_int64_t[LANES][MAX_COLUMNS];
    };
    bool has_sum; /* of a chunk or more, of each output */
    union {
        double sum_double[MAX_COLUMNS];
        int64_t sum_int64_t[MAX_COLUMNS];
    };
} totals;

#define SUMS_PAGE "cpu/kernels/reduce_sums.h"
#define PAGE      "cpu/kernels/reduce_of.h"
#include "reference/for_sums.h"

typedef struct reducer {
    void (*begin)(totals *to);
    const lks_row_fn *rows;    /* of each lks_reduce */
    void (*close)(totals *to); /* the last chunk, and the only one of nothing */
    void (*end)(const totals *to, char *out, int64_t stride);
} reducer;

static const reducer reducers[LKS_N_DTYPES] = {
#define FLOAT_ENTRY(dtype, stored, computed, load, store)                                \
    [LKS_##dtype] = {begin_double, reduce_##dtype, close_double, end_##dtype},
#define INT_ENTRY(dtype, stored, computed, load, store)                                  \
    [LKS_##dtype] = {begin_int64_t, reduce_##dtype, close_int64_t, end_##dtype},
    LKS_FLOAT_ELEMENTS(FLOAT_ENTRY) LKS_INT_ELEMENTS(INT_ENTRY)};

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
        to.has_sum = false;
        plan->reducer->begin(&to);
        parts.data[0] = data[0] + j * strides[0];
        lks_nest_walk(&parts, plan->reducer->rows[plan->op], &to);
        plan->reducer->close(&to);
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

#define ARG_ROW(arg, better, dtype, stored, load, computed)                              \
    static void arg##_##dtype(int64_t n, char *const *data, const int64_t *strides,      \
                              const void *context)                                       \
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
                if (v better best || v != v) {                                           \
                    best = v;                                                            \
                    best_at = j;                                                         \
                }                                                                        \
            }                                                                            \
            *(int64_t *)(data[0] + i * strides[0]) = best_at;                            \
        }                                                                                \
    }
#define ARG_ROWS(dtype, stored, computed, load, store)                                   \
    ARG_ROW(argmax, >, dtype, stored, load, computed)                                    \
    ARG_ROW(argmin, <, dtype, stored, load, computed)
LKS_ELEMENTS(ARG_ROWS)

static const lks_row_fn arg_rows[LKS_N_DTYPES][2] = {
#define ARG_ENTRY(dtype, stored, computed, load, store)                                  \
    [LKS_##dtype] = {argmax_##dtype, argmin_##dtype},
    LKS_ELEMENTS(ARG_ENTRY)};

lks_status LKS_CPU(arg_reduce)(lks_reduce op, const lks_view *x, int dim,
                               const lks_view *out)
{
    const int64_t size = (int64_t)lks_dtype_size_bytes(x->dtype);
    const search along = {x->sizes[dim], x->strides[dim] * size};
    const lks_view rows = lks_view_without(x, dim);
    const lks_view *const views[] = {out, &rows};
    lks_nest nest;

    lks_nest_init(&nest, 2, views);
    nest.n_each = along.n;
    lks_nest_run(&nest, arg_rows[x->dtype][op == LKS_REDUCE_MIN], &along);
    return LKS_OK;
}
