#include "daemon/cli/errand.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"
#include "daemon/cli/result.h"
#include "daemon/cli/runs.h"
#include "daemon/cli/status_client.h"
#include "proto/job_yaml.h"
#include "proto/nearest.h"

/* ---- words ---- */

static const char *const splits[] = {"train", "validation", "test"};
static const char *const formats[] = {"jsonl", "npy"};

/* `value` is one of words[n], or LKS_INVALID; NULL is fine. */
static lks_status check_word(const char *option, const char *value,
                             const char *const *words, size_t n)
{
    char list[64] = "";
    const char *near;

    for (size_t i = 0; value && i < n; i++) {
        if (strcmp(words[i], value) == 0)
            return LKS_OK;
        strcat(list, i == 0 ? "" : i + 1 == n ? " or " : ", ");
        strcat(list, words[i]);
    }
    if (!value)
        return LKS_OK;
    near = lks_nearest(value, words, n);
    return lks_fail(LKS_INVALID, "%s %s: %s%s%sgive %s", option, value,
                    near ? "did you mean " : "", near ? near : "", near ? "? " : "",
                    list);
}

/* ---- the run ---- */

static bool is_live(const char *run_dir)
{
    char *socket_path = lks_run_dir_path(run_dir, LKS_RUN_SOCKET);
    const bool is = socket_path && lks_status_listener(socket_path) != 0;

    lks_free(socket_path);
    return is;
}

/* A run without weights. */
static lks_status explain(const char *run_dir)
{
    json_t *result = NULL;
    const char *state, *reason;
    lks_status st;

    if (!lks_run_dir_has(run_dir, LKS_RUN_JOB))
        return lks_fail(LKS_STATE, "%s is no run's directory: it has no " LKS_RUN_JOB,
                        run_dir);
    if (is_live(run_dir))
        return lks_fail(LKS_STATE,
                        "%s is still running: its weights are written when it ends",
                        run_dir);
    result = lks_result_read(run_dir);
    state = json_string_value(json_object_get(result, "state"));
    reason = json_string_value(json_object_get(result, "reason"));
    st = lks_fail(LKS_STATE, "%s has no weights (" LKS_RUN_WEIGHTS "): %s%s%s", run_dir,
                  state ? "it " : "it has not ended well",
                  !state                              ? ""
                  : strcmp(state, "succeeded") == 0   ? "has ended, and they are gone"
                  : strcmp(state, "interrupted") == 0 ? "was interrupted"
                  : reason                            ? "failed: "
                                                      : "failed",
                  state && strcmp(state, "failed") == 0 && reason ? reason : "");
    json_decref(result);
    return st;
}

/* "data, a loss" */
static void name_brought(unsigned brought, char *out, size_t size)
{
    static const struct {
        unsigned part;
        const char *name;
    } parts[] = {
        {LKS_JOB_DATA, "data"}, {LKS_JOB_MODEL, "a model"}, {LKS_JOB_LOSS, "a loss"}};

    out[0] = '\0';
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (brought & parts[i].part)
            lks_append(out, size, "%s%s", out[0] ? ", " : "", parts[i].name);
}

/* Of a job that leaves out what a program of one's own brings, only that program can make
 * the model again. What else is wrong with a job, the worker says. */
static lks_status check_is_whole(const char *run_dir, const char *job_path,
                                 const lks_strings *set)
{
    enum { ALL = LKS_JOB_DATA | LKS_JOB_MODEL | LKS_JOB_LOSS };
    unsigned brought = 0;
    lks_job job = {0};
    char parts[64];

    while (brought <= ALL && lks_job_read_rest(job_path, (const char *const *)set->items,
                                               set->n_items, brought, &job) != LKS_OK) {
        lks_error_clear();
        brought++;
    }
    lks_job_release(&job);
    if (brought == 0 || brought > ALL)
        return LKS_OK;
    name_brought(brought, parts, sizeof parts);
    return lks_fail(LKS_STATE,
                    "%s was trained by a program that brings %s of its own: ask that "
                    "program, PROGRAM --evaluate %s or --predict",
                    run_dir, parts, run_dir);
}

lks_status lks_errand_begin(const lks_args *args, lks_errand *out)
{
    char *run_dir = NULL;

    LKS_TRY(check_word("--split", args->split, splits, sizeof splits / sizeof *splits));
    LKS_TRY(
        check_word("--format", args->format, formats, sizeof formats / sizeof *formats));
    LKS_TRY(lks_runs_find(args->positional.items[0], &run_dir));
    out->run_dir = run_dir;
    if (!lks_run_dir_has(run_dir, LKS_RUN_WEIGHTS) ||
        !lks_run_dir_has(run_dir, LKS_RUN_JOB))
        return explain(run_dir);
    out->job_path = lks_run_dir_path(run_dir, LKS_RUN_JOB);
    return out->job_path ? check_is_whole(run_dir, out->job_path, &args->set) : LKS_NOMEM;
}

void lks_errand_release(lks_errand *errand)
{
    lks_free(errand->run_dir);
    lks_free(errand->job_path);
    lks_strings_release(&errand->words);
}

lks_status lks_errand_add(lks_errand *errand, const char *option, const char *value)
{
    if (!value)
        return LKS_OK;
    LKS_TRY(lks_strings_add(&errand->words, option));
    return lks_strings_add(&errand->words, value);
}

lks_status lks_errand_add_count(lks_errand *errand, const char *option, uint32_t value)
{
    if (value == 0)
        return LKS_OK;
    LKS_TRY(lks_strings_add(&errand->words, option));
    return lks_strings_addf(&errand->words, "%" PRIu32, value);
}

int lks_errand_run(const lks_args *args,
                   lks_status (*make)(const lks_args *args, lks_errand *out))
{
    lks_errand errand = {0};
    const lks_status st = make(args, &errand);
    const int exit_status =
        st == LKS_OK
            ? lks_run_ranks(args, &errand)
            : lks_cli_failed(st == LKS_INVALID ? LKS_EXIT_USAGE : LKS_EXIT_FAILED);

    lks_errand_release(&errand);
    return exit_status;
}
