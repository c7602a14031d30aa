/* A loader's batch as tensors on a device: copies, or of its own memory where the host
 * reads the device's, so they are used up before the next batch is asked for. */
#ifndef LKS_TRAIN_BATCH_H
#define LKS_TRAIN_BATCH_H

#include "data/loader.h"
#include "tensor/tensor.h"

/* What of a dataset goes where. */
typedef struct lks_feed {
    const lks_dataset *dataset; /* borrowed */
    int inputs, targets;        /* fields: what the model takes, what the loss takes */
} lks_feed;

/* What the model takes alone, for data whose targets nobody asks for: there may be none
 * (-1). LKS_INVALID: there is no field but targets. */
lks_status lks_feed_init_inputs(lks_feed *feed, const lks_dataset *dataset);

/* By the fields' names (data/dataset.h). LKS_INVALID: there is none for one of them. */
lks_status lks_feed_init(lks_feed *feed, const lks_dataset *dataset);

/* Each field as a tensor (n, sizes…) of the innermost scope, into tensors[n_fields]. */
lks_status lks_batch_bring(const lks_batch *batch, const lks_dataset *dataset,
                           lks_device device, lks_tensor **tensors);

/* The same of n samples whose fields lie on the device already, none of which varies;
 * their bytes. */
lks_status lks_batch_bring_from(void *const *fields, int64_t n,
                                const lks_dataset *dataset, lks_device device,
                                lks_tensor **tensors);
size_t lks_batch_bytes(int64_t n, const lks_field *field);

/* A field's shape in one sample, the largest, without the batch dimension. */
lks_shape lks_field_shape(const lks_field *field);

#endif
