/* The Prometheus text, exposition format 0.0.4. One row a metric; the rows of a table are
 * written in order, all jobs or ranks of a metric together. */
#include "daemon/status_view.h"

#include <math.h>

typedef struct lks_job_metric {
    const char *name, *type, *help;
    bool needs_report; /* left out until rank 0 has reported */
    double (*value)(const lks_job_record *job);
} lks_job_metric;

static double job_step(const lks_job_record *job)
{
    return (double)job->step;
}

static double job_total_steps(const lks_job_record *job)
{
    return (double)job->progress.total_steps;
}

static double job_epoch(const lks_job_record *job)
{
    return (double)job->progress.epoch;
}

static double job_samples(const lks_job_record *job)
{
    return (double)job->progress.samples;
}

static double job_rate(const lks_job_record *job)
{
    return job->progress.samples_per_s;
}

static double job_loss(const lks_job_record *job)
{
    return job->progress.loss;
}

static double job_learning_rate(const lks_job_record *job)
{
    return job->progress.lr;
}

static double job_ranks(const lks_job_record *job)
{
    return (double)job->world_size;
}

static double job_started(const lks_job_record *job)
{
    return floor(job->started_at_s);
}

static const lks_job_metric job_metrics[] = {
    {"lockstep_job_ranks", "gauge", "World size of the job.", false, job_ranks},
    {"lockstep_job_start_time_seconds", "gauge", "When the job started, since 1970.",
     false, job_started},
    {"lockstep_job_step", "gauge", "Steps completed.", false, job_step},
    {"lockstep_job_planned_steps", "gauge", "Steps of the whole job.", false,
     job_total_steps},
    {"lockstep_job_epoch", "gauge", "Current epoch, from 0.", true, job_epoch},
    {"lockstep_job_samples_total", "counter", "Samples trained on, over all ranks.", true,
     job_samples},
    {"lockstep_job_samples_per_second", "gauge", "Training rate over all ranks.", true,
     job_rate},
    {"lockstep_job_loss", "gauge", "Training loss of the last reported step.", true,
     job_loss},
    {"lockstep_job_learning_rate", "gauge", "Learning rate of the last reported step.",
     true, job_learning_rate},
};

typedef struct lks_rank_metric {
    const char *name, *type, *help;
    double (*value)(const lks_rank *rank, double now_s);
} lks_rank_metric;

static double rank_up(const lks_rank *rank, double now_s)
{
    (void)now_s;
    return rank->state == LKS_RANK_RUNNING || rank->state == LKS_RANK_JOINING;
}

static double rank_step(const lks_rank *rank, double now_s)
{
    (void)now_s;
    return (double)rank->step;
}

static double rank_rate(const lks_rank *rank, double now_s)
{
    (void)now_s;
    return rank->samples_per_s;
}

static double rank_memory(const lks_rank *rank, double now_s)
{
    (void)now_s;
    return (double)rank->rss_bytes;
}

static const lks_rank_metric rank_metrics[] = {
    {"lockstep_rank_up", "gauge", "1 while the rank is connected and not stalled.",
     rank_up},
    {"lockstep_rank_step", "gauge", "Steps the rank has completed.", rank_step},
    {"lockstep_rank_current_phase_seconds", "gauge",
     "How long the rank has been in its present phase.", lks_rank_phase_s},
    {"lockstep_rank_heartbeat_age_seconds", "gauge",
     "Time since the rank was last heard of.", lks_rank_heartbeat_age_s},
    {"lockstep_rank_samples_per_second", "gauge", "The rank's own training rate.",
     rank_rate},
    {"lockstep_rank_resident_memory_bytes", "gauge", "Resident memory of the rank.",
     rank_memory},
};

static double rank_device_memory(const lks_rank *rank, double now_s)
{
    (void)now_s;
    return (double)rank->device_memory_bytes;
}

static double rank_device_memory_peak(const lks_rank *rank, double now_s)
{
    (void)now_s;
    return (double)rank->device_memory_peak_bytes;
}

static double one(const lks_rank *rank, double now_s)
{
    (void)rank;
    (void)now_s;
    return 1;
}

