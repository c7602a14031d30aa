/* The order in which an epoch visits its samples: a pure function of (seed, epoch,
 * position), a keyed permutation of [0, n) without a table. So a resume or a resize
 * stores one number. */
#ifndef LKS_DATA_ORDER_H
#define LKS_DATA_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LKS_ORDER_MAX_SAMPLES (UINT64_C(1) << 62)

/* Of n_samples samples, under a seed. */
typedef struct lks_order {
    uint64_t seed;
    uint64_t n_samples; /* 1 to LKS_ORDER_MAX_SAMPLES */
    bool shuffle;       /* false: position i is sample i */
    /* What a loader makes batches of like length by (data/bucket.h): how many samples a
     * batch has, of all lanes, and how many batches are sorted at once; 0: none. What
     * follows does not look at it. */
    uint64_t batch_size, n_batches;
} lks_order;

/* The sample at `position` < n_samples of `epoch` < 2^56. Costs eight Philox blocks, some
 * 200 ns. */
uint64_t lks_order_at(const lks_order *order, uint64_t epoch, uint64_t position);

/* Those at `n` positions from `first` on, all below n_samples: the same samples, each in
 * about a third of the time, with AVX-512 an eighth. */
void lks_order_run(const lks_order *order, uint64_t epoch, uint64_t first, size_t n,
                   uint64_t *out);

#endif
