#include "daemon/cli/result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/class_table.h"
#include "base/clock.h"
#include "base/figure.h"
#include "base/plain.h"
#include "base/try.h"

enum { TEXT_BYTES = 2700 };

/* null for "" and for what is no number. */
static json_t *text_of(const char *text)
{
    char plain[TEXT_BYTES];

    lks_plain_copy(plain, sizeof plain, text);
    return plain[0] ? json_string(plain) : json_null();
}

static json_t *number_of(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *count_of(int value, int none)
{
    return value == none ? json_null() : json_integer(value);
}

static json_t *evaluation_of(const lks_metrics_tail *tail)
{
    if (!tail->has_evaluation)
        return json_null();
    return json_pack("{s:I, s:s, s:o, s:o}", "step", (json_int_t)tail->evaluation_step,
                     "split", lks_metrics_tail_split(tail), "loss",
                     number_of(tail->evaluation_loss), "accuracy",
                     number_of(tail->has_accuracy ? tail->accuracy : NAN));
}

static json_t *make_result(const lks_result_options *options)
{
    const lks_run_facts *facts = options->facts;
    const lks_run_end *end = options->end;
    const lks_metrics_tail *tail = facts->tail;

    return json_pack(
        "{s:s, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
        "s:o}",
        "state", end->state, "reason", text_of(end->exit_status ? end->line : ""),
        "cause", text_of(end->cause), "exit_status", end->exit_status, "rank",
        count_of(end->rank, -1), "signal", count_of(end->signal_number, 0), "host",
        text_of(end->host), "job", text_of(options->job), "ranks",
        count_of((int)options->ranks, 0), "started_at",
        text_of(lks_figure_date(options->started_at_s).text), "ended_at",
        text_of(lks_figure_date(lks_wall_time_s()).text), "seconds",
        number_of(facts->seconds), "step",
        tail->has_step ? json_integer((json_int_t)tail->step) : json_null(), "loss",
        number_of(tail->has_step ? tail->loss : NAN), "evaluation", evaluation_of(tail),
        "weights", text_of(facts->has_weights ? LKS_RUN_WEIGHTS : ""));
}

/* Takes `result`. */
static lks_status write_result(lks_run_dir *dir, json_t *result)
{
    struct stat info;
    char *text =
        result ? json_dumps(result, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) : NULL;
    char *file = text ? lks_asprintf("%s\n", text) : NULL;
    lks_status st = LKS_OK;

    json_decref(result);
    free(text);
    if (!file)
        return lks_fail(LKS_NOMEM, "out of memory");
    if (stat(dir->path, &info) == 0)
        st = lks_run_dir_write(dir, LKS_RUN_RESULT, file);
    lks_free(file);
    return st;
}

lks_status lks_result_write(const lks_result_options *options)
{
    return write_result(options->dir, make_result(options));
}

/* What the directory alone tells. */
static json_t *make_from_files(const char *run_dir, const char *state, const char *reason,
                               const char *cause)
{
    lks_metrics_tail tail;

    lks_metrics_tail_read(run_dir, &tail);
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "state", state, "reason", text_of(reason),
        "cause", text_of(cause), "step",
        tail.has_step ? json_integer((json_int_t)tail.step) : json_null(), "loss",
        number_of(tail.has_step ? tail.loss : NAN), "evaluation", evaluation_of(&tail),
        "weights",
        text_of(lks_run_dir_has(run_dir, LKS_RUN_WEIGHTS) ? LKS_RUN_WEIGHTS : ""));
}

lks_status lks_result_write_orphan(const char *run_dir)
{
    lks_run_dir dir = {.is_new = false};

    if (strlen(run_dir) >= sizeof dir.path)
        return lks_fail(LKS_INVALID, "the run directory's name is too long");
    snprintf(dir.path, sizeof dir.path, "%s", run_dir);
    if (lks_run_dir_has(run_dir, LKS_RUN_WEIGHTS))
        return write_result(&dir, make_from_files(run_dir, "succeeded", "", ""));
    return write_result(
        &dir,
        make_from_files(run_dir, "failed", "lockstep run was killed", "command_killed"));
}

/* ---- reading ---- */

static json_t *read_file(const char *run_dir)
{
    char *path = lks_run_dir_path(run_dir, LKS_RUN_RESULT);
    json_t *result = path ? json_load_file(path, 0, NULL) : NULL;

    lks_free(path);
    if (!json_string_value(json_object_get(result, "state"))) {
        json_decref(result);
        return NULL;
    }
    return result;
}

