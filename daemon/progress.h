/* What ranks report: each rank's own record, the job's progress, whether the replicas
 * agree, and who is waiting for whom.
 *
 * Plain data without allocations; times are seconds of the caller's monotonic clock.
 * What a peer sent is made safe on the way in: text is printable UTF-8, rates and
 * durations are finite and not negative. */
#ifndef LKS_DAEMON_PROGRESS_H
#define LKS_DAEMON_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/job_state.h"
#include "daemon/line.h"
#include "lockstep.pb-c.h"
#include "base/shard_plan.h"

typedef struct lks_phase_times {
    double load, forward, backward, reduce, update; /* seconds since training began */
} lks_phase_times;

typedef struct lks_rank {
    lks_rank_state state;
    uint32_t rank;
    lks_range lanes;

    /* of its hello */
    bool has_come;
    char host[128];
    uint32_t pid;
    char device[32];
    char device_model[64]; /* of a GPU; "": it is a CPU */
    char version[32];
    char instruction_set[32];
    uint32_t threads;
    uint64_t dataset_fingerprint;
    uint64_t n_samples;

    /* of its last heartbeat; a report carries the step forward */
    uint64_t step; /* completed */
    Lks__Proto__Phase phase;
    double phase_since_s; /* when it entered that phase */
    uint64_t rss_bytes;
    uint64_t device_memory_bytes, device_memory_peak_bytes; /* of a GPU */
    double samples_per_s;
    lks_phase_times times;

    double heard_at_s; /* its last frame of any kind */
} lks_rank;

void lks_rank_take_hello(lks_rank *rank, const Lks__Proto__Hello *hello, double now_s);
void lks_rank_take_heartbeat(lks_rank *rank, const Lks__Proto__Heartbeat *heartbeat,
                             double now_s);

/* "load", "forward" …; "unknown" for a number that a newer worker may send. */
const char *lks_phase_name(Lks__Proto__Phase phase);

/* Seconds in its phase (until it was last heard, once it has left), seconds since its
 * last frame. */
double lks_rank_phase_s(const lks_rank *rank, double now_s);
double lks_rank_heartbeat_age_s(const lks_rank *rank, double now_s);

/* "test"; what a newer peer evaluates on is "unknown". */
const char *lks_split_name(Lks__Proto__Split split);

/* "rank 3 (host node-1, pid 4711)" */
void lks_rank_add_name(const lks_rank *rank, lks_line *line);

/* The job's progress, as rank 0 reports it. */
typedef struct lks_job_progress {
    bool has_report; /* else only total_steps holds */
    uint64_t step, epoch, total_steps, samples;
    double loss; /* may be NaN or infinite */
    double lr;
    double samples_per_s;
    bool has_evaluation;
    Lks__Proto__Split evaluation_split;
    double evaluation_accuracy; /* NaN where classes are not told */
    double evaluation_loss;
} lks_job_progress;

void lks_job_progress_take(lks_job_progress *progress, const Lks__Proto__Progress *from);

/* Seconds to the last step at the present rate, `step` being the steps completed by now;
 * negative when it cannot be told yet. */
double lks_job_progress_eta_s(const lks_job_progress *progress, uint64_t step);

/* The replica hashes of the latest reported steps. Ranks report the same steps, though
 * not at the same time; a hash that comes too late to find its step is not compared. */
enum { LKS_REPLICA_STEPS = 64 };

typedef struct lks_replica_check {
    struct lks_replica_entry {
        uint64_t step, hash;
        uint32_t rank; /* the first to report the step */
        bool used;
    } entries[LKS_REPLICA_STEPS];
} lks_replica_check;

/* NULL if `rank`'s hash agrees with the others' of that step so far; else the entry it
 * differs from. A hash of 0 means "not computed". */
const struct lks_replica_entry *lks_replica_check_take(lks_replica_check *check,
                                                       uint32_t rank, uint64_t step,
                                                       uint64_t hash);

/* Who is waiting for whom, from the live ranks: "waiting 4.2 s for rank 1 (stalled in
 * backward at step 41); ranks 0, 2 and 3 wait in reduce". Adds nothing when nobody has
 * waited for longer than a busy step may take and no rank is stalled. */
void lks_ranks_explain_wait(const lks_rank *ranks, uint32_t n_ranks, double now_s,
                            lks_line *line);

/* "rank 2" or "ranks 0-4, 6 and 8": those of which `chosen` is true. */
void lks_ranks_add_list(const lks_rank *ranks, uint32_t n_ranks,
                        bool (*chosen)(const lks_rank *rank, const void *context),
                        const void *context, lks_line *line);

#endif
