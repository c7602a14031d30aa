#include "daemon/cli/result.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
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
    return json_pack("{s:I, s:o, s:o}", "step", (json_int_t)tail->evaluation_step, "loss",
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
        count_of((int)options->ranks, 0), "started_at", number_of(options->started_at_s),
        "ended_at", number_of(lks_wall_time_s()), "seconds", number_of(facts->seconds),
        "step", tail->has_step ? json_integer((json_int_t)tail->step) : json_null(),
        "loss", number_of(tail->has_step ? tail->loss : NAN), "evaluation",
        evaluation_of(tail), "weights",
        text_of(facts->has_weights ? LKS_RUN_WEIGHTS : ""));
}

lks_status lks_result_write(const lks_result_options *options)
{
    struct stat info;
    json_t *result;
    char *text, *file;
    lks_status st;

    if (stat(options->dir->path, &info) != 0)
        return LKS_OK;
    result = make_result(options);
    text = result ? json_dumps(result, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(result);
    file = text ? lks_asprintf("%s\n", text) : NULL;
    free(text);
    st = file ? lks_run_dir_write(options->dir, LKS_RUN_RESULT, file)
              : lks_fail(LKS_NOMEM, "out of memory");
    lks_free(file);
    return st;
}

json_t *lks_result_read(const char *run_dir)
{
    char *path = lks_run_dir_path(run_dir, LKS_RUN_RESULT);
    json_t *result = path ? json_load_file(path, 0, NULL) : NULL;

    lks_free(path);
    if (!json_is_object(result) || !json_object_get(result, "state")) {
        json_decref(result);
        return NULL;
    }
    return result;
}
