/* Start-up of a rank: from the command line to data that its replicas can train on.
 * Whatever can go wrong on one rank is agreed on by all, so that nobody waits for a rank
 * that left. */
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

lks_status lks_run_choose_devices(lks_run *run)
{
    const char *list = run->options->devices, *fault;

    run->exit_code = LKS_EXIT_USAGE;
    LKS_TRY(lks_devices_choose(&run->job, list, &run->devices));
    if ((fault = lks_devices_fault(&run->job, list)))
        lks_warn("the CPU trains: %s", fault);
    return LKS_OK;
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
    LKS_TRY(lks_world_agree(run->ranks, hash_job(&run->job, &hash), &run->exit_code));
    LKS_TRY(lks_world_check_same(run->ranks, hash, "the job"));
    return lks_world_check_same(run->ranks, LKS_PROTOCOL_VERSION,
                                "the protocol of the lockstep");
}

static lks_status share_devices(lks_run *run)
{
    const lks_status st = lks_devices_share_out(run->ranks, &run->job, &run->devices);

    run->exit_code = st == LKS_DEVICE ? LKS_EXIT_USAGE : LKS_EXIT_FAILED;
    return st;
}

/* A GPU's replica has a thread that mostly waits for it. */
static void warn_of_too_many_threads(const lks_run *run)
{
    const uint32_t n = run->job.train.threads_per_rank, cores = run->placement.cores;

    if (n <= cores || run->devices.items[0].type == LKS_CUDA)
        return;
    lks_warn("rank %d may use %u cores but has %u threads: %s, raise its CPU quota, or "
             "set train.threads_per_rank",
             run->ranks->rank, cores, n,
             run->ranks->size > 1 ? "start mpirun with --bind-to none"
                                  : "give fewer devices");
}

static void settle_threads(lks_run *run)
{
    lks_job *job = &run->job;
    const uint32_t n_replicas = (uint32_t)run->devices.n;

    if (job->train.threads_per_rank == LKS_JOB_AUTO)
        job->train.threads_per_rank = run->placement.threads_per_rank;
    if (job->train.threads_per_rank < n_replicas)
        job->train.threads_per_rank = n_replicas;
    for (uint32_t i = 0; i < n_replicas; i++)
        lks_set_num_threads(run->devices.items[i],
                            (int)(job->train.threads_per_rank / n_replicas));
    warn_of_too_many_threads(run);
}

static lks_status settle_lanes(lks_run *run)
{
    lks_job *job = &run->job;
    const uint32_t n_replicas = (uint32_t)run->devices.n;
    const uint32_t size = (uint32_t)run->ranks->size * n_replicas;
    const char *kind = n_replicas > 1 ? "replicas" : "ranks";

    if (job->train.lanes == LKS_JOB_AUTO)
        job->train.lanes = size;
    if (job->train.lanes < n_replicas)
        return lks_fail(LKS_INVALID,
                        "%u devices but train.lanes is %u: each replica needs a lane, "
                        "give fewer devices or more lanes",
                        n_replicas, job->train.lanes);
    if (job->train.lanes < size)
        lks_warn("%u %s but %u lanes: %u %s have nothing to train on; set "
                 "train.lanes to at least %u",
                 size, kind, job->train.lanes, size - job->train.lanes, kind, size);
    return LKS_OK;
}

/* Values that the job leaves to the launch; all ranks come to the same. */
static lks_status settle_job(lks_run *run)
{
    run->exit_code = LKS_EXIT_USAGE;
    lks_devices_settle(&run->devices, &run->job);
    if (run->job.train.reduction == LKS_JOB_REDUCTION_AUTO)
        run->job.train.reduction = LKS_JOB_REDUCTION_ORDERED;
    LKS_TRY(settle_lanes(run));
    settle_threads(run);
    return lks_run_settle_collectives(run);
}

/* ---- replicas ---- */

lks_status lks_run_make_replicas(lks_run *run)
{
    if (!(run->replicas = lks_calloc((size_t)run->devices.n, sizeof *run->replicas)))
        return LKS_NOMEM;
    for (; run->n_replicas < run->devices.n; run->n_replicas++) {
        lks_replica *replica = &run->replicas[run->n_replicas];

        replica->run = run;
        replica->device = run->devices.items[run->n_replicas];
        replica->comm = run->ranks; /* if it is the only one */
        lks_pulse_init(&replica->pulse);
    }
    return LKS_OK;
}

