/* The data as training and evaluation see them: a part held out for validation, inputs
 * standardised by what is left to train on, the job's transforms. The worker's own. */
#ifndef LKS_WORKER_SPLITS_H
#define LKS_WORKER_SPLITS_H

#include "data/dataset.h"
#include "data/standardise.h"
#include "proto/job.h"

enum { LKS_SPLITS_MAX = 10 };

typedef struct lks_splits {
    /* NULL: the job has none */
    const lks_dataset *train, *validation, *test;
    const lks_dataset *opened; /* the training data as they came */
    /* What these stand on, each on those before it. */
    lks_dataset *owned[LKS_SPLITS_MAX];
    int n_owned;
    lks_input_scale *measured;    /* on the training data */
    const lks_input_scale *scale; /* this or a known one; NULL: none is asked for */
} lks_splits;

/* `train` and `test` (either may be NULL), as they were opened, are the splits' from here
 * on, whether this succeeds or not; the job outlives them, and so does `known`, the scale
 * of the run (NULL: it is measured). To be released in either case.
 *   errors  LKS_INVALID: the job holds out too many samples; inputs that cannot be
 *           standardised */
lks_status lks_splits_init(lks_splits *splits, const lks_job *job, lks_dataset *train,
                           lks_dataset *test, const lks_input_scale *known);

/* "54000 training samples, 6000 validation samples, 10000 test samples" */
void lks_splits_text(const lks_splits *splits, char *out, size_t size);

/* One that is all zero is fine. */
void lks_splits_release(lks_splits *splits);

#endif
