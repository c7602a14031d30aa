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

/* Values that the job leaves to the launch. */
static void settle_job(lks_run *run)
{
    lks_job *job = &run->job;
    const uint32_t size = (uint32_t)run->ranks->size;

    if (job->train.lanes == LKS_JOB_AUTO)
        job->train.lanes = size;
    if (job->train.threads_per_rank == LKS_JOB_AUTO)
        job->train.threads_per_rank = run->placement.threads_per_rank;
    if (job->train.reduction == LKS_JOB_REDUCTION_AUTO)
        job->train.reduction = LKS_JOB_REDUCTION_ORDERED; /* on CPUs */
    lks_set_num_threads((int)job->train.threads_per_rank);
    if (job->train.threads_per_rank > run->placement.cores)
        lks_warn(
            "rank %d may use %u cores but has %u threads: start mpirun with --bind-to "
            "none, raise its CPU quota, or set train.threads_per_rank",
            run->ranks->rank, run->placement.cores, job->train.threads_per_rank);
    if (job->train.lanes < size)
        lks_warn("%u ranks but %u lanes: %u ranks have nothing to train on; set "
                 "train.lanes to at least %u",
                 size, job->train.lanes, size - job->train.lanes, size);
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
    const lks_status st = lks_world_open(&run->ranks);

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
    if (job == LKS_OK) { /* the data come in while MPI starts */
        lks_opening_start(&run->opening_train, &run->job, &run->job.data.train);
        lks_opening_start(&run->opening_test, &run->job, &run->job.data.test);
    }
    run->job_s = lks_clock_s();
    lks_lifeline_stage(LKS_STAGE_MPI);
    LKS_GO(open_world(run));
    lks_log_file_init(run->ranks->rank);
    LKS_GO(lks_world_agree(run->ranks, job, &run->exit_code));
    LKS_GO(check_same_job(run));
    LKS_GO(lks_world_placement(run->ranks, &run->placement));
    settle_job(run);
    run->world_s = lks_clock_s();
    lks_lifeline_stage(LKS_STAGE_DATA);
    LKS_GO(lks_world_agree(run->ranks, lks_run_open_data(run), &run->exit_code));
    LKS_GO(check_same_data(run));
cleanup:
    return st;
}

void lks_run_release(lks_run *run)
{
    lks_opening_cancel(&run->opening_train);
    lks_opening_cancel(&run->opening_test);
    lks_dataset_destroy(run->train);
    lks_dataset_destroy(run->test);
    if (run->has_job)
        lks_job_release(&run->job);
}
