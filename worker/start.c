/* Start-up: from the command line to a run that can take its first step. Whatever can go
 * wrong on one rank is agreed on by all, so that nobody waits for a rank that left. */
#include "worker/run.h"

#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/try.h"
#include "data/content_hash.h"
#include "device.h"
#include "proto/frame.h"
#include "proto/job_yaml.h"
#include "worker/lifeline.h"
#include "worker/log_file.h"
#include "worker/signals.h"

/* ---- the job ---- */

/* Files stand relative to the job file's folder unless data.root says otherwise; the copy
 * in the run directory must still find them. */
static lks_status anchor_data(lks_job *job, const char *job_path)
{
    char *copy, *folder;

    if (job->data.root)
        return LKS_OK;
    if (!(copy = lks_strdup(job_path)))
        return LKS_NOMEM;
    folder = realpath(dirname(copy), NULL);
    job->data.root = folder ? lks_strdup(folder) : NULL;
    free(folder);
    lks_free(copy);
    return job->data.root ? LKS_OK
                          : lks_fail(LKS_IO, "%s: its folder is not found", job_path);
}

lks_status lks_run_read_job(lks_run *run)
{
    const lks_worker_options *options = run->options;

    run->exit_code = LKS_EXIT_USAGE;
    LKS_TRY(lks_job_read(options->job_path, options->set, options->n_set, &run->job));
    run->has_job = true;
    if (run->job.checkpoint.every_steps > 0)
        lks_warn("checkpoint.every_steps: this version writes no checkpoints yet, only "
                 "the final weights");
    return anchor_data(&run->job, options->job_path);
}

/* All ranks run one job. Its files may stand elsewhere on each host: what they hold is
 * compared once it is read. */
static lks_status hash_job(const lks_job *job, uint64_t *out)
{
    lks_job shared = *job;
    char *text = NULL;

    shared.data.root = shared.train.init = NULL;
    shared.data.train.n_files = shared.data.test.n_files = 0;
    LKS_TRY(lks_job_format(&shared, &text));
    *out = lks_content_hash(0, text, strlen(text));
    lks_free(text);
    return LKS_OK;
}

static lks_status check_same_job(lks_run *run)
{
    uint64_t hash = 0;

    run->exit_code = LKS_EXIT_FAILED;
    LKS_TRY(lks_world_agree(run->comm, hash_job(&run->job, &hash), &run->exit_code));
    LKS_TRY(lks_world_check_same(run->comm, hash, "the job"));
    return lks_world_check_same(run->comm, LKS_PROTOCOL_VERSION,
                                "the protocol of the lockstep");
}

/* Values that the job leaves to the launch. */
static void settle_job(lks_run *run)
{
    lks_job *job = &run->job;
    const uint32_t size = (uint32_t)run->comm->size;

    if (job->train.lanes == LKS_JOB_AUTO)
        job->train.lanes = size;
    if (job->train.threads_per_rank == LKS_JOB_AUTO)
        job->train.threads_per_rank = run->placement.threads_per_rank;
    if (job->train.reduction == LKS_JOB_REDUCTION_AUTO)
        job->train.reduction = LKS_JOB_REDUCTION_ORDERED; /* on CPUs */
    lks_set_num_threads(lks_cpu, (int)job->train.threads_per_rank);
    if (job->train.threads_per_rank > run->placement.cores)
        lks_warn(
            "rank %d may use %u cores but has %u threads: start mpirun with --bind-to "
            "none, raise its CPU quota, or set train.threads_per_rank",
            run->comm->rank, run->placement.cores, job->train.threads_per_rank);
    if (job->train.lanes < size)
        lks_warn("%u ranks but %u lanes: %u ranks have nothing to train on; set "
                 "train.lanes to at least %u",
                 size, job->train.lanes, size - job->train.lanes, size);
}

/* ---- data and model ---- */

