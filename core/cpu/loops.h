/* Strided iteration: several views of the same sizes become a nest of as few loops as
 * their strides allow, whose innermost one is handed to a row function. */
#ifndef LKS_CPU_LOOPS_H
#define LKS_CPU_LOOPS_H

#include "kernels.h"

enum { LKS_NEST_MAX_OPERANDS = 5 };

/* n elements of each operand: data[k] is operand k's first, strides[k] the bytes to its
 * next. */
typedef void (*lks_row_fn)(int64_t n, char *const *data, const int64_t *strides,
                           const void *context);

typedef struct lks_nest {
    int device_index; /* whose threads share it */
    int n_operands;
    int ndim;                                             /* at least 1 */
    int64_t sizes[LKS_MAX_DIMS];                          /* outermost first */
    int64_t strides[LKS_MAX_DIMS][LKS_NEST_MAX_OPERANDS]; /* bytes */
    char *data[LKS_NEST_MAX_OPERANDS];
    int64_t n_each; /* elements whose work is one's: 1 unless the caller sets it */
} lks_nest;

/* Views of equal sizes. Dimensions are ordered by the strides of the first operand
 * (the one written), then joined where all operands run on. Without elements, one loop of
 * none. */
void lks_nest_init(lks_nest *nest, int n_operands, const lks_view *const *views);

/* The same with the dimensions in the order they have: a walk is row-major. */
void lks_nest_init_in_order(lks_nest *nest, int n_operands, const lks_view *const *views);

/* Call `row` for every row, over the threads if there is enough work. Rows must be
 * independent of each other. */
void lks_nest_run(const lks_nest *nest, lks_row_fn row, const void *context);

/* The same on the calling thread, row after row in order. */
void lks_nest_walk(const lks_nest *nest, lks_row_fn row, const void *context);

#endif
