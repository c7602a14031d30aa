/* A text that grows as one adds to it. The first failed allocation sticks, so that a
 * chain of additions checks once, in lks_text_take. Private to proto. */
#ifndef LKS_PROTO_TEXT_H
#define LKS_PROTO_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct lks_text {
    char *data;
    size_t length, capacity;
    bool failed;
} lks_text;

void lks_text_add(lks_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The whole; *out is the caller's to lks_free. Leaves `text` empty either way. */
lks_status lks_text_take(lks_text *text, char **out);

/* Forget it. */
void lks_text_release(lks_text *text);

/* printf behind the string in out[0..size), cut to what fits. */
void lks_append(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
