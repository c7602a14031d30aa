/* The trainer of one replica: from a model, an optimiser and data to steps that all
 * replicas of a run take together. What a step works with is made here. */
#ifndef LKS_TRAIN_TRAINER_H
#define LKS_TRAIN_TRAINER_H

#include "train/step.h"

/* All of it is borrowed. */
typedef struct lks_trainer_options {
    lks_comm *comm;
    lks_model *model; /* its gradients and their listener are ours until the end */
    const lks_loss *loss;
    lks_optim *optim;
    lks_feed feed;       /* the training data */
    lks_step_plan steps; /* the same on all replicas, like what follows */
    uint64_t n_steps;
    uint32_t n_lanes;
    uint64_t bucket;        /* batches whose samples are sorted by length; 0: none */
    bool shuffle, ordered;  /* reduction: ordered, else fast */
    int n_workers, n_ahead; /* of the loader; 0: as it does by itself */
    uint64_t seed;          /* of the samples' order, dropout and the like */
    lks_device device;
    const lks_step_watcher *watcher;
    void *watched;
} lks_trainer_options;

typedef struct lks_trainer lks_trainer;

/* In the thread that trains; starts the loader's. By each replica for itself.
 *
 * Of data that are streams (data/dataset.h) each step takes one window of each, in order
 * and never shuffled: so a lane goes on with the streams it had, and its layers carry their
 * state along within an epoch (back-propagation is truncated at the windows).
 *   errors  LKS_INVALID: the data are streams, but not as many as a batch has samples */
lks_status lks_trainer_create(const lks_trainer_options *options, lks_trainer **out);
void lks_trainer_destroy(lks_trainer *trainer); /* NULL is fine */

/* lks_step_run: step `index`, from 0, one after the other. */
lks_status lks_trainer_step(lks_trainer *trainer, uint64_t index, lks_step_result *out);

/* This replica's lanes, and whether their passes are recorded (tape.h). */
lks_range lks_trainer_lanes(const lks_trainer *trainer);
bool lks_trainer_records(const lks_trainer *trainer);

#endif
