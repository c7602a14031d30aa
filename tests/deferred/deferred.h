/* A hostile device, for tests: the library's contract of kernels.h taken at its word.
 *
 *   - Its memory traps whoever touches it but a kernel while it runs (memory.c).
 *   - Whatever it is told is done late, when a seed says so, in any order between queues
 *     that marks allow (queue.c).
 *   - A freed block is poisoned when the queue gets there; a kernel that is given one, or
 *     memory of the host, ends the program and says so.
 *   - What fails is told by the next call that waits.
 *   - What is recorded is done only when it is replayed, and its memory is poisoned after
 *     each time.
 *
 * Its numbers are the reference's, so a program that keeps the contract gets the bits of
 * every other device. Whoever is linked with it has it as "deferred", "deferred:1" … */
#ifndef LKS_TESTS_DEFERRED_DEFERRED_H
#define LKS_TESTS_DEFERRED_DEFERRED_H

#include "device.h"
#include "kernels.h"

/* Another order of execution for each seed; LKS_TEST_SEED in the environment, or 1, until
 * this is called. */
void deferred_seed(uint64_t seed);

/* Let the n-th command that runs from now on fail (0: the next), once. Negative: none. */
void deferred_fail_after(long n);

/* Commands queued and not run. */
size_t deferred_n_pending(void);

/* ---- among its files ---- */

enum { DEFERRED_MAX_VIEWS = 24, DEFERRED_MAX_DEVICES = 8 };

/* Something queued. */
typedef struct deferred_command deferred_command;
struct deferred_command {
    const char *name;
    lks_status (*run)(const deferred_command *c); /* NULL: an await */
    bool always;                                  /* whatever failed before */
    /* of a kernel */
    lks_view views[DEFERRED_MAX_VIEWS];
    unsigned has; /* bit i: views[i] was given */
    int op, dim;
    bool flag;
    double number, numbers[LKS_UNARY_NUMBERS];
    int64_t ignored;
    union {
        lks_conv2d_params conv;
        lks_pool2d_params pool;
        lks_avg_pool2d_params mean;
        lks_rates rates;
        lks_rng rng;
        struct {
            lks_recurrence kind;
            bool reverse;
        } recurrent;
    } params;
    /* of a copy or a free */
    void *to;
    const void *from;
    void *host; /* the command's own copy of what comes in */
    size_t n_bytes;
    lks_mark mark; /* of an await */

    deferred_command *next;
};

/* Queue a copy of *c for the calling thread on that device; some commands may run. */
lks_status deferred_push(int index, const deferred_command *c);

/* The recording that the calling thread is making there; NULL: none. */
lks_recording **deferred_noting(int index);
/* LKS_STATE while it makes one. */
lks_status deferred_check_plain(int index, const char *what);

/* Put a command, or a block that was handed out, into it; take such a block back: false
 * if it must be freed by the queue. */
void deferred_note(lks_recording *r, const deferred_command *c);
void deferred_note_block(int index, void *block);
bool deferred_keep_block(int index, void *block);

lks_status deferred_record(int index);
lks_status deferred_recorded(int index, lks_recording **out);
lks_status deferred_replay(int index, const lks_recording *recording, uint32_t steps);
void deferred_forget(int index, lks_recording *recording);

/* Run what the calling thread has queued there, and tell what failed. */
lks_status deferred_drain(int index);

lks_status deferred_mark(int index, lks_mark *out);

/* Memory. Blocks are found by any address inside them. */
void *deferred_alloc(int index, size_t n_bytes);
/* The block of a command's address, for the time of the command: it is readable and
 * writable between the two. Ends the program if there is none, or it was freed. */
void deferred_open_block(const char *command, int index, const void *address);
void deferred_close_block(const void *address);
/* The queue got to its end: poisoned, and free for others. */
void deferred_end_block(int index, void *block);

/* Its contents are nothing any more. */
void deferred_poison_block(void *block);

_Noreturn void deferred_die(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
