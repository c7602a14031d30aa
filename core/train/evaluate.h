/* Evaluation of a split by all ranks. The split is cut into chunks that the job's data
 * alone decide, each rank takes a run of them, and what they yield is added in tree
 * order: so the result has the same bits on any number of ranks. */
#ifndef LKS_TRAIN_EVALUATE_H
#define LKS_TRAIN_EVALUATE_H

#include "nn/loss.h"
#include "nn/model.h"
#include "train/batch.h"
#include "train/comm.h"

enum { LKS_EVALUATE_CHUNK = 256 }; /* samples */

/* The same on every rank. */
typedef struct lks_evaluation {
    double loss; /* mean over what the loss counts of the split */
    bool has_accuracy;
    double accuracy; /* 0 to 1, of the targets that are not ignored */
    uint64_t n_samples;
} lks_evaluation;

/* The model is put into evaluation for the call and trains again after it. Nothing is
 * recorded for backward. Called by all ranks. */
lks_status lks_evaluate(lks_model *model, const lks_loss *loss, const lks_feed *feed,
                        lks_device device, lks_comm *comm, lks_evaluation *out);

#endif