/* What the last evaluation found beyond loss and accuracy, in a file of its own. */
static void add_evaluation(json_t *result, const char *run_dir)
{
    static const char *const more[] = {
        "split",   "samples",   "perplexity",          "tokens",
        "classes", "confusion", "mean_absolute_error", "r2"};
    json_t *evaluation = json_object_get(result, "evaluation");
    char *path = lks_run_dir_path(run_dir, LKS_RUN_EVALUATION);
    json_t *file = path ? json_load_file(path, 0, NULL) : NULL;

    if (json_is_object(evaluation) &&
        json_equal(json_object_get(file, "step"), json_object_get(evaluation, "step")))
        for (size_t i = 0; i < sizeof more / sizeof *more; i++)
            if (json_object_get(file, more[i]))
                json_object_set(evaluation, more[i], json_object_get(file, more[i]));
    json_decref(file);
    lks_free(path);
}

/* Of a run under plain mpirun, nobody has written one. */
json_t *lks_result_read(const char *run_dir)
{
    json_t *result = read_file(run_dir);

    if (!result && lks_run_dir_has(run_dir, LKS_RUN_WEIGHTS))
        result = make_from_files(run_dir, "succeeded", "", "");
    add_evaluation(result, run_dir);
    return result;
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

/* NaN where there is none. */
static double number_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

static lks_metrics_tail tail_at(const json_t *result)
{
    const json_t *evaluation = json_object_get(result, "evaluation");
    const double step = number_at(result, "step");
    const double accuracy = number_at(evaluation, "accuracy");
    const double perplexity = number_at(evaluation, "perplexity");

    return (lks_metrics_tail){
        .has_step = isfinite(step),
        .step = isfinite(step) ? (uint64_t)step : 0,
        .loss = number_at(result, "loss"),
        .has_evaluation = json_is_object(evaluation),
        .has_accuracy = isfinite(accuracy),
        .has_perplexity = isfinite(perplexity),
        .perplexity = perplexity,
        .on_validation = strcmp(text_at(evaluation, "split"), "validation") == 0,
        .evaluation_loss = number_at(evaluation, "loss"),
        .accuracy = accuracy,
    };
}

/* The classes of an evaluation, if it has any, told with the data it was on. */
static void print_classes(FILE *out, const json_t *evaluation, const char *split)
{
    const json_t *classes = json_object_get(evaluation, "classes");
    const size_t n = json_array_size(classes);
    lks_class_row *rows = n > 0 ? lks_calloc(n, sizeof *rows) : NULL;
    lks_text text = {0};

    if (!rows)
        return;
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(classes, i);

        rows[i] = (lks_class_row){
            .name = json_string_value(json_object_get(one, "name")),
            .samples = json_integer_value(json_object_get(one, "samples")),
            .correct = json_integer_value(json_object_get(one, "correct")),
        };
    }
    lks_text_add(&text, "its classes in the %s data:\n", split);
    lks_class_table_put(&text, rows, (int64_t)n);
    fwrite(text.bytes, 1, text.n_bytes, out);
    lks_text_release(&text);
    lks_free(rows);
}

static void print_errors(FILE *out, const json_t *evaluation)
{
    const double error = number_at(evaluation, "mean_absolute_error");
    const double r2 = number_at(evaluation, "r2");

    if (!isfinite(error))
        return;
    fprintf(out, "its mean absolute error is %s", lks_figure_loss(error).text);
    if (isfinite(r2))
        fprintf(out, ", R2 %.4f", r2);
    fputs("\n", out);
}

void lks_result_print(FILE *out, const json_t *result, const char *run_dir)
{
    const lks_metrics_tail tail = tail_at(result);
    const double seconds = number_at(result, "seconds");
    char metrics[128];

    lks_metrics_tail_describe(&tail, metrics, sizeof metrics);
    lks_plain_line(out, "%s: %s%s%s", run_dir, text_at(result, "state"),
                   isfinite(seconds) ? " after " : "",
                   isfinite(seconds) ? lks_figure_seconds(seconds).text : "");
    if (text_at(result, "reason")[0])
        lks_plain_line(out, "! %s", text_at(result, "reason"));
    if (tail.has_step)
        lks_plain_line(out, "its last reported step is %llu with loss %s",
                       (unsigned long long)tail.step, lks_loss_as_text(tail.loss).text);
    if (tail.has_evaluation)
        lks_plain_line(out, "its last %s", metrics);
    print_classes(out, json_object_get(result, "evaluation"),
                  lks_metrics_tail_split(&tail));
    print_errors(out, json_object_get(result, "evaluation"));
    if (text_at(result, "weights")[0])
        lks_plain_line(out, "weights in %s/%s", run_dir, text_at(result, "weights"));
}

bool lks_result_is_success(const json_t *result)
{
    return strcmp(text_at(result, "state"), "succeeded") == 0;
}