/* Of ranks on GPUs. */
static const struct {
    lks_rank_metric metric;
    bool names_model;
} gpu_metrics[] = {
    {{"lockstep_rank_device_info", "gauge", "1, labelled with the rank's GPU.", one},
     true},
    {{"lockstep_rank_device_memory_bytes", "gauge",
      "Memory of its GPU that the rank has in use.", rank_device_memory},
     false},
    {{"lockstep_rank_device_memory_peak_bytes", "gauge",
      "The most memory of its GPU that the rank has had in use.",
      rank_device_memory_peak},
     false},
};

static const struct {
    const char *name;
    size_t offset;
} phases[] = {
    {"load", offsetof(lks_phase_times, load)},
    {"forward", offsetof(lks_phase_times, forward)},
    {"backward", offsetof(lks_phase_times, backward)},
    {"reduce", offsetof(lks_phase_times, reduce)},
    {"update", offsetof(lks_phase_times, update)},
};

enum { N_PHASES = sizeof phases / sizeof *phases };

static void add_header(lks_text *out, const char *name, const char *type,
                       const char *help)
{
    lks_text_add(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* The value and the line's end. `add` writes what is neither whole nor special: exactly,
 * or quickly. */
static void add_value(lks_text *out, double value, void (*add)(lks_text *, double))
{
    lks_text_put(out, " ");
    if (isnan(value))
        lks_text_put(out, "NaN");
    else if (isinf(value))
        lks_text_put(out, value > 0 ? "+Inf" : "-Inf");
    else if (value >= 0 && value < 0x1p53 && value == floor(value))
        lks_text_add_count(out, (uint64_t)value);
    else
        add(out, value);
    lks_text_put(out, "\n");
}

/* "value" with \ and " escaped; control characters were made plain. */
static void add_label(lks_text *out, const char *value)
{
    lks_text_put(out, "\"");
    for (const char *c = value; *c; c++) {
        if (*c == '\\' || *c == '"')
            lks_text_put(out, "\\");
        lks_text_append(out, c, 1);
    }
    lks_text_put(out, "\"");
}

/* name{job_id="…" */
static void add_name(lks_text *out, const char *name, const char *job_id)
{
    lks_text_put(out, name);
    lks_text_put(out, "{job_id=");
    add_label(out, job_id);
}

static void add_job_metrics(const lks_status_source *source, lks_text *out)
{
    for (size_t m = 0; m < sizeof job_metrics / sizeof *job_metrics; m++) {
        const lks_job_metric *metric = &job_metrics[m];

        add_header(out, metric->name, metric->type, metric->help);
        for (size_t j = 0; j < source->n_jobs; j++) {
            lks_job_record job = lks_coordinator_job(source->jobs[j]);

            if (metric->needs_report && !job.progress.has_report)
                continue;
            add_name(out, metric->name, job.id);
            lks_text_put(out, "}");
            add_value(out, metric->value(&job), lks_text_add_real);
        }
    }
}

static void add_job_states(const lks_status_source *source, lks_text *out)
{
    add_header(out, "lockstep_job_state", "gauge", "1 for the state the job is in.");
    for (size_t j = 0; j < source->n_jobs; j++) {
        lks_job_record job = lks_coordinator_job(source->jobs[j]);

        for (int s = 0; s < LKS_N_JOB_STATES; s++) {
            add_name(out, "lockstep_job_state", job.id);
            lks_text_add(out, ",state=\"%s\"}", lks_job_state_name((lks_job_state)s));
            add_value(out, (int)job.state == s, lks_text_add_real);
        }
    }
}

/* The samples of one metric differ little in length and are many: what they begin with
 * is made once. */
static void add_rank_metric(const lks_rank_metric *metric, const lks_coordinator *job,
                            double now_s, lks_text *out)
{
    lks_job_record record = lks_coordinator_job(job);
    const lks_rank *ranks = lks_coordinator_ranks(job);
    lks_text begin = {0};

    add_name(&begin, metric->name, record.id);
    lks_text_put(&begin, ",rank=\"");
    for (uint32_t r = 0; r < record.world_size; r++) {
        lks_text_append(out, begin.bytes, begin.n_bytes);
        lks_text_add_count(out, r);
        lks_text_put(out, "\"}");
        add_value(out, metric->value(&ranks[r], now_s), lks_text_add_decimal);
    }
    out->failed |= begin.failed;
    lks_text_release(&begin);
}

static bool has_gpu(const lks_rank *rank)
{
    return rank->device_model[0] != '\0';
}

static bool have_gpus(const lks_status_source *source)
{
    for (size_t j = 0; j < source->n_jobs; j++) {
        const lks_rank *ranks = lks_coordinator_ranks(source->jobs[j]);

        for (uint32_t r = 0; r < lks_coordinator_job(source->jobs[j]).world_size; r++)
            if (has_gpu(&ranks[r]))
                return true;
    }
    return false;
}

static void add_gpu_metric(const lks_rank_metric *metric, bool names_model,
                           const lks_coordinator *job, double now_s, lks_text *out)
{
    const lks_job_record record = lks_coordinator_job(job);
    const lks_rank *ranks = lks_coordinator_ranks(job);

    for (uint32_t r = 0; r < record.world_size; r++) {
        if (!has_gpu(&ranks[r]))
            continue;
        add_name(out, metric->name, record.id);
        lks_text_add(out, ",rank=\"%u\",device=", r);
        add_label(out, ranks[r].device);
        if (names_model) {
            lks_text_put(out, ",model=");
            add_label(out, ranks[r].device_model);
        }
        lks_text_put(out, "}");
        add_value(out, metric->value(&ranks[r], now_s), lks_text_add_decimal);
    }
}

static void add_gpu_metrics(const lks_status_source *source, lks_text *out)
{
    for (size_t m = 0; m < sizeof gpu_metrics / sizeof *gpu_metrics; m++) {
        const lks_rank_metric *metric = &gpu_metrics[m].metric;

        add_header(out, metric->name, metric->type, metric->help);
        for (size_t j = 0; j < source->n_jobs; j++)
            add_gpu_metric(metric, gpu_metrics[m].names_model, source->jobs[j],
                           source->now_s, out);
    }
}

static void add_phase_times(const lks_coordinator *job, lks_text *out)
{
    lks_job_record record = lks_coordinator_job(job);
    const lks_rank *ranks = lks_coordinator_ranks(job);
    lks_text begin = {0};

    add_name(&begin, "lockstep_rank_phase_seconds_total", record.id);
    lks_text_put(&begin, ",rank=\"");
    for (uint32_t r = 0; r < record.world_size; r++)
        for (size_t p = 0; p < N_PHASES; p++) {
            const char *times = (const char *)&ranks[r].times;

            lks_text_append(out, begin.bytes, begin.n_bytes);
            lks_text_add_count(out, r);
            lks_text_put(out, "\",phase=\"");
            lks_text_put(out, phases[p].name);
            lks_text_put(out, "\"}");
            add_value(out, *(const double *)(const void *)(times + phases[p].offset),
                      lks_text_add_decimal);
        }
    out->failed |= begin.failed;
    lks_text_release(&begin);
}

lks_status lks_view_metrics(const lks_status_source *source, const lks_coordinator *job,
                            lks_text *out)
{
    (void)job;
    add_header(out, "lockstep_build_info", "gauge", "1, labelled with the version.");
    lks_text_add(out, "lockstep_build_info{version=\"%s\"} 1\n", LKS_VERSION);
    add_job_states(source, out);
    add_job_metrics(source, out);
    for (size_t m = 0; m < sizeof rank_metrics / sizeof *rank_metrics; m++) {
        add_header(out, rank_metrics[m].name, rank_metrics[m].type, rank_metrics[m].help);
        for (size_t j = 0; j < source->n_jobs; j++)
            add_rank_metric(&rank_metrics[m], source->jobs[j], source->now_s, out);
    }
    if (have_gpus(source))
        add_gpu_metrics(source, out);
    add_header(out, "lockstep_rank_phase_seconds_total", "counter",
               "Time the rank has spent in each phase of its steps.");
    for (size_t j = 0; j < source->n_jobs; j++)
        add_phase_times(source->jobs[j], out);
    return out->failed ? LKS_NOMEM : LKS_OK;
}
