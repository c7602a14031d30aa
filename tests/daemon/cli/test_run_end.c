#include "support/suite.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/run_end.h"

/* A run of which nothing is known but that mpirun ended with status 1. */
typedef struct ended {
    lks_run_output output;
    lks_metrics_tail tail;
    lks_run_facts facts;
    lks_run_end end;
} ended;

static FILE *log_file;

static void begin(ended *e)
{
    *e = (ended){0};
    log_file = tmpfile();
    e->output.log = log_file;
    e->output.log_path = (char *)(uintptr_t) "run/logs/mpirun.log";
    e->output.has_begun = true;
    lks_mpirun_news_init(&e->output.news);
    e->facts = (lks_run_facts){.output = &e->output,
                               .tail = &e->tail,
                               .run_dir = "run",
                               .watched = "",
                               .limits = "",
                               .exit_status = 1,
                               .crashed_rank = -1,
                               .is_local = true,
                               .seconds = 3};
}

/* What mpirun said, as it is read and logged. */
static void say(ended *e, const char *line)
{
    if (lks_mpirun_news_read_guard(&e->output.news, line))
        return;
    fprintf(log_file, "%s\n", line);
    lks_mpirun_news_read(&e->output.news, line);
}

static void tell_error(ended *e, const char *text)
{
    fprintf(log_file, "lockstep: error: %s\n", text);
    snprintf(e->output.error, sizeof e->output.error, "%s", text);
}

static void judge(ended *e, const char *state, const char *cause, int exit_status)
{
    lks_run_end_judge(&e->facts, &e->end);
    fclose(log_file);
    ck_assert_str_eq(e->end.state, state);
    ck_assert_str_eq(e->end.cause, cause);
    ck_assert_int_eq(e->end.exit_status, exit_status);
}

#define says(part)                                                                       \
    ck_assert_msg(strstr(e.end.line, part) != NULL, "the line: %s", e.end.line)

#define NOTICED(rank, signal)                                                            \
    "mpirun noticed that process rank " rank                                             \
    " with PID 0 on node vm exited on signal " signal

START_TEST(a_ranks_own_words_are_the_reason)
{
    ended e;

    begin(&e);
    tell_error(&e, "rank 2: loss is nan at step 7");
    judge(&e, "failed", "rank_failed", LKS_EXIT_FAILED);
    ck_assert_str_eq(e.end.line, "rank 2: loss is nan at step 7");
}
END_TEST

START_TEST(a_job_that_a_rank_refuses_is_the_persons_to_mend)
{
    ended e;

    begin(&e);
    e.facts.exit_status = LKS_EXIT_USAGE;
    tell_error(&e, "job.yaml: the layers do not fit");
    judge(&e, "failed", "rank_failed", LKS_EXIT_USAGE);
}
END_TEST

START_TEST(a_rank_that_mpirun_saw_killed_outweighs_what_others_say)
{
    ended e;

    begin(&e);
    tell_error(&e, "rank 12: the coordinator is gone");
    say(&e, NOTICED("1", "9 (Killed)."));
    e.tail = (lks_metrics_tail){.has_step = true, .step = 40};
    judge(&e, "failed", "rank_killed", LKS_EXIT_FAILED);
    says("rank 1 on host vm was killed by signal 9 (Killed); the last reported step is "
         "40");
    ck_assert_int_eq(e.end.rank, 1);
    ck_assert_int_eq(e.end.signal_number, SIGKILL);
    ck_assert_str_eq(e.end.host, "vm");
}
END_TEST

START_TEST(the_coordinators_account_of_a_killed_rank_gets_the_signal)
{
    ended e;

    begin(&e);
    tell_error(&e, "rank 1 (host vm, pid 7) was lost at step 9 in backward");
    say(&e, NOTICED("1", "11 (Segmentation fault)."));
    judge(&e, "failed", "rank_killed", LKS_EXIT_FAILED);
    says("rank 1 (host vm, pid 7) was lost at step 9 in backward; it was killed by "
         "signal 11 (Segmentation fault)");
}
END_TEST

START_TEST(a_crash_is_told_with_its_own_signal)
{
    ended e;

    begin(&e);
    tell_error(&e, "rank 1 (host vm, pid 7) was lost at step 9 in backward");
    say(&e, "[vm:00007] Signal: Floating point exception (8)");
    say(&e, NOTICED("0", "9 (Killed)."));
    e.facts.crashed_rank = 1;
    judge(&e, "failed", "rank_killed", LKS_EXIT_FAILED);
    says("rank 1 (host vm, pid 7) was lost at step 9 in backward; it was killed by "
         "signal 8 (Floating point exception)");
    ck_assert_int_eq(e.end.rank, 1);
    ck_assert_int_eq(e.end.signal_number, SIGFPE);
}
END_TEST

