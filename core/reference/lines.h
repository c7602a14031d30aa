/* Kernels that go along the lines of one dimension, on the host. */
#ifndef LKS_REFERENCE_LINES_H
#define LKS_REFERENCE_LINES_H

#include "layout/view.h"

enum { LKS_LINES_MAX_OPERANDS = 4 };

/* One line of n elements of each operand: data[k] is its first, strides[k] the bytes to
 * the next. */
typedef void (*lks_line_fn)(int64_t n, char *const *data, const int64_t *strides,
                            const void *context);

/* Call `line` for each line along `dim` of views of one shape, one after the other. */
void lks_reference_lines(int n_views, const lks_view *const *views, int dim,
                         lks_line_fn line, const void *context);

#endif
