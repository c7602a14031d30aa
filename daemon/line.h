/* One line of text in the caller's buffer: always ended by a zero, cut where the buffer
 * ends, never an allocation. For what is said to people. */
#ifndef LKS_DAEMON_LINE_H
#define LKS_DAEMON_LINE_H

#include <stddef.h>

typedef struct lks_line {
    char *text;
    size_t size_bytes;
    size_t n_bytes; /* without the zero */
} lks_line;

/* Starts empty; size_bytes > 0. */
lks_line lks_line_init(char *buffer, size_t size_bytes);

void lks_line_add(lks_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