/* What the job says about itself is its author's to mend: exit status 2. */
static int exit_code_of(lks_status st)
{
    return st == LKS_INVALID || st == LKS_SHAPE || st == LKS_DTYPE ? LKS_EXIT_USAGE
                                                                   : LKS_EXIT_FAILED;
}

lks_status lks_run_open_data(lks_run *run)
{
    lks_status train = lks_opening_wait(&run->opening_train, &run->train);
    lks_status test = lks_opening_wait(&run->opening_test, &run->test);

    run->exit_code = exit_code_of(train != LKS_OK ? train : test);
    return train != LKS_OK ? train : test;
}

static lks_status make_model(lks_run *run)
{
    const lks_job *job = &run->job;
    const uint64_t n_samples = lks_dataset_n_samples(run->train);

    LKS_TRY(lks_steps_from_job(job, n_samples, &run->lane_plan.steps, &run->n_steps));
    LKS_TRY(lks_model_from_job(job, run->train, run->device, &run->model, &run->loss));
    if (run->test)
        LKS_TRY(lks_check_test_data(job, run->model, run->train, run->test));
    return lks_optim_from_job(job, run->model, &run->optim);
}

lks_status lks_run_make_model(lks_run *run)
{
    const lks_status st = make_model(run);

    run->exit_code = exit_code_of(st);
    return st;
}

static lks_status make_lanes(lks_run *run)
{
    const lks_lanes_options options = {
        .comm = run->comm,
        .params = lks_model_params(run->model),
        .n_lanes = run->job.train.lanes,
        .ordered = run->job.train.reduction == LKS_JOB_REDUCTION_ORDERED,
    };

    LKS_TRY(lks_lanes_create(&options, &run->lanes));
    return lks_losses_create(run->comm, options.n_lanes, run->device, &run->losses);
}

static lks_status make_loader(lks_run *run)
{
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
        .plan_context = &run->lane_plan,
        .max_batch = (int64_t)((n_step + n_lanes - 1) / n_lanes),
        .n_ahead = LKS_LOADER_AHEAD,
    };

    run->lane_plan.n_steps = run->n_steps;
    run->lane_plan.n_lanes = n_lanes;
    run->lane_plan.mine =
        lks_shard_lanes((uint32_t)run->comm->rank, (uint32_t)run->comm->size, n_lanes);
    return lks_loader_create(&options, &run->loader);
}

static lks_status make_parts(lks_run *run)
{
    LKS_TRY(lks_run_open_data(run));
    LKS_TRY(lks_run_make_model(run));
    run->exit_code = LKS_EXIT_FAILED;
    LKS_TRY(make_lanes(run));
    return make_loader(run);
}

static lks_status check_same_data(lks_run *run)
{
    const uint64_t test = run->test ? lks_dataset_fingerprint(run->test) : 0;
    uint64_t weights = 0;

    run->exit_code = LKS_EXIT_FAILED;
    LKS_TRY(lks_world_check_same(run->comm, lks_dataset_fingerprint(run->train),
                                 "the training data"));
    LKS_TRY(lks_world_check_same(run->comm, test, "the test data"));
    LKS_TRY(lks_world_agree(run->comm,
                            lks_param_block_hash(lks_model_params(run->model), &weights),
                            &run->exit_code));
    return lks_world_check_same(run->comm, weights, "the model at the start");
}

/* ---- the run directory and the coordinator ---- */

static lks_status write_job(lks_run *run)
{
    char *job = NULL, *text = NULL;
    lks_status st;

    LKS_GO(lks_job_format(&run->job, &job));
    text = lks_asprintf("# lockstep %s: %d ranks of %u threads, cpu (%s)\n%s",
                        LKS_VERSION, run->comm->size, run->job.train.threads_per_rank,
                        lks_cpu_instruction_set(), job);
    st = text ? lks_run_dir_write(&run->dir, LKS_RUN_JOB, text) : LKS_NOMEM;
cleanup:
    lks_free(text);
    lks_free(job);
    return st;
}

