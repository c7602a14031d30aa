/* `lockstep run`: make what a run needs, start the ranks through mpirun, show what they
 * print, watch over them, and say in one line how it ended. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/plain.h"
#include "base/process.h"
#include "base/terminal.h"
#include "base/try.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/input.h"
#include "daemon/cli/metrics_tail.h"
#include "daemon/cli/mpirun.h"
#include "daemon/cli/redraw.h"
#include "daemon/cli/result.h"
#include "daemon/cli/run.h"
#include "daemon/cli/run_end.h"
#include "daemon/cli/run_limits.h"
#include "daemon/cli/run_output.h"
#include "daemon/cli/run_plan.h"
#include "daemon/cli/run_sight.h"
#include "daemon/cli/run_watch.h"
#include "daemon/cli/runs.h"
#include "daemon/uv/launcher.h"
#include "daemon/uv/outlet.h"
#include "daemon/uv/signals.h"

enum {
    /* The guard kills what is left sooner; later it has gone wrong itself. */
    STOP_GRACE_MS = 4500,
    KILL_GRACE_MS = 500,
    /* After a rank has told an error, the rest are to follow it by then. */
    ERROR_GRACE_S = 5,
    LOOK_MS = 100,
};

/* Ranks have begun and MPI is up by then, with a little for each. */
static const double start_s = 20, start_of_a_rank_s = 0.02, end_of_a_rank_s = 0.01;

typedef struct run {
    lks_run_plan plan;
    double started_at_s; /* monotonic */
    double started_time_s;
    uint64_t oom_kills; /* of this host, at the start */

    uv_loop_t loop;
    lks_launch *launch;                       /* NULL when it has ended */
    lks_outlet outlets[LKS_LAUNCH_N_STREAMS]; /* of what mpirun prints, to our own */
    lks_signals signals;
    uv_timer_t error_timer, look_timer;
    lks_run_output output;
    lks_redraw redraw;
    lks_run_watch *watch;
    lks_run_eyes eyes;
    char watched[512]; /* why the watch has ended it */
    bool held[LKS_LAUNCH_N_STREAMS];
    bool stopping, interrupted; /* by a signal; interrupted: before an end or an error */
    int exit_status, signal_number; /* of the guard */
} run;

/* ---- what is printed ---- */

static void put_out(void *context, const char *bytes, size_t n_bytes)
{
    run *r = context;

    lks_outlet_write(&r->outlets[LKS_LAUNCH_OUT], bytes, n_bytes);
}

static void write_out(void *context, lks_launch_stream stream, const char *bytes,
                      size_t n_bytes)
{
    run *r = context;

    if (stream == LKS_LAUNCH_OUT && r->plan.redraws)
        lks_redraw_pass(&r->redraw, lks_terminal_screen(STDOUT_FILENO).n_columns, bytes,
                        n_bytes, put_out, r);
    else
        lks_outlet_write(&r->outlets[stream], bytes, n_bytes);
}

static void hear_sign(void *context, const lks_sign *sign)
{
    run *r = context;

    lks_run_watch_hear(r->watch, sign, lks_clock_s());
}

static const lks_run_output_ops output_ops = {.write = write_out, .sign = hear_sign};

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
    if (lks_outlet_is_full(&r->outlets[stream])) {
        r->held[stream] = true;
        lks_launch_hold(r->launch, stream);
    }
    if (r->output.error[0] && !uv_is_active((uv_handle_t *)&r->error_timer))
        uv_timer_start(&r->error_timer, on_error_grace_over, ERROR_GRACE_S * 1000, 0);
}

/* An outlet has room: its stream may bring more. */
static void let_go(void *context)
{
    run *r = context;

    for (int s = 0; s < LKS_LAUNCH_N_STREAMS && r->launch; s++)
        if (!lks_outlet_is_full(&r->outlets[s])) {
            r->held[s] = false;
            lks_launch_let_go(r->launch, (lks_launch_stream)s);
        }
}

/* ---- the watch ---- */

/* Its words of now: those that follow are of its own end. What ranks print may be among
 * them once one has begun. */
