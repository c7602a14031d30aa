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
    ck_ok(lks_run_output_init(output, &dir, note, NULL));
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

/* What it says of an mpirun that ended with status 1. */
static const char *explain(lks_run_output *output)
{
    static char why[2400];

    lks_run_output_end(output);
    lks_run_output_explain(output, 1, 0, why, sizeof why);
    return why;
}

#define NOTICED(rank)                                                                    \
    "mpirun noticed that process rank " rank                                             \
    " with PID 0 on node vm exited on signal 9 (Killed).\n"

START_TEST(a_ranks_own_words_are_the_reason)
{
    lks_run_output output;

    start(&output);
    err(&output, "junk\nlockstep: error: rank 2: loss is nan at step 7\n");
    err(&output, "lockstep: error: rank 0: came later\n");
    ck_assert_str_eq(explain(&output), "rank 2: loss is nan at step 7");
    stop(&output);
}
END_TEST

START_TEST(lines_cut_anywhere_are_put_together)
{
    static const char text[] = "noise\nlockstep: error: rank 1: no\n" NOTICED("1");
    lks_run_output output;

    start(&output);
    for (size_t i = 0; i + 1 < sizeof text; i++)
        lks_run_output_err(&output, text + i, 1);
    ck_assert_str_eq(explain(&output), "rank 1: no");
    ck_assert_int_eq(output.news.rank, 1);
    stop(&output);
}
END_TEST

START_TEST(a_rank_that_mpirun_saw_killed_outweighs_what_others_say)
{
    lks_run_output output;

    start(&output);
    err(&output, "lockstep: error: rank 12: the coordinator is gone\n" NOTICED("1"));
    ck_assert_ptr_nonnull(
        strstr(explain(&output), "rank 1 on host vm was killed by signal 9"));
    stop(&output);
}
END_TEST

START_TEST(the_coordinators_account_of_a_killed_rank_is_kept)
{
    lks_run_output output;

    start(&output);
    err(&output, "lockstep: error: rank 1 (host vm) was lost at step 9\n" NOTICED("1"));
    ck_assert_str_eq(explain(&output), "rank 1 (host vm) was lost at step 9");
    stop(&output);
}
END_TEST

START_TEST(an_exit_without_a_word_names_rank_and_log)
{
    lks_run_output output;

    start(&output);
    err(&output, "  Process name: [[1,1],2]\n  Exit code:    3\n");
    ck_assert_ptr_nonnull(strstr(explain(&output), "rank 2 ended with exit status 3"));
    ck_assert_ptr_nonnull(strstr(explain(&output), "/logs/mpirun.log"));
    stop(&output);
}
END_TEST

START_TEST(an_endless_line_is_cut_not_overrun)
{
    lks_run_output output;

    start(&output);
    for (int i = 0; i < 10000; i++)
        err(&output, "lockstep: error: ");
    ck_assert_uint_lt(strlen(explain(&output)), 2048);
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

    ck_fails(lks_run_output_init(&output, &nowhere, note, NULL), LKS_IO,
             "/nonexistent/logs/mpirun.log");
    lks_run_output_release(&output);
}
END_TEST

LKS_SUITE("run_output", a_ranks_own_words_are_the_reason,
          lines_cut_anywhere_are_put_together,
          a_rank_that_mpirun_saw_killed_outweighs_what_others_say,
          the_coordinators_account_of_a_killed_rank_is_kept,
          the_programs_own_lines_pass_on_lines_of_their_own,
          an_exit_without_a_word_names_rank_and_log, an_endless_line_is_cut_not_overrun,
          a_log_that_cannot_be_made_is_an_io_error)
