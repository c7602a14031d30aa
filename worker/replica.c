/* A replica: the model, and what trains it, on one device. */
#include "worker/start.h"

#include <string.h>

#include "base/try.h"
#include "device.h"
#include "kernels.h"
#include "worker/prediction.h"

bool lks_replica_is_first(const lks_replica *replica)
{
    return replica == replica->session->replicas.items;
}

/* ---- the model ---- */

/* Data to evaluate on, if there are any. */
static lks_status feed_evaluation(const lks_replica *replica, const lks_dataset *split,
                                  lks_feed *out)
{
    if (!split)
        return LKS_OK;
    LKS_TRY(lks_feed_init(out, split));
    return lks_check_test_data(replica->loss, replica->model, &replica->train, out);
}

/* The smallest lane of the run's steps, which a layer may find too small. */
static lks_status check_lanes(const lks_session *session, const lks_model *model)
{
    const uint32_t lanes = session->job.train.lanes;
    const uint64_t n_lanes = /* check leaves them open */
        lanes != LKS_JOB_AUTO
            ? lanes
            : (uint64_t)session->options->n_ranks * (uint64_t)session->world.devices.n;
    const uint64_t n = lks_step_smallest(&session->data.steps, session->data.n_steps);

    return lks_model_check_samples(
        model, n_lanes > 0 && n > n_lanes ? (int64_t)(n / n_lanes) : 1);
}

lks_status lks_replica_make_model(lks_replica *replica)
{
    const lks_session *session = replica->session;

    LKS_TRY(lks_feed_init(&replica->train, session->data.splits.train));
    LKS_TRY(lks_model_from_job(&session->job, session->options->program, &replica->train,
                               replica->device, &replica->model, &replica->loss));
    LKS_TRY(check_lanes(session, replica->model));
    LKS_TRY(
        feed_evaluation(replica, session->data.splits.validation, &replica->validation));
    LKS_TRY(feed_evaluation(replica, session->data.splits.test, &replica->test));
    LKS_TRY(lks_optim_from_job(&session->job, replica->model, &replica->optim));
    return lks_schedule_from_job(&session->job, replica->optim, &replica->schedule);
}

/* ---- what trains it ---- */

lks_status lks_replica_choose_numerics(lks_replica *replica)
{
    if (strcmp(replica->session->job.train.numerics, "fast") != 0)
        return LKS_OK;
    return lks_device_kernels(replica->device)->fast(replica->device.index, true);
}

/* Threads that load for one of the replicas, which share the rank's cores. */
static int n_workers(const lks_session *session)
{
    const int n = lks_loader_workers() / session->replicas.n;

    if (session->job.data.workers != LKS_JOB_AUTO)
        return (int)session->job.data.workers;
    return n > 0 ? n : 1;
}

lks_status lks_replica_make_trainer(lks_replica *replica)
{
    const lks_session *session = replica->session;
    const lks_job *job = &session->job;
    const lks_trainer_options options = {
        .comm = replica->comm,
        .model = replica->model,
        .loss = replica->loss,
        .optim = replica->optim,
        .feed = replica->train,
        .steps = session->data.steps,
        .n_steps = session->data.n_steps,
        .n_lanes = job->train.lanes,
        .bucket = job->data.bucket,
        .shuffle = job->data.shuffle,
        .ordered = job->train.reduction == LKS_JOB_REDUCTION_ORDERED,
        .n_workers = n_workers(session),
        .n_ahead = (int)job->data.prefetch,
        .seed = job->seed,
        .device = replica->device,
        .watcher = &lks_pulse_watcher,
        .watched = &replica->pulse,
    };

    return lks_trainer_create(&options, &replica->trainer);
}

/* ---- the same on all replicas ---- */

lks_status lks_replica_hash_model(lks_replica *replica)
{
    return lks_model_hash(replica->model, &replica->weights_hash);
}

lks_status lks_replica_check_same_model(lks_replica *replica)
{
    return lks_world_check_same(replica->comm, replica->weights_hash,
                                "the model at the start");
}

/* ---- its end ---- */

void lks_replica_release(lks_replica *replica)
{
    lks_replica_end_meeting(replica);
    lks_prediction_destroy(replica->prediction);
    lks_metrics_destroy(replica->metrics);
    lks_trainer_destroy(replica->trainer);
    lks_schedule_destroy(replica->schedule);
    lks_optim_destroy(replica->optim);
    lks_loss_destroy(replica->loss);
    lks_model_destroy(replica->model);
    lks_replica_part(replica);
    if (replica->comm != replica->session->world.ranks)
        lks_comm_destroy(replica->comm);
}
