/* Samples of different length in one batch. Private to core/data. */
#ifndef LKS_DATA_PAD_H
#define LKS_DATA_PAD_H

#include "data/dataset.h"

/* One element of `dtype` that is `value`, into out[LKS_MAX_ELEMENT_BYTES]. False: the
 * dtype does not hold it. */
bool lks_pad_element(lks_dtype dtype, double value, void *out);

/* `batch` has n samples, each dense, in the room of the largest: move them to where they
 * belong at the size of the longest, and fill up. */
void lks_pad_batch(const lks_field *field, int64_t n, lks_field_batch *batch);

#endif
