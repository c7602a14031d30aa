/* Lines that a rank draws in place, made to fit the terminal: the rank sees only mpirun,
 * and a terminal may change its width while a run goes on. All else passes untouched. */
#ifndef LKS_DAEMON_CLI_REDRAW_H
#define LKS_DAEMON_CLI_REDRAW_H

#include <stdbool.h>
#include <stddef.h>

typedef void lks_redraw_put(void *context, const char *bytes, size_t n_bytes);

/* Zeroed to start with. */
typedef struct lks_redraw {
    char line[512]; /* since LKS_TERMINAL_LINE_BEGIN, while is_within */
    size_t n_line;
    bool is_within;
} lks_redraw;

/* Bytes of the ranks' standard output, cut anywhere; `put` gets what the terminal of
 * n_columns is to see. A line whose end is still to come is held back until it is there,
 * or a newline is. */
void lks_redraw_pass(lks_redraw *redraw, size_t n_columns, const char *bytes,
                     size_t n_bytes, lks_redraw_put *put, void *context);

#endif