static void add_words_of_mpirun(const run *r, lks_line *line)
{
    const lks_mpirun_news *news = &r->output.news;
    const char *words = news->trouble;

    if (!words[0] && !r->output.has_begun)
        words = news->first;
    if (line->n_bytes && words[0])
        lks_line_add(line, "; mpirun says: %s", words);
}

/* Where the verdict has no words, a rank or mpirun has said why, and had its time. */
static void end_run(run *r)
{
    if (r->watched[0])
        lks_launch_stop(r->launch, STOP_GRACE_MS);
    else
        lks_launch_hurry(r->launch, STOP_GRACE_MS);
}

static void on_look(uv_timer_t *timer)
{
    run *r = timer->data;
    const lks_run_sight sight =
        lks_run_see(&r->eyes, r->held[LKS_LAUNCH_OUT], r->held[LKS_LAUNCH_ERR]);
    const pid_t guard = r->eyes.guard;
    char text[sizeof r->watched];
    lks_line line = lks_line_init(text, sizeof text);

    if (lks_process_is_idle(guard)) /* it has work, and is ours: whoever stopped it */
        kill(guard, SIGCONT);
    switch (lks_run_watch_look(r->watch, &sight, &line)) {
    case LKS_RUN_GOES_ON:
        break;
    case LKS_RUN_WARNS:
        lks_run_output_say(&r->output, LKS_LAUNCH_ERR, "warn: %s", text);
        break;
    case LKS_RUN_IS_OVER:
        add_words_of_mpirun(r, &line);
        memcpy(r->watched, text, sizeof text);
        uv_timer_stop(timer);
        end_run(r);
    }
}

/* Open MPI ends the other ranks of its own host first, in a second or two, in which it
 * passes nothing on; then it asks its daemons on other hosts, and tells of the signal
 * when all have answered. With several hosts only the coordinator's words are waited for.
 */
static double killed_s(const run *r)
{
    return (r->plan.is_local ? 2.2 : 0.9) + end_of_a_rank_s * r->plan.ranks;
}

static lks_status make_watch(run *r)
{
    const lks_run_watch_options options = {
        .now_s = lks_clock_s(),
        .start_s = start_s + start_of_a_rank_s * r->plan.ranks,
        .rank_timeout_s = (double)r->plan.job.report.rank_timeout_s,
        .warn_s = 5,
        .linger_s = 6,
        .killed_s = killed_s(r),
        .lost_s = 1,
        .end_s = 10 + end_of_a_rank_s * r->plan.ranks,
        .n_ranks = r->plan.ranks,
        .hears_signs = !lks_mpirun_hides_output(&r->plan.args->rest),
    };

    return lks_run_watch_create(&options, &r->watch);
}

/* ---- signals and the end ---- */

static void on_signal(void *context, int signal_number)
{
    run *r = context;

    (void)signal_number;
    if (r->stopping) {
        lks_launch_stop(r->launch, KILL_GRACE_MS);
        return;
    }
    r->stopping = true;
    r->interrupted =
        !r->output.error[0] && !r->watched[0] && !lks_launch_has_exited(r->launch);
    for (int s = 0; s < LKS_LAUNCH_N_STREAMS; s++) /* whoever reads us may have stopped */
        lks_outlet_drop(&r->outlets[s]);
    let_go(r);
    if (!lks_launch_has_exited(r->launch))
        lks_run_output_say(&r->output, LKS_LAUNCH_ERR,
                           "stopping the ranks; once more kills them at once");
    lks_launch_stop(r->launch, STOP_GRACE_MS);
}

static void close_timers(run *r)
{
    uv_close((uv_handle_t *)&r->error_timer, NULL);
    uv_close((uv_handle_t *)&r->look_timer, NULL);
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
    close_timers(r);
}

static void open_loop(run *r)
{
    static const int ours[LKS_LAUNCH_N_STREAMS] = {
        [LKS_LAUNCH_OUT] = STDOUT_FILENO, [LKS_LAUNCH_ERR] = STDERR_FILENO};

    uv_loop_init(&r->loop);
    for (int s = 0; s < LKS_LAUNCH_N_STREAMS; s++)
        lks_outlet_init(&r->outlets[s], &r->loop, ours[s], let_go, r);
    uv_timer_init(&r->loop, &r->error_timer);
    uv_timer_init(&r->loop, &r->look_timer);
    r->error_timer.data = r->look_timer.data = r;
}

