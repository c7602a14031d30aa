/* Lines of a descriptor as they come: one is waited for, more are taken only if they are
 * there. The worker's own. */
#ifndef LKS_WORKER_LINES_IN_H
#define LKS_WORKER_LINES_IN_H

#include "base/text.h"

/* `fd`, `name` (for errors) and all else zero is the beginning. */
typedef struct lks_lines_in {
    int fd;
    const char *name;
    lks_text text;  /* what has been read */
    size_t n_given; /* bytes of it */
    bool is_over;
} lks_lines_in;

/* Up to `most` lines behind `out`, each with its end, which the last of all is given;
 * *n_lines is 0 at the end.
 *   errors  LKS_IO */
lks_status lks_lines_in_take(lks_lines_in *in, size_t most, lks_text *out,
                             size_t *n_lines);
void lks_lines_in_release(lks_lines_in *in);

#endif
