/* How far values lie from their targets: what a chunk of samples yields, and what the
 * chunks of a split come to, in tree order. */
#ifndef LKS_TRAIN_DEVIATION_H
#define LKS_TRAIN_DEVIATION_H

#include "tensor/tensor.h"

/* Of one chunk: sums of |y - t| and (y - t)^2; the targets' sum, and the sum of their
 * squared distances from the chunk's own mean; how many values. Each a row of numbers
 * where chunks stand side by side. */
enum {
    LKS_DEVIATION_ABSOLUTE,
    LKS_DEVIATION_SQUARED,
    LKS_DEVIATION_TARGETS,
    LKS_DEVIATION_SPREAD,
    LKS_DEVIATION_VALUES,
    LKS_DEVIATION_ROWS,
};

/* Of a batch, waiting for its device. output and target (N, …) have as many elements, in
 * the same order; LKS_SHAPE otherwise. Sums are in f64. */
lks_status lks_deviation_of(lks_tensor *output, lks_tensor *target,
                            double out[LKS_DEVIATION_ROWS]);

/* rows [LKS_DEVIATION_ROWS][n_chunks]; that of the spread is scratch. */
double lks_deviation_absolute_error(const double *rows, uint64_t n_chunks);
double lks_deviation_r2(double *rows, uint64_t n_chunks); /* NaN: no target differs */

#endif
