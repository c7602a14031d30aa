/* A model's outputs for every sample of a dataset, in its order, worked out by all ranks.
 * The samples are cut into chunks that the data alone decide, as in an evaluation: so an
 * output has the same bits on any number of ranks. Each stands alone, windows of streams
 * too. */
#ifndef LKS_TRAIN_PREDICT_H
#define LKS_TRAIN_PREDICT_H

#include "nn/model.h"
#include "train/batch.h"
#include "train/comm.h"

/* Who takes them: rank 0's, a run of samples after the other. */
typedef struct lks_prediction_sink {
    /* outputs [n, sizes of the model's output…], of the samples from `first` on */
    lks_status (*take)(void *context, uint64_t first, int64_t n, const float *outputs);
    void *context;
} lks_prediction_sink;

/* The model is put into evaluation for the call and trains again after it. Outputs of
 * another dtype come as f32.
 *   feed    its `targets` are not looked at
 *   memory  the outputs of 256 samples of each rank
 * Called by all ranks. What fails on one of them, its sink included, ends it on all; only
 * that rank returns the failure, so that the caller lets them agree.
 * LKS_COMM: the others wait for this one. */
lks_status lks_predict(lks_model *model, const lks_feed *feed, lks_device device,
                       lks_comm *comm, const lks_prediction_sink *sink);

#endif
