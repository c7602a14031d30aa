/* A replica: the model, and what trains it, on one device. */
#include "worker/start.h"

#include <string.h>

#include "base/try.h"
#include "device.h"
#include "kernels.h"

bool lks_replica_is_first(const lks_replica *replica)
{
    return replica == replica->session->replicas.items;
}

/* ---- the model ---- */

lks_status lks_replica_make_model(lks_replica *replica)
{
    const lks_session *session = replica->session;

    LKS_TRY(lks_feed_init(&replica->train, session->data.train));
    LKS_TRY(lks_model_from_job(&session->job, session->options->program, &replica->train,
                               replica->device, &replica->model, &replica->loss));
    if (session->data.test) {
        LKS_TRY(lks_feed_init(&replica->test, session->data.test));
        LKS_TRY(lks_check_test_data(replica->loss, replica->model, &replica->train,
                                    &replica->test));
    }
    return lks_optim_from_job(&session->job, replica->model, &replica->optim);
}

/* ---- what trains it ---- */

lks_status lks_replica_make_lanes(lks_replica *replica)
{
    const lks_job *job = &replica->session->job;
    const lks_lanes_options options = {
        .comm = replica->comm,
        .params = lks_model_params(replica->model),
        .n_lanes = job->train.lanes,
        .ordered = job->train.reduction == LKS_JOB_REDUCTION_ORDERED,
    };

    lks_model_defer_buffers(replica->model,
                            true); /* the lanes' sums come together first */
    LKS_TRY(lks_lanes_create(&options, &replica->lanes));
    return lks_losses_create(replica->comm, options.n_lanes, replica->device,
                             &replica->losses);
}

lks_status lks_replica_make_loader(lks_replica *replica)
{
    const lks_session *session = replica->session;
    const lks_job *job = &session->job;
    const uint32_t n_lanes = job->train.lanes;
    const uint64_t n_samples = lks_dataset_n_samples(session->data.train);
    const uint64_t n_step = /* of the largest step */
        job->train.batch_size < n_samples ? job->train.batch_size : n_samples;
    const lks_loader_options options = {
        .dataset = session->data.train,
        .order = {.seed = job->seed,
                  .n_samples = n_samples,
                  .shuffle = job->data.shuffle},
        .plan = lks_lane_plan_at,
        .plan_context = &replica->lane_plan,
        .max_batch = (int64_t)((n_step + n_lanes - 1) / n_lanes),
        .n_ahead = LKS_LOADER_AHEAD,
    };

    replica->lane_plan = (lks_lane_plan){
        .steps = session->data.steps,
        .n_steps = session->data.n_steps,
        .n_lanes = n_lanes,
        .mine = lks_shard_lanes((uint32_t)replica->comm->rank,
                                (uint32_t)replica->comm->size, n_lanes),
    };
    return lks_loader_create(&options, &replica->loader);
}

/* Between the lanes of several replicas gradients travel, which are not recorded. */
lks_status lks_replica_make_tape(lks_replica *replica)
{
    if (replica->comm->size > 1)
        return LKS_OK;
    return lks_tape_create(replica->device, replica->session->data.train,
                           replica->lane_plan.mine, &replica->tape);
}

lks_status lks_replica_choose_numerics(lks_replica *replica)
{
    if (strcmp(replica->session->job.train.numerics, "fast") != 0)
        return LKS_OK;
    return lks_device_kernels(replica->device)->fast(replica->device.index, true);
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
    lks_metrics_destroy(replica->metrics);
    lks_tape_destroy(replica->tape);
    lks_loader_destroy(replica->loader);
    lks_losses_destroy(replica->losses);
    lks_lanes_destroy(replica->lanes);
    lks_optim_destroy(replica->optim);
    lks_model_destroy(replica->model);
    lks_replica_part(replica);
    if (replica->comm != replica->session->world.ranks)
        lks_comm_destroy(replica->comm);
}
