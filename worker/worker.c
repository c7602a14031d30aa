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
#include "worker/lifeline.h"
#include "worker/log_file.h"
#include "worker/run.h"
#include "worker/signals.h"

enum { MOURNING_S = 8 };

/* Told once, by rank 0; the others keep it in their logs. */
static void tell_together(lks_run *run, lks_status st, const char *text)
{
    if (st == LKS_CANCELLED)
        lks_console_say(&run->console, "%s", text);
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

/* Whether the other ranks wait for this one in a collective, and know nothing. */
static bool is_alone(const lks_run *run, lks_status st)
{
    return !run->comm || (run->comm->size > 1 && (run->is_alone || st == LKS_COMM));
}

/* The others cannot be told. The coordinator can: it says why and ends the run through
 * rank 0's process. Should it fail to, or not know of this rank yet, this process ends
 * without MPI_Finalize, at which mpirun ends the others. */
static _Noreturn void leave_alone(lks_run *run, lks_status st, const char *text)
{
    const int rank = lks_world_rank();
    const bool is_known = run->reporter != NULL;

    if (!run->comm && st == LKS_INVALID)
        lks_error("%s", text); /* it names its task; what rank that is, nobody knows */
    else if (rank == 0 || !is_known)
        lks_error("rank %d: %s", rank, text);
    else
        lks_warn("rank %d: %s", rank, text);
    lks_reporter_stop(run->reporter, st, text);
    if (rank == 0)
        lks_host_stop(run->host);
    else if (is_known)
        sleep(MOURNING_S);
    discard_start(run);
    fflush(NULL);
    lks_lifeline_exit(run->comm ? LKS_EXIT_FAILED : run->exit_code);
}

/* Say how it ended, and close everything: the coordinator last, it waits for the other
 * ranks' goodbyes. */
static int finish(lks_run *run, lks_status st)
{
    char text[1024] = "";
    double at_s[2];
    int exit_code = 0;

    if (st != LKS_OK) {
        snprintf(text, sizeof text, "%s", lks_error_text());
        if (is_alone(run, st))
            leave_alone(run, st, text);
        tell_together(run, st, text);
    }
    at_s[0] = lks_clock_s();
    lks_reporter_stop(run->reporter, st, text);
    at_s[1] = lks_clock_s();
    lks_host_stop(run->host);
    lks_info("ended in %.0f ms: goodbye %.0f, coordinator %.0f",
             1e3 * (lks_clock_s() - at_s[0]), 1e3 * (at_s[1] - at_s[0]),
             1e3 * (lks_clock_s() - at_s[1]));
    lks_signals_release();
    lks_run_release(run);
    discard_start(run);
    if (st != LKS_OK)
        exit_code = st == LKS_CANCELLED ? LKS_EXIT_INTERRUPTED : run->exit_code;
    lks_lifeline_end(exit_code);
    lks_world_close(run->comm);
    return exit_code;
}

int lks_worker_run(const lks_worker_options *options)
{
    lks_run *run;
    lks_status st;
    int exit_code;

    lks_log_file_init(lks_world_rank());
    signal(SIGPIPE, SIG_IGN);
    lks_lifeline_start((uint32_t)lks_world_rank(), (uint32_t)lks_world_told_size());
    if (!(run = lks_calloc(1, sizeof *run))) {
        lks_error("%s", lks_error_text());
        return LKS_EXIT_FAILED;
    }
    st = lks_run_start(run, options);
    run->has_started = st == LKS_OK;
    if (run->has_started)
        st = lks_train(run);
    exit_code = finish(run, st);
    lks_lifeline_stop();
    lks_free(run);
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

static void describe(const lks_run *run)
{
    const size_t n_columns = lks_terminal_screen(STDOUT_FILENO).n_columns;
    char *layers = lks_model_describe(run->model);
    const lks_step_plan *plan = &run->lane_plan.steps;
    char line[160];

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
}

int lks_worker_check(const lks_worker_options *options)
{
    lks_run run = {.options = options};
    lks_status st;

    lks_log_file_init(0);
    st = lks_run_read_job(&run);
    if (st == LKS_OK) {
        lks_opening_start(&run.opening_train, &run.job, &run.job.data.train);
        lks_opening_start(&run.opening_test, &run.job, &run.job.data.test);
        st = lks_run_open_data(&run);
    }
    if (st == LKS_OK)
        st = lks_run_make_model(&run);
    if (st == LKS_OK)
        describe(&run);
    else
        lks_error("%s", lks_error_text());
    lks_run_release(&run);
    return st == LKS_OK ? 0 : run.exit_code;
}
