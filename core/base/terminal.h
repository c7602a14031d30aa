/* The screen that a descriptor may be: whether it can be drawn upon, how large it is, and
 * the only control sequences there are. Safe from any thread. */
#ifndef LKS_BASE_TERMINAL_H
#define LKS_BASE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Whether lines there may be drawn anew: a terminal, and TERM names one that knows
 * control sequences (it is neither unset, empty nor "dumb"). */
bool lks_terminal_redraws(int fd);

typedef struct lks_screen {
    size_t n_columns, n_rows; /* 0: no end */
} lks_screen;

/* Its size now. COLUMNS in the environment comes before the terminal's own width, as with
 * ls, ps and git, and counts where there is no terminal as well; what a terminal does not
 * say is 80 by 24. */
lks_screen lks_terminal_screen(int fd);

/* A line that the next such line replaces is framed by these. It must be narrower than
 * the screen: in the last column the second would take a letter off. */
#define LKS_TERMINAL_LINE_BEGIN "\r"
#define LKS_TERMINAL_LINE_END   "\x1b[K"

/* From the line below a picture of n_lines to its first, and clear all from there. */
void lks_terminal_erase(FILE *out, size_t n_lines);

#endif
