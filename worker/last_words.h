/* A line for the case that a library ends the process in the middle of a call, after
 * words of its own that tell a person less. */
#ifndef LKS_WORKER_LAST_WORDS_H
#define LKS_WORKER_LAST_WORDS_H

#include <sys/types.h>

typedef struct lks_last_words {
    int alive_fd; /* a child of ours reads its other end: closed without a byte, we died
                   */
    int stderr_fd;
    pid_t child;
} lks_last_words;

/* From here on standard error goes nowhere, and should the process end before
 * lks_last_words_end, a child says the line "lockstep: error: <text>" there. Forks, so
 * before MPI is up; where it cannot, nothing is changed. */
void lks_last_words_begin(lks_last_words *self, const char *text);

void lks_last_words_end(lks_last_words *self);

#endif
