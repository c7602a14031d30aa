/* The JSON documents of the status socket: DESIGN's section on sockets. Additive only. */
#include "daemon/status_view.h"

#include "base/figure.h"
#include "daemon/json_text.h"
#include "proto/frame.h"

/* A document ends in a newline, as people read it with curl. */
static lks_status finish(lks_text *out)
{
    lks_text_put(out, "\n");
    return out->failed ? LKS_NOMEM : LKS_OK;
}

/* Null while it is not known. */
static void add_known(lks_json *json, const char *key, bool is_known, double value)
{
    if (is_known)
        lks_json_real(json, key, value);
    else
        lks_json_null(json, key);
}

static void add_progress(lks_json *json, const lks_job_record *job)
{
    const lks_job_progress *progress = &job->progress;
    double eta_s = lks_job_progress_eta_s(progress, job->step);

    lks_json_open(json, "progress", '{');
    lks_json_count(json, "epoch", progress->epoch);
    lks_json_count(json, "step", job->step);
    lks_json_count(json, "total_steps", progress->total_steps);
    lks_json_count(json, "samples", progress->samples);
    add_known(json, "samples_per_s", progress->has_report, progress->samples_per_s);
    add_known(json, "loss", progress->has_report, progress->loss);
    add_known(json, "lr", progress->has_report, progress->lr);
    add_known(json, "eta_s", eta_s >= 0, eta_s);
    lks_json_close(json, '}');
}

static void add_evaluation(lks_json *json, const lks_job_progress *progress)
{
    if (!progress->has_evaluation) {
        lks_json_null(json, "evaluation");
        return;
    }
    lks_json_open(json, "evaluation", '{');
    lks_json_string(json, "split", lks_split_name(progress->evaluation_split));
    lks_json_real(json, "accuracy", progress->evaluation_accuracy);
    lks_json_real(json, "loss", progress->evaluation_loss);
    lks_json_close(json, '}');
}

static void add_rank_states(lks_json *json, const lks_rank *ranks, uint32_t n_ranks)
{
    uint32_t counts[LKS_N_RANK_STATES] = {0};

    for (uint32_t r = 0; r < n_ranks; r++)
        counts[ranks[r].state]++;
    lks_json_open(json, "rank_states", '{');
    for (int s = 0; s < LKS_N_RANK_STATES; s++)
        lks_json_count(json, lks_rank_state_name((lks_rank_state)s), counts[s]);
    lks_json_close(json, '}');
}

static void add_job(lks_json *json, const lks_coordinator *coordinator, double now_s)
{
    lks_job_record job = lks_coordinator_job(coordinator);
    char reason[LKS_REASON_BYTES];
    lks_line line = lks_line_init(reason, sizeof reason);

    lks_coordinator_explain(coordinator, now_s, &line);
    lks_json_open(json, NULL, '{');
    lks_json_string(json, "id", job.id);
    lks_json_string(json, "name", job.name);
    lks_json_string(json, "state", lks_job_state_name(job.state));
    lks_json_string_or_null(json, "reason", reason);
    lks_json_count(json, "world_size", job.world_size);
    lks_json_count(json, "lanes", job.lanes);
    add_progress(json, &job);
    add_evaluation(json, &job.progress);
    add_rank_states(json, lks_coordinator_ranks(coordinator), job.world_size);
    lks_json_null(json, "last_checkpoint");
    lks_json_count(json, "restarts", 0);
    lks_json_string(json, "started_at", lks_figure_date(job.started_at_s).text);
    lks_json_close(json, '}');
}

static void add_times(lks_json *json, const lks_phase_times *times)
{
    lks_json_open(json, "times", '{');
    lks_json_decimal(json, "load", times->load);
    lks_json_decimal(json, "forward", times->forward);
    lks_json_decimal(json, "backward", times->backward);
    lks_json_decimal(json, "reduce", times->reduce);
    lks_json_decimal(json, "update", times->update);
    lks_json_close(json, '}');
}

/* What only a rank that came can tell. */
static void add_arrival(lks_json *json, const lks_rank *rank, double now_s)
{
    lks_json_count(json, "pid", rank->pid);
    lks_json_count(json, "threads", rank->threads);
    lks_json_string(json, "phase", lks_phase_name(rank->phase));
    lks_json_decimal(json, "phase_s", lks_rank_phase_s(rank, now_s));
    lks_json_decimal(json, "heartbeat_age_s", lks_rank_heartbeat_age_s(rank, now_s));
}

