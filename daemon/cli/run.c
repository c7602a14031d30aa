/* `lockstep run`: check the job, make its run directory, start the ranks through mpirun,
 * show what they print, and say in one line how it ended. */
#define _GNU_SOURCE /* sched_getaffinity, environ */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/figure.h"
#include "base/log.h"
#include "base/plain.h"
#include "base/terminal.h"
#include "base/try.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/metrics_tail.h"
#include "daemon/cli/mpirun.h"
#include "daemon/cli/programs.h"
#include "daemon/cli/redraw.h"
#include "daemon/cli/run_output.h"
#include "daemon/cli/runs.h"
#include "daemon/uv/launcher.h"
#include "daemon/uv/outlet.h"
#include "daemon/uv/signals.h"
#include "proto/job_yaml.h"

enum {
    /* mpirun asks the ranks, waits a second, kills them: all within this. */
    STOP_GRACE_MS = 3000,
    /* After a rank has told an error, the rest are to follow it by then. */
    ERROR_GRACE_S = 5,
};

typedef struct run {
    const lks_args *args;
    lks_job job;
    uint32_t ranks;
    lks_run_dir dir;
    const char *run_dir; /* its path, NULL until there is one */
    lks_strings argv, envp;
    double started_at_s;

    uv_loop_t loop;
    lks_launch *launch;                       /* NULL when it has ended */
    lks_outlet outlets[LKS_LAUNCH_N_STREAMS]; /* of what mpirun prints, to our own */
    lks_signals signals;
    uv_timer_t error_timer;
    lks_run_output output;
    bool redraws; /* our output is a terminal that can be drawn upon */
    lks_redraw redraw;
    bool stopping, interrupted; /* by a signal; interrupted: before an end or an error */
    int exit_status, signal_number; /* of mpirun */
} run;

