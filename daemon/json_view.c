/* The JSON documents of the status socket: DESIGN's section on sockets. Additive only. */
#include "daemon/status_view.h"

#include <jansson.h>
#include <math.h>
#include <time.h>

#include "proto/frame.h"

/* Nine digits bring a float32 back; measured rates and times have fewer that count. */
#define DUMP_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(9))

/* jansson passes a failed allocation on: an object that could not be made swallows what
 * is put into it, and put returns nonzero. So a builder adds up its puts and asks once.
 */
static int put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value);
}

static json_t *whole(json_t *value, int failed)
{
    if (!failed)
        return value;
    json_decref(value);
    return NULL;
}

static json_t *count(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *string_or_null(const char *text)
{
    return text[0] ? json_string(text) : json_null();
}

static int append(const char *bytes, size_t n_bytes, void *context)
{
    lks_text *out = context;

    lks_text_append(out, bytes, n_bytes);
    return out->failed ? -1 : 0;
}

/* Write the document with a newline, as people read it with curl; frees it. */
static lks_status dump(json_t *document, lks_text *out)
{
    int failed = !document || json_dump_callback(document, append, out, DUMP_FLAGS) != 0;

    json_decref(document);
    lks_text_append(out, "\n", 1);
    if (failed || out->failed)
        return lks_fail(LKS_NOMEM, "out of memory for a status reply");
    return LKS_OK;
}

/* RFC 3339 in UTC. */
static json_t *timestamp(double wall_s)
{
    char text[32];
    time_t seconds = (time_t)wall_s;
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return json_null();
    return json_string(text);
}

static json_t *progress_object(const lks_job_record *job)
{
    const lks_job_progress *progress = &job->progress;
    json_t *o = json_object();
    double eta_s = lks_job_progress_eta_s(progress, job->step);
    bool has = progress->has_report;
    int failed = 0;

    failed |= put(o, "epoch", count(progress->epoch));
    failed |= put(o, "step", count(job->step));
    failed |= put(o, "total_steps", count(progress->total_steps));
    failed |= put(o, "samples", count(progress->samples));
    failed |=
        put(o, "samples_per_s", has ? number(progress->samples_per_s) : json_null());
    failed |= put(o, "loss", has ? number(progress->loss) : json_null());
    failed |= put(o, "lr", has ? number(progress->lr) : json_null());
    failed |= put(o, "eta_s", eta_s < 0 ? json_null() : number(eta_s));
    return whole(o, failed);
}

static json_t *evaluation_object(const lks_job_progress *progress)
{
    json_t *o;
    int failed = 0;

    if (!progress->has_evaluation)
        return json_null();
    o = json_object();
    failed |= put(o, "accuracy", number(progress->test_accuracy));
    failed |= put(o, "loss", number(progress->test_loss));
    return whole(o, failed);
}

static json_t *state_counts(const lks_rank *ranks, uint32_t n_ranks)
{
    uint32_t counts[LKS_N_RANK_STATES] = {0};
    json_t *o = json_object();
    int failed = 0;

    for (uint32_t r = 0; r < n_ranks; r++)
        counts[ranks[r].state]++;
    for (int s = 0; s < LKS_N_RANK_STATES; s++)
        failed |= put(o, lks_rank_state_name((lks_rank_state)s), count(counts[s]));
    return whole(o, failed);
}

static json_t *job_object(const lks_coordinator *coordinator, double now_s)
{
    lks_job_record job = lks_coordinator_job(coordinator);
    json_t *o = json_object();
    char reason[LKS_REASON_BYTES];
    lks_line line = lks_line_init(reason, sizeof reason);
    int failed = 0;

    lks_coordinator_explain(coordinator, now_s, &line);
    failed |= put(o, "id", json_string(job.id));
    failed |= put(o, "name", json_string(job.name));
    failed |= put(o, "state", json_string(lks_job_state_name(job.state)));
    failed |= put(o, "reason", string_or_null(reason));
    failed |= put(o, "world_size", count(job.world_size));
    failed |= put(o, "lanes", count(job.lanes));
    failed |= put(o, "progress", progress_object(&job));
    failed |= put(o, "evaluation", evaluation_object(&job.progress));
    failed |= put(o, "rank_states",
                  state_counts(lks_coordinator_ranks(coordinator), job.world_size));
    failed |= put(o, "last_checkpoint", json_null());
    failed |= put(o, "restarts", count(0));
    failed |= put(o, "started_at", timestamp(job.started_at_s));
    return whole(o, failed);
}

static json_t *times_object(const lks_phase_times *times)
{
    json_t *o = json_object();
    int failed = 0;

    failed |= put(o, "load", number(times->load));
    failed |= put(o, "forward", number(times->forward));
    failed |= put(o, "backward", number(times->backward));
    failed |= put(o, "reduce", number(times->reduce));
    failed |= put(o, "update", number(times->update));
    return whole(o, failed);
}

/* What a rank that never came has not told is null. */
static json_t *rank_object(const lks_rank *rank, double now_s)
{
    json_t *o = json_object();
    bool came = rank->host[0] || lks_rank_is_live(rank->state);
    int failed = 0;

    failed |= put(o, "rank", count(rank->rank));
    failed |= put(o, "host", string_or_null(rank->host));
    failed |= put(o, "pid", came ? count(rank->pid) : json_null());
    failed |= put(o, "device", string_or_null(rank->device));
    failed |= put(o, "instruction_set", string_or_null(rank->instruction_set));
    failed |= put(o, "threads", came ? count(rank->threads) : json_null());
    failed |= put(o, "state", json_string(lks_rank_state_name(rank->state)));
    failed |= put(o, "step", count(rank->step));
    failed |=
        put(o, "phase", came ? json_string(lks_phase_name(rank->phase)) : json_null());
    failed |=
        put(o, "phase_s", came ? number(lks_rank_phase_s(rank, now_s)) : json_null());
    failed |= put(o, "samples_per_s", number(rank->samples_per_s));
    failed |= put(o, "heartbeat_age_s",
                  came ? number(lks_rank_heartbeat_age_s(rank, now_s)) : json_null());
    failed |= put(o, "rss_bytes", count(rank->rss_bytes));
    failed |= put(o, "times", times_object(&rank->times));
    return whole(o, failed);
}

static json_t *shard_object(const lks_rank *rank, double now_s)
{
    json_t *o = json_object();
    int failed = 0;

    (void)now_s;
    failed |= put(o, "rank", count(rank->rank));
    failed |= put(o, "first_lane", count(rank->lanes.begin));
    failed |= put(o, "end_lane", count(rank->lanes.end));
    return whole(o, failed);
}

/* {"key": [one object a rank]} */
static json_t *list_of_ranks(const char *key, const lks_coordinator *job, double now_s,
                             json_t *(*object)(const lks_rank *rank, double now_s))
{
    const lks_rank *ranks = lks_coordinator_ranks(job);
    uint32_t n_ranks = lks_coordinator_job(job).world_size;
    json_t *o = json_object(), *list = json_array();
    int failed = 0;

    for (uint32_t r = 0; r < n_ranks && !failed; r++)
        failed |= json_array_append_new(list, object(&ranks[r], now_s));
    failed |= put(o, key, list);
    return whole(o, failed);
}

lks_status lks_view_version(const lks_status_source *source, const lks_coordinator *job,
                            lks_text *out)
{
    json_t *o = json_object();
    int failed = 0;

    (void)source;
    (void)job;
    failed |= put(o, "name", json_string("lockstep"));
    failed |= put(o, "version", json_string(LKS_VERSION));
    failed |= put(o, "api", json_string("v1"));
    failed |= put(o, "protocol", count(LKS_PROTOCOL_VERSION));
    return dump(whole(o, failed), out);
}

lks_status lks_view_jobs(const lks_status_source *source, const lks_coordinator *job,
                         lks_text *out)
{
    json_t *o = json_object(), *list = json_array();
    int failed = 0;

    (void)job;
    for (size_t i = 0; i < source->n_jobs; i++)
        failed |= json_array_append_new(list, job_object(source->jobs[i], source->now_s));
    failed |= put(o, "jobs", list);
    return dump(whole(o, failed), out);
}

lks_status lks_view_job(const lks_status_source *source, const lks_coordinator *job,
                        lks_text *out)
{
    return dump(job_object(job, source->now_s), out);
}

lks_status lks_view_ranks(const lks_status_source *source, const lks_coordinator *job,
                          lks_text *out)
{
    return dump(list_of_ranks("ranks", job, source->now_s, rank_object), out);
}

lks_status lks_view_shards(const lks_status_source *source, const lks_coordinator *job,
                           lks_text *out)
{
    return dump(list_of_ranks("shards", job, source->now_s, shard_object), out);
}

lks_status lks_view_problem(unsigned http_code, const char *title, const char *code,
                            const char *detail, lks_text *out)
{
    json_t *o = json_object();
    int failed = 0;

    failed |= put(o, "type", json_string("about:blank"));
    failed |= put(o, "title", json_string(title));
    failed |= put(o, "status", count(http_code));
    failed |= put(o, "code", json_string(code));
    failed |= put(o, "detail", json_string(detail));
    return dump(whole(o, failed), out);
}
