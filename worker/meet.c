/* How a run's replicas meet: the run directory, the coordinator, which rank 0 hosts, and
 * each replica's link to it. */
#include "worker/start.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/try.h"
#include "device.h"
#include "proto/job_yaml.h"
#include "worker/log_file.h"
#include "worker/signals.h"

/* What replica 0 tells the others. */
typedef struct invitation {
    lks_run_dir dir;
    lks_coordinator_place place;
} invitation;

struct lks_meeting {
    lks_key_pair own;
    lks_public_key *keys; /* of all replicas, which are no secret */
    invitation invited;
};

/* ---- keys ---- */

lks_status lks_replica_make_keys(lks_replica *replica)
{
    struct lks_meeting *meeting = lks_calloc(1, sizeof *meeting);

    if (lks_replica_is_first(replica)) /* from here on there is something to tidy up */
        lks_signals_catch(&replica->pulse);
    if (!(replica->meeting = meeting))
        return LKS_NOMEM;
    meeting->keys = lks_calloc((size_t)replica->comm->size, sizeof *meeting->keys);
    return meeting->keys ? lks_key_pair_create(&meeting->own) : LKS_NOMEM;
}

lks_status lks_replica_exchange_keys(lks_replica *replica)
{
    struct lks_meeting *meeting = replica->meeting;

    meeting->keys[replica->comm->rank] = meeting->own.public_key;
    return lks_comm_all_gather(replica->comm, meeting->keys, sizeof *meeting->keys);
}

void lks_replica_end_meeting(lks_replica *replica)
{
    if (!replica->meeting)
        return;
    lks_key_pair_wipe(&replica->meeting->own);
    lks_free(replica->meeting->keys);
    lks_free(replica->meeting);
    replica->meeting = NULL;
}

/* ---- the run directory ---- */

/* "cpu", "reference", or where there are several replicas a rank "cpu:0 cpu:1": cut if
 * they are many. */
static void list_devices(const lks_session *session, char *out, size_t size)
{
    size_t n = 0;

    snprintf(out, size, "%s", session->job.train.device);
    for (int i = 0; session->replicas.n > 1 && i < session->replicas.n && n < size; i++) {
        char text[LKS_DEVICE_TEXT];

        n += (size_t)snprintf(
            out + n, size - n, "%s%s", i ? " " : "",
            lks_device_text(session->world.devices.items[i], text, sizeof text));
    }
}

static const char *instruction_set_of(const lks_session *session)
{
    return lks_device_instruction_set(session->world.devices.items[0]);
}

lks_status lks_replica_write_job(lks_replica *replica)
{
    lks_session *session = replica->session;
    char *job = NULL, *text = NULL, devices[512], kind[80];
    lks_status st;

    if (replica->comm->rank != 0)
        return LKS_OK;
    lks_replica_name_kind(session->replicas.items, kind, sizeof kind);
    list_devices(session, devices, sizeof devices);
    LKS_GO(lks_job_format(&session->job, &job));
    text =
        lks_asprintf("# lockstep %s: %d ranks of %u threads, %s%s%s%s\n%s", LKS_VERSION,
                     session->world.ranks->size, session->job.train.threads_per_rank,
                     devices, *kind ? " (" : "", kind, *kind ? ")" : "", job);
    st = text ? lks_run_dir_write(&session->place.dir, LKS_RUN_JOB, text) : LKS_NOMEM;
cleanup:
    lks_free(text);
    lks_free(job);
    return st;
}

/* What of its training data a model needs wherever it is used. */
lks_status lks_replica_write_record(lks_replica *replica)
{
    lks_session *session = replica->session;
    const lks_splits *splits = &session->data.splits;
    lks_data_record record = {0};
    char *text = NULL;
    lks_status st = LKS_OK;

    if (replica->comm->rank != 0)
        return LKS_OK;
    LKS_GO(lks_data_record_init(splits->opened, splits->scale, &record));
    if (lks_data_record_is_empty(&record))
        goto cleanup;
    LKS_GO(lks_data_record_text(&record, &text));
    LKS_GO(lks_run_dir_write(&session->place.dir, LKS_RUN_TRAINED_ON, text));
cleanup:
    lks_free(text);
    lks_data_record_release(&record);
    return st;
}

