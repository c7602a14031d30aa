/* Losses as sums: a lane yields a sum and a count, both are added up over all lanes, and
 * the step divides once. Those that a job file can name, and any of a program's own. */
#ifndef LKS_NN_LOSS_H
#define LKS_NN_LOSS_H

#include "base/option_rule.h"
#include "tensor/tensor.h"

/* What a loss's sum is divided by in the end: samples, elements, targets that are not
 * ignored, the sum of their weights. */
typedef struct lks_loss_count {
    double known;       /* what the shapes tell (0: the sum stays one), */
    lks_tensor *tensor; /* or, not NULL, what only the device knows: (), of any float */
} lks_loss_count;

typedef struct lks_loss lks_loss;

/* How outputs are held against targets. */
struct lks_loss {
    const char *name;       /* "cross_entropy", "mse_loss" */
    lks_dtype target_dtype; /* LKS_I64 for classes */
    bool counts_correct;    /* accuracy means something */
    /* Of classes: the target that counts for nothing. 0: none unless has_ignore_index. */
    int64_t ignore_index;
    bool has_ignore_index; /* an ignore_index of 0 is meant: class 0 */
    const void *self;      /* a program's own, for its functions */
    /* The sum over the batch, and what it counted. output (N, …), target as the dataset
     * has it, (N, …); of classes along a sample, such as a text's tokens, target (N, T, …)
     * and output (N, T, …, classes). *count is written on success. */
    lks_tensor *(*sum)(const lks_loss *loss, lks_tensor *output, lks_tensor *target,
                       lks_loss_count *count);
    /* LKS_SHAPE unless such an output can meet such a target (both without the batch
     * dimension). NULL: any can. */
    lks_status (*check)(const lks_loss *loss, const lks_shape *output,
                        const lks_shape *target);
    /* What helps where the sum is not finite, "end the model with sigmoid"; NULL: nothing
     * that is of this loss alone. */
    const char *advice;
    void (*destroy)(const lks_loss *loss); /* of lks_loss_create's; NULL: not needed */
};

/* As PyTorch has them by default, to be copied for another ignore_index. LKS_INVALID and
 * NULL if there is none of that name. base/loss_options.h lists them. */
const lks_loss *lks_loss_find(const char *name);

/* The loss of that name with its options, such as {"label_smoothing", 1, {0.1}}; weights
 * go to `device`. lks_loss_destroy it.
 *   reduction   1 is "sum": then it counts nothing, and its sum is divided by 1
 *   errors      LKS_INVALID: no such loss or option, a value out of range; LKS_NOMEM */
lks_status lks_loss_create(const char *name, lks_options options, lks_device device,
                           const lks_loss **out);
/* One that lks_loss_create made; of others, and of NULL, nothing. */
void lks_loss_destroy(const lks_loss *loss);

/* The target that counts for nothing; LKS_NO_IGNORE_INDEX where the loss has none. */
int64_t lks_loss_ignored(const lks_loss *loss);

/* What a loss may be told, [*n]; NULL: there is no such loss. */
const lks_option_rule *lks_loss_rules(const char *name, size_t *n);

/* loss->sum; `count` may be NULL. NULL arguments give NULL; of no loss, LKS_INVALID. */
lks_tensor *lks_loss_sum(const lks_loss *loss, lks_tensor *output, lks_tensor *target,
                         lks_loss_count *count);

/* A count's number; waits for the device if that has it. */
lks_status lks_loss_count_item(const lks_loss_count *count, double *out);

/* What sums are divided by: their count, or 1 where nothing counted, so that the mean
 * over nothing is 0 and so is its gradient (PyTorch's is nan). */
double lks_loss_divisor(double count);

/* How many rows of output (N, …, C) have their largest value at target (N, …), of the
 * *n_counted whose target is not ignore_index. LKS_SHAPE for other shapes; of NULL, the
 * failure that stands, or LKS_INVALID. */
lks_status lks_count_correct(lks_tensor *output, lks_tensor *target, int64_t ignore_index,
                             int64_t *n_correct, int64_t *n_counted);

#endif
