/* Samples of like length in one batch: the epoch's order in pools of so many batches, each
 * of which is sorted by length, cut into batches, and these shuffled. What stands at a
 * position is a pure function of (seed, epoch, position), as without. A pool's last, short
 * batch is of its last samples as they come, and stays last.
 *
 * source: Khomenko et al. 2016, "Accelerating recurrent neural network training using
 * sequence bucketing"; torchtext's BucketIterator */
#ifndef LKS_DATA_BUCKET_H
#define LKS_DATA_BUCKET_H

#include "data/dataset.h"
#include "data/order.h"

typedef struct lks_bucket lks_bucket;

/* For one thread: it keeps the pool that it was last asked for.
 *   dataset  borrowed, outlives it; order copied, of which batch_size and n_batches are
 *            above 0
 *   errors   LKS_INVALID: the dataset does not tell its samples' lengths; LKS_NOMEM */
lks_status lks_bucket_create(const lks_dataset *dataset, const lks_order *order,
                             lks_bucket **out);
void lks_bucket_destroy(lks_bucket *bucket); /* NULL is fine */

/* The samples at n positions from `first` on, as lks_order_run. */
void lks_bucket_run(lks_bucket *bucket, uint64_t epoch, uint64_t first, size_t n,
                    uint64_t *out);

#endif
