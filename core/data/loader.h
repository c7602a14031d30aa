/* Threads that gather batches ahead of the training step, which come in a fixed order
 * whatever the number of threads: PyTorch's DataLoader.
 *
 *     batch_size, drop_last   lks_batches, or a plan of one's own
 *     shuffle, sampler        lks_order
 *     num_workers             n_workers
 *     prefetch_factor         n_ahead, of all threads together
 *     collate_fn              lks_dataset_ops.collate
 *
 * No memory is taken once it is made, but by a dataset's own functions. The loader owns a ring of batches; lks_loader_next lends one until the following call.
 * One consumer thread. */
#ifndef LKS_DATA_LOADER_H
#define LKS_DATA_LOADER_H

#include "data/dataset.h"
#include "data/order.h"

/* A run of sample positions within one epoch. */
typedef struct lks_batch_slice {
    uint64_t epoch;
    uint64_t first;
    int64_t n; /* may be 0: an empty lane */
} lks_batch_slice;

/* What the loader should gather as its item-th batch: true and *out, or false at the end.
 * Pure; called by the loader's threads, once for each item. */
typedef bool (*lks_loader_plan)(const void *context, uint64_t item, lks_batch_slice *out);

/* So many epochs in batches of batch_size samples, the last of an epoch short, or left
 * out. */
typedef struct lks_batches {
    uint64_t n_samples, n_epochs;
    int64_t batch_size;
    bool drop_last;
} lks_batches;

/* Their plan, with an lks_batches as its context. */
bool lks_batches_plan(const void *batches, uint64_t item, lks_batch_slice *out);

/* Batches ahead that outlast a thread that does not get a core for a while, in few
 * wake-ups. */
enum { LKS_LOADER_AHEAD = 4 };

/* What to gather, and in which order. */
typedef struct lks_loader_options {
    const lks_dataset *dataset; /* borrowed, outlives the loader */
    lks_order order;
    lks_loader_plan plan;
    const void *plan_context;
    int64_t max_batch; /* the largest slice.n the plan will ask for */
    int n_ahead;   /* batches gathered ahead, at least 1; n_workers, if those are more */
    int n_workers; /* threads; 0: lks_loader_workers */
    bool draws;    /* as for training: visits are drawn from the order's seed and the
                        * slice's epoch (lks_dataset_gather_drawn) */
} lks_loader_options;

/* The samples of a slice, field by field as in the dataset. */
typedef struct lks_batch {
    lks_batch_slice slice;
    lks_field_batch fields[LKS_DATASET_MAX_FIELDS]; /* 64-byte aligned, the loader's */
} lks_batch;

typedef struct lks_loader lks_loader;

/* By the cores that this process may use: one for every eight, 1 to 8. */
int lks_loader_workers(void);

/* Start gathering.
 *   errors  LKS_INVALID: max_batch or n_ahead below 1, an order of no samples or of more
 *           than the dataset has, a batch too large to address; LKS_NOMEM, for the thread
 *           as well */
lks_status lks_loader_create(const lks_loader_options *options, lks_loader **out);

/* Stops the threads; NULL is fine. Lent batches are gone. */
void lks_loader_destroy(lks_loader *loader);

/* The next batch, waiting for it; *out is NULL after the plan's last. It is lent until
 * the next call.
 *   errors  LKS_INVALID: the plan asked for more than max_batch samples, or for positions
 *           outside the epoch; what the dataset says; after the batches before, and at
 * each call from then on */
lks_status lks_loader_next(lks_loader *loader, const lks_batch **out);

#endif
