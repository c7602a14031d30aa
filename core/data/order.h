/* The order in which an epoch visits its samples: a pure function of (seed, epoch,
 * position), a keyed permutation of [0, n) without a table. So a resume or a resize
 * stores one number. */
#ifndef LKS_DATA_ORDER_H
#define LKS_DATA_ORDER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct lks_order {
    uint64_t seed;
    uint64_t n_samples; /* at least 1 */
    bool shuffle;       /* false: position i is sample i */
} lks_order;

/* The sample at `position` < n_samples of `epoch`. Costs a few Philox blocks. */
uint64_t lks_order_at(const lks_order *order, uint64_t epoch, uint64_t position);

#endif