/* The command that started this rank has claimed the directory already, though perhaps on
 * another host. */
static lks_status open_dir(lks_run *run)
{
    const lks_worker_options *options = run->options;
    lks_run_dir claimed = {0};

    if (!options->is_claimed)
        return lks_run_dir_claim(options->run_dir, run->job.name, &run->dir);
    if (strlen(options->run_dir) >= sizeof claimed.path)
        return lks_fail(LKS_INVALID, "--run-dir: the name is too long");
    strcpy(claimed.path, options->run_dir);
    return lks_run_dir_join(&claimed, &run->dir);
}

static lks_status make_dir(lks_run *run)
{
    LKS_TRY(open_dir(run));
    if (run->dir.is_open_to_all && !run->options->is_claimed)
        lks_warn(LKS_RUN_DIR_IS_OPEN, run->dir.path);
    return lks_log_file_open(&run->dir, 0);
}

/* What rank 0 tells the others. */
typedef struct invitation {
    lks_run_dir dir;
    lks_coordinator_place place;
} invitation;

static lks_status host_run(lks_run *run, const lks_public_key *rank_keys, invitation *out)
{
    const lks_host_options options = {
        .run_dir = run->dir.path,
        .job_name = run->job.name,
        .world_size = (uint32_t)run->comm->size,
        .rank_keys = rank_keys,
        .lanes = run->job.train.lanes,
        .total_steps = run->n_steps,
        .rank_timeout_s = run->job.report.rank_timeout_s,
        .one_host = run->placement.one_host,
    };
    lks_status st = make_dir(run);

    st = st == LKS_OK ? write_job(run) : st;
    st = st == LKS_OK ? lks_metrics_create(&run->dir, &run->metrics) : st;
    run->exit_code = exit_code_of(st);
    LKS_TRY(st);
    run->exit_code = LKS_EXIT_FAILED;
    LKS_TRY(lks_host_start(&options, &out->place, &run->host));
    out->dir = run->dir;
    return LKS_OK;
}

static void join_run(lks_run *run, const invitation *invited)
{
    if (lks_run_dir_join(&invited->dir, &run->dir) != LKS_OK ||
        lks_log_file_open(&run->dir, run->comm->rank) != LKS_OK) {
        lks_warn("rank %d keeps no log: %s", run->comm->rank, lks_error_text());
        lks_error_clear(); /* the run does not need it */
    }
}

static lks_status start_reporter(lks_run *run, const lks_key_pair *own,
                                 const invitation *invited)
{
    lks_reporter_options options = {
        .addresses = invited->place.addresses,
        .pulse = &run->pulse,
        .rank = (uint32_t)run->comm->rank,
        .world_size = (uint32_t)run->comm->size,
        .version = LKS_VERSION,
        .device = "cpu:0",
        .instruction_set = lks_cpu_instruction_set(),
        .dataset_fingerprint = lks_dataset_fingerprint(run->train),
        .n_samples = lks_dataset_n_samples(run->train),
        .threads = run->job.train.threads_per_rank,
        .give_up_s = (double)run->job.report.rank_timeout_s,
    };

    LKS_TRY(lks_link_keys_of_worker(own, &invited->place.key, &options.link_keys));
    return lks_reporter_start(&options, &run->reporter);
}

/* A key pair of this rank's own, and all ranks' public keys, which are no secret. */
static lks_status exchange_keys(lks_run *run, lks_key_pair *own, lks_public_key *keys)
{
    const lks_status st = keys ? lks_key_pair_create(own) : LKS_NOMEM;

    LKS_TRY(lks_world_agree(run->comm, st, &run->exit_code));
    keys[run->comm->rank] = own->public_key;
    return lks_comm_all_gather(run->comm, keys, sizeof *keys);
}

