/* What rank 0 tells the person at the terminal: a progress line, rewritten in place on a
 * terminal, where it loses its last parts to fit, and a line a report elsewhere; the
 * evaluations; the end. */
#ifndef LKS_WORKER_CONSOLE_H
#define LKS_WORKER_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "train/evaluate.h"

typedef struct lks_console {
    bool is_shown;  /* rank 0 */
    bool in_place;  /* a terminal: the progress line is rewritten */
    bool line_open; /* it stands there */
    double last_s;  /* it was written */
} lks_console;

/* LOCKSTEP_TTY=1 or 0 in the environment decides (a launcher knows whether there is a
 * terminal, the rank sees only mpirun); else whether standard output is one that can be
 * drawn upon. */
void lks_console_init(lks_console *console, bool is_shown, bool is_launched);

typedef struct lks_progress_line {
    uint64_t step, n_steps;
    uint64_t epoch; /* from 0 */
    double loss, samples_per_s, eta_s;
    double tokens_per_s; /* of a language model, in place of samples; 0: it is none */
    bool
        is_reported; /* one of report.every_steps; the others appear on a terminal only */
} lks_progress_line;

void lks_console_progress(lks_console *console, const lks_progress_line *line);
void lks_console_evaluation(lks_console *console, uint64_t epoch, const char *split,
                            const lks_evaluation *evaluation);
/* At the end of a run: its classes, or its errors (evaluation.h), in that split. */
void lks_console_table(lks_console *console, const char *split,
                       const lks_evaluation *evaluation);
/* A line of its own. */
void lks_console_say(lks_console *console, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
