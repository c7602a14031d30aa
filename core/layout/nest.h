/* Several views of the same sizes as a nest of as few loops as their strides allow. */
#ifndef LKS_LAYOUT_NEST_H
#define LKS_LAYOUT_NEST_H

#include "layout/view.h"

enum { LKS_NEST_MAX_OPERANDS = 5 };

typedef struct lks_nest {
    int device_index;
    int n_operands;
    int ndim;                                             /* at least 1 */
    int64_t sizes[LKS_MAX_DIMS];                          /* outermost first */
    int64_t strides[LKS_MAX_DIMS][LKS_NEST_MAX_OPERANDS]; /* bytes */
    char *data[LKS_NEST_MAX_OPERANDS];
    int64_t n_each; /* elements whose work is one's, where threads share it: 1 unless the
                       caller sets it */
} lks_nest;

/* Views of equal sizes. Dimensions are ordered by the strides of the first operand
 * (the one written), then joined where all operands run on. Without elements, one loop of
 * none. */
void lks_nest_init(lks_nest *nest, int n_operands, const lks_view *const *views);

/* The same with the dimensions in the order they have: a walk is row-major. */
void lks_nest_init_in_order(lks_nest *nest, int n_operands, const lks_view *const *views);

#endif
