/* Start-up's stages about the job and its data. */
#include "worker/start.h"

#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/try.h"
#include "data/content_hash.h"
#include "data/vocabularies.h"
#include "device.h"
#include "proto/frame.h"
#include "proto/job_yaml.h"

/* ---- the job ---- */

/* Files stand relative to the job file's folder unless data.root says otherwise; the copy
 * in the run directory must still find them. */
static lks_status anchor_data(lks_job *job, const char *job_path)
{
    char *copy, *folder;

    if (job->data.root || job->brought & LKS_JOB_DATA)
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

unsigned lks_session_brought(const lks_session *session)
{
    const lks_program *program = session->options->program;

    if (!program)
        return 0;
    return (program->open_data ? LKS_JOB_DATA : 0) |
           (program->layers ? LKS_JOB_MODEL : 0) | (program->loss ? LKS_JOB_LOSS : 0);
}

lks_status lks_session_read_job(lks_session *session)
{
    const lks_worker_options *options = session->options;

    LKS_TRY(lks_job_read_rest(options->job_path, options->set, options->n_set,
                              lks_session_brought(session), &session->job));
    session->has_job = true;
    if (session->job.checkpoint.every_steps > 0)
        lks_warn("checkpoint.every_steps: this version writes no checkpoints yet, only "
                 "the final weights");
    return anchor_data(&session->job, options->job_path);
}

/* Whether the training data have vocabularies, which ranks make together before they open
 * them. */
static bool has_vocabularies(const lks_job *job)
{
    const lks_dataset_source source = {.format = job->data.format};

    return !(job->brought & LKS_JOB_DATA) && lks_dataset_n_vocabs(&source) > 0;
}

/* They come in while a GPU's driver and MPI start. */
lks_status lks_session_start_opening(lks_session *session)
{
    const lks_job *job = &session->job;

    if (job->brought & LKS_JOB_DATA) /* it may not be made for two threads */
        return LKS_OK;
    if (!has_vocabularies(job))
        lks_opening_start(&session->data.opening_train, job, &job->data.train);
    if (!lks_job_goes_by_training_data(job))
        lks_opening_start(&session->data.opening_test, job, &job->data.test);
    return LKS_OK;
}

/* All ranks run one job. Its files may stand elsewhere on each host: what they hold is
 * compared once it is read. */
lks_status lks_session_hash_job(lks_session *session)
{
    lks_job shared = session->job;
    char *text = NULL;

    shared.data.root = shared.train.init = NULL;
    shared.data.train.n_files = shared.data.test.n_files = 0;
    LKS_TRY(lks_job_format(&shared, &text));
    session->job_hash = lks_content_hash(0, text, strlen(text));
    lks_free(text);
    return LKS_OK;
}

lks_status lks_session_check_same_job(lks_session *session)
{
    LKS_TRY(lks_world_check_same(session->world.ranks, session->job_hash, "the job"));
    return lks_world_check_same(session->world.ranks, LKS_PROTOCOL_VERSION,
                                "the protocol of the lockstep");
}

/* A GPU's replica has a thread that mostly waits for it. */
static void warn_of_too_many_threads(const lks_session *session)
{
    const uint32_t n = session->job.train.threads_per_rank,
                   cores = session->world.placement.cores;

    if (n <= cores || session->world.devices.items[0].type == LKS_CUDA)
        return;
    lks_warn("rank %d may use %u cores but has %u threads: %s, raise its CPU quota, or "
             "set train.threads_per_rank",
             session->world.ranks->rank, cores, n,
             session->world.ranks->size > 1 ? "start mpirun with --bind-to none"
                                            : "give fewer devices");
}

static void settle_threads(lks_session *session)
{
    lks_job *job = &session->job;
    const uint32_t n_replicas = (uint32_t)session->world.devices.n;

    if (job->train.threads_per_rank == LKS_JOB_AUTO)
        job->train.threads_per_rank = session->world.placement.threads_per_rank;
    if (job->train.threads_per_rank < n_replicas)
        job->train.threads_per_rank = n_replicas;
    for (uint32_t i = 0; i < n_replicas; i++)
        lks_set_num_threads(session->world.devices.items[i],
                            (int)(job->train.threads_per_rank / n_replicas));
    warn_of_too_many_threads(session);
}

static lks_status settle_lanes(lks_session *session)
{
    lks_job *job = &session->job;
    const uint32_t n_replicas = (uint32_t)session->world.devices.n;
    const uint32_t size = (uint32_t)session->world.ranks->size * n_replicas;
    const char *kind = n_replicas > 1 ? "replica" : "rank";

    if (job->train.lanes == LKS_JOB_AUTO)
        job->train.lanes = size;
    if (job->train.lanes < n_replicas)
        return lks_fail(LKS_INVALID,
                        "%u devices but train.lanes is %u: each replica needs a lane, "
                        "give fewer devices or more lanes",
                        n_replicas, job->train.lanes);
    if (job->train.lanes < size) {
        const uint32_t n_idle = size - job->train.lanes;

        lks_warn("%u %ss but %u lane%s: %u %s%s nothing to train on; set "
                 "train.lanes to at least %u",
                 size, kind, job->train.lanes, job->train.lanes == 1 ? "" : "s", n_idle,
                 kind, n_idle == 1 ? " has" : "s have", size);
    }
    return LKS_OK;
}

/* Values that the job leaves to the launch; all ranks come to the same. */
lks_status lks_session_settle_job(lks_session *session)
{
    lks_devices_settle(&session->world.devices, &session->job);
    if (session->job.train.reduction == LKS_JOB_REDUCTION_AUTO)
        session->job.train.reduction = LKS_JOB_REDUCTION_ORDERED;
    LKS_TRY(settle_lanes(session));
    settle_threads(session);
    return LKS_OK;
}

/* ---- the data ---- */

static lks_status open_own_data(const lks_program *program, lks_dataset **train,
                                lks_dataset **test)
{
    LKS_TRY(program->open_data(program->self, LKS_DATA_TRAIN, train));
    if (!*train)
        return lks_fail(LKS_INVALID, "the program has no training data");
    return program->open_data(program->self, LKS_DATA_TEST, test);
}

lks_status lks_session_count_tokens(lks_session *session)
{
    const lks_job *job = &session->job;
    const lks_dataset_source source = lks_source_from_job(job, &job->data.train);

    return has_vocabularies(job) ? lks_vocabularies_count(&session->data.vocabularies,
                                                          &source, session->world.ranks)
                                 : LKS_OK;
}

lks_status lks_session_share_counts(lks_session *session)
{
    const lks_job *job = &session->job;
    const lks_dataset_source source = lks_source_from_job(job, &job->data.train);

    return has_vocabularies(job) ? lks_vocabularies_share(&session->data.vocabularies,
                                                          &source, session->world.ranks)
                                 : LKS_OK;
}

static lks_status open_text(const lks_job *job, lks_session_data *data, lks_dataset **out)
{
    lks_dataset_source source = lks_source_from_job(job, &job->data.train);
    uint64_t n_left_out;

    LKS_TRY(lks_vocabularies_make(&data->vocabularies, &source));
    LKS_TRY(lks_dataset_open(&source, out));
    n_left_out =
        lks_dataset_row(*out, lks_dataset_n_samples(*out)) - lks_dataset_n_samples(*out);
    if (n_left_out > 0)
        lks_warn("data.max_length: %" PRIu64 " of %" PRIu64 " lines have more than "
                 "%" PRIu64 " tokens and are not trained on",
                 n_left_out, lks_dataset_n_samples(*out) + n_left_out,
                 job->data.max_length);
    return LKS_OK;
}

static lks_status wait_for_data(const lks_job *job, lks_session_data *data,
                                lks_dataset **train, lks_dataset **test)
{
    const lks_status st = has_vocabularies(job)
                              ? open_text(job, data, train)
                              : lks_opening_wait(&data->opening_train, train);
    lks_table table;

    if (!lks_job_goes_by_training_data(job)) {
        const lks_status of_test = lks_opening_wait(&data->opening_test, test);

        return st != LKS_OK ? st : of_test;
    }
    if (st != LKS_OK || job->data.test.n_files == 0)
        return st;
    table = lks_dataset_table(*train);
    return lks_dataset_from_job_like(job, &job->data.test, &table, test);
}

lks_status lks_session_open_data(lks_session *session)
{
    const lks_job *job = &session->job;
    lks_session_data *data = &session->data;
    lks_dataset *train = NULL, *test = NULL;
    lks_status st;

    st = job->brought & LKS_JOB_DATA
             ? open_own_data(session->options->program, &train, &test)
             : wait_for_data(job, data, &train, &test);
    if (st != LKS_OK) {
        lks_dataset_destroy(train);
        lks_dataset_destroy(test);
        return st;
    }
    LKS_TRY(lks_splits_init(&data->splits, job, train, test, NULL));
    return lks_steps_from_job(job, lks_dataset_n_samples(data->splits.train),
                              &data->steps, &data->n_steps);
}

lks_status lks_session_check_same_data(lks_session *session)
{
    const lks_splits *splits = &session->data.splits;
    const uint64_t test = splits->test ? lks_dataset_fingerprint(splits->test) : 0;

    LKS_TRY(lks_world_check_same(session->world.ranks,
                                 lks_dataset_fingerprint(splits->train),
                                 "the training data"));
    return lks_world_check_same(session->world.ranks, test, "the test data");
}
