#include "support/suite.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/process.h"
#include "daemon/uv/launcher.h"
#include "daemon/uv/session.h"
#include "daemon/uv/signals.h"

/* One launch and all that it told. */
typedef struct watched {
    uv_loop_t loop;
    lks_launch *launch;
    char text[2][4096];
    size_t n_text[2];
    int n_ends;
    int64_t exit_status;
    int signal_number;
    void (*on_text)(struct watched *w);
} watched;

static void on_output(void *context, lks_launch_stream stream, const char *bytes,
                      size_t n_bytes)
{
    watched *w = context;

    ck_assert_uint_lt(w->n_text[stream] + n_bytes, sizeof w->text[0]);
    memcpy(w->text[stream] + w->n_text[stream], bytes, n_bytes);
    w->n_text[stream] += n_bytes;
    if (w->on_text)
        w->on_text(w);
}

static void on_end(void *context, int64_t exit_status, int signal_number)
{
    watched *w = context;

    w->n_ends++;
    w->exit_status = exit_status;
    w->signal_number = signal_number;
    lks_launch_close(w->launch);
}

/* Runs `script` to its end and sees that the loop is then empty. */
static void run_script(watched *w, const char *script)
{
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    lks_launch_options options = {.loop = &w->loop,
                                  .argv = argv,
                                  .on_output = on_output,
                                  .on_end = on_end,
                                  .context = w};

    uv_loop_init(&w->loop);
    ck_ok(lks_launch_start(&options, &w->launch));
    uv_run(&w->loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&w->loop), 0);
    ck_assert_int_eq(w->n_ends, 1);
}

START_TEST(output_and_exit_status_come_through)
{
    watched w = {0};

    run_script(&w, "echo out; echo err >&2; exit 3");
    ck_assert_str_eq(w.text[LKS_LAUNCH_OUT], "out\n");
    ck_assert_str_eq(w.text[LKS_LAUNCH_ERR], "err\n");
    ck_assert_int_eq(w.exit_status, 3);
    ck_assert_int_eq(w.signal_number, 0);
}
END_TEST

START_TEST(a_death_by_signal_is_told)
{
    watched w = {0};

    run_script(&w, "kill -9 $$");
    ck_assert_int_eq(w.signal_number, SIGKILL);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_an_io_error_and_leaves_nothing)
{
    char *argv[] = {"/nonexistent/program", NULL};
    watched w = {0};
    lks_launch_options options = {.loop = &w.loop,
                                  .argv = argv,
                                  .on_output = on_output,
                                  .on_end = on_end,
                                  .context = &w};

    uv_loop_init(&w.loop);
    ck_fails(lks_launch_start(&options, &w.launch), LKS_IO, "/nonexistent/program");
    uv_run(&w.loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&w.loop), 0);
    ck_assert_int_eq(w.n_ends, 0);
}
END_TEST

START_TEST(the_program_reads_nothing_and_has_a_session_of_its_own)
{
    watched w = {0};
    int pid, session;

    run_script(&w, "cat; read -r a b c d e f rest </proc/$$/stat; echo $a $f");
    ck_assert_int_eq(sscanf(w.text[LKS_LAUNCH_OUT], "%d %d", &pid, &session), 2);
    ck_assert_int_eq(pid, session);
    ck_assert_int_ne(session, getsid(0));
}
END_TEST

static void let_go(uv_timer_t *timer)
{
    watched *w = timer->data;

    ck_assert_str_eq(w->text[LKS_LAUNCH_OUT], "one"); /* all else is held */
    ck_assert_int_eq(w->n_ends, 0);
    ck_assert(lks_launch_has_exited(w->launch));
    lks_launch_let_go(w->launch, LKS_LAUNCH_OUT);
    uv_close((uv_handle_t *)timer, NULL);
}

/* Hold what follows the first word for longer than the drain waits. */
static void hold_once(watched *w)
{
    static uv_timer_t timer;

    if (timer.data)
        return;
    lks_launch_hold(w->launch, LKS_LAUNCH_OUT);
    uv_timer_init(&w->loop, &timer);
    timer.data = w;
    uv_timer_start(&timer, let_go, 2500, 0);
}

START_TEST(what_is_held_at_the_end_is_read_when_it_is_let_go)
{
    watched w = {.on_text = hold_once};

    run_script(&w, "printf one; sleep 0.2; printf two");
    ck_assert_str_eq(w.text[LKS_LAUNCH_OUT], "onetwo");
}
END_TEST

static void stop_soon(watched *w)
{
    lks_launch_stop(w->launch, 100);
    lks_launch_stop(w->launch, 100000); /* lengthens nothing */
}

START_TEST(a_stop_lets_the_program_end_by_itself)
{
    watched w = {.on_text = stop_soon};

    run_script(&w, "trap 'exit 7' TERM; echo go; while :; do sleep 0.01; done");
    ck_assert_int_eq(w.exit_status, 7);
}
END_TEST

START_TEST(a_stop_that_is_ignored_kills_after_the_grace)
{
    watched w = {.on_text = stop_soon};
    double start_s = lks_clock_s();

    run_script(&w, "trap '' TERM; echo go; while :; do sleep 0.01; done");
    ck_assert_int_eq(w.signal_number, SIGKILL);
    ck_assert_double_ge(lks_clock_s() - start_s, 0.09);
    ck_assert_double_lt(lks_clock_s() - start_s, 5);
}
END_TEST

