/* A job checked without training and without MPI. */
#include "worker/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/columns.h"
#include "base/log.h"
#include "base/terminal.h"
#include "io/block.h"
#include "worker/log_file.h"
#include "worker/start.h"

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
static void name_places(const lks_session *session, int n_ranks, char *out, size_t size)
{
    const lks_devices *devices = &session->world.devices;
    const bool are_apart = devices->items[0].type == LKS_CUDA;
    const int n = are_apart ? devices->n * n_ranks : devices->n;
    char kind[80] = "", text[LKS_DEVICE_TEXT];
    size_t at;

    lks_replica_name_kind(session->replicas.items, kind, sizeof kind);
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
static lks_status check_places(lks_session *session)
{
    const int n_ranks = session->options->n_ranks;
    lks_device_seat *seats = lks_calloc((size_t)n_ranks, sizeof *seats);
    int first;
    lks_status st;

    if (!seats)
        return LKS_NOMEM;
    for (int r = 0; r < n_ranks; r++)
        seats[r] = lks_device_seat_of(&session->world.devices);
    st = lks_device_seats_check(seats, n_ranks, 0, &first);
    lks_free(seats);
    return st;
}

/* A loss of one's own may know what to do with them: a warning for each split. */
static lks_status warn_of_numbers(const lks_splits *splits)
{
    const lks_dataset *const all[] = {splits->train, splits->validation, splits->test};
    lks_status st = LKS_OK;

    for (size_t s = 0; s < sizeof all / sizeof *all; s++) {
        const int n_fields = all[s] ? lks_dataset_n_fields(all[s]) : 0;

        st = LKS_OK;
        for (int i = 0; i < n_fields && st == LKS_OK; i++)
            st = lks_dataset_check_finite(all[s], i);
        if (st == LKS_NUMERIC)
            lks_warn("%s: no loss of it is finite", lks_error_text());
        else if (st != LKS_OK)
            return st;
    }
    return LKS_OK;
}

/* "1 sample", "2 samples" */
static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void print_samples(const char *split, const lks_dataset *dataset)
{
    const uint64_t n = dataset ? lks_dataset_n_samples(dataset) : 0;

    if (dataset)
        printf("%" PRIu64 " %s sample%s\n", n, split, plural(n));
}

static lks_status describe(const lks_session *session)
{
    const size_t n_columns = lks_terminal_screen(STDOUT_FILENO).n_columns;
    char *layers = lks_model_describe(session->replicas.items->model);
    const lks_step_plan *plan = &session->data.steps;
    const lks_splits *splits = &session->data.splits;
    const uint64_t per_epoch = lks_steps_per_epoch(plan);
    char line[2048];

    if (layers)
        print_table(layers, n_columns);
    lks_free(layers);
    snprintf(line, sizeof line,
             "%" PRIu64 " training sample%s, %" PRIu64 " step%s an epoch, %" PRIu64
             " step%s in all",
             plan->n_samples, plural(plan->n_samples), per_epoch, plural(per_epoch),
             session->data.n_steps, plural(session->data.n_steps));
    lks_columns_wrap(stdout, line, " ", 0, 0, n_columns);
    print_samples("validation", splits->validation);
    print_samples("test", splits->test);
    name_places(session, session->options->n_ranks, line, sizeof line);
    lks_columns_wrap(stdout, line, " ", 0, 2, n_columns);
    if (fflush(stdout) == 0)
        return LKS_OK;
    return lks_fail(LKS_IO, "cannot write to standard output: %s", strerror(errno));
}

/* As far as start-up goes for a rank alone. */
static const lks_start_stage stages[] = {
    {"the job file", .usage = LKS_START_ON_ANY, .of_rank = lks_session_read_job},
    {"devices", .usage = LKS_START_ON_ANY, .of_rank = lks_session_choose_devices},
    {"what they meet over", .usage = LKS_START_ON_ANY,
     .of_rank = lks_session_check_collectives},
    {"their ranks", .usage = LKS_START_ON_ANY, .of_rank = check_places},
    {"threads that open the data", .of_rank = lks_session_start_opening},
    {"the data", .usage = LKS_START_ON_JOB, .of_rank = lks_session_open_data},
    {"replicas", .of_rank = lks_session_make_replicas},
    {"the GPU", .of_replica = lks_replica_open_gpu},
    {"the model", .usage = LKS_START_ON_JOB, .of_replica = lks_replica_make_model},
};

int lks_worker_check(const lks_worker_options *options)
{
    lks_session session = {.options = options};
    lks_status st;
    int exit_code;

    lks_log_file_init(0);
    lks_block_guard();
    st = lks_start_walk(stages, sizeof stages / sizeof *stages, &session, NULL,
                        &exit_code);
    if (st == LKS_OK && ((st = warn_of_numbers(&session.data.splits)) != LKS_OK ||
                         (st = describe(&session)) != LKS_OK))
        exit_code = LKS_EXIT_FAILED;
    if (st != LKS_OK)
        lks_error("%s", lks_error_text());
    lks_session_release(&session);
    return st == LKS_OK ? 0 : exit_code;
}
