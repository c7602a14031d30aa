/* A loader's batch as tensors on a device: copies, or of its own memory where the host
 * reads the device's, so they are used up before the next batch is asked for. */
#ifndef LKS_WORKER_BATCH_H
#define LKS_WORKER_BATCH_H

#include "data/loader.h"
#include "tensor/tensor.h"

/* (n, sample…) f32 */
lks_tensor *lks_batch_inputs(const lks_batch *batch, const lks_dataset *dataset,
                             lks_device device);
/* (n) i64, or (n, target…) f32 */
lks_tensor *lks_batch_targets(const lks_batch *batch, const lks_dataset *dataset,
                              lks_device device);

/* The same of n samples that lie on the device already; their bytes. */
lks_tensor *lks_batch_inputs_at(void *inputs, int64_t n, const lks_dataset *dataset,
                                lks_device device);
lks_tensor *lks_batch_targets_at(void *targets, int64_t n, const lks_dataset *dataset,
                                 lks_device device);
size_t lks_batch_input_bytes(int64_t n, const lks_dataset *dataset);
size_t lks_batch_target_bytes(int64_t n, const lks_dataset *dataset);

/* One sample's shape, and one target's, without the batch dimension. */
lks_shape lks_dataset_input_shape(const lks_dataset *dataset);
lks_shape lks_dataset_output_shape(const lks_dataset *dataset);

#endif
