/* A step's passes, forward and backward over all of a replica's lanes, as a recording of
 * the device: told once for each size of step, then done again by one call. For devices
 * that record (kernels.h), where nothing comes between the lanes: a replica alone.
 *
 * Batches come to the same memory each time, all of a step before its first pass. */
#ifndef LKS_TRAIN_TAPE_H
#define LKS_TRAIN_TAPE_H

#include "data/dataset.h"
#include "data/loader.h"
#include "device.h"
#include "base/shard_plan.h"
#include "train/batch.h"

typedef struct lks_tape lks_tape;

/* *out is NULL where steps cannot be recorded: by the device, or because samples vary, and
 * steps with them, or go on from those of the step before, as windows of streams do. LKS_RECORDINGS=0 in the environment asks for none, for
 * comparisons. */
lks_status lks_tape_create(lks_device device, const lks_dataset *dataset, lks_range lanes,
                           lks_tape **out);
void lks_tape_destroy(lks_tape *tape); /* NULL is fine */

/* A lane's batch to its place on the device. */
lks_status lks_tape_load(lks_tape *tape, uint64_t lane, const lks_batch *batch);

/* That place as tensors of the innermost scope; NULLs where the lane has no samples. */
lks_status lks_tape_batch(const lks_tape *tape, uint64_t lane, lks_fields *out);

/* Do `passes`, which is the same for all steps of n_samples but for their number, `step`:
 * by calling it, or by what a call has left. */
typedef lks_status (*lks_passes)(void *context);
lks_status lks_tape_run(lks_tape *tape, uint64_t n_samples, uint64_t step,
                        lks_passes passes, void *context);

#endif
