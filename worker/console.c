#include "worker/console.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/columns.h"
#include "base/figure.h"
#include "base/plain.h"
#include "base/terminal.h"
#include "worker/evaluation.h"

static const double refresh_s = 0.1;

void lks_console_init(lks_console *self, bool is_shown, bool is_launched)
{
    const char *tty = getenv("LOCKSTEP_TTY");

    *self = (lks_console){.is_shown = is_shown};
    self->in_place =
        tty ? strcmp(tty, "1") == 0 : !is_launched && lks_terminal_redraws(STDOUT_FILENO);
}

/* The parts two spaces apart, the most useful first: what does not fit on a screen goes
 * from the end. */
static void format_progress(const lks_progress_line *line, char *out, size_t size_bytes)
{
    const bool has_tokens = line->tokens_per_s > 0;

    snprintf(out, size_bytes,
             "step %" PRIu64 "/%" PRIu64 "  loss %s  eta %s  %s %s/s  epoch %" PRIu64,
             line->step, line->n_steps, lks_figure_loss(line->loss).text,
             lks_figure_seconds(line->eta_s).text,
             lks_figure_count(has_tokens ? line->tokens_per_s : line->samples_per_s).text,
             has_tokens ? "tokens" : "samples", line->epoch + 1);
}

/* Nothing may stand in the last column. Whether our output reaches a terminal of another
 * width, whoever launched us knows, and cuts it there. */
static void redraw(char *text)
{
    const size_t n_columns = lks_terminal_screen(STDOUT_FILENO).n_columns;

    if (n_columns > 0)
        lks_columns_drop(text, n_columns > 1 ? n_columns - 1 : 1);
    printf(LKS_TERMINAL_LINE_BEGIN "%s" LKS_TERMINAL_LINE_END, text);
}

void lks_console_progress(lks_console *self, const lks_progress_line *line)
{
    char text[192];

    if (!self->is_shown || (!self->in_place && !line->is_reported))
        return;
    if (self->in_place && lks_clock_s() - self->last_s < refresh_s &&
        line->step < line->n_steps)
        return;
    format_progress(line, text, sizeof text);
    if (self->in_place)
        redraw(text);
    else
        puts(text);
    fflush(stdout);
    self->line_open = self->in_place;
    self->last_s = lks_clock_s();
}

static void close_line(lks_console *self)
{
    if (self->line_open)
        putchar('\n');
    self->line_open = false;
}

void lks_console_say(lks_console *self, const char *format, ...)
{
    char line[4096];
    va_list args;

    if (!self->is_shown)
        return;
    close_line(self);
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    lks_plain_line(stdout, "%s", line);
    fflush(stdout);
}

void lks_console_evaluation(lks_console *self, uint64_t epoch, const char *split,
                            const lks_evaluation *evaluation)
{
    lks_text text = {0};
    char *line = NULL;

    lks_evaluation_put_line(&text, evaluation);
    if (lks_text_take(&text, &line) != LKS_OK) {
        lks_error_clear(); /* the run does not need it */
        return;
    }
    lks_console_say(self, "epoch %" PRIu64 ": %s %s", epoch + 1, split, line);
    lks_free(line);
}

void lks_console_table(lks_console *self, const char *split,
                       const lks_evaluation *evaluation)
{
    lks_text text = {0};
    char *lines = NULL;

    lks_evaluation_put_table(&text, evaluation);
    if (lks_text_take(&text, &lines) != LKS_OK) {
        lks_error_clear(); /* the run does not need it */
        return;
    }
    if (lines[0])
        lks_console_say(self, "in the %s data:", split);
    for (char *save = NULL, *at = strtok_r(lines, "\n", &save); at;
         at = strtok_r(NULL, "\n", &save))
        lks_console_say(self, "%s", at);
    lks_free(lines);
}
