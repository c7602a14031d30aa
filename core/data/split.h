/* A dataset in two: some samples held out, to watch a training with, and the rest. */
#ifndef LKS_DATA_SPLIT_H
#define LKS_DATA_SPLIT_H

#include "data/dataset.h"

/* Hold out n_held_out of the samples: one of each run of about n_samples / n_held_out of
 * them, drawn by the seed. So it is the same on any machine and after any restart, both
 * parts keep the order of the samples, and no table is made.
 *   dataset        borrowed, outlives both
 *   rest, held_out the caller's; of the same fields, labels' names and origins
 *   errors  LKS_INVALID: nothing is held out or nothing left, 2^32 or more held out, a
 *           dataset that collates */
lks_status lks_dataset_split(const lks_dataset *dataset, uint64_t seed,
                             uint64_t n_held_out, lks_dataset **rest,
                             lks_dataset **held_out);

#endif
