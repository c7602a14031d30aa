#include "worker/worker.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/try.h"
#include "io/block.h"
#include "worker/lifeline.h"
#include "worker/log_file.h"
#include "worker/place.h"
#include "worker/signals.h"
#include "worker/start.h"

enum { MOURNING_S = 8 };

/* Told once, by the first replica of rank 0; the other ranks keep it in their logs. */
static void tell_together(lks_replica *replica, lks_status st, const char *text)
{
    if (st == LKS_CANCELLED)
        lks_console_say(&replica->console, "%s", text);
    else if (lks_world_is_speaker())
        lks_error("%s", text);
    else
        lks_warn("%s", text);
}

/* A start that failed leaves no files. */
static void discard_start(lks_session *session)
{
    if (!session->course.has_started)
        lks_run_dir_discard(&session->place.dir);
}

/* ---- a replica's end ---- */

/* Another replica is about to end this process, and has said why; or the watch has. */
static _Noreturn void follow(lks_replica *replica)
{
    if (!atomic_load(&replica->is_stuck))
        lks_reporter_stop(replica->reporter, LKS_OK, "");
    while (true)
        pause();
}

/* The others cannot be told. The coordinator can: it says why and ends the run through
 * rank 0's process. Should it fail to, or not know of us yet, this process ends without
 * MPI_Finalize, at which mpirun ends the others. `replica` NULL: there are none yet. */
static _Noreturn void leave_alone(lks_session *session, lks_replica *replica,
                                  lks_status st, const char *text)
{
    const int number = replica ? replica->comm->rank : lks_world_rank();
    lks_reporter *reporter = replica ? replica->reporter : NULL;
    const bool is_rank_0 = lks_world_rank() == 0;

    if (!session->world.ranks && st == LKS_INVALID)
        lks_error("%s", text); /* it names its task; what rank that is, nobody knows */
    else if (is_rank_0 || !reporter)
        lks_error("rank %d: %s", number, text);
    else
        lks_warn("rank %d: %s", number, text);
    lks_reporter_stop(reporter, st, text);
    if (session->replicas.mail)
        lks_mail_fail(session->replicas.mail);
    if (is_rank_0)
        lks_host_stop(session->place.host);
    else if (reporter)
        sleep(MOURNING_S);
    discard_start(session);
    fflush(NULL);
    lks_lifeline_exit(session->world.ranks ? LKS_EXIT_FAILED : session->course.exit_code);
}

void lks_replica_is_stuck(void *context, const char *text)
{
    lks_replica *replica = context;

    if (atomic_exchange(&replica->session->replicas.is_leaving, true))
        return;
    atomic_store(&replica->is_stuck, true);
    leave_alone(replica->session, replica, LKS_COMM, text);
}

/* How it ended for this replica: nobody knows it but us, or all do and it is said. */
static void take_leave(lks_replica *replica, lks_status st)
{
    lks_session *session = replica->session;
    char text[1024] = "";

    if (st != LKS_OK) {
        snprintf(text, sizeof text, "%s", lks_error_text());
        if (replica->comm->size > 1 && (replica->is_alone || st == LKS_COMM)) {
            if (atomic_exchange(&session->replicas.is_leaving, true))
                follow(replica);
            leave_alone(session, replica, st, text);
        }
        if (lks_replica_is_first(replica))
            tell_together(replica, st, text);
    }
    if (lks_replica_is_first(replica))
        session->course.leaving_s = lks_clock_s();
    lks_reporter_stop(replica->reporter, st, text);
}

/* A replica's life, from its model to its goodbye. */
static void live(lks_replica *replica)
{
    lks_session *session = replica->session;
    lks_status st = lks_replica_start(replica);

    if (lks_replica_is_first(replica))
        session->course.has_started = st == LKS_OK;
    if (st == LKS_OK) {
        lks_place_thread((int)(replica - session->replicas.items), session->replicas.n);
        st = session->options->work->run(replica);
    }
    take_leave(replica, st);
    lks_replica_part(replica);
    replica->st = st;
}