static void add_absence(lks_json *json)
{
    static const char *const keys[] = {"pid", "threads", "phase", "phase_s",
                                       "heartbeat_age_s"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        lks_json_null(json, keys[i]);
}

/* Of a CPU there is nothing to add. */
static void add_gpu(lks_json *json, const lks_rank *rank)
{
    if (!rank->device_model[0])
        return;
    lks_json_string(json, "device_model", rank->device_model);
    lks_json_count(json, "device_memory_bytes", rank->device_memory_bytes);
    lks_json_count(json, "device_memory_peak_bytes", rank->device_memory_peak_bytes);
}

static void add_rank(lks_json *json, const lks_rank *rank, double now_s)
{
    lks_json_open(json, NULL, '{');
    lks_json_count(json, "rank", rank->rank);
    lks_json_string_or_null(json, "host", rank->host);
    lks_json_string_or_null(json, "device", rank->device);
    lks_json_string_or_null(json, "instruction_set", rank->instruction_set);
    lks_json_string(json, "state", lks_rank_state_name(rank->state));
    if (rank->has_come)
        add_arrival(json, rank, now_s);
    else
        add_absence(json);
    lks_json_count(json, "step", rank->step);
    lks_json_decimal(json, "samples_per_s", rank->samples_per_s);
    lks_json_count(json, "rss_bytes", rank->rss_bytes);
    add_gpu(json, rank);
    add_times(json, &rank->times);
    lks_json_close(json, '}');
}

static void add_shard(lks_json *json, const lks_rank *rank, double now_s)
{
    (void)now_s;
    lks_json_open(json, NULL, '{');
    lks_json_count(json, "rank", rank->rank);
    lks_json_count(json, "first_lane", rank->lanes.begin);
    lks_json_count(json, "end_lane", rank->lanes.end);
    lks_json_close(json, '}');
}

/* {"key": [one object a rank]} */
static lks_status list_ranks(const char *key, const lks_coordinator *job, double now_s,
                             void (*add)(lks_json *, const lks_rank *, double),
                             lks_text *out)
{
    const lks_rank *ranks = lks_coordinator_ranks(job);
    uint32_t n_ranks = lks_coordinator_job(job).world_size;
    lks_json json = {.out = out};

    lks_json_open(&json, NULL, '{');
    lks_json_open(&json, key, '[');
    for (uint32_t r = 0; r < n_ranks; r++)
        add(&json, &ranks[r], now_s);
    lks_json_close(&json, ']');
    lks_json_close(&json, '}');
    return finish(out);
}

lks_status lks_view_version(const lks_status_source *source, const lks_coordinator *job,
                            lks_text *out)
{
    lks_json json = {.out = out};

    (void)source;
    (void)job;
    lks_json_open(&json, NULL, '{');
    lks_json_string(&json, "name", "lockstep");
    lks_json_string(&json, "version", LKS_VERSION);
    lks_json_string(&json, "api", "v1");
    lks_json_count(&json, "protocol", LKS_PROTOCOL_VERSION);
    lks_json_close(&json, '}');
    return finish(out);
}

lks_status lks_view_jobs(const lks_status_source *source, const lks_coordinator *job,
                         lks_text *out)
{
    lks_json json = {.out = out};

    (void)job;
    lks_json_open(&json, NULL, '{');
    lks_json_open(&json, "jobs", '[');
    for (size_t i = 0; i < source->n_jobs; i++)
        add_job(&json, source->jobs[i], source->now_s);
    lks_json_close(&json, ']');
    lks_json_close(&json, '}');
    return finish(out);
}

lks_status lks_view_job(const lks_status_source *source, const lks_coordinator *job,
                        lks_text *out)
{
    lks_json json = {.out = out};

    add_job(&json, job, source->now_s);
    return finish(out);
}

lks_status lks_view_ranks(const lks_status_source *source, const lks_coordinator *job,
                          lks_text *out)
{
    return list_ranks("ranks", job, source->now_s, add_rank, out);
}

lks_status lks_view_shards(const lks_status_source *source, const lks_coordinator *job,
                           lks_text *out)
{
    return list_ranks("shards", job, source->now_s, add_shard, out);
}

lks_status lks_view_problem(unsigned http_code, const char *title, const char *code,
                            const char *detail, lks_text *out)
{
    lks_json json = {.out = out};

    lks_json_open(&json, NULL, '{');
    lks_json_string(&json, "type", "about:blank");
    lks_json_string(&json, "title", title);
    lks_json_count(&json, "status", http_code);
    lks_json_string(&json, "code", code);
    lks_json_string(&json, "detail", detail);
    lks_json_close(&json, '}');
    return finish(out);
}