/* The command that started this rank has claimed the directory already, though perhaps on
 * another host. */
static lks_status open_dir(lks_session *session)
{
    const lks_worker_options *options = session->options;
    lks_run_dir claimed = {0};

    if (!options->is_claimed)
        return lks_run_dir_claim(options->run_dir, session->job.name,
                                 &session->place.dir);
    if (strlen(options->run_dir) >= sizeof claimed.path)
        return lks_fail(LKS_INVALID, "--run-dir: the name is too long");
    strcpy(claimed.path, options->run_dir);
    return lks_run_dir_join(&claimed, &session->place.dir);
}

lks_status lks_replica_make_dir(lks_replica *replica)
{
    lks_session *session = replica->session;

    if (replica->comm->rank != 0)
        return LKS_OK;
    LKS_TRY(open_dir(session));
    if (session->place.dir.is_open_to_all && !session->options->is_claimed)
        lks_warn(LKS_RUN_DIR_IS_OPEN, session->place.dir.path);
    return lks_log_file_open(&session->place.dir, 0);
}

lks_status lks_replica_open_metrics(lks_replica *replica)
{
    if (replica->comm->rank != 0)
        return LKS_OK;
    return lks_metrics_create(&replica->session->place.dir, &replica->metrics);
}

/* ---- the coordinator ---- */

lks_status lks_replica_host_run(lks_replica *replica)
{
    lks_session *session = replica->session;
    invitation *out = &replica->meeting->invited;
    const lks_host_options options = {
        .run_dir = session->place.dir.path,
        .job_name = session->job.name,
        .world_size = (uint32_t)replica->comm->size,
        .rank_keys = replica->meeting->keys,
        .lanes = session->job.train.lanes,
        .total_steps = session->data.n_steps,
        .rank_timeout_s = session->job.report.rank_timeout_s,
        .one_host = session->world.placement.one_host,
    };

    if (replica->comm->rank != 0)
        return LKS_OK;
    out->dir = session->place.dir;
    return lks_host_start(&options, &out->place, &session->place.host);
}

static void join_run(lks_session *session, const invitation *invited)
{
    if (lks_run_dir_join(&invited->dir, &session->place.dir) != LKS_OK ||
        lks_log_file_open(&session->place.dir, session->world.ranks->rank) != LKS_OK) {
        lks_warn("rank %d keeps no log: %s", session->world.ranks->rank,
                 lks_error_text());
        lks_error_clear(); /* the run does not need it */
    }
}

lks_status lks_replica_share_invitation(lks_replica *replica)
{
    invitation *invited = &replica->meeting->invited;

    LKS_TRY(lks_comm_broadcast(replica->comm, invited, sizeof *invited, 0));
    if (lks_replica_is_first(replica) && replica->comm->rank != 0)
        join_run(replica->session, invited);
    return LKS_OK;
}

lks_status lks_replica_start_reporter(lks_replica *replica)
{
    const lks_session *session = replica->session;
    const lks_coordinator_place *place = &replica->meeting->invited.place;
    char device[LKS_DEVICE_TEXT];
    lks_reporter_options options = {
        .addresses = place->addresses,
        .pulse = &replica->pulse,
        .is_leaving = &session->replicas.is_leaving,
        .place = replica->device,
        .rank = (uint32_t)replica->comm->rank,
        .world_size = (uint32_t)replica->comm->size,
        .version = LKS_VERSION,
        .device = lks_device_text(replica->device, device, sizeof device),
        .device_model = replica->gpu.model,
        .instruction_set = instruction_set_of(session),
        .dataset_fingerprint = lks_dataset_fingerprint(session->data.splits.train),
        .n_samples = lks_dataset_n_samples(session->data.splits.train),
        .threads = session->job.train.threads_per_rank / (uint32_t)session->replicas.n,
        .give_up_s = (double)session->job.report.rank_timeout_s,
    };

    LKS_TRY(
        lks_link_keys_of_worker(&replica->meeting->own, &place->key, &options.link_keys));
    return lks_reporter_start(&options, &replica->reporter);
}
