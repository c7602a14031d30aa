#include "worker/console.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static const double refresh_s = 0.1;

void lks_console_init(lks_console *self, bool is_shown, bool is_launched)
{
    const char *tty = getenv("LOCKSTEP_TTY");

    *self = (lks_console){.is_shown = is_shown};
    self->in_place = tty ? strcmp(tty, "1") == 0 : !is_launched && isatty(STDOUT_FILENO);
}

char *lks_console_count(double count, char text[16])
{
    static const struct {
        double unit;
        const char *suffix;
    } units[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (count >= units[i].unit) {
            snprintf(text, 16, "%.3g%s", count / units[i].unit, units[i].suffix);
            return text;
        }
    snprintf(text, 16, "%.3g", count);
    return text;
}

static char *duration(double seconds, char text[48])
{
    const long s = (long)(seconds + 0.5);

    if (s < 100)
        snprintf(text, 48, "%ld s", s);
    else if (s < 6000)
        snprintf(text, 48, "%ld min %02ld s", s / 60, s % 60);
    else
        snprintf(text, 48, "%ld h %02ld min", s / 3600, s / 60 % 60);
    return text;
}

void lks_console_progress(lks_console *self, const lks_progress_line *line)
{
    char rate[16], eta[48];

    if (!self->is_shown || (!self->in_place && !line->is_reported))
        return;
    if (self->in_place && lks_clock_s() - self->last_s < refresh_s &&
        line->step < line->n_steps)
        return;
    printf("%sstep %" PRIu64 "/%" PRIu64 "  epoch %" PRIu64
           "  loss %.4f  %s samples/s  eta %s%s",
           self->in_place ? "\r" : "", line->step, line->n_steps, line->epoch + 1,
           line->loss, lks_console_count(line->samples_per_s, rate),
           duration(line->eta_s, eta), self->in_place ? "\x1b[K" : "\n");
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
    va_list args;

    if (!self->is_shown)
        return;
    close_line(self);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

void lks_console_evaluation(lks_console *self, uint64_t epoch,
                            const lks_evaluation *evaluation)
{
    char accuracy[48] = "";

    if (evaluation->has_accuracy)
        snprintf(accuracy, sizeof accuracy, ", accuracy %.2f %%",
                 100 * evaluation->accuracy);
    lks_console_say(self, "epoch %" PRIu64 ": test loss %.4f%s", epoch + 1,
                    evaluation->loss, accuracy);
}
