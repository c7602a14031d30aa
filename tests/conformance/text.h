/* A text file, line by line: plain or .gz. */
#ifndef LKS_TESTS_CONFORMANCE_TEXT_H
#define LKS_TESTS_CONFORMANCE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct text {
    const char *path;
    char *bytes, *rest;
    char *line; /* the current one, which its reader may cut up; NULL behind the last */
    int number; /* its number, from 1 */
} text;

/* At the first line. LKS_IO, LKS_FORMAT. `path` is borrowed. */
lks_status text_open(const char *path, text *out);
void text_close(text *t);

void text_next(text *t);

/* LKS_FORMAT "path, line N: …". */
lks_status text_fail(const text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes behind the current line: no more values than that can come. */
size_t text_left(const text *t);

/* The next word of *rest, which moves behind it; "" at the end. */
char *word_of(char **rest);

/* The whole word is a number ("nan" and "-inf" are). */
bool number_of(const char *word, double *out);
bool integer_of(const char *word, int64_t *out);

#endif