/* As mpirun does with ranks: each in a process group of its own. */
START_TEST(what_the_program_leaves_behind_is_killed)
{
    watched w = {0};
    int left;

    run_script(&w, "set -m; sleep 100 & echo $!; kill -STOP $!");
    ck_assert_int_eq(sscanf(w.text[LKS_LAUNCH_OUT], "%d", &left), 1);
    ck_assert(lks_process_state(left) == '\0' || lks_process_state(left) == 'Z');
}
END_TEST

START_TEST(who_has_left_the_session_and_holds_the_output_is_not_waited_for)
{
    watched w = {0};
    double start_s = lks_clock_s();
    int left;

    run_script(&w, "setsid sleep 100 & echo $!; sleep 0.2");
    ck_assert_double_lt(lks_clock_s() - start_s, 1.5);
    ck_assert_int_eq(sscanf(w.text[LKS_LAUNCH_OUT], "%d", &left), 1);
    kill(left, SIGKILL);
}
END_TEST

static pid_t stopped_in_a_session_of_its_own(void)
{
    pid_t child = fork();

    if (child == 0) {
        setsid();
        raise(SIGSTOP);
        _exit(0);
    }
    return child;
}

START_TEST(a_stopped_process_is_seen_as_stopped)
{
    pid_t child = stopped_in_a_session_of_its_own();
    char state = 0;

    for (int i = 0; i < 200 && state != 'T'; i++) {
        usleep(10000);
        state = lks_process_state(child);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert_int_eq(state, 'T');
}
END_TEST

START_TEST(the_processes_of_a_session_are_counted_until_they_are_dead)
{
    pid_t child = stopped_in_a_session_of_its_own();
    int n_alive = 0, n_dead;

    for (int i = 0; i < 200 && n_alive == 0; i++) {
        usleep(10000);
        n_alive = lks_session_signal(child, 0);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    n_dead = lks_session_signal(child, 0);
    ck_assert_int_eq(n_alive, 1);
    ck_assert_int_eq(n_dead, 0);
}
END_TEST

/* In a container the test itself may be in session 0 or 1. */
START_TEST(the_sessions_of_the_kernel_and_of_init_are_left_alone)
{
    ck_assert_int_eq(lks_session_signal(0, 0), 0);
    ck_assert_int_eq(lks_session_signal(1, 0), 0);
}
END_TEST

typedef struct signal_watch {
    lks_signals signals;
    uv_timer_t limit; /* keeps the loop alive; the test fails when it is over */
    int first_signal;
} signal_watch;

static void end_watch(signal_watch *w)
{
    lks_signals_release(&w->signals);
    uv_close((uv_handle_t *)&w->limit, NULL);
}

static void note_signal(void *context, int signal_number)
{
    signal_watch *w = context;

    if (w->first_signal)
        return;
    w->first_signal = signal_number;
    end_watch(w);
}

static void give_up(uv_timer_t *limit)
{
    end_watch(limit->data);
}

/* The first signal that a loop hears of which watches for them. */
static int first_signal(const int *raised, size_t n_raised)
{
    uv_loop_t loop;
    signal_watch w = {0};

    uv_loop_init(&loop);
    ck_ok(lks_signals_init(&w.signals, &loop, note_signal, &w));
    ck_assert_int_eq(uv_loop_alive(&loop), 0);
    uv_timer_init(&loop, &w.limit);
    w.limit.data = &w;
    uv_timer_start(&w.limit, give_up, 5000, 0);
    for (size_t i = 0; i < n_raised; i++)
        raise(raised[i]);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    return w.first_signal;
}

START_TEST(a_signal_becomes_an_event)
{
    ck_assert_int_eq(first_signal((int[]){SIGTERM}, 1), SIGTERM);
    ck_assert_int_eq(first_signal((int[]){SIGHUP, SIGTERM}, 2), SIGHUP);
}
END_TEST

/* As nohup(1) starts a program. */
START_TEST(a_hangup_that_is_ignored_stays_ignored)
{
    struct sigaction now;

    signal(SIGHUP, SIG_IGN);
    ck_assert_int_eq(first_signal((int[]){SIGHUP, SIGTERM}, 2), SIGTERM);
    ck_assert_int_eq(sigaction(SIGHUP, NULL, &now), 0);
    ck_assert(now.sa_handler == SIG_IGN);
}
END_TEST

START_TEST(no_memory_for_a_launch_is_an_error)
{
    char *argv[] = {"true", NULL};
    watched w = {0};
    lks_launch_options options = {.loop = &w.loop, .argv = argv};

    uv_loop_init(&w.loop);
    lks_alloc_fail_after(0);
    ck_assert_int_eq(lks_launch_start(&options, &w.launch), LKS_NOMEM);
    lks_alloc_fail_after(-1);
    ck_assert_int_eq(uv_loop_close(&w.loop), 0);
}
END_TEST

LKS_SUITE("launcher", output_and_exit_status_come_through, a_death_by_signal_is_told,
          a_program_that_is_not_there_is_an_io_error_and_leaves_nothing,
          the_program_reads_nothing_and_has_a_session_of_its_own,
          what_is_held_at_the_end_is_read_when_it_is_let_go,
          a_stop_lets_the_program_end_by_itself,
          a_stop_that_is_ignored_kills_after_the_grace,
          what_the_program_leaves_behind_is_killed,
          who_has_left_the_session_and_holds_the_output_is_not_waited_for,
          a_stopped_process_is_seen_as_stopped,
          the_processes_of_a_session_are_counted_until_they_are_dead,
          the_sessions_of_the_kernel_and_of_init_are_left_alone,
          a_signal_becomes_an_event, a_hangup_that_is_ignored_stays_ignored,
          no_memory_for_a_launch_is_an_error)
