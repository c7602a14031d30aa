/* Samples one by one into a batch. Private to core/data. */
#ifndef LKS_DATA_GATHER_H
#define LKS_DATA_GATHER_H

#include "data/dataset.h"

/* As lks_dataset_gather_drawn, of a dataset that does not collate. */
lks_status lks_gather_each(const lks_dataset *dataset, const lks_draws *draws,
                           const uint64_t *indices, int64_t n, lks_field_batch *fields);

#endif