/* What only some rank may fail in. */
static lks_status join_replicas(lks_run *run)
{
    LKS_TRY(lks_run_make_replicas(run));
    if (strcmp(run->job.train.collectives, "nccl") == 0)
        LKS_TRY(lks_nccl_watch_start(&run->watch));
    return run->n_replicas > 1 ? lks_mail_create(run->n_replicas, &run->mail) : LKS_OK;
}

static lks_status connect_replicas(lks_run *run)
{
    lks_status st = LKS_OK;

    run->exit_code = LKS_EXIT_FAILED;
    LKS_TRY(lks_world_agree(run->ranks, join_replicas(run), &run->exit_code));
    if (run->n_replicas == 1)
        return LKS_OK;
    if (run->ranks->size > 1 && /* which they make together */
        lks_link_create(run->n_replicas, &run->link) != LKS_OK)
        return LKS_COMM;
    for (int i = 0; i < run->n_replicas; i++)
        run->replicas[i].comm = NULL;
    for (int i = 0; i < run->n_replicas && st == LKS_OK; i++)
        st = lks_comm_local_create(run->mail, run->link, i, &run->replicas[i].comm);
    return lks_world_agree(run->ranks, st, &run->exit_code);
}

/* ---- the data ---- */

int lks_exit_code_of(lks_status st)
{
    return st == LKS_INVALID || st == LKS_SHAPE || st == LKS_DTYPE ? LKS_EXIT_USAGE
                                                                   : LKS_EXIT_FAILED;
}

lks_status lks_run_open_data(lks_run *run)
{
    lks_status train = lks_opening_wait(&run->opening_train, &run->train);
    lks_status test = lks_opening_wait(&run->opening_test, &run->test);
    lks_status st = train != LKS_OK ? train : test;

    if (st == LKS_OK)
        st = lks_steps_from_job(&run->job, lks_dataset_n_samples(run->train), &run->steps,
                                &run->n_steps);
    run->exit_code = lks_exit_code_of(st);
    return st;
}

static lks_status check_same_data(lks_run *run)
{
    const uint64_t test = run->test ? lks_dataset_fingerprint(run->test) : 0;

    run->exit_code = LKS_EXIT_FAILED;
    LKS_TRY(lks_world_check_same(run->ranks, lks_dataset_fingerprint(run->train),
                                 "the training data"));
    return lks_world_check_same(run->ranks, test, "the test data");
}

/* ---- all of it ---- */

static lks_status open_world(lks_run *run)
{
    const lks_status st = lks_world_open(run->devices.n > 1, &run->ranks);

    if (st != LKS_OK && st != LKS_INVALID) /* as started, it can never go well */
        run->exit_code = LKS_EXIT_FAILED;
    return st;
}

lks_status lks_run_start(lks_run *run, const lks_worker_options *options)
{
    lks_status job, st;

    run->options = options;
    run->started_s = lks_clock_s();
    job = lks_run_read_job(run);
    if (job == LKS_OK) { /* the data come in while a GPU's driver and MPI start */
        lks_opening_start(&run->opening_train, &run->job, &run->job.data.train);
        lks_opening_start(&run->opening_test, &run->job, &run->job.data.test);
        job = lks_run_choose_devices(run);
    }
    run->job_s = lks_clock_s();
    lks_lifeline_stage(LKS_STAGE_MPI);
    LKS_GO(open_world(run));
    lks_log_file_init(run->ranks->rank);
    LKS_GO(lks_world_agree(run->ranks, job, &run->exit_code));
    LKS_GO(check_same_job(run));
    LKS_GO(share_devices(run));
    LKS_GO(lks_world_placement(run->ranks, &run->placement));
    LKS_GO(settle_job(run));
    LKS_GO(connect_replicas(run));
    run->world_s = lks_clock_s();
    lks_lifeline_stage(LKS_STAGE_DATA);
    LKS_GO(lks_world_agree(run->ranks, lks_run_open_data(run), &run->exit_code));
    LKS_GO(check_same_data(run));
cleanup:
    return st;
}

void lks_run_release(lks_run *run)
{
    for (int i = 0; i < run->n_replicas; i++)
        lks_replica_release(&run->replicas[i]);
    lks_free(run->replicas);
    lks_nccl_watch_stop(run->watch);
    lks_link_destroy(run->link);
    lks_mail_destroy(run->mail);
    lks_opening_cancel(&run->opening_train);
    lks_opening_cancel(&run->opening_test);
    lks_dataset_destroy(run->train);
    lks_dataset_destroy(run->test);
    if (run->has_job)
        lks_job_release(&run->job);
}