/* The hardware threads that this process may use, not all that there are. */
static uint32_t count_hardware_threads(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return (uint32_t)CPU_COUNT(&set);
    return (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
}

static uint64_t min3(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t least = a < b ? a : b;

    return least < c ? least : c;
}

/* As many ranks as the hardware carries, but none without a sample in each step. */
static uint32_t default_ranks(const lks_job *job)
{
    uint32_t threads = job->train.threads_per_rank ? job->train.threads_per_rank : 1;
    uint32_t hardware_threads = count_hardware_threads();
    uint32_t carried = hardware_threads > threads ? hardware_threads / threads : 1;
    uint32_t lanes = job->train.lanes ? job->train.lanes : carried;

    return (uint32_t)min3(carried, lanes, job->train.batch_size);
}

/* Lanes are by default as many as the ranks, and each needs a sample. */
static lks_status check_ranks(const run *r)
{
    if (r->job.train.lanes == LKS_JOB_AUTO && r->ranks > r->job.train.batch_size)
        return lks_fail(
            LKS_INVALID,
            "--ranks %u: train.batch_size is %llu, and with train.lanes: auto "
            "every rank needs at least one sample of it",
            r->ranks, (unsigned long long)r->job.train.batch_size);
    return LKS_OK;
}

static lks_status choose_ranks(run *r)
{
    r->ranks = r->args->ranks;
    if (r->ranks == 0 && !r->args->host && !r->args->hostfile)
        r->ranks = default_ranks(&r->job);
    return check_ranks(r);
}

/* What to execute: this program as mpirun's guard, mpirun, the worker. */
static lks_status make_command(run *r)
{
    char *self = NULL, *mpirun = NULL, *worker = NULL;
    lks_mpirun_plan plan = {.job = r->args->positional.items[0],
                            .run_dir = r->run_dir,
                            .ranks = r->ranks,
                            .host = r->args->host,
                            .hostfile = r->args->hostfile,
                            .set = &r->args->set,
                            .extra = &r->args->rest};
    lks_mpirun_setting setting = {.is_root = geteuid() == 0,
                                  .is_tty = r->redraws,
                                  .is_local = !r->args->host && !r->args->hostfile};
    lks_status st;

    LKS_GO(lks_programs_self(&self));
    LKS_GO(lks_programs_mpirun(&mpirun));
    LKS_GO(lks_programs_worker(&worker));
    plan.mpirun = mpirun;
    plan.worker = worker;
    LKS_GO(lks_strings_add(&r->argv, self));
    LKS_GO(lks_strings_add(&r->argv, "guard"));
    LKS_GO(lks_strings_addf(&r->argv, "%d", (int)getpid()));
    LKS_GO(lks_strings_add(&r->argv, "--"));
    LKS_GO(lks_mpirun_argv(&plan, &r->argv));
    LKS_GO(lks_mpirun_env(environ, &setting, &r->envp));
cleanup:
    lks_free(self);
    lks_free(mpirun);
    lks_free(worker);
    return st;
}

static void put_out(void *context, const char *bytes, size_t n_bytes)
{
    run *r = context;

    lks_outlet_write(&r->outlets[LKS_LAUNCH_OUT], bytes, n_bytes);
}

static void write_out(void *context, lks_launch_stream stream, const char *bytes,
                      size_t n_bytes)
{
    run *r = context;

    if (stream == LKS_LAUNCH_OUT && r->redraws)
        lks_redraw_pass(&r->redraw, lks_terminal_screen(STDOUT_FILENO).n_columns, bytes,
                        n_bytes, put_out, r);
    else
        lks_outlet_write(&r->outlets[stream], bytes, n_bytes);
}

/* All else that can be refused before anything is started. */
static lks_status prepare(run *r)
{
    LKS_TRY(choose_ranks(r));
    LKS_TRY(lks_runs_create(r->job.name, r->args->run_dir, &r->dir));
    r->run_dir = r->dir.path;
    if (r->dir.is_open_to_all)
        lks_warn(LKS_RUN_DIR_IS_OPEN, r->run_dir);
    LKS_TRY(make_command(r));
    return lks_run_output_init(&r->output, &r->dir, write_out, r);
}

static void on_error_grace_over(uv_timer_t *timer)
{
    run *r = timer->data;

    lks_launch_stop(r->launch, STOP_GRACE_MS);
}

static void on_output(void *context, lks_launch_stream stream, const char *bytes,
                      size_t n_bytes)
{
    run *r = context;

    if (stream == LKS_LAUNCH_OUT)
        lks_run_output_out(&r->output, bytes, n_bytes);
    else
        lks_run_output_err(&r->output, bytes, n_bytes);
    if (lks_outlet_is_full(&r->outlets[stream]))
        lks_launch_hold(r->launch, stream);
    if (r->output.error[0] && !uv_is_active((uv_handle_t *)&r->error_timer))
        uv_timer_start(&r->error_timer, on_error_grace_over, ERROR_GRACE_S * 1000, 0);
}

/* An outlet has room: its stream may bring more. */
static void let_go(void *context)
{
    run *r = context;

    for (int s = 0; s < LKS_LAUNCH_N_STREAMS && r->launch; s++)
        if (!lks_outlet_is_full(&r->outlets[s]))
            lks_launch_let_go(r->launch, (lks_launch_stream)s);
}

static void on_signal(void *context, int signal_number)
{
    run *r = context;

    (void)signal_number;
    if (r->stopping) {
        lks_launch_kill(r->launch);
        return;
    }
    r->stopping = true;
    r->interrupted = !r->output.error[0] && !lks_launch_has_exited(r->launch);
    for (int s = 0; s < LKS_LAUNCH_N_STREAMS; s++) /* whoever reads us may have stopped */
        lks_outlet_drop(&r->outlets[s]);
    let_go(r);
    if (!lks_launch_has_exited(r->launch))
        lks_run_output_say(&r->output, LKS_LAUNCH_ERR,
                           "stopping the ranks; once more kills them at once");
    lks_launch_stop(r->launch, STOP_GRACE_MS);
}

static void on_end(void *context, int64_t exit_status, int signal_number)
{
    run *r = context;

    r->exit_status = (int)exit_status;
    r->signal_number = signal_number;
    lks_run_output_end(&r->output);
    lks_launch_close(r->launch);
    r->launch = NULL;
    lks_signals_release(&r->signals);
    uv_close((uv_handle_t *)&r->error_timer, NULL);
}

static void open_loop(run *r)
{
    static const int ours[LKS_LAUNCH_N_STREAMS] = {
        [LKS_LAUNCH_OUT] = STDOUT_FILENO, [LKS_LAUNCH_ERR] = STDERR_FILENO};

    uv_loop_init(&r->loop);
    for (int s = 0; s < LKS_LAUNCH_N_STREAMS; s++)
        lks_outlet_init(&r->outlets[s], &r->loop, ours[s], let_go, r);
}

static lks_status launch_and_wait(run *r)
{
    lks_launch_options options = {.loop = &r->loop,
                                  .argv = r->argv.items,
                                  .envp = r->envp.items,
                                  .on_output = on_output,
                                  .on_end = on_end,
                                  .context = r};
    lks_status st;

    open_loop(r);
    uv_timer_init(&r->loop, &r->error_timer);
    r->error_timer.data = r;
    st = lks_signals_init(&r->signals, &r->loop, on_signal, r);
    if (st == LKS_OK) {
        st = lks_launch_start(&options, &r->launch);
        if (st != LKS_OK)
            lks_signals_release(&r->signals);
    }
    if (st != LKS_OK)
        uv_close((uv_handle_t *)&r->error_timer, NULL);
    uv_run(&r->loop, UV_RUN_DEFAULT); /* until all it printed is written, too */
    return st;
}

static void close_loop(run *r)
{
    uv_run(&r->loop, UV_RUN_DEFAULT); /* until the last words are written */
    for (int s = 0; s < LKS_LAUNCH_N_STREAMS; s++)
        lks_outlet_close(&r->outlets[s]);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    uv_loop_close(&r->loop);
}

/* Of rank 0, which may have had no time to. */
static void remove_socket(const run *r)
{
    char *path = lks_asprintf("%s/status.sock", r->run_dir);

    if (path)
        (void)unlink(path);
    lks_free(path);
}

static bool has_weights(const run *r)
{
    char *path = lks_asprintf("%s/model.safetensors", r->run_dir);
    bool has = path && access(path, R_OK) == 0;

    lks_free(path);
    return has;
}

/* Asked to end, mpirun ends with 1 even where the ranks were done. On other hosts the
 * weights may be in a file system that is not ours. */
static bool has_finished(const run *r)
{
    bool is_well = r->exit_status == 0 && r->signal_number == 0;

    if (has_weights(r))
        return is_well || r->interrupted;
    return is_well && (r->args->host || r->args->hostfile);
}

/* All these go through the outlets: what is printed past them is lost where a socket is
 * full, and waits for ever for a reader that was given up. */
static int say_finished(run *r, const lks_metrics_tail *tail)
{
    char result[128];

    lks_metrics_tail_describe(tail, result, sizeof result);
    lks_run_output_say(&r->output, LKS_LAUNCH_OUT,
                       "finished in %s%s%s; weights in %s/model.safetensors%s",
                       lks_figure_seconds(lks_clock_s() - r->started_at_s).text,
                       result[0] ? ": " : "", result, r->run_dir,
                       has_weights(r) ? "" : " on the host of rank 0");
    return LKS_EXIT_OK;
}

static int say_interrupted(run *r, const lks_metrics_tail *tail)
{
    if (tail->has_step)
        lks_run_output_say(
            &r->output, LKS_LAUNCH_ERR,
            "interrupted; its last reported step is %llu, what it wrote is in %s",
            (unsigned long long)tail->step, r->run_dir);
    else
        lks_run_output_say(&r->output, LKS_LAUNCH_ERR,
                           "interrupted before the first reported step%s%s",
                           lks_run_output_has_log(&r->output) ? "; see " : "",
                           lks_run_output_has_log(&r->output) ? r->output.log_path : "");
    return LKS_EXIT_INTERRUPTED;
}

static int say_failed(run *r)
{
    char why[2400];

    lks_run_output_explain(&r->output, r->exit_status, r->signal_number, why, sizeof why);
    lks_run_output_say(&r->output, LKS_LAUNCH_ERR, "error: %s", why);
    return r->output.error[0] && r->exit_status == LKS_EXIT_USAGE ? LKS_EXIT_USAGE
                                                                  : LKS_EXIT_FAILED;
}

/* By us, or through the status socket: then mpirun passes the ranks' status on. */
static bool was_interrupted(const run *r)
{
    return r->interrupted ||
           (r->exit_status == LKS_EXIT_INTERRUPTED && !r->output.error[0]);
}

/* The log matters only where a rank has not said itself what was wrong. */
static bool has_said_all(const run *r)
{
    return r->interrupted ? !lks_run_output_has_log(&r->output) : r->output.error[0] != 0;
}

/* Say how it ended and leave the directory tidy; gives the exit status. */
static int conclude(run *r)
{
    lks_metrics_tail tail;
    int exit_status;

    remove_socket(r);
    lks_run_dir_remove_unfinished(r->run_dir);
    lks_metrics_tail_read(r->run_dir, &tail);
    if (has_finished(r))
        exit_status = say_finished(r, &tail);
    else if (was_interrupted(r))
        exit_status = say_interrupted(r, &tail);
    else
        exit_status = say_failed(r);
    if (has_said_all(r))
        lks_runs_discard(&r->dir);
    return exit_status;
}

static void say_what_runs_where(const run *r)
{
    const char *hosts = r->args->host ? r->args->host : r->args->hostfile;
    char ranks[32] = "every slot";

    if (r->ranks > 0)
        snprintf(ranks, sizeof ranks, "%u rank%s", r->ranks, r->ranks == 1 ? "" : "s");
    lks_plain_line(stdout, "lockstep: job %s on %s%s%s, run directory %s", r->job.name,
                   ranks, hosts ? " of " : "", hosts ? hosts : "", r->run_dir);
    fflush(stdout);
}

static void release(run *r)
{
    lks_run_output_release(&r->output);
    lks_strings_release(&r->argv);
    lks_strings_release(&r->envp);
    lks_job_release(&r->job);
}

static lks_status read_job(run *r)
{
    return lks_job_read(r->args->positional.items[0],
                        (const char *const *)r->args->set.items, r->args->set.n_items,
                        &r->job);
}

static int run_job(const lks_args *args)
{
    run r = {.args = args,
             .started_at_s = lks_clock_s(),
             .redraws = lks_terminal_redraws(STDOUT_FILENO)};
    lks_status st;
    int exit_status = LKS_EXIT_FAILED;

    signal(SIGPIPE, SIG_IGN); /* a run goes on when its reader has gone */
    if (read_job(&r) != LKS_OK)
        return lks_cli_failed(LKS_EXIT_USAGE);
    st = prepare(&r);

    if (st == LKS_OK) {
        say_what_runs_where(&r);
        st = launch_and_wait(&r);
        if (st == LKS_OK)
            exit_status = conclude(&r);
        close_loop(&r);
    }
    if (st != LKS_OK) {
        exit_status =
            lks_cli_failed(st == LKS_INVALID ? LKS_EXIT_USAGE : LKS_EXIT_FAILED);
        if (r.run_dir)
            lks_runs_discard(&r.dir);
    }
    release(&r);
    return exit_status;
}

static const lks_arg options[] = {
    {"--ranks", "-n", "N", "how many processes train (default: one per hardware thread)",
     LKS_ARG_COUNT, offsetof(lks_args, ranks)},
    {"--run-dir", NULL, "DIR", "where the run's files go (default: a new one in runs/)",
     LKS_ARG_TEXT, offsetof(lks_args, run_dir)},
    LKS_ARG_SET,
    {"--host", NULL, "LIST", "hosts to run on, as for mpirun: node1:4,node2:4",
     LKS_ARG_TEXT, offsetof(lks_args, host)},
    {"--hostfile", NULL, "FILE", "a file of such hosts, as for mpirun", LKS_ARG_TEXT,
     offsetof(lks_args, hostfile)},
    LKS_ARG_HELP,
};

const lks_command lks_command_run = {
    .name = "run",
    .arguments = "JOB [OPTION]… [-- MPIRUN-ARGUMENT…]",
    .summary = "Train what the job file JOB describes",
    .details =
        "Everything after -- goes to mpirun as it stands, e.g. -- --mca "
        "btl_tcp_if_include "
        "eth0.\nExit status: 0 trained, 1 failed, 2 bad job file or command line, 130 "
        "interrupted.\nCtrl-C ends the ranks; a second one kills them.\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positional = 1,
    .max_positional = 1,
    .takes_rest = true,
    .run = run_job,
};
