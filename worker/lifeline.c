#include "worker/lifeline.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/process.h"
#include "base/thread.h"
#include "worker/worker.h"

enum {
    PERIOD_S = 1,
    ORPHANED_S = 10,
    /* A rank that was asked to leave, and cannot. */
    LEAVE_S = 5,
    MPI_S = 30,
    END_S = 8, /* less than the command waits for mpirun then */
    WORDS_MS = 100,
};

static struct {
    bool is_running;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_stopping;
    lks_sign sign;
    char *socket;
    pid_t parent, leader; /* as they were at the start */
    int orphaned_s, stuck_s;
    int exit_status; /* of an end */
} self = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- signs ---- */

/* mpirun may be stopped and its pipe full: then nobody listens, and we do not wait. */
static bool has_room(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

    return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLOUT;
}

static void give_sign(void)
{
    char line[LKS_SIGN_BYTES];
    const size_t n = lks_sign_format(&self.sign, line);

    if (has_room(STDERR_FILENO))
        (void)!write(STDERR_FILENO, line, n);
}

/* ---- orphans ---- */

static bool is_orphan(void)
{
    return (getppid() != self.parent || lks_process_is_idle(self.parent)) &&
           lks_process_is_idle(self.leader);
}

/* A parent that is stopped, or cut off, would stay for ever: nobody is left who knows of
 * it. */
static _Noreturn void leave(int exit_status)
{
    if (self.socket)
        (void)unlink(self.socket);
    if (getppid() == self.parent) {
        kill(self.parent, SIGTERM);
        kill(self.parent, SIGCONT);
    }
    _exit(exit_status);
}

/* First in order, as if asked to; then at once, since a main thread in a collective hears
 * nothing. Rank 0 goes first, with the socket: an mpirun that somebody else wakes kills
 * it. */
static void look_for_parents(void)
{
    const int leave_s = LEAVE_S + (self.sign.rank == 0 ? 0 : PERIOD_S);

    self.orphaned_s = is_orphan() ? self.orphaned_s + PERIOD_S : 0;
    if (self.orphaned_s == ORPHANED_S)
        kill(getpid(), SIGTERM);
    if (self.orphaned_s < ORPHANED_S + leave_s)
        return;
    if (has_room(STDERR_FILENO))
        lks_error("rank %u: mpirun and lockstep run stand still: it leaves",
                  self.sign.rank);
    leave(LKS_EXIT_FAILED);
}

/* MPI waits for ever, in its start and in its end. */
static void look_for_mpi(void)
{
    const bool is_ending = self.sign.stage == LKS_STAGE_END;

    self.stuck_s =
        is_ending || self.sign.stage == LKS_STAGE_MPI ? self.stuck_s + PERIOD_S : 0;
    if (self.stuck_s < (is_ending ? END_S : MPI_S))
        return;
    if (has_room(STDERR_FILENO))
        lks_warn("rank %u has been %s for %d s: it leaves", self.sign.rank,
                 lks_stage_text(self.sign.stage), self.stuck_s);
    leave(self.exit_status);
}

/* ---- the thread ---- */

static void *live(void *unused)
{
    struct timespec until;

    (void)unused;
    pthread_mutex_lock(&self.lock);
    while (!self.is_stopping) {
        if (self.sign.rank == 0 || self.sign.stage < LKS_STAGE_IN)
            give_sign();
        look_for_parents();
        look_for_mpi();
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += PERIOD_S;
        while (!self.is_stopping &&
               pthread_cond_timedwait(&self.changed, &self.lock, &until) != ETIMEDOUT)
            ;
    }
    pthread_mutex_unlock(&self.lock);
    return NULL;
}

static bool start_thread(void)
{
    pthread_condattr_t clock;

    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&self.changed, &clock);
    pthread_condattr_destroy(&clock);
    return lks_thread_try(&self.thread, live, NULL) == 0;
}

void lks_lifeline_start(uint32_t rank, uint32_t size)
{
    const char *wanted = getenv(LKS_SIGN_VARIABLE);

    if (!wanted || strcmp(wanted, "1") != 0)
        return;
    self.sign = (lks_sign){.rank = rank, .size = size, .pid = (uint32_t)getpid()};
    if (gethostname(self.sign.host, sizeof self.sign.host - 1) != 0)
        snprintf(self.sign.host, sizeof self.sign.host, "unknown");
    self.parent = getppid();
    self.leader = getsid(0);
    self.exit_status = LKS_EXIT_FAILED;
    self.is_running = start_thread();
}

void lks_lifeline_stage(lks_stage stage)
{
    if (!self.is_running)
        return;
    pthread_mutex_lock(&self.lock);
    self.sign.stage = stage;
    self.stuck_s = 0;
    give_sign();
    pthread_mutex_unlock(&self.lock);
}

void lks_lifeline_lost(void)
{
    lks_lifeline_stage(LKS_STAGE_LOST);
}

void lks_lifeline_exit(int exit_status)
{
    usleep(WORDS_MS * 1000);
    _exit(exit_status);
}

void lks_lifeline_leave(int exit_status)
{
    if (!self.is_running)
        _exit(exit_status);
    pthread_mutex_lock(&self.lock);
    leave(exit_status);
}

void lks_lifeline_end(int exit_status)
{
    self.exit_status = exit_status;
    lks_lifeline_stage(LKS_STAGE_END);
}

void lks_lifeline_socket(const char *path)
{
    if (!self.is_running)
        return;
    pthread_mutex_lock(&self.lock);
    lks_free(self.socket);
    self.socket = path ? lks_strdup(path) : NULL;
    pthread_mutex_unlock(&self.lock);
}

void lks_lifeline_stop(void)
{
    if (!self.is_running)
        return;
    pthread_mutex_lock(&self.lock);
    self.is_stopping = true;
    pthread_cond_signal(&self.changed);
    pthread_mutex_unlock(&self.lock);
    pthread_join(self.thread, NULL);
    pthread_cond_destroy(&self.changed);
    lks_lifeline_socket(NULL);
    self.is_running = false;
}