/* ---- the replicas of a rank ---- */

/* Where the threads wait until all ranks have all of theirs. */
typedef enum gate_state { CLOSED, OPEN, GIVEN_UP } gate_state;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    gate_state state;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static void move_gate(gate_state state)
{
    pthread_mutex_lock(&gate.lock);
    gate.state = state;
    pthread_cond_broadcast(&gate.moved);
    pthread_mutex_unlock(&gate.lock);
}

static void *live_in_a_thread(void *replica)
{
    gate_state state;

    pthread_mutex_lock(&gate.lock);
    while (gate.state == CLOSED)
        pthread_cond_wait(&gate.moved, &gate.lock);
    state = gate.state;
    pthread_mutex_unlock(&gate.lock);
    if (state == OPEN)
        live(replica);
    return NULL;
}

/* Threads for all replicas from the n-th on; *n counts those that have one. */
static lks_status start_threads(lks_session *session, int *n)
{
    for (; *n < session->replicas.n; ++*n) {
        lks_replica *replica = &session->replicas.items[*n];
        char name[32];

        snprintf(name, sizeof name, "replica %d", *n);
        LKS_TRY(lks_thread_start(&replica->thread, live_in_a_thread, replica, name));
    }
    return LKS_OK;
}

/* The lives of all replicas; theirs end alike. */
static lks_status live_together(lks_session *session)
{
    lks_replica *first = session->replicas.items;
    int n = 1; /* the first lives here */
    lks_status st = start_threads(session, &n);

    if (session->replicas.n > 1)
        st = lks_world_agree(session->world.ranks, st, &session->course.exit_code);
    move_gate(st == LKS_OK ? OPEN : GIVEN_UP);
    if (st == LKS_OK) {
        live(first);
        st = first->st;
        session->course.exit_code = first->exit_code;
    }
    for (int i = 1; i < n; i++)
        pthread_join(session->replicas.items[i].thread, NULL);
    return st;
}

/* ---- the rank ---- */

/* A start that ended before there were replicas. */
static void leave_early(lks_session *session, lks_status st)
{
    lks_replica nobody = {.session = session};
    char text[1024];

    snprintf(text, sizeof text, "%s", lks_error_text());
    if (!session->world.ranks || (session->world.ranks->size > 1 && st == LKS_COMM))
        leave_alone(session, NULL, st, text);
    tell_together(&nobody, st, text);
    session->course.leaving_s = lks_clock_s();
}

/* Close everything: the coordinator first, it waits for the other ranks' goodbyes. */
static void close_run(lks_session *session, int exit_code)
{
    const double at_s = lks_clock_s();

    lks_host_stop(session->place.host);
    lks_info("ended in %.0f ms: goodbye %.0f, coordinator %.0f",
             1e3 * (lks_clock_s() - session->course.leaving_s),
             1e3 * (at_s - session->course.leaving_s), 1e3 * (lks_clock_s() - at_s));
    lks_signals_ignore();
    lks_session_release(session);
    discard_start(session);
    lks_lifeline_end(exit_code);
    lks_world_close(session->world.ranks);
}

static int start_and_live(lks_session *session, const lks_worker_options *options)
{
    lks_status st = lks_session_start(session, options);
    int exit_code = 0;

    if (st == LKS_OK)
        st = live_together(session);
    else
        leave_early(session, st);
    if (st != LKS_OK)
        exit_code =
            st == LKS_CANCELLED ? LKS_EXIT_INTERRUPTED : session->course.exit_code;
    close_run(session, exit_code);
    return exit_code;
}

int lks_worker_run(const lks_worker_options *options)
{
    lks_session session = {0};
    int exit_code;

    lks_log_file_init(lks_world_rank());
    signal(SIGPIPE, SIG_IGN);
    lks_block_guard();
    lks_lifeline_start((uint32_t)lks_world_rank(), (uint32_t)lks_world_told_size());
    exit_code = start_and_live(&session, options);
    lks_lifeline_stop();
    return exit_code;
}
