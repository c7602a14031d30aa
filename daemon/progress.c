#include "daemon/progress.h"

#include <math.h>
#include <stddef.h>

#include "base/plain.h"

/* A rate or duration from a peer. */
static double sane(double value)
{
    return isfinite(value) && value > 0 ? value : 0;
}

void lks_rank_take_hello(lks_rank *rank, const Lks__Proto__Hello *hello, double now_s)
{
    lks_plain_copy(rank->host, sizeof rank->host, hello->host);
    lks_plain_copy(rank->device, sizeof rank->device, hello->device);
    lks_plain_copy(rank->device_model, sizeof rank->device_model, hello->device_model);
    lks_plain_copy(rank->version, sizeof rank->version, hello->version);
    lks_plain_copy(rank->instruction_set, sizeof rank->instruction_set,
                   hello->instruction_set);
    rank->has_come = true;
    rank->pid = hello->pid;
    rank->threads = hello->threads;
    rank->dataset_fingerprint = hello->dataset_fingerprint;
    rank->n_samples = hello->n_samples;
    rank->phase_since_s = now_s;
    rank->heard_at_s = now_s;
}

static lks_phase_times sane_times(const Lks__Proto__PhaseTimes *times)
{
    if (!times)
        return (lks_phase_times){0};
    return (lks_phase_times){
        .load = sane(times->load),
        .forward = sane(times->forward),
        .backward = sane(times->backward),
        .reduce = sane(times->reduce),
        .update = sane(times->update),
    };
}

void lks_rank_take_heartbeat(lks_rank *rank, const Lks__Proto__Heartbeat *heartbeat,
                             double now_s)
{
    rank->step = heartbeat->step;
    rank->phase = heartbeat->phase;
    rank->phase_since_s = now_s - sane(heartbeat->phase_s);
    rank->rss_bytes = heartbeat->rss_bytes;
    rank->device_memory_bytes = heartbeat->device_memory_bytes;
    rank->device_memory_peak_bytes = heartbeat->device_memory_peak_bytes;
    rank->samples_per_s = sane(heartbeat->samples_per_s);
    rank->times = sane_times(heartbeat->times);
    rank->heard_at_s = now_s;
}

const char *lks_phase_name(Lks__Proto__Phase phase)
{
    static const char *const names[] = {
        [LKS__PROTO__PHASE__START] = "start",
        [LKS__PROTO__PHASE__LOAD] = "load",
        [LKS__PROTO__PHASE__FORWARD] = "forward",
        [LKS__PROTO__PHASE__BACKWARD] = "backward",
        [LKS__PROTO__PHASE__REDUCE] = "reduce",
        [LKS__PROTO__PHASE__UPDATE] = "update",
        [LKS__PROTO__PHASE__EVALUATE] = "evaluate",
        [LKS__PROTO__PHASE__SAVE] = "save",
        [LKS__PROTO__PHASE__DONE] = "done",
    };

    return (size_t)phase < sizeof names / sizeof *names ? names[phase] : "unknown";
}

const char *lks_split_name(Lks__Proto__Split split)
{
    static const char *const names[] = {
        [LKS__PROTO__SPLIT__TEST] = "test",
        [LKS__PROTO__SPLIT__VALIDATION] = "validation",
    };

    return (size_t)split < sizeof names / sizeof *names ? names[split] : "unknown";
}

double lks_rank_phase_s(const lks_rank *rank, double now_s)
{
    double until_s = lks_rank_is_live(rank->state) ? now_s : rank->heard_at_s;

    return sane(until_s - rank->phase_since_s);
}

double lks_rank_heartbeat_age_s(const lks_rank *rank, double now_s)
{
    return sane(now_s - rank->heard_at_s);
}

void lks_rank_add_name(const lks_rank *rank, lks_line *line)
{
    lks_line_add(line, "rank %u (host %s, pid %u)", rank->rank, rank->host, rank->pid);
}

void lks_job_progress_take(lks_job_progress *progress, const Lks__Proto__Progress *from)
{
    progress->has_report = true;
    progress->step = from->step;
    progress->epoch = from->epoch;
    progress->samples = from->samples;
    progress->loss = from->loss;
    progress->lr = from->lr;
    progress->samples_per_s = sane(from->samples_per_s);
    if (from->total_steps)
        progress->total_steps = from->total_steps;
    if (from->has_evaluation) {
        progress->has_evaluation = true;
        progress->evaluation_split = from->evaluation_split;
        progress->evaluation_accuracy = from->evaluation_accuracy;
        progress->evaluation_loss = from->evaluation_loss;
    }
}

double lks_job_progress_eta_s(const lks_job_progress *progress, uint64_t step)
{
    double samples_per_step;

    if (!progress->has_report || progress->step == 0 || progress->samples_per_s <= 0)
        return -1;
    if (step >= progress->total_steps)
        return 0;
    samples_per_step = (double)progress->samples / (double)progress->step;
    return (double)(progress->total_steps - step) * samples_per_step /
           progress->samples_per_s;
}

const struct lks_replica_entry *lks_replica_check_take(lks_replica_check *check,
                                                       uint32_t rank, uint64_t step,
                                                       uint64_t hash)
{
    struct lks_replica_entry *oldest = &check->entries[0];

    if (hash == 0)
        return NULL;
    for (size_t i = 0; i < LKS_REPLICA_STEPS; i++) {
        struct lks_replica_entry *entry = &check->entries[i];

        if (entry->used && entry->step == step)
            return entry->hash == hash ? NULL : entry;
        if (oldest->used && (!entry->used || entry->step < oldest->step))
            oldest = entry;
    }
    if (!oldest->used || oldest->step < step)
        *oldest = (struct lks_replica_entry){step, hash, rank, true};
    return NULL;
}
