/* A text that grows as one adds to it. The first failed allocation sticks, so that a
 * chain of additions checks once, in lks_draft_take. Private to proto. */
#ifndef LKS_PROTO_DRAFT_H
#define LKS_PROTO_DRAFT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct lks_draft {
    char *data;
    size_t length, capacity;
    bool failed;
} lks_draft;

void lks_draft_add(lks_draft *draft, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The whole; *out is the caller's to lks_free. Leaves the draft empty either way. */
lks_status lks_draft_take(lks_draft *draft, char **out);

/* Forget it. */
void lks_draft_release(lks_draft *draft);

/* printf behind the string in out[0..size), cut to what fits. */
void lks_append(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
