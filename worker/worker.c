#include "worker/worker.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/columns.h"
#include "base/log.h"
#include "base/terminal.h"
#include "base/thread.h"
#include "base/try.h"
#include "io/block.h"
#include "worker/lifeline.h"
#include "worker/log_file.h"
#include "worker/place.h"
#include "worker/run.h"
#include "worker/signals.h"

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
static void discard_start(lks_run *run)
{
    if (!run->has_started)
        lks_run_dir_discard(&run->dir);
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
static _Noreturn void leave_alone(lks_run *run, lks_replica *replica, lks_status st,
                                  const char *text)
{
    const int number = replica ? replica->comm->rank : lks_world_rank();
    lks_reporter *reporter = replica ? replica->reporter : NULL;
    const bool is_rank_0 = lks_world_rank() == 0;

    if (!run->ranks && st == LKS_INVALID)
        lks_error("%s", text); /* it names its task; what rank that is, nobody knows */
    else if (is_rank_0 || !reporter)
        lks_error("rank %d: %s", number, text);
    else
        lks_warn("rank %d: %s", number, text);
    lks_reporter_stop(reporter, st, text);
    if (run->mail)
        lks_mail_fail(run->mail);
    if (is_rank_0)
        lks_host_stop(run->host);
    else if (reporter)
        sleep(MOURNING_S);
    discard_start(run);
    fflush(NULL);
    lks_lifeline_exit(run->ranks ? LKS_EXIT_FAILED : run->exit_code);
}

void lks_replica_is_stuck(void *context, const char *text)
{
    lks_replica *replica = context;

    if (atomic_exchange(&replica->run->is_leaving, true))
        return;
    atomic_store(&replica->is_stuck, true);
    leave_alone(replica->run, replica, LKS_COMM, text);
}

/* How it ended for this replica: nobody knows it but us, or all do and it is said. */
static void take_leave(lks_replica *replica, lks_status st)
{
    lks_run *run = replica->run;
    char text[1024] = "";

    if (st != LKS_OK) {
        snprintf(text, sizeof text, "%s", lks_error_text());
        if (replica->comm->size > 1 && (replica->is_alone || st == LKS_COMM)) {
            if (atomic_exchange(&run->is_leaving, true))
                follow(replica);
            leave_alone(run, replica, st, text);
        }
        if (lks_replica_is_first(replica))
            tell_together(replica, st, text);
    }
    if (lks_replica_is_first(replica))
        run->leaving_s = lks_clock_s();
    lks_reporter_stop(replica->reporter, st, text);
}

/* A replica's life, from its model to its goodbye. */
static void live(lks_replica *replica)
{
    lks_run *run = replica->run;
    lks_status st = lks_replica_start(replica);

    if (lks_replica_is_first(replica))
        run->has_started = st == LKS_OK;
    if (st == LKS_OK) {
        lks_place_thread((int)(replica - run->replicas), run->n_replicas);
        st = lks_train(replica);
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
static lks_status start_threads(lks_run *run, int *n)
{
    for (; *n < run->n_replicas; ++*n) {
        lks_replica *replica = &run->replicas[*n];
        char name[32];

        snprintf(name, sizeof name, "replica %d", *n);
        LKS_TRY(lks_thread_start(&replica->thread, live_in_a_thread, replica, name));
    }
    return LKS_OK;
}

/* The lives of all replicas; theirs end alike. */
static lks_status live_together(lks_run *run)
{
    lks_replica *first = run->replicas;
    int n = 1; /* the first lives here */
    lks_status st = start_threads(run, &n);

    if (run->n_replicas > 1)
        st = lks_world_agree(run->ranks, st, &run->exit_code);
    move_gate(st == LKS_OK ? OPEN : GIVEN_UP);
    if (st == LKS_OK) {
        live(first);
        st = first->st;
        run->exit_code = first->exit_code;
    }
    for (int i = 1; i < n; i++)
        pthread_join(run->replicas[i].thread, NULL);
    return st;
}

/* ---- the rank ---- */

/* A start that ended before there were replicas. */
static void leave_early(lks_run *run, lks_status st)
{
    lks_replica nobody = {.run = run};
    char text[1024];

    snprintf(text, sizeof text, "%s", lks_error_text());
    if (!run->ranks || (run->ranks->size > 1 && st == LKS_COMM))
        leave_alone(run, NULL, st, text);
    tell_together(&nobody, st, text);
    run->leaving_s = lks_clock_s();
}

/* Close everything: the coordinator first, it waits for the other ranks' goodbyes. */
static void close_run(lks_run *run, int exit_code)
{
    const double at_s = lks_clock_s();

    lks_host_stop(run->host);
    lks_info("ended in %.0f ms: goodbye %.0f, coordinator %.0f",
             1e3 * (lks_clock_s() - run->leaving_s), 1e3 * (at_s - run->leaving_s),
             1e3 * (lks_clock_s() - at_s));
    lks_signals_release();
    lks_run_release(run);
    discard_start(run);
    lks_lifeline_end(exit_code);
    lks_world_close(run->ranks);
}

static int start_and_live(lks_run *run, const lks_worker_options *options)
{
    lks_status st = lks_run_start(run, options);
    int exit_code = 0;

    if (st == LKS_OK)
        st = live_together(run);
    else
        leave_early(run, st);
    if (st != LKS_OK)
        exit_code = st == LKS_CANCELLED ? LKS_EXIT_INTERRUPTED : run->exit_code;
    close_run(run, exit_code);
    return exit_code;
}

int lks_worker_run(const lks_worker_options *options)
{
    lks_run run = {0};
    int exit_code;

    lks_log_file_init(lks_world_rank());
    signal(SIGPIPE, SIG_IGN);
    lks_block_guard();
    lks_lifeline_start((uint32_t)lks_world_rank(), (uint32_t)lks_world_told_size());
    exit_code = start_and_live(&run, options);
    lks_lifeline_stop();
    return exit_code;
}

/* A table's lines; one wider than the screen loses its middle. */
static void print_table(char *text, size_t n_columns)
{
    char line[512];

    for (char *save = NULL, *at = strtok_r(text, "\n", &save); at;
         at = strtok_r(NULL, "\n", &save)) {
        lks_columns_shorten(line, sizeof line, at, n_columns);
        puts(line);
    }
}

/* "2 ranks on cuda:0, cuda:1 (NVIDIA H100 80GB HBM3)" into `out`. */
static void name_places(const lks_run *run, int n_ranks, char *out, size_t size)
{
    const lks_devices *devices = &run->devices;
    const bool are_apart = devices->items[0].type == LKS_CUDA;
    const int n = are_apart ? devices->n * n_ranks : devices->n;
    char kind[80] = "", text[LKS_DEVICE_TEXT];
    size_t at;

    lks_replica_name_kind(run->replicas, kind, sizeof kind);
    at = (size_t)snprintf(out, size, "%d rank%s", n_ranks, n_ranks == 1 ? "" : "s");
    if (devices->n > 1)
        at += (size_t)snprintf(out + at, size - at, " of %d replicas", devices->n);
    for (int i = 0; i < n && at < size; i++) {
        lks_device device = devices->items[i % devices->n];

        device.index += i / devices->n * devices->n;
        at += (size_t)snprintf(out + at, size - at, "%s%s", i ? ", " : " on ",
                               lks_device_text(device, text, sizeof text));
    }
    if (at < size)
        snprintf(out + at, size - at, "%s%s%s", kind[0] ? " (" : "", kind,
                 kind[0] ? ")" : "");
}

/* Are there devices for as many ranks of this host as `lockstep run` would start? */
static lks_status check_places(lks_run *run)
{
    const int n_ranks = run->options->n_ranks;
    lks_device_seat *seats = lks_calloc((size_t)n_ranks, sizeof *seats);
    int first;
    lks_status st;

    if (!seats)
        return LKS_NOMEM;
    for (int r = 0; r < n_ranks; r++)
        seats[r] = lks_device_seat_of(&run->devices);
    st = lks_device_seats_check(seats, n_ranks, 0, &first);
    lks_free(seats);
    return st;
}

static void describe(const lks_run *run)
{
    const size_t n_columns = lks_terminal_screen(STDOUT_FILENO).n_columns;
    char *layers = lks_model_describe(run->replicas->model);
    const lks_step_plan *plan = &run->steps;
    char line[2048];

    if (layers)
        print_table(layers, n_columns);
    lks_free(layers);
    snprintf(line, sizeof line,
             "%" PRIu64 " training samples, %" PRIu64 " steps an epoch, %" PRIu64
             " steps in all",
             plan->n_samples, lks_steps_per_epoch(plan), run->n_steps);
    lks_columns_wrap(stdout, line, " ", 0, 0, n_columns);
    if (run->test)
        printf("%" PRIu64 " test samples\n", lks_dataset_n_samples(run->test));
    name_places(run, run->options->n_ranks, line, sizeof line);
    lks_columns_wrap(stdout, line, " ", 0, 2, n_columns);
}

int lks_worker_check(const lks_worker_options *options)
{
    lks_run run = {.options = options};
    lks_status st;

    lks_log_file_init(0);
    lks_block_guard();
    st = lks_run_read_job(&run);
    if (st == LKS_OK)
        st = lks_run_choose_devices(&run);
    if (st == LKS_OK)
        st = check_places(&run);
    if (st == LKS_OK) {
        lks_opening_start(&run.opening_train, &run.job, &run.job.data.train);
        lks_opening_start(&run.opening_test, &run.job, &run.job.data.test);
        st = lks_run_open_data(&run);
    }
    if (st == LKS_OK)
        st = lks_run_make_replicas(&run);
    if (st == LKS_OK)
        st = lks_replica_open_gpu(run.replicas);
    if (st == LKS_OK) {
        st = lks_replica_make_model(run.replicas);
        run.exit_code = run.replicas->exit_code;
    }
    if (st == LKS_OK)
        describe(&run);
    else
        lks_error("%s", lks_error_text());
    lks_run_release(&run);
    return st == LKS_OK ? 0 : run.exit_code;
}
