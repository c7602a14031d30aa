/* How a run's replicas meet: the run directory, the coordinator, which rank 0 hosts, and
 * each replica's link to it. */
#include "worker/run.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/try.h"
#include "device.h"
#include "proto/job_yaml.h"
#include "worker/log_file.h"
#include "worker/signals.h"

/* "cpu", "reference", or where there are several replicas a rank "cpu:0 cpu:1": cut if
 * they are many. */
static void list_devices(const lks_run *run, char *out, size_t size)
{
    size_t n = 0;

    snprintf(out, size, "%s", run->job.train.device);
    for (int i = 0; run->n_replicas > 1 && i < run->n_replicas && n < size; i++) {
        char text[LKS_DEVICE_TEXT];

        n += (size_t)snprintf(out + n, size - n, "%s%s", i ? " " : "",
                              lks_device_text(run->devices.items[i], text, sizeof text));
    }
}

static const char *instruction_set_of(const lks_run *run)
{
    return lks_device_instruction_set(run->devices.items[0]);
}

static lks_status write_job(lks_run *run)
{
    char *job = NULL, *text = NULL, devices[512], kind[80];
    lks_status st;

    lks_replica_name_kind(run->replicas, kind, sizeof kind);
    list_devices(run, devices, sizeof devices);
    LKS_GO(lks_job_format(&run->job, &job));
    text = lks_asprintf("# lockstep %s: %d ranks of %u threads, %s%s%s%s\n%s",
                        LKS_VERSION, run->ranks->size, run->job.train.threads_per_rank,
                        devices, *kind ? " (" : "", kind, *kind ? ")" : "", job);
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

/* What replica 0 tells the others. */
typedef struct invitation {
    lks_run_dir dir;
    lks_coordinator_place place;
} invitation;

static lks_status host_run(lks_replica *replica, const lks_public_key *keys,
                           invitation *out)
{
    lks_run *run = replica->run;
    const lks_host_options options = {
        .run_dir = run->dir.path,
        .job_name = run->job.name,
        .world_size = (uint32_t)replica->comm->size,
        .rank_keys = keys,
        .lanes = run->job.train.lanes,
        .total_steps = run->n_steps,
        .rank_timeout_s = run->job.report.rank_timeout_s,
        .one_host = run->placement.one_host,
    };
    lks_status st = make_dir(run);

    st = st == LKS_OK ? write_job(run) : st;
    st = st == LKS_OK ? lks_metrics_create(&run->dir, &replica->metrics) : st;
    replica->exit_code = lks_exit_code_of(st);
    LKS_TRY(st);
    replica->exit_code = LKS_EXIT_FAILED;
    LKS_TRY(lks_host_start(&options, &out->place, &run->host));
    out->dir = run->dir;
    return LKS_OK;
}

static void join_run(lks_run *run, const invitation *invited)
{
    if (lks_run_dir_join(&invited->dir, &run->dir) != LKS_OK ||
        lks_log_file_open(&run->dir, run->ranks->rank) != LKS_OK) {
        lks_warn("rank %d keeps no log: %s", run->ranks->rank, lks_error_text());
        lks_error_clear(); /* the run does not need it */
    }
}

static lks_status start_reporter(lks_replica *replica, const lks_key_pair *own,
                                 const invitation *invited)
{
    const lks_run *run = replica->run;
    char device[LKS_DEVICE_TEXT];
    lks_reporter_options options = {
        .addresses = invited->place.addresses,
        .pulse = &replica->pulse,
        .is_leaving = &run->is_leaving,
        .place = replica->device,
        .rank = (uint32_t)replica->comm->rank,
        .world_size = (uint32_t)replica->comm->size,
        .version = LKS_VERSION,
        .device = lks_device_text(replica->device, device, sizeof device),
        .device_model = replica->gpu.model,
        .instruction_set = instruction_set_of(run),
        .dataset_fingerprint = lks_dataset_fingerprint(run->train),
        .n_samples = lks_dataset_n_samples(run->train),
        .threads = run->job.train.threads_per_rank / (uint32_t)run->n_replicas,
        .give_up_s = (double)run->job.report.rank_timeout_s,
    };

    LKS_TRY(lks_link_keys_of_worker(own, &invited->place.key, &options.link_keys));
    return lks_reporter_start(&options, &replica->reporter);
}

/* A key pair of this replica's own, and all replicas' public keys, which are no secret.
 */
static lks_status exchange_keys(lks_replica *replica, lks_key_pair *own,
                                lks_public_key *keys)
{
    const lks_status st = keys ? lks_key_pair_create(own) : LKS_NOMEM;

    LKS_TRY(lks_world_agree(replica->comm, st, &replica->exit_code));
    keys[replica->comm->rank] = own->public_key;
    return lks_comm_all_gather(replica->comm, keys, sizeof *keys);
}

lks_status lks_replica_meet(lks_replica *replica)
{
    invitation *invited = lks_calloc(1, sizeof *invited);
    lks_public_key *keys = lks_calloc((size_t)replica->comm->size, sizeof *keys);
    lks_key_pair own;
    lks_status st;

    if (lks_replica_is_first(replica)) /* from here on there is something to tidy up */
        lks_signals_catch(&replica->pulse);
    LKS_GO(exchange_keys(replica, &own, keys));
    st = invited ? LKS_OK : LKS_NOMEM;
    if (st == LKS_OK && replica->comm->rank == 0)
        st = host_run(replica, keys, invited);
    LKS_GO(lks_world_agree(replica->comm, st, &replica->exit_code));
    LKS_GO(lks_comm_broadcast(replica->comm, invited, sizeof *invited, 0));
    if (lks_replica_is_first(replica) && replica->comm->rank != 0)
        join_run(replica->run, invited);
    st = start_reporter(replica, &own, invited);
    LKS_GO(lks_world_agree(replica->comm, st, &replica->exit_code));
cleanup:
    lks_key_pair_wipe(&own);
    lks_free(keys);
    lks_free(invited);
    return st;
}