static lks_status launch_and_wait(run *r)
{
    lks_launch_options options = {.loop = &r->loop,
                                  .argv = r->plan.argv.items,
                                  .envp = r->plan.envp.items,
                                  .reads_input =
                                      r->plan.errand && r->plan.errand->reads_input,
                                  .on_output = on_output,
                                  .on_end = on_end,
                                  .context = r};
    lks_status st = LKS_OK;

    open_loop(r);
    if (options.reads_input)
        st = lks_input_open(!r->plan.is_alone, &options.input);
    if (st == LKS_OK)
        st = lks_signals_init(&r->signals, &r->loop, on_signal, r);
    if (st == LKS_OK) {
        st = lks_launch_start(&options, &r->launch);
        if (st != LKS_OK)
            lks_signals_release(&r->signals);
    }
    if (st == LKS_OK) {
        r->eyes = (lks_run_eyes){.output = &r->output,
                                 .watch = r->watch,
                                 .session = r->plan.session.path,
                                 .has_no_mpirun = r->plan.is_alone,
                                 .guard = lks_launch_pid(r->launch)};
        uv_timer_start(&r->look_timer, on_look, LOOK_MS, LOOK_MS);
    } else {
        close_timers(r);
    }
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

/* ---- how it ended ---- */

/* All goes through the outlets: what is printed past them is lost where a socket is full,
 * and waits for ever for a reader that was given up. */
static void say_end(run *r, const lks_run_facts *facts, const lks_run_end *end)
{
    const bool has_failed =
        end->exit_status != LKS_EXIT_OK && end->exit_status != LKS_EXIT_INTERRUPTED;

    if (facts->is_errand && end->exit_status == LKS_EXIT_OK)
        return;
    if (end->exit_status == LKS_EXIT_OK && facts->output->error[0])
        lks_run_output_say(&r->output, LKS_LAUNCH_ERR,
                           "warn: the weights are whole, but after the last step: %s",
                           facts->output->error);
    lks_run_output_say(&r->output,
                       end->exit_status == LKS_EXIT_OK ? LKS_LAUNCH_OUT : LKS_LAUNCH_ERR,
                       "%s%s", has_failed ? "error: " : "", end->line);
}

/* Where it cannot be written, the line says so too. */
static void write_result(run *r, const lks_run_facts *facts, lks_run_end *end)
{
    const lks_result_options options = {
        .dir = &r->plan.dir,
        .job = r->plan.job.name,
        .ranks = r->plan.ranks,
        .started_at_s = r->started_time_s,
        .facts = facts,
        .end = end,
    };
    const size_t n = strlen(end->line);

    if (facts->is_errand)
        return;
    if (lks_result_write(&options) != LKS_OK)
        snprintf(end->line + n, sizeof end->line - n, "; and %s", lks_error_text());
}

static int find_crashed(const run *r)
{
    const lks_mpirun_news *news = &r->output.news;

    return news->caught_signal
               ? lks_run_watch_rank_of(r->watch, news->caught_host, news->caught_pid)
               : -1;
}

/* Say how it ended and leave the directory tidy; gives the exit status. */
static int conclude(run *r)
{
    lks_metrics_tail tail;
    char limits[256];
    lks_line line = lks_line_init(limits, sizeof limits);
    lks_run_facts facts = {
        .output = &r->output,
        .tail = &tail,
        .run_dir = r->plan.dir.path,
        .watched = r->watched,
        .limits = limits,
        .exit_status = r->exit_status,
        .signal_number = r->signal_number,
        .crashed_rank = find_crashed(r),
        .lost_rank_0 = lks_run_watch_lost_rank_0(r->watch),
        .killed_rank = lks_run_watch_rank(r->watch, r->output.news.killed_rank),
        .is_errand = r->plan.errand != NULL,
        .output_error = r->outlets[LKS_LAUNCH_OUT].lost_error,
        .is_interrupted = r->interrupted,
        .is_local = r->plan.is_local,
        .has_no_mpirun = r->plan.is_alone,
        .memory_ran_out = lks_oom_kills() > r->oom_kills,
        .seconds = lks_clock_s() - r->started_at_s,
    };
    lks_run_end end;

    lks_run_dir_remove(facts.run_dir,
                       LKS_RUN_SOCKET); /* rank 0 may have had no time to */
    lks_run_dir_remove_unfinished(facts.run_dir);
    facts.has_weights = lks_run_dir_has(facts.run_dir, LKS_RUN_WEIGHTS);
    lks_metrics_tail_read(facts.run_dir, &tail);
    if (!tail.has_step)
        lks_run_limits_explain(lks_temp_folder(), &line);
    lks_run_end_judge(&facts, &end);
    if (lks_run_end_says_all(&facts))
        lks_runs_discard(&r->plan.dir);
    write_result(r, &facts, &end);
    say_end(r, &facts, &end);
    return end.exit_status;
}

/* ---- all of it ---- */

static void say_what_runs_where(const lks_run_plan *plan)
{
    const char *hosts = plan->args->host ? plan->args->host : plan->args->hostfile;
    const char *devices = plan->args->devices;
    const uint32_t replicas = plan->job.train.replicas;
    char ranks[32] = "every slot", of[32] = "";

    if (plan->ranks > 0)
        snprintf(ranks, sizeof ranks, "%u rank%s", plan->ranks,
                 plan->ranks == 1 ? "" : "s");
    if (!devices && replicas == LKS_JOB_ALL)
        snprintf(of, sizeof of, " with all devices");
    else if (!devices && replicas > 1)
        snprintf(of, sizeof of, " with %u replicas", replicas);
    lks_plain_line(stdout, "lockstep: job %s on %s%s%s%s%s%s, run directory %s",
                   plan->job.name, ranks, hosts ? " of " : "", hosts ? hosts : "", of,
                   devices ? " with devices " : "", devices ? devices : "",
                   plan->dir.path);
    fflush(stdout);
}

static void release(run *r)
{
    lks_run_output_release(&r->output);
    lks_run_watch_destroy(r->watch);
    lks_run_plan_release(&r->plan);
}

static lks_status prepare(run *r, const lks_args *args)
{
    LKS_TRY(lks_run_plan_make(args, &r->plan));
    LKS_TRY(make_watch(r));
    return lks_run_output_init(&r->output, &r->plan.dir, &output_ops, r);
}

int lks_run_ranks(const lks_args *args, const lks_errand *errand)
{
    run r = {.plan = LKS_RUN_PLAN_NONE,
             .started_at_s = lks_clock_s(),
             .started_time_s = lks_wall_time_s(),
             .oom_kills = lks_oom_kills()};
    lks_status st;
    int exit_status = LKS_EXIT_FAILED;

    r.plan.errand = errand;
    signal(SIGPIPE, SIG_IGN); /* a run goes on when its reader has gone */
    st = prepare(&r, args);
    if (st == LKS_OK) {
        if (!errand)
            say_what_runs_where(&r.plan);
        st = launch_and_wait(&r);
        if (st == LKS_OK)
            exit_status = conclude(&r);
        close_loop(&r);
    }
    if (st != LKS_OK) {
        exit_status = lks_cli_failed(
            st == LKS_INVALID || !r.plan.has_job ? LKS_EXIT_USAGE : LKS_EXIT_FAILED);
        if (r.plan.dir.path[0])
            lks_runs_discard(&r.plan.dir);
    }
    release(&r);
    return exit_status;
}

static int run_job(const lks_args *args)
{
    return lks_run_ranks(args, NULL);
}

static const lks_arg options[] = {
    {"--ranks", "-n", "N",
     "how many processes train (default: one per GPU, without GPUs one per hardware "
     "thread, one with several devices)",
     LKS_ARG_COUNT, offsetof(lks_args, ranks)},
    {"--devices", NULL, "LIST",
     "what each rank trains on, a replica of the model on each: cpu:0,cpu:1, or all "
     "(default: train.device and train.replicas of the job)",
     LKS_ARG_TEXT, offsetof(lks_args, devices)},
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
