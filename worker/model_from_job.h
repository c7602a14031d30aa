/* A job's data, model and optimiser, as liblockstep's. What the job file says was checked
 * by proto; here it meets the data, and the layers meet one another. */
#ifndef LKS_WORKER_MODEL_FROM_JOB_H
#define LKS_WORKER_MODEL_FROM_JOB_H

#include "base/shard_plan.h"
#include "data/dataset.h"
#include "nn/loss.h"
#include "nn/model.h"
#include "optim/optim.h"
#include "optim/schedule.h"
#include "proto/job.h"
#include "train/batch.h"
#include "worker/lockstep_train.h"

/* One split of the job's data, as core/data opens it; borrows of the job. */
lks_dataset_source lks_source_from_job(const lks_job *job, const lks_job_split *split);

/* Whether data are read by what the training data have settled: columns, vocabularies. */
bool lks_job_goes_by_training_data(const lks_job *job);

/* Open one split of the job's data; its files are where the job says. */
lks_status lks_dataset_from_job(const lks_job *job, const lks_job_split *split,
                                lks_dataset **out);

/* The same of data that go with the training data of `like` (lks_dataset_source). */
lks_status lks_dataset_from_job_like(const lks_job *job, const lks_job_split *split,
                                     const lks_table *like, lks_dataset **out);

/* The split's files are there and can be read: before a later, longer opening. */
lks_status lks_check_split_files(const lks_job *job, const lks_job_split *split);

/* One file of inputs, by a path relative to the working directory: an array of NumPy's
 * where its name ends in .npy (or .npy.gz), else as the job's data.format has it. The
 * normalisation is the job's; `like` as above, or NULL. */
lks_status lks_inputs_from_file(const lks_job *job, const char *path,
                                const lks_table *like, lks_dataset **out);

/* The model for such inputs and its loss, before any data meet the loss. Errors as
 * below. */
lks_status lks_model_for_inputs(const lks_job *job, const lks_program *program,
                                const lks_feed *inputs, lks_device device,
                                lks_model **out, const lks_loss **loss);

/* The model for such data, with its initial weights, and its loss: the job's, or what the
 * program (which may be NULL) brings of them. lks_model_destroy and lks_loss_destroy them.
 *   errors  what the job says cannot be: LKS_INVALID, LKS_SHAPE. LKS_FORMAT: labels
 *           outside the classes, weights of another model. LKS_IO: weights cannot be read
 */
lks_status lks_model_from_job(const lks_job *job, const lks_program *program,
                              const lks_feed *data, lks_device device, lks_model **out,
                              const lks_loss **loss);

/* Whether a test split goes with the training split and the model. */
lks_status lks_check_test_data(const lks_loss *loss, const lks_model *model,
                               const lks_feed *train, const lks_feed *test);

lks_status lks_optim_from_job(const lks_job *job, lks_model *model, lks_optim **out);

/* NULL if the job has none; the optimiser has the rate of the first step then. */
lks_status lks_schedule_from_job(const lks_job *job, lks_optim *optim,
                                 lks_schedule **out);

/* The run's steps. LKS_INVALID: the batch is smaller than the lanes, there is no whole
 * batch to train on, or fewer steps than an update takes. */
lks_status lks_steps_from_job(const lks_job *job, uint64_t n_samples, lks_step_plan *plan,
                              uint64_t *n_steps);

#endif
