/* Strided iteration: the innermost loop of a nest (layout/nest.h) is handed to a row
 * function. */
#ifndef LKS_CPU_LOOPS_H
#define LKS_CPU_LOOPS_H

#include "layout/nest.h"

/* n elements of each operand: data[k] is operand k's first, strides[k] the bytes to its
 * next. */
typedef void (*lks_row_fn)(int64_t n, char *const *data, const int64_t *strides,
                           const void *context);

/* Call `row` for every row, over the threads if there is enough work. Rows must be
 * independent of each other. */
void lks_nest_run(const lks_nest *nest, lks_row_fn row, const void *context);

/* Call `line` for each line along `dim` of views of one shape, over the threads. */
void lks_nest_run_lines(int n_views, const lks_view *const *views, int dim,
                        lks_row_fn line, const void *context);

/* The same as lks_nest_run on the calling thread, row after row in order. */
void lks_nest_walk(const lks_nest *nest, lks_row_fn row, const void *context);

#endif
