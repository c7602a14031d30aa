#include "daemon/cli/status_table.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "-";
}

/* NaN for what is not there or null. */
static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

static long long count_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

/* A cell's text. One buffer each, so that a row can be one printf. */
typedef struct cell {
    char text[32];
} cell;

static cell as_count(double value)
{
    cell c = {"-"};

    if (isfinite(value))
        snprintf(c.text, sizeof c.text, "%.0f", value);
    return c;
}

/* "4.2s", "3m05s", "2h10m" */
static cell as_duration(double seconds)
{
    cell c = {"-"};

    if (!isfinite(seconds))
        return c;
    if (seconds < 59.95)
        snprintf(c.text, sizeof c.text, "%.1fs", seconds);
    else if (seconds < 3600)
        snprintf(c.text, sizeof c.text, "%dm%02ds", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(c.text, sizeof c.text, "%.0fh%02dm", floor(seconds / 3600),
                 (int)fmod(seconds / 60, 60));
    return c;
}

static cell as_memory(double bytes)
{
    cell c = {"-"};

    if (isfinite(bytes) && bytes > 0)
        snprintf(c.text, sizeof c.text, "%.0f MiB", bytes / (1024 * 1024));
    return c;
}

void lks_status_table_print_progress(FILE *out, const json_t *job)
{
    const json_t *progress = json_object_get(job, "progress");
    const json_t *evaluation = json_object_get(job, "evaluation");
    long long step = count_of(progress, "step");
    long long total = count_of(progress, "total_steps");
    double loss = number_of(progress, "loss");
    double eta_s = number_of(progress, "eta_s");
    double accuracy = number_of(evaluation, "accuracy");

    fprintf(out, "step %lld of %lld", step, total);
    if (total > 0)
        fprintf(out, " (%.1f %%)", 100 * (double)step / (double)total);
    fprintf(out, "  epoch %lld", count_of(progress, "epoch") + 1);
    if (isfinite(loss))
        fprintf(out, "  loss %.4f", loss);
    fprintf(out, "  %s samples/s", as_count(number_of(progress, "samples_per_s")).text);
    if (isfinite(eta_s))
        fprintf(out, "  %s to go", as_duration(eta_s).text);
    if (isfinite(accuracy))
        fprintf(out, "  test accuracy %.2f %%", 100 * accuracy);
}

static void print_job(FILE *out, const json_t *job, const char *where)
{
    const char *reason = json_string_value(json_object_get(job, "reason"));

    fprintf(out, "%s: %s, %lld ranks, %lld lanes, %s\n", text_of(job, "name"),
            text_of(job, "state"), count_of(job, "world_size"), count_of(job, "lanes"),
            where);
    lks_status_table_print_progress(out, job);
    fputs("\n", out);
    if (reason && *reason)
        fprintf(out, "! %s\n", reason);
}

/* Column widths fit a host name of 16 letters; longer ones push their row. */
static void print_rank(FILE *out, const json_t *rank)
{
    fprintf(out, "%5lld  %-16s %8s  %-8s %9lld  %-9s %7s %10s %10s %10s\n",
            count_of(rank, "rank"), text_of(rank, "host"),
            as_count(number_of(rank, "pid")).text, text_of(rank, "state"),
            count_of(rank, "step"), text_of(rank, "phase"),
            as_duration(number_of(rank, "phase_s")).text,
            as_count(number_of(rank, "samples_per_s")).text,
            as_duration(number_of(rank, "heartbeat_age_s")).text,
            as_memory(number_of(rank, "rss_bytes")).text);
}

static bool is_well(const json_t *rank)
{
    return strcmp(text_of(rank, "state"), "running") == 0;
}

/* Up to `left` ranks that are well, or are not; gives how many may still follow. */
static size_t print_some(FILE *out, const json_t *ranks, bool well, size_t left)
{
    const json_t *rank;
    size_t i;

    json_array_foreach(ranks, i, rank)
    {
        if (left == 0)
            break;
        if (is_well(rank) != well)
            continue;
        print_rank(out, rank);
        left--;
    }
    return left;
}

void lks_status_table_print(FILE *out, const lks_status_report *report, const char *where,
                            size_t max_ranks)
{
    size_t n_ranks = json_array_size(report->ranks);
    const json_t *rank;
    size_t i;

    print_job(out, report->job, where);
    fprintf(out, "\n%5s  %-16s %8s  %-8s %9s  %-9s %7s %10s %10s %10s\n", "rank", "host",
            "pid", "state", "step", "phase", "for", "samples/s", "heard", "memory");
    if (n_ranks > max_ranks) {
        print_some(out, report->ranks, true,
                   print_some(out, report->ranks, false, max_ranks));
        fprintf(out, "      and %zu more\n", n_ranks - max_ranks);
        return;
    }
    json_array_foreach(report->ranks, i, rank)
    {
        print_rank(out, rank);
    }
}