START_TEST(want_of_memory_is_told_where_it_may_be_so)
{
    static const struct {
        bool is_local, ran_out;
        const char *signal, *says;
    } cases[] = {
        {true, true, "9 (Killed).", "perhaps out of memory: the kernel"},
        {true, false, "9 (Killed).", NULL},
        {false, false, "9 (Killed).", "perhaps out of memory (dmesg"},
        {true, true, "11 (Segmentation fault).", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ended e;
        char line[256];

        begin(&e);
        snprintf(line, sizeof line, NOTICED("1", "%s"), cases[i].signal);
        say(&e, line);
        e.facts.is_local = cases[i].is_local;
        e.facts.memory_ran_out = cases[i].ran_out;
        judge(&e, "failed", "rank_killed", LKS_EXIT_FAILED);
        if (cases[i].says)
            says(cases[i].says);
        else
            ck_assert_ptr_null(strstr(e.end.line, "memory"));
    }
}
END_TEST

START_TEST(an_exit_without_a_word_names_rank_and_log)
{
    ended e;

    begin(&e);
    say(&e, "  Process name: [[1,1],2]");
    say(&e, "  Exit code:    3");
    judge(&e, "failed", "rank_exited", LKS_EXIT_FAILED);
    says("rank 2 ended with exit status 3 and without a word: see run/logs/mpirun.log");
    begin(&e); /* before MPI knew of it */
    e.facts.exit_status = 4;
    e.output.news.left_rank = 1;
    judge(&e, "failed", "rank_exited", LKS_EXIT_FAILED);
    says("rank 1 ended with exit status 4 and without a word");
}
END_TEST

START_TEST(a_dead_rank_0_that_mpirun_has_not_told_of_is_named_by_the_others)
{
    const lks_sign rank_0 = {.pid = 40, .host = "node1"};
    ended e;

    begin(&e);
    e.facts.lost_rank_0 = &rank_0;
    e.tail = (lks_metrics_tail){.has_step = true, .step = 40};
    say(&e, LKS_MPIRUN_KILLED "9");
    judge(&e, "failed", "rank_killed", LKS_EXIT_FAILED);
    says(
        "rank 0 (host node1, pid 40) was lost: its connections closed; the last reported "
        "step is 40");
    ck_assert_int_eq(e.end.rank, 0);
    begin(&e);
    e.facts.lost_rank_0 = &rank_0;
    say(&e, NOTICED("0", "9 (Killed)."));
    judge(&e, "failed", "rank_killed", LKS_EXIT_FAILED);
    says("rank 0 on host vm was killed by signal 9");
}
END_TEST

START_TEST(a_rank_that_mpirun_saw_die_is_named_though_it_never_said_of_what)
{
    static const char died[] =
        "[vm:1] [[9,0],0] ACTIVATE PROC [[9,1],1] STATE ABORTED BY "
        "SIGNAL AT odls_base_default_fns.c:1746";
    const lks_sign rank_1 = {
        .rank = 1, .pid = 41, .host = "node2", .stage = LKS_STAGE_MPI};
    ended e;

    begin(&e);
    e.facts.is_local = false;
    e.facts.killed_rank = &rank_1;
    ck_assert(lks_mpirun_news_read_state(&e.output.news, died));
    say(&e, LKS_MPIRUN_KILLED "9");
    judge(&e, "failed", "rank_killed", LKS_EXIT_FAILED);
    says("rank 1 on host node2 was killed by a signal while joining MPI, perhaps out of "
         "memory (dmesg there tells)");
    ck_assert_int_eq(e.end.rank, 1);
    ck_assert_str_eq(e.end.host, "node2");
    begin(&e);
    ck_assert(lks_mpirun_news_read_state(&e.output.news, died));
    judge(&e, "failed", "rank_killed", LKS_EXIT_FAILED);
    says("rank 1 was killed by a signal");
    begin(&e);
    ck_assert(lks_mpirun_news_read_state(&e.output.news, died));
    say(&e, NOTICED("1", "9 (Killed)."));
    judge(&e, "failed", "rank_killed", LKS_EXIT_FAILED);
    says("rank 1 on host vm was killed by signal 9 (Killed)");
}
END_TEST

START_TEST(what_a_library_said_before_a_rank_left_is_quoted)
{
    ended e;

    begin(&e);
    e.facts.limits = "; at most 163 MiB of memory may each process have here (ulimit -v)";
    say(&e, "libpmix.so.2: failed to map segment from shared object");
    say(&e, "Primary job  terminated normally, but 1 process returned");
    say(&e, "  Process name: [[1,1],0]");
    say(&e, "  Exit code:    1");
    judge(&e, "failed", "rank_exited", LKS_EXIT_FAILED);
    says("rank 0 ended with exit status 1: libpmix.so.2: failed to map segment from "
         "shared object; at most 163 MiB of memory may each process have here (ulimit "
         "-v): see");
}
END_TEST

START_TEST(a_lost_host_is_named)
{
    ended e;

    begin(&e);
    e.facts.exit_status = 205;
    say(&e, "ORTE has lost communication with a remote daemon.");
    say(&e, "  Remote daemon: [[6420,0],1] on node node2");
    judge(&e, "failed", "host_lost", LKS_EXIT_FAILED);
    says("the connection to host node2 was lost");
    ck_assert_str_eq(e.end.host, "node2");
}
END_TEST

START_TEST(a_lost_rank_is_told_with_its_host_and_what_is_known_of_it)
{
    static const char error[] =
        "rank 1 (host node2, pid 7) was lost at step 9 in backward: "
        "its connection closed";
    ended e;

    begin(&e);
    tell_error(&e, error);
    judge(&e, "failed", "rank_failed", LKS_EXIT_FAILED);
    ck_assert_int_eq(e.end.rank, 1);
    ck_assert_str_eq(e.end.host, "node2");
    begin(&e);
    tell_error(&e, error);
    say(&e, "  Remote daemon: [[6420,0],1] on node node2");
    judge(&e, "failed", "host_lost", LKS_EXIT_FAILED);
    begin(&e);
    tell_error(&e, error);
    say(&e, "  Process name: [[1,1],1]");
    say(&e, "  Exit code:    3");
    judge(&e, "failed", "rank_exited", LKS_EXIT_FAILED);
    says("its connection closed; it ended with exit status 3");
    begin(&e);
    tell_error(&e, error);
    say(&e, "  Process name: [[1,1],0]"); /* that had to tell of it */
    say(&e, "  Exit code:    1");
    judge(&e, "failed", "rank_failed", LKS_EXIT_FAILED);
}
END_TEST

START_TEST(what_the_watch_saw_comes_first)
{
    ended e;

    begin(&e);
    e.facts.watched = "no rank has begun 20 s after the start";
    e.facts.limits = "; at most 32 files may be open here (ulimit -n)";
    e.facts.signal_number = SIGKILL;
    say(&e, NOTICED("1", "9 (Killed)."));
    judge(&e, "failed", "no_sign_of_life", LKS_EXIT_FAILED);
    says("no rank has begun 20 s after the start; at most 32 files may be open here "
         "(ulimit -n): see run/logs/mpirun.log");
}
END_TEST

START_TEST(trouble_of_mpirun_at_the_start_outweighs_what_it_died_of)
{
    static const char trouble[] =
        "[vm:1] [[8,0],0] ORTE_ERROR_LOG: Out of resource in file "
        "x.c at line 128";
    ended e;

    begin(&e);
    say(&e, trouble);
    say(&e, LKS_MPIRUN_KILLED "11");
    judge(&e, "failed", "mpirun_refused", LKS_EXIT_FAILED);
    says("mpirun could not start the ranks: Out of resource: see run/logs/mpirun.log");
    begin(&e);
    e.tail = (lks_metrics_tail){.has_step = true, .step = 40};
    say(&e, trouble);
    say(&e, LKS_MPIRUN_KILLED "11");
    judge(&e, "failed", "mpirun_killed", LKS_EXIT_FAILED);
}
END_TEST

START_TEST(another_mpis_mpirun_is_told_with_what_to_use)
{
    ended e;

    begin(&e);
    e.facts.exit_status = 255;
    say(&e, "[mpiexec@vm] match_arg (args.c:166): unrecognized argument oversubscribe");
    judge(&e, "failed", "mpirun_refused", LKS_EXIT_FAILED);
    says("unrecognized argument oversubscribe; it is not Open MPI's: install that");
}
END_TEST

START_TEST(unknown_words_of_mpirun_are_quoted)
{
    ended e;

    begin(&e);
    e.facts.exit_status = 213;
    say(&e, "--------------------------");
    say(&e, "A wholly new complaint of a version to come.");
    judge(&e, "failed", "mpirun_ended", LKS_EXIT_FAILED);
    says("mpirun ended with exit status 213: A wholly new complaint of a version to "
         "come.");
    begin(&e);
    e.facts.exit_status = 137;
    judge(&e, "failed", "mpirun_ended", LKS_EXIT_FAILED);
    says("mpirun ended with exit status 137, as after a rank's end by signal 9 (Killed)");
}
END_TEST

START_TEST(a_killed_mpirun_is_told_with_its_signal_and_so_is_its_guard)
{
    ended e;

    begin(&e);
    e.facts.exit_status = 137;
    say(&e, LKS_MPIRUN_KILLED "9");
    judge(&e, "failed", "mpirun_killed", LKS_EXIT_FAILED);
    ck_assert_str_eq(e.end.line, "mpirun was killed by signal 9 (Killed)");
    begin(&e);
    e.facts.exit_status = 0;
    e.facts.signal_number = SIGTERM;
    judge(&e, "failed", "guard_killed", LKS_EXIT_FAILED);
    says("the guard of mpirun was killed by signal 15 (Terminated)");
}
END_TEST

START_TEST(the_end_of_a_rank_that_has_no_mpirun_is_its_own)
{
    ended e;

    begin(&e);
    e.facts.has_no_mpirun = true;
    e.facts.exit_status = 128 + SIGKILL;
    say(&e, LKS_MPIRUN_KILLED "9");
    e.tail = (lks_metrics_tail){.has_step = true, .step = 40};
    judge(&e, "failed", "rank_killed", LKS_EXIT_FAILED);
    says("rank 0 was killed by signal 9 (Killed); the last reported step is 40");
    ck_assert_int_eq(e.end.rank, 0);
    ck_assert_int_eq(e.end.signal_number, SIGKILL);

    begin(&e);
    e.facts.has_no_mpirun = true;
    judge(&e, "failed", "rank_exited", LKS_EXIT_FAILED);
    says("rank 0 ended with exit status 1 and without a word");
    ck_assert_int_eq(e.end.rank, 0);
}
END_TEST

START_TEST(an_mpirun_that_leaves_in_silence_was_asked_to)
{
    ended e;

    begin(&e);
    e.tail = (lks_metrics_tail){.has_step = true, .step = 40};
    judge(&e, "interrupted", "asked_to_end", LKS_EXIT_INTERRUPTED);
    says("interrupted by a signal to mpirun; its last reported step is 40");
    begin(&e);
    say(&e, "[warn] Epoll MOD(1) on fd 26 failed. Old events were 6");
    judge(&e, "interrupted", "asked_to_end", LKS_EXIT_INTERRUPTED);
    begin(&e);
    say(&e, "Something new in a version to come.");
    judge(&e, "failed", "mpirun_ended", LKS_EXIT_FAILED);
    begin(&e);
    e.output.has_begun = false; /* it never started one */
    judge(&e, "failed", "mpirun_ended", LKS_EXIT_FAILED);
    says("mpirun ended with exit status 1 and without a word");
}
END_TEST

START_TEST(a_guard_that_was_asked_to_end_says_by_which_signal)
{
    ended e;

    begin(&e);
    e.output.has_begun = false; /* so early that nothing had been started */
    say(&e, LKS_GUARD_ASKED "1");
    judge(&e, "interrupted", "asked_to_end", LKS_EXIT_INTERRUPTED);
    says("interrupted by signal 1 (Hangup) to the guard of mpirun before the first");
    begin(&e); /* mpirun stumbles over being asked twice */
    e.facts.exit_status = 139;
    say(&e, LKS_GUARD_ASKED "15");
    say(&e, LKS_MPIRUN_KILLED "11");
    judge(&e, "interrupted", "asked_to_end", LKS_EXIT_INTERRUPTED);
    begin(&e);
    tell_error(&e, "rank 2: loss is nan at step 7");
    say(&e, LKS_GUARD_ASKED "15");
    judge(&e, "failed", "rank_failed", LKS_EXIT_FAILED);
}
END_TEST

START_TEST(weights_are_success_whatever_came_after_them)
{
    ended e;

    begin(&e);
    e.facts.has_weights = true;
    tell_error(&e, "rank 1 was lost in save");
    say(&e, NOTICED("1", "9 (Killed)."));
    judge(&e, "succeeded", "", LKS_EXIT_OK);
    says("weights in run/model.safetensors");
}
END_TEST

START_TEST(no_weights_are_no_success_on_this_host)
{
    ended e;

    begin(&e);
    e.facts.exit_status = 0;
    judge(&e, "failed", "weights_gone", LKS_EXIT_FAILED);
    says("run/model.safetensors is not there: has the run directory been removed or");
    begin(&e);
    e.facts.exit_status = 0;
    e.facts.is_local = false;
    judge(&e, "succeeded", "", LKS_EXIT_OK);
    says("on the host of rank 0");
}
END_TEST

START_TEST(an_interruption_keeps_what_mpirun_said)
{
    ended e;

    begin(&e);
    e.facts.is_interrupted = true;
    judge(&e, "interrupted", "signal", LKS_EXIT_INTERRUPTED);
    ck_assert_str_eq(e.end.line, "interrupted before the first reported step");
    begin(&e);
    e.facts.is_interrupted = true;
    say(&e, "ssh: connect to host node2 port 22: No route to host");
    ck_assert(!lks_run_end_says_all(&e.facts));
    judge(&e, "interrupted", "signal", LKS_EXIT_INTERRUPTED);
    says("; see run/logs/mpirun.log");
}
END_TEST

START_TEST(an_errand_ends_well_without_weights_or_a_word_and_names_no_log)
{
    ended e;

    begin(&e);
    e.facts.is_errand = true;
    e.facts.exit_status = 0;
    judge(&e, "succeeded", "", LKS_EXIT_OK);
    ck_assert_str_eq(e.end.line, "");
    begin(&e);
    e.facts.is_errand = true;
    e.facts.exit_status = 0;
    e.facts.output_error = EPIPE;
    judge(&e, "succeeded", "", LKS_EXIT_OK);
    begin(&e);
    e.facts.is_errand = true;
    e.facts.exit_status = 0;
    e.facts.output_error = ENOSPC;
    judge(&e, "failed", "output_lost", LKS_EXIT_FAILED);
    ck_assert_str_eq(e.end.line,
                     "standard output cannot be written: No space left on device");
    begin(&e);
    e.facts.is_errand = true;
    say(&e, NOTICED("1", "9 (Killed)"));
    e.output.news.killed_rank = 1;
    judge(&e, "failed", "rank_killed", LKS_EXIT_FAILED);
    says("rank 1");
    ck_assert_ptr_null(strstr(e.end.line, "mpirun.log"));
    begin(&e);
    e.facts.is_errand = e.facts.is_interrupted = true;
    say(&e, "ssh: connect to host node2 port 22: No route to host");
    judge(&e, "interrupted", "signal", LKS_EXIT_INTERRUPTED);
    ck_assert_str_eq(e.end.line, "interrupted");
}
END_TEST

LKS_SUITE("run_end", an_errand_ends_well_without_weights_or_a_word_and_names_no_log,
          a_ranks_own_words_are_the_reason,
          a_job_that_a_rank_refuses_is_the_persons_to_mend,
          a_rank_that_mpirun_saw_killed_outweighs_what_others_say,
          the_coordinators_account_of_a_killed_rank_gets_the_signal,
          a_crash_is_told_with_its_own_signal, want_of_memory_is_told_where_it_may_be_so,
          an_exit_without_a_word_names_rank_and_log,
          a_dead_rank_0_that_mpirun_has_not_told_of_is_named_by_the_others,
          a_rank_that_mpirun_saw_die_is_named_though_it_never_said_of_what,
          what_a_library_said_before_a_rank_left_is_quoted, a_lost_host_is_named,
          a_lost_rank_is_told_with_its_host_and_what_is_known_of_it,
          what_the_watch_saw_comes_first,
          trouble_of_mpirun_at_the_start_outweighs_what_it_died_of,
          another_mpis_mpirun_is_told_with_what_to_use,
          unknown_words_of_mpirun_are_quoted,
          a_killed_mpirun_is_told_with_its_signal_and_so_is_its_guard,
          the_end_of_a_rank_that_has_no_mpirun_is_its_own,
          an_mpirun_that_leaves_in_silence_was_asked_to,
          a_guard_that_was_asked_to_end_says_by_which_signal,
          weights_are_success_whatever_came_after_them,
          no_weights_are_no_success_on_this_host, an_interruption_keeps_what_mpirun_said)
