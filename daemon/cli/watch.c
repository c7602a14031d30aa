/* `lockstep watch`: a run's status every second until it ends, redrawn in place on a
 * terminal that can, a line each otherwise. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/terminal.h"
#include "base/try.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/result.h"
#include "daemon/cli/run_ref.h"
#include "daemon/cli/status_table.h"

enum { RESULT_TRIES = 20, RESULT_STEP_MS = 100 };

typedef struct watch {
    lks_run_ref ref;
    bool redraws;
    size_t n_drawn; /* lines on the terminal that the next picture replaces */
    bool seen;      /* it answered at least once */
    bool silent;    /* it did not answer at the last look */
    bool succeeded, over;
} watch;

/* Over the picture before: up to its first line, clear to the screen's end, draw. */
static lks_status draw(watch *w, const lks_status_report *report)
{
    char *text = NULL;
    size_t n_bytes, n_lines;
    FILE *picture = open_memstream(&text, &n_bytes);

    if (!picture)
        return lks_fail(LKS_NOMEM, "out of memory");
    n_lines = lks_status_table_print(picture, report,
                                     w->ref.run_dir ? w->ref.run_dir : w->ref.socket_path,
                                     lks_terminal_screen(STDOUT_FILENO));
    fclose(picture);
    lks_terminal_erase(stdout, w->n_drawn);
    fputs(text, stdout);
    w->n_drawn = n_lines;
    free(text);
    return LKS_OK;
}

static void note_state(watch *w, const lks_status_report *report)
{
    const char *state = json_string_value(json_object_get(report->job, "state"));

    w->seen = true;
    w->silent = false;
    w->succeeded = state && strcmp(state, "succeeded") == 0;
    w->over =
        w->succeeded ||
        (state && (strcmp(state, "failed") == 0 || strcmp(state, "cancelled") == 0));
}

/* One look. A silent coordinator is told of and asked again; a run that is gone is over.
 */
static lks_status look(watch *w)
{
    lks_status_report report = {0};
    lks_status st = lks_run_ref_fetch(&w->ref, &report);

    if (st == LKS_OK) {
        note_state(w, &report);
        if (w->redraws)
            st = draw(w, &report);
        else
            lks_status_table_print_line(stdout, report.job);
    } else if (st == LKS_COMM) {
        const char *why = lks_error_text();

        if (!w->redraws || !w->silent)
            lks_warn("%s", why);
        w->silent = true;
        w->n_drawn = 0;
        st = LKS_OK;
    }
    lks_status_report_release(&report);
    return st == LKS_OK ? lks_cli_flush() : st;
}

/* The socket is gone, perhaps since before the first look. The directory tells how the
 * run ended; what the command writes there comes a moment after the socket went. */
static json_t *find_result(const watch *w, lks_status st)
{
    json_t *result = lks_run_ref_result(&w->ref, st);

    for (int i = 0; i < RESULT_TRIES && !result && w->seen; i++) {
        usleep(RESULT_STEP_MS * 1000);
        result = lks_run_ref_result(&w->ref, st);
    }
    return result;
}

static int conclude(watch *w, lks_status st)
{
    json_t *result = w->over ? NULL : find_result(w, st);
    bool succeeded = w->succeeded;

    if (result) {
        lks_result_print(stdout, result, w->ref.run_dir);
        succeeded = lks_result_is_success(result);
        json_decref(result);
        st = lks_cli_flush();
    }
    if (st != LKS_OK)
        return lks_cli_failed(LKS_EXIT_FAILED);
    return succeeded ? LKS_EXIT_OK : LKS_EXIT_FAILED;
}

static int watch_run(const lks_args *args)
{
    watch w = {.redraws = lks_terminal_redraws(STDOUT_FILENO)};
    lks_status st = lks_run_ref_find(args, &w.ref);
    int exit_status;

    while (st == LKS_OK) {
        st = look(&w);
        if (w.over || st != LKS_OK)
            break;
        sleep(1);
    }
    exit_status = conclude(&w, st);
    lks_run_ref_release(&w.ref);
    return exit_status;
}

static const lks_arg options[] = {LKS_ARG_SOCKET, LKS_ARG_HELP};

const lks_command lks_command_watch = {
    .name = "watch",
    .arguments = "[RUN] [--socket PATH]",
    .summary = "Show a run's status every second until it ends",
    .details = "RUN is as for `lockstep status`. It exits with 0 if the run trained to "
               "its end.\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .max_positional = 1,
    .run = watch_run,
};
