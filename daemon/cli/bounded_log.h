/* A log that stays small however much is put into it: its first lines are written as they
 * come, of the rest only the last are kept, in memory, until the end. Lines that matter
 * are written at once all the same.
 *
 * Less than 1 MiB in all. One thread. */
#ifndef LKS_DAEMON_CLI_BOUNDED_LOG_H
#define LKS_DAEMON_CLI_BOUNDED_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    LKS_BOUNDED_LOG_HEAD_BYTES = 512 << 10,
    LKS_BOUNDED_LOG_VITAL_BYTES = 64 << 10, /* of lines that matter, beyond the head */
    LKS_BOUNDED_LOG_TAIL_BYTES = 256 << 10,
};

typedef struct lks_bounded_log {
    FILE *file; /* borrowed */
    size_t n_head, n_vital;
    char *tail; /* [TAIL_BYTES], a ring of whole lines; NULL until the head is full */
    size_t tail_begin, n_tail;
    uint64_t n_left_out; /* lines that the tail had no room for */
} lks_bounded_log;

void lks_bounded_log_init(lks_bounded_log *log, FILE *file);

/* A line, without its end. */
void lks_bounded_log_add(lks_bounded_log *log, const char *line, bool is_vital);

/* Once, also of one that is all zeroes: write the last lines, and before them how many
 * are left out. Nothing may follow. */
void lks_bounded_log_end(lks_bounded_log *log);

#endif
