/* One model over several devices: PyTorch's nn.DataParallel.
 *
 *     x (N, …) --scatter--> x0 (n0, …) on devices[0] --forward--> y0 --gather--> y (N, …)
 *                           x1 (n1, …) on devices[1] --forward--> y1
 *
 * A forward cuts the batch into chunks as torch.chunk does, copies the parameters to each
 * device, runs the chunks there, each in a thread of its own, and gathers what they give
 * on the first device. Backward runs each chunk's graph on its device and adds the
 * gradients on the first one, in the devices' order: the same bits each time, though not
 * those of one device, where all samples are added in a row. So an optimiser on the
 * parameters works as ever.
 *
 * One thread calls these; graphs may live on, but not beyond the destroy.
 * source: PyTorch's torch.nn.DataParallel */
#ifndef LKS_NN_DATA_PARALLEL_H
#define LKS_NN_DATA_PARALLEL_H

#include "nn/model.h"

typedef struct lks_data_parallel lks_data_parallel;

/* What a replica computes: y (n, …) of x (n, …) and of `params`, its copy of the
 * parameters, all on one device. Called in several threads at once; `replica` counts the
 * devices. NULL: it failed, with the reason in its thread's error. */
typedef lks_tensor *(*lks_replica_forward)(void *context, int replica,
                                           const lks_param_block *params, lks_tensor *x);

/* `params` on devices[0], borrowed as `context` is; the devices, of one type and each
 * once, are copied. LKS_INVALID; LKS_DEVICE: the parameters are elsewhere. */
lks_status lks_data_parallel_create(lks_param_block *params, lks_replica_forward forward,
                                    void *context, const lks_device *devices,
                                    int n_devices, lks_data_parallel **out);

/* The same of a model of layers. Replica i draws dropout's numbers as lane + i. In
 * training each replica normalises with its own samples' statistics, and the model's
 * running ones follow those of all. */
lks_status lks_data_parallel_create_of(lks_model *model, const lks_device *devices,
                                       int n_devices, lks_data_parallel **out);

void lks_data_parallel_destroy(lks_data_parallel *parallel); /* NULL is fine */

/* x on the first device. As few replicas run as there are chunks: a batch of 3 leaves the
 * fourth device without work.
 *   errors  the first replica's that failed, naming its device; LKS_SHAPE: outputs that
 *           do not fit each other, or their chunk */
lks_tensor *lks_data_parallel_forward(lks_data_parallel *parallel, lks_tensor *x);

#endif
