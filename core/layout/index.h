/* Indices among a view's elements: what a kernel on the host makes sure of before it
 * follows them. Reads the host's memory. */
#ifndef LKS_LAYOUT_INDEX_H
#define LKS_LAYOUT_INDEX_H

#include "base/status.h"
#include "layout/view.h"

/* Element i of a 1-d i64 view. */
int64_t lks_index_at(const lks_view *index, int64_t i);

/* index, i64 of one dimension or more: all among the places of x's dimension `dim`.
 * LKS_INVALID, naming the kernel and the first, row-major, that is not. */
lks_status lks_index_check(const char *kernel, const lks_view *index, const lks_view *x,
                           int dim);

/* target [n]: all in [0, n_classes) or `ignored`; n_counted: those that are not ignored.
 */
lks_status lks_targets_check(const char *kernel, const lks_view *target,
                             int64_t n_classes, int64_t ignored, int64_t *n_counted);

/* The failure of a length outside 1 … n_steps. */
lks_status lks_length_refuse(const char *kernel, int64_t length, int64_t sequence,
                             int64_t n_steps);

/* lengths [n] or NULL: all in 1 … n_steps. */
lks_status lks_lengths_check(const char *kernel, const lks_view *lengths,
                             int64_t n_steps);

#endif
