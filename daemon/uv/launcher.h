/* Start a program that starts others (mpirun and its ranks), hear what it prints, and be
 * sure that nothing of it is left at its end.
 *
 * The program gets a session of its own, so that a terminal's Ctrl-C reaches only us and
 * that every process it leaves on this host can be found by the session, even those that
 * made process groups of their own, as mpirun's ranks do. Processes on other hosts are
 * reached by the program alone. Savers (session.h) have sessions of their own: whoever
 * they are left to, the program or we, waits until they are done.
 *
 * Everything happens on the caller's loop and thread. The launch owns itself until
 * on_end; lks_launch_close then frees it. */
#ifndef LKS_DAEMON_UV_LAUNCHER_H
#define LKS_DAEMON_UV_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/status.h"

typedef struct lks_launch lks_launch;

typedef enum lks_launch_stream {
    LKS_LAUNCH_OUT,
    LKS_LAUNCH_ERR,
} lks_launch_stream;

enum { LKS_LAUNCH_N_STREAMS = LKS_LAUNCH_ERR + 1 };

typedef struct lks_launch_options {
    uv_loop_t *loop;
    char *const *argv; /* NULL-terminated; argv[0] is looked up on the PATH */
    char *const *envp; /* NULL-terminated; NULL: ours */
    bool reads_input;  /* the program reads from `input`; else from /dev/null */
    int input;

    /* Bytes as they come, cut anywhere. */
    void (*on_output)(void *context, lks_launch_stream stream, const char *bytes,
                      size_t n_bytes);
    /* Once, after the last output: the program is gone, and so are its session and
     * savers. `signal_number` is 0 unless one ended it. */
    void (*on_end)(void *context, int64_t exit_status, int signal_number);
    void *context;
} lks_launch_options;

/* LKS_IO: it cannot be started; on_end is then not called. */
lks_status lks_launch_start(const lks_launch_options *options, lks_launch **out);

/* Read no more of a stream until it is let go: the program then waits in writing to it,
 * and on_end waits for what it has written. */
void lks_launch_hold(lks_launch *launch, lks_launch_stream stream);
void lks_launch_let_go(lks_launch *launch, lks_launch_stream stream);

/* Whether the program has ended, though on_end may wait for its output to be let go. */
bool lks_launch_has_exited(const lks_launch *launch);

/* Ask it to end (SIGTERM), and after `grace_ms` insist as lks_launch_kill does, unless
 * all it waits for are savers. A later call asks again, and may shorten the grace. */
void lks_launch_stop(lks_launch *launch, uint64_t grace_ms);

/* Have it end now what it was to end by itself (SIGALRM, of which the guard knows), and
 * insist after `grace_ms` as a stop does. */
void lks_launch_hurry(lks_launch *launch, uint64_t grace_ms);

/* SIGKILL to every process of its session and to its savers, now. */
void lks_launch_kill(lks_launch *launch);

/* The program's process, its session's leader. */
pid_t lks_launch_pid(const lks_launch *launch);

/* After on_end, or in it; what is left of it is freed when the loop runs next. */
void lks_launch_close(lks_launch *launch);

#endif