static lks_status meet(lks_run *run)
{
    invitation *invited = lks_calloc(1, sizeof *invited);
    lks_public_key *keys = lks_calloc((size_t)run->comm->size, sizeof *keys);
    lks_key_pair own;
    lks_status st;

    lks_signals_catch(&run->pulse); /* from here on there is something to tidy up */
    LKS_GO(exchange_keys(run, &own, keys));
    st = invited ? LKS_OK : LKS_NOMEM;
    if (st == LKS_OK && run->comm->rank == 0)
        st = host_run(run, keys, invited);
    LKS_GO(lks_world_agree(run->comm, st, &run->exit_code));
    LKS_GO(lks_comm_broadcast(run->comm, invited, sizeof *invited, 0));
    if (run->comm->rank != 0)
        join_run(run, invited);
    st = start_reporter(run, &own, invited);
    LKS_GO(lks_world_agree(run->comm, st, &run->exit_code));
cleanup:
    lks_key_pair_wipe(&own);
    lks_free(keys);
    lks_free(invited);
    return st;
}

/* ---- all of it ---- */

static lks_status open_world(lks_run *run)
{
    const lks_status st = lks_world_open(&run->comm);

    if (st != LKS_OK && st != LKS_INVALID) /* as started, it can never go well */
        run->exit_code = LKS_EXIT_FAILED;
    return st;
}

lks_status lks_run_start(lks_run *run, const lks_worker_options *options)
{
    double at[5] = {lks_clock_s()}; /* start, job, world, parts, coordinator */
    lks_status job, st;

    run->options = options;
    lks_pulse_init(&run->pulse);
    run->started_s = at[0];
    job = lks_run_read_job(run);
    if (job == LKS_OK) { /* the data come in while MPI starts */
        lks_opening_start(&run->opening_train, &run->job, &run->job.data.train);
        lks_opening_start(&run->opening_test, &run->job, &run->job.data.test);
    }
    at[1] = lks_clock_s();
    lks_lifeline_stage(LKS_STAGE_MPI);
    LKS_GO(open_world(run));
    lks_console_init(&run->console, run->comm->rank == 0, lks_world_is_launched());
    lks_log_file_init(run->comm->rank);
    LKS_GO(lks_world_agree(run->comm, job, &run->exit_code));
    LKS_GO(check_same_job(run));
    LKS_GO(lks_world_placement(run->comm, &run->placement));
    settle_job(run);
    at[2] = lks_clock_s();
    lks_lifeline_stage(LKS_STAGE_DATA);
    LKS_GO(lks_world_agree(run->comm, make_parts(run), &run->exit_code));
    LKS_GO(check_same_data(run));
    at[3] = lks_clock_s();
    lks_lifeline_stage(LKS_STAGE_MEET);
    LKS_GO(meet(run));
    lks_lifeline_stage(LKS_STAGE_IN);
    at[4] = lks_clock_s();
    lks_info("started in %.0f ms: job %.0f, MPI %.0f, data and model %.0f (training data "
             "%.0f, test data %.0f, beside MPI), coordinator %.0f",
             1e3 * (at[4] - at[0]), 1e3 * (at[1] - at[0]), 1e3 * (at[2] - at[1]),
             1e3 * (at[3] - at[2]), 1e3 * run->opening_train.seconds,
             1e3 * run->opening_test.seconds, 1e3 * (at[4] - at[3]));
cleanup:
    return st;
}

void lks_run_release(lks_run *run)
{
    lks_metrics_destroy(run->metrics);
    lks_loader_destroy(run->loader);
    lks_losses_destroy(run->losses);
    lks_lanes_destroy(run->lanes);
    lks_optim_destroy(run->optim);
    lks_model_destroy(run->model);
    lks_opening_cancel(&run->opening_train);
    lks_opening_cancel(&run->opening_test);
    lks_dataset_destroy(run->train);
    lks_dataset_destroy(run->test);
    if (run->has_job)
        lks_job_release(&run->job);
}
