/* One training step of a rank, from samples to new weights. */
#ifndef LKS_TRAIN_STEP_H
#define LKS_TRAIN_STEP_H

#include "base/shard_plan.h"
#include "data/loader.h"
#include "nn/loss.h"
#include "nn/model.h"
#include "optim/optim.h"
#include "train/batch.h"
#include "train/lanes.h"
#include "train/losses.h"
#include "train/tape.h"

typedef enum lks_step_phase {
    LKS_STEP_LOAD,
    LKS_STEP_FORWARD,
    LKS_STEP_BACKWARD,
    LKS_STEP_REDUCE,
    LKS_STEP_UPDATE,
} lks_step_phase;

/* Whoever watches a step, in its thread: so that it may be told elsewhere how far it is,
 * where it hangs, and what its rank wants. */
typedef struct lks_step_watcher {
    void (*enter)(void *context, lks_step_phase phase); /* the phase before is over */
    void (*add_samples)(void *context, uint64_t n);     /* this rank trains on */
    void (*end_step)(void *context);
    lks_wish (*wish)(
        void *context); /* what the other ranks are to know with the losses */
} lks_step_watcher;

/* What a step works with; all of it is borrowed. */
typedef struct lks_step {
    lks_model *model;
    const lks_loss *loss;
    lks_optim *optim;
    lks_loader *loader; /* gives this rank's lanes, step by step */
    lks_feed feed;
    lks_lanes *lanes;
    lks_losses *losses;
    lks_tape *tape; /* NULL: steps are not recorded */
    const lks_step_watcher *watcher;
    void *watched; /* its context */
    lks_step_plan plan;
    lks_range mine; /* this rank's lanes */
    bool carries;   /* from step to step of an epoch: the data are streams */
    uint64_t seed;  /* of dropout and the like */
    lks_device device;
} lks_step;

/* The same on every rank. */
typedef struct lks_step_result {
    double divisor; /* of the gradients as they stand: what the loss counted over all
                     * lanes, of all the steps that made an update (lks_loss_divisor) */
    double loss;    /* mean over what it counted, */
    double count;   /* of this step */
    lks_wish wish;  /* what the ranks agree on for after this step */
} lks_step_result;

/* Take step `index` (from 0). One that counts nothing, all of its targets being ignored,
 * has loss 0 and a gradient of zeros, which the optimiser takes like any other.
 *   errors  LKS_NUMERIC: the loss is not finite, and the weights are as they were; all
 *           ranks return it alike. Others are this rank's own. */
lks_status lks_step_run(lks_step *step, uint64_t index, lks_step_result *out);

#endif
