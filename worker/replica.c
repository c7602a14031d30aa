/* A replica: the model, and what trains it, on one device. */
#include "worker/run.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/try.h"
#include "device.h"
#include "kernels.h"
#include "worker/lifeline.h"

bool lks_replica_is_first(const lks_replica *replica)
{
    return replica == replica->run->replicas;
}

/* ---- the model ---- */

static lks_status make_model(lks_replica *replica)
{
    const lks_run *run = replica->run;

    LKS_TRY(lks_feed_init(&replica->train, run->train));
    LKS_TRY(lks_model_from_job(&run->job, &replica->train, replica->device,
                               &replica->model, &replica->loss));
    if (run->test) {
        LKS_TRY(lks_feed_init(&replica->test, run->test));
        LKS_TRY(lks_check_test_data(&run->job, replica->model, &replica->train,
                                    &replica->test));
    }
    return lks_optim_from_job(&run->job, replica->model, &replica->optim);
}

lks_status lks_replica_make_model(lks_replica *replica)
{
    const lks_status st = make_model(replica);

    replica->exit_code = lks_exit_code_of(st);
    return st;
}

/* ---- what trains it ---- */

static lks_status make_lanes(lks_replica *replica)
{
    const lks_job *job = &replica->run->job;
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

static lks_status make_loader(lks_replica *replica)
{
    const lks_run *run = replica->run;
    const lks_job *job = &run->job;
    const uint32_t n_lanes = job->train.lanes;
    const uint64_t n_samples = lks_dataset_n_samples(run->train);
    const uint64_t n_step = /* of the largest step */
        job->train.batch_size < n_samples ? job->train.batch_size : n_samples;
    const lks_loader_options options = {
        .dataset = run->train,
        .order = {.seed = job->seed,
                  .n_samples = n_samples,
                  .shuffle = job->data.shuffle},
        .plan = lks_lane_plan_at,
        .plan_context = &replica->lane_plan,
        .max_batch = (int64_t)((n_step + n_lanes - 1) / n_lanes),
        .n_ahead = LKS_LOADER_AHEAD,
    };

    replica->lane_plan = (lks_lane_plan){
        .steps = run->steps,
        .n_steps = run->n_steps,
        .n_lanes = n_lanes,
        .mine = lks_shard_lanes((uint32_t)replica->comm->rank,
                                (uint32_t)replica->comm->size, n_lanes),
    };
    return lks_loader_create(&options, &replica->loader);
}

/* Between the lanes of several replicas gradients travel, which are not recorded. */
static lks_status make_tape(lks_replica *replica)
{
    if (replica->comm->size > 1)
        return LKS_OK;
    return lks_tape_create(replica->device, replica->run->train, replica->lane_plan.mine,
                           &replica->tape);
}

static lks_status choose_numerics(const lks_replica *replica)
{
    if (strcmp(replica->run->job.train.numerics, "fast") != 0)
        return LKS_OK;
    return lks_device_kernels(replica->device)->fast(replica->device.index, true);
}

static lks_status make_parts(lks_replica *replica)
{
    replica->exit_code = LKS_EXIT_FAILED;
    LKS_TRY(lks_replica_open_gpu(replica));
    LKS_TRY(choose_numerics(replica));
    LKS_TRY(lks_replica_make_model(replica));
    replica->exit_code = LKS_EXIT_FAILED;
    LKS_TRY(make_lanes(replica));
    LKS_TRY(lks_replica_note_gpu(replica));
    LKS_TRY(make_loader(replica));
    return make_tape(replica);
}

static lks_status check_same_model(lks_replica *replica)
{
    uint64_t weights = 0;

    replica->exit_code = LKS_EXIT_FAILED;
    LKS_TRY(lks_world_agree(replica->comm, lks_model_hash(replica->model, &weights),
                            &replica->exit_code));
    return lks_world_check_same(replica->comm, weights, "the model at the start");
}

/* ---- all of it ---- */

static void stage(const lks_replica *replica, lks_stage stage)
{
    if (lks_replica_is_first(replica))
        lks_lifeline_stage(stage);
}

static void say_started(const lks_run *run, double model_s, double met_s)
{
    lks_info("started in %.0f ms: job %.0f, MPI %.0f, data and model %.0f (training data "
             "%.0f, test data %.0f, beside MPI), coordinator %.0f",
             1e3 * (met_s - run->started_s), 1e3 * (run->job_s - run->started_s),
             1e3 * (run->world_s - run->job_s), 1e3 * (model_s - run->world_s),
             1e3 * run->opening_train.seconds, 1e3 * run->opening_test.seconds,
             1e3 * (met_s - model_s));
}

lks_status lks_replica_start(lks_replica *replica)
{
    double model_s;

    lks_console_init(&replica->console, replica->comm->rank == 0,
                     lks_world_is_launched());
    LKS_TRY(lks_replica_join(replica));
    LKS_TRY(lks_world_agree(replica->comm,
                            lks_replica_explain_gpu(replica, make_parts(replica)),
                            &replica->exit_code));
    LKS_TRY(check_same_model(replica));
    model_s = lks_clock_s();
    stage(replica, LKS_STAGE_MEET);
    LKS_TRY(lks_replica_meet(replica));
    stage(replica, LKS_STAGE_IN);
    if (lks_replica_is_first(replica))
        say_started(replica->run, model_s, lks_clock_s());
    lks_replica_log_gpu_at_start(replica);
    return LKS_OK;
}

void lks_replica_release(lks_replica *replica)
{
    lks_metrics_destroy(replica->metrics);
    lks_tape_destroy(replica->tape);
    lks_loader_destroy(replica->loader);
    lks_losses_destroy(replica->losses);
    lks_lanes_destroy(replica->lanes);
    lks_optim_destroy(replica->optim);
    lks_model_destroy(replica->model);
    lks_replica_part(replica);
    if (replica->comm != replica->run->ranks)
        lks_comm_destroy(replica->comm);
}
