#include "support/suite.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "daemon/cli/metrics_tail.h"
#include "daemon/cli/run_ref.h"
#include "daemon/cli/runs.h"

static char home[] = "/tmp/lockstep-runs-XXXXXX";

/* Each test runs in a process and an empty folder of its own. */
static void enter(void)
{
    ck_assert_ptr_nonnull(mkdtemp(home));
    ck_assert_int_eq(chdir(home), 0);
}

static void leave(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_msg(rmdir(home) == 0, "%s is not empty", home);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

START_TEST(two_runs_in_one_second_get_two_directories)
{
    lks_run_dir a, b;

    enter();
    ck_ok(lks_runs_create("cnn", NULL, &a));
    ck_ok(lks_runs_create("cnn", NULL, &b));
    ck_assert_str_ne(a.path, b.path);
    ck_assert(strncmp(a.path, "runs/cnn-20", 11) == 0);
    lks_runs_discard(&a);
    lks_runs_discard(&b);
    ck_assert_int_eq(rmdir("runs"), 0);
    leave();
}
END_TEST

START_TEST(a_directory_in_which_the_ranks_have_begun_is_kept)
{
    lks_run_dir dir;
    int fd;

    enter();
    ck_ok(lks_runs_create("cnn", "run", &dir));
    ck_ok(lks_run_dir_open_new(&dir, LKS_RUN_MPIRUN_LOG, &fd));
    close(fd);
    write_file("run/metrics.jsonl", "{}\n");
    lks_runs_discard(&dir);
    ck_assert_int_eq(access("run/logs/mpirun.log", F_OK), 0);
    unlink("run/metrics.jsonl");
    lks_runs_discard(&dir);
    ck_assert_int_ne(access("run", F_OK), 0);
    leave();
}
END_TEST

START_TEST(a_path_too_long_for_the_status_socket_is_refused_before_it_is_made)
{
    lks_run_dir dir;
    char wanted[200];

    enter();
    snprintf(wanted, sizeof wanted, "%0150d", 0);
    ck_fails(lks_runs_create("cnn", wanted, &dir), LKS_INVALID,
             "a Unix socket's has at most 107");
    ck_assert_int_ne(access(wanted, F_OK), 0);
    leave();
}
END_TEST

START_TEST(a_run_is_found_by_directory_and_by_name)
{
    char *path;

    enter();
    mkdir("runs", 0700);
    mkdir("runs/cnn-1", 0700);
    ck_ok(lks_runs_find("cnn-1", &path));
    ck_assert_str_eq(path, "runs/cnn-1");
    lks_free(path);
    ck_ok(lks_runs_find("runs/cnn-1", &path));
    ck_assert_str_eq(path, "runs/cnn-1");
    lks_free(path);
    ck_fails(lks_runs_find("cnn-2", &path), LKS_IO, "no run directory cnn-2");
    ck_fails(lks_runs_find("cnm-1", &path), LKS_IO,
             "no run directory cnm-1, here or in runs/: did you mean cnn-1?");
    ck_fails(lks_runs_find(NULL, &path), LKS_STATE, "no run is live in runs/");
    rmdir("runs/cnn-1");
    rmdir("runs");
    leave();
}
END_TEST

/* As of a stopped process that has been asked too often. */
START_TEST(a_run_whose_queue_of_connections_is_full_is_live_and_silent)
{
    struct sockaddr_un address = {AF_UNIX, "runs/cnn-1/status.sock"};
    lks_args none = {0};
    lks_status_report report;
    lks_run_ref ref;
    int fd[3];

    enter();
    mkdir("runs", 0700);
    mkdir("runs/cnn-1", 0700);
    for (size_t i = 0; i < 3; i++)
        fd[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(fd[0], (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd[0], 0), 0);
    ck_assert_int_eq(connect(fd[1], (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_ne(connect(fd[2], (struct sockaddr *)&address, sizeof address), 0);
    ck_ok(lks_run_ref_find(&none, &ref));
    ck_assert_str_eq(ref.run_dir, "runs/cnn-1");
    ck_fails(lks_run_ref_fetch(&ref, &report), LKS_COMM,
             "the coordinator in rank 0 does not answer");
    lks_run_ref_release(&ref);
    for (size_t i = 0; i < 3; i++)
        close(fd[i]);
    unlink(address.sun_path);
    rmdir("runs/cnn-1");
    rmdir("runs");
    leave();
}
END_TEST

START_TEST(a_socket_that_is_named_by_itself_has_no_weights_to_speak_of)
{
    lks_args args = {.socket = "/nonexistent/status.sock"};
    lks_status_report report;
    lks_run_ref ref;

    ck_ok(lks_run_ref_find(&args, &ref));
    ck_fails(lks_run_ref_fetch(&ref, &report), LKS_STATE,
             "/nonexistent/status.sock: there is no such socket");
    lks_run_ref_release(&ref);
}
END_TEST

START_TEST(the_newest_metrics_are_read_and_a_half_written_line_is_not)
{
    lks_metrics_tail tail;

    enter();
    lks_metrics_tail_read(".", &tail);
    ck_assert(!tail.has_step && !tail.has_evaluation);
    write_file("metrics.jsonl",
               "{\"step\": 10, \"loss\": 0.5}\n"
               "{\"step\": 10, \"split\": \"test\", \"loss\": 0.75, \"accuracy\": 0.5}\n"
               "not json\n"
               "{\"step\": 20, \"loss\": 0.25}\n{\"step\": 30, \"lo");
    lks_metrics_tail_read(".", &tail);
    ck_assert(tail.has_step && tail.has_evaluation && tail.has_accuracy);
    ck_assert_uint_eq(tail.step, 20);
    ck_assert_double_eq(tail.loss, 0.25);
    ck_assert_double_eq(tail.accuracy, 0.5);
    ck_assert_double_eq(tail.evaluation_loss, 0.75);
    ck_assert_str_eq(lks_metrics_tail_split(&tail), "test");
    unlink("metrics.jsonl");
    leave();
}
END_TEST

START_TEST(a_run_that_is_not_live_is_told_with_its_last_evaluation)
{
    lks_args args = {.positional = {.items = (char *[]){"runs/cnn-1"}, .n_items = 1}};
    lks_status_report report;
    lks_run_ref ref;

    enter();
    mkdir("runs", 0700);
    mkdir("runs/cnn-1", 0700);
    write_file("runs/cnn-1/job.yaml", "job: cnn\n");
    write_file(
        "runs/cnn-1/metrics.jsonl",
        "{\"step\": 9, \"loss\": 0.5}\n"
        "{\"step\": 9, \"split\": \"validation\", \"loss\": 0.75, \"accuracy\": 0.5}\n");
    ck_ok(lks_run_ref_find(&args, &ref));
    ck_fails(
        lks_run_ref_fetch(&ref, &report), LKS_STATE,
        "; its last reported step is 9 with loss 0.5000, its last validation accuracy "
        "50.00 %");
    lks_run_ref_release(&ref);
    unlink("runs/cnn-1/metrics.jsonl");
    unlink("runs/cnn-1/job.yaml");
    rmdir("runs/cnn-1");
    rmdir("runs");
    leave();
}
END_TEST

/* What a metrics file with these lines comes to. */
static void check_result(const char *lines, const char *result)
{
    lks_metrics_tail tail;
    char text[128];

    write_file("metrics.jsonl", lines);
    lks_metrics_tail_read(".", &tail);
    lks_metrics_tail_describe(&tail, text, sizeof text);
    ck_assert_str_eq(text, result);
    unlink("metrics.jsonl");
}

START_TEST(a_loss_that_is_null_is_said_not_to_be_finite)
{
    enter();
    check_result("", "");
    check_result("{\"step\": 10, \"loss\": 0.51239}\n", "loss 0.5124 at step 10");
    check_result("{\"step\": 10, \"loss\": null}\n", "loss not finite at step 10");
    check_result("{\"step\": 9, \"split\": \"test\", \"loss\": 1.5}\n",
                 "test loss 1.5000");
    check_result("{\"step\": 9, \"split\": \"test\", \"loss\": null}\n",
                 "test loss not finite");
    check_result(
        "{\"step\": 9, \"split\": \"test\", \"loss\": null, \"accuracy\": 0.125}\n",
        "test accuracy 12.50 %, test loss not finite");
    check_result(
        "{\"step\": 9, \"split\": \"validation\", \"loss\": 1.5, \"perplexity\": "
        "4.5, \"accuracy\": 0.125}\n",
        "validation perplexity 4.5000, validation loss 1.5000");
    leave();
}
END_TEST

START_TEST(only_the_end_of_a_long_file_is_read)
{
    lks_metrics_tail tail;
    FILE *file;

    enter();
    file = fopen("metrics.jsonl", "w");
    for (int i = 1; i <= 20000; i++)
        fprintf(file, "{\"step\": %d, \"loss\": 1.5}\n", i);
    fclose(file);
    lks_metrics_tail_read(".", &tail);
    ck_assert_uint_eq(tail.step, 20000);
    unlink("metrics.jsonl");
    leave();
}
END_TEST

LKS_SUITE("runs", two_runs_in_one_second_get_two_directories,
          a_directory_in_which_the_ranks_have_begun_is_kept,
          a_path_too_long_for_the_status_socket_is_refused_before_it_is_made,
          a_run_is_found_by_directory_and_by_name,
          a_run_whose_queue_of_connections_is_full_is_live_and_silent,
          a_socket_that_is_named_by_itself_has_no_weights_to_speak_of,
          the_newest_metrics_are_read_and_a_half_written_line_is_not,
          a_run_that_is_not_live_is_told_with_its_last_evaluation,
          a_loss_that_is_null_is_said_not_to_be_finite,
          only_the_end_of_a_long_file_is_read)
