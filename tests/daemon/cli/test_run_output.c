#include "support/suite.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/cli/run_output.h"

static char folder[] = "/tmp/lockstep-output-XXXXXX";

/* What has passed, of both streams. */
static char passed[4096];

static void note(void *context, lks_launch_stream stream, const char *bytes,
                 size_t n_bytes)
{
    (void)context;
    strcat(passed, stream == LKS_LAUNCH_OUT ? "out[" : "err[");
    strncat(passed, bytes, n_bytes);
    strcat(passed, "]");
}

static int n_signs;

static void count_sign(void *context, const lks_sign *sign)
{
    (void)context;
    (void)sign;
    n_signs++;
}

static const lks_run_output_ops ops = {.write = note, .sign = count_sign};

/* An output whose log is in a fresh folder. */
static void start(lks_run_output *output)
{
    lks_run_dir dir = {0};
    char logs[64];

    passed[0] = '\0';

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(logs, sizeof logs, "%s/logs", folder);
    mkdir(logs, 0700);
    snprintf(dir.path, sizeof dir.path, "%s", folder);
    ck_ok(lks_run_output_init(output, &dir, &ops, NULL));
}

static void stop(lks_run_output *output)
{
    char logs[64];

    unlink(output->log_path);
    lks_run_output_release(output);
    snprintf(logs, sizeof logs, "%s/logs", folder);
    rmdir(logs);
    rmdir(folder);
}

static void err(lks_run_output *output, const char *text)
{
    lks_run_output_err(output, text, strlen(text));
}

START_TEST(the_first_error_is_kept_and_not_shown)
{
    lks_run_output output;

    start(&output);
    err(&output, "junk\nlockstep: error: rank 2: loss is nan at step 7\n");
    err(&output, "lockstep: error: rank 0: came later\n");
    ck_assert_str_eq(output.error, "rank 2: loss is nan at step 7");
    ck_assert_str_eq(passed, "");
    stop(&output);
}
END_TEST

START_TEST(lines_cut_anywhere_are_put_together)
{
    static const char text[] = "noise\nlockstep: error: rank 1: no\n"
                               "mpirun noticed that process rank 1 with PID 0 on node vm "
                               "exited on signal 9 (Killed).\n";
    lks_run_output output;

    start(&output);
    for (size_t i = 0; i + 1 < sizeof text; i++)
        lks_run_output_err(&output, text + i, 1);
    ck_assert_str_eq(output.error, "rank 1: no");
    ck_assert_int_eq(output.news.rank, 1);
    stop(&output);
}
END_TEST

START_TEST(signs_of_life_are_heard_and_swallowed)
{
    lks_run_output output;

    start(&output);
    ck_assert(!output.has_begun);
    err(&output, "lockstep: sign 0/2 4 99 vm\nlockstep: sign 1/2 0 98 vm\n");
    ck_assert_int_eq(n_signs, 2);
    ck_assert_str_eq(passed, "");
    ck_assert(output.has_begun && !lks_run_output_has_log(&output));
    stop(&output);
}
END_TEST

START_TEST(our_lines_are_known_behind_mpiruns_tags)
{
    lks_run_output output;

    start(&output);
    err(&output, "[1,1]<stderr>:lockstep: warn: slow\n");
    err(&output, "Sat Nov 28 20:01:02 2026<stderr>:lockstep: error: rank 1: no\n");
    ck_assert_str_eq(output.error, "rank 1: no");
    ck_assert_str_eq(passed, "err[lockstep: warn: slow\n]");
    stop(&output);
}
END_TEST

START_TEST(news_of_states_are_heard_and_swallowed)
{
    lks_run_output output;

    start(&output);
    err(&output, "[vm:2419] [[25997,0],0] ACTIVATE PROC [[25997,1],1] STATE ABORTED BY "
                 "SIGNAL AT ../odls_base_default_fns.c:1746\n");
    ck_assert_int_eq(output.news.killed_rank, 1);
    ck_assert_str_eq(passed, "");
    ck_assert(!lks_run_output_has_log(&output));
    stop(&output);
}
END_TEST

START_TEST(an_endless_line_is_cut_not_overrun)
{
    lks_run_output output;

    start(&output);
    for (int i = 0; i < 10000; i++)
        err(&output, "lockstep: error: ");
    lks_run_output_end(&output);
    ck_assert_uint_lt(strlen(output.error), 2048);
    stop(&output);
}
END_TEST

START_TEST(the_guards_word_is_heard_and_no_word_of_mpiruns)
{
    lks_run_output output;

    start(&output);
    err(&output, LKS_GUARD_ASKED "1\n" LKS_MPIRUN_KILLED "15\n");
    ck_assert_int_eq(output.news.asked_signal, 1);
    ck_assert_int_eq(output.news.own_signal, 15);
    ck_assert_str_eq(output.news.first, "");
    ck_assert(!lks_run_output_has_log(&output));
    stop(&output);
}
END_TEST

START_TEST(the_programs_own_lines_pass_on_lines_of_their_own)
{
    lks_run_output output;

    start(&output);
    lks_run_output_out(&output, "step 1", 6);
    err(&output, "junk\nlockstep: warning: slow\n");
    lks_run_output_say(&output, LKS_LAUNCH_ERR, "stopping after %d", 3);
    lks_run_output_out(&output, "step 2", 6);
    lks_run_output_say(&output, LKS_LAUNCH_OUT, "finished");
    lks_run_output_end(&output);
    ck_assert_str_eq(passed, "out[step 1]out[\n]err[lockstep: warning: slow\n]"
                             "err[lockstep: stopping after 3\n]out[step 2]out[\n]"
                             "out[lockstep: finished\n]");
    stop(&output);
}
END_TEST

START_TEST(a_log_that_cannot_be_made_is_an_io_error)
{
    lks_run_dir nowhere = {.path = "/nonexistent"};
    lks_run_output output;

    ck_fails(lks_run_output_init(&output, &nowhere, &ops, NULL), LKS_IO,
             "/nonexistent/logs/mpirun.log");
    lks_run_output_release(&output);
}
END_TEST

LKS_SUITE("run_output", the_first_error_is_kept_and_not_shown,
          lines_cut_anywhere_are_put_together, signs_of_life_are_heard_and_swallowed,
          our_lines_are_known_behind_mpiruns_tags, news_of_states_are_heard_and_swallowed,
          the_guards_word_is_heard_and_no_word_of_mpiruns,
          the_programs_own_lines_pass_on_lines_of_their_own,
          an_endless_line_is_cut_not_overrun, a_log_that_cannot_be_made_is_an_io_error)
