/* A training program of one's own: what lockstep-worker does, with this program's data,
 * model or loss in place of the job file's. Ranks, replicas, status, metrics, the weights
 * and the same bits on any number of ranks come with it.
 *
 *     int main(int argc, char **argv) { return lks_train_main(argc, argv, &program); }
 *
 *     mpirun -n 4 ./program job.yaml       or alone, ./program --devices cpu:0,cpu:1 …
 *
 * The command line is lockstep-worker's. The job file is silent about what the program
 * brings, and says the rest: optimizer, train, report. */
#ifndef LKS_LOCKSTEP_TRAIN_H
#define LKS_LOCKSTEP_TRAIN_H

#include "data/dataset.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/model.h"

/* The samples that are trained on, and those that are evaluated. */
typedef enum lks_data_split { LKS_DATA_TRAIN, LKS_DATA_TEST } lks_data_split;

/* All of it is borrowed until lks_train_main returns, and read by several threads. */
typedef struct lks_program {
    const void *self; /* for its functions */

    /* The data, instead of the job's data.format, train, test and normalize; the same on
     * all ranks, which is checked. *out is the run's. Without a test split it stays NULL.
     * Called by the rank's main thread, once a split. Optional: NULL, as the job says. */
    lks_status (*open_data)(const void *self, lks_data_split split, lks_dataset **out);

    /* The model, instead of the job's: layers of the library's types, or with
     * lks_layer_spec.own of the program's (nn/layer.h): one such layer may be the whole
     * model. Forward is called by each replica's thread, lane by lane. Optional. */
    const lks_layer_spec *layers;
    size_t n_layers;

    /* Instead of the job's (nn/loss.h). Optional. */
    const lks_loss *loss;
} lks_program;

/* One rank of a run, or what else the command line asks for (--check, --help …): returns
 * the exit status, 0, 1 failed, 2 the command line or the job is wrong, 130 interrupted
 * or cancelled. Errors have been said, once for all ranks. To be the first that main
 * does: MPI may be started, and standard descriptors that are closed are opened.
 * `program` NULL: the job says all. */
int lks_train_main(int argc, char **argv, const lks_program *program);

#endif
