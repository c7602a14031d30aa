#include "cpu/loops.h"

#include "cpu/parallel.h"

/* Elements a thread must have to be worth waking. */
enum { MIN_ELEMENTS_PER_THREAD = 32768 };

typedef struct nest_run {
    const lks_nest *nest;
    lks_row_fn row;
    const void *context;
} nest_run;

/* All rows whose index in the outermost dimension is in [first, last). */
static void run_outer_range(int64_t first, int64_t last, void *context)
{
    const nest_run *run = context;
    const lks_nest *nest = run->nest;
    int inner = nest->ndim - 1;
    int64_t index[LKS_MAX_DIMS] = {first};
    char *data[LKS_NEST_MAX_OPERANDS];
    int d;

    for (int k = 0; k < nest->n_operands; k++)
        data[k] = nest->data[k] + first * nest->strides[0][k];
    if (inner == 0) {
        run->row(last - first, data, nest->strides[0], run->context);
        return;
    }
    do {
        run->row(nest->sizes[inner], data, nest->strides[inner], run->context);
        for (d = inner - 1; d >= 0; d--) {
            int64_t end = d == 0 ? last : nest->sizes[d];

            for (int k = 0; k < nest->n_operands; k++)
                data[k] += nest->strides[d][k];
            if (++index[d] < end)
                break;
            for (int k = 0; k < nest->n_operands; k++)
                data[k] -= nest->strides[d][k] * nest->sizes[d];
            index[d] = 0;
        }
    } while (d >= 0);
}

/* Elements of one step of the outermost loop; 0 if the nest is empty. */
static int64_t inner_numel(const lks_nest *nest)
{
    int64_t n = nest->sizes[0] > 0;

    for (int d = 1; d < nest->ndim; d++)
        n *= nest->sizes[d];
    return n;
}

void lks_nest_run(const lks_nest *nest, lks_row_fn row, const void *context)
{
    nest_run run = {nest, row, context};
    int64_t inner = inner_numel(nest);

    const int64_t n = nest->sizes[0], each = nest->n_each > 0 ? nest->n_each : 1;

    /* Below what two threads would share: without asking, which takes three divisions. */
    if (inner > 0 && each == 1 && inner < MIN_ELEMENTS_PER_THREAD &&
        n < MIN_ELEMENTS_PER_THREAD && n * inner < MIN_ELEMENTS_PER_THREAD)
        run_outer_range(0, n, &run);
    else if (inner > 0)
        lks_parallel_for(nest->device_index, nest->sizes[0],
                         MIN_ELEMENTS_PER_THREAD / inner / each + 1, run_outer_range,
                         &run);
}

void lks_nest_walk(const lks_nest *nest, lks_row_fn row, const void *context)
{
    nest_run run = {nest, row, context};

    if (inner_numel(nest) > 0)
        run_outer_range(0, nest->sizes[0], &run);
}

/* ---- lines ---- */

typedef struct lines {
    lks_row_fn line;
    const void *context;
    int n_views;
    int64_t n, strides[LKS_NEST_MAX_OPERANDS]; /* of a line: elements, bytes */
} lines;

/* A row of lines. */
static void run_lines(int64_t n, char *const *data, const int64_t *strides,
                      const void *context)
{
    const lines *run = context;
    char *at[LKS_NEST_MAX_OPERANDS];

    for (int64_t i = 0; i < n; i++) {
        for (int k = 0; k < run->n_views; k++)
            at[k] = data[k] + i * strides[k];
        run->line(run->n, at, run->strides, run->context);
    }
}

void lks_nest_run_lines(int n_views, const lks_view *const *views, int dim,
                        lks_row_fn line, const void *context)
{
    lines run = {line, context, n_views, views[0]->sizes[dim], {0}};
    const lks_view *outer[LKS_NEST_MAX_OPERANDS];
    lks_view firsts[LKS_NEST_MAX_OPERANDS];
    lks_nest nest;

    for (int k = 0; k < n_views; k++) {
        firsts[k] = lks_view_without(views[k], dim);
        outer[k] = &firsts[k];
        run.strides[k] =
            views[k]->strides[dim] * (int64_t)lks_dtype_size_bytes(views[k]->dtype);
    }
    lks_nest_init(&nest, n_views, outer);
    nest.n_each = run.n;
    lks_nest_run(&nest, run_lines, &run);
}
