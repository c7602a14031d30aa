/* The losses a job file can name, as sums: a lane yields a sum and a count, the step
 * divides once. */
#ifndef LKS_NN_LOSS_H
#define LKS_NN_LOSS_H

#include "tensor/tensor.h"

typedef struct lks_loss {
    const char *name;       /* "cross_entropy", "mse_loss" */
    lks_dtype target_dtype; /* LKS_I64 for classes */
    bool counts_correct;    /* accuracy means something */
    /* The sum over the batch. output (N, …), target as the dataset has it, (N, …). */
    lks_tensor *(*sum)(lks_tensor *output, lks_tensor *target);
    /* What the sum is divided by, for one sample of this output shape: 1, or its
     * elements. */
    int64_t (*count)(const lks_shape *output);
    /* LKS_SHAPE unless such an output can meet such a target (both without the batch
     * dimension). */
    lks_status (*check)(const lks_shape *output, const lks_shape *target);
} lks_loss;

/* NULL if there is none of that name. */
const lks_loss *lks_loss_find(const char *name);

/* How many rows of output (N, C) have their largest value at target (N). LKS_SHAPE for
 * other shapes; of NULL, the failure that stands, or LKS_INVALID. */
lks_status lks_count_correct(lks_tensor *output, lks_tensor *target, int64_t *out);

#endif
