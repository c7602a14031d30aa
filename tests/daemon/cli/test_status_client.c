#include "support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "daemon/cli/status_client.h"

static char folder[] = "/tmp/lockstep-client-XXXXXX";
static char path[256];
static pid_t server;

/* The words of a reply, or NULL to hang up. */
typedef const char *answers(const char *request);

static void serve(int listener, answers *answer)
{
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        char request[1024] = "";
        const char *text;

        if (read(fd, request, sizeof request - 1) > 0 && (text = answer(request)) != NULL)
            (void)!write(fd, text, strlen(text));
        close(fd);
    }
}

/* A process that answers on `path`; answer NULL: one that never takes a connection. */
static void start_server(answers *answer)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/status.sock", folder);
    strcpy(address.sun_path, path);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    server = getpid();
    if (answer && (server = fork()) == 0)
        serve(listener, answer);
    if (answer)
        close(listener);
}

static void stop_server(void)
{
    if (server != getpid())
        kill(server, SIGKILL);
    unlink(path);
    rmdir(folder);
}

#define OK_JSON "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"

static const char *good(const char *request)
{
    if (strncmp(request, "GET /v1/jobs ", 13) == 0)
        return OK_JSON "{\"jobs\":[{\"id\":\"x-1\"}]}";
    if (strncmp(request, "GET /v1/jobs/x-1 ", 17) == 0)
        return OK_JSON "{\"id\":\"x-1\",\"name\":\"x\"}";
    if (strncmp(request, "GET /v1/jobs/x-1/ranks ", 23) == 0)
        return OK_JSON "{\"ranks\":[{\"rank\":0}]}";
    return "HTTP/1.1 404 Not Found\r\n\r\n{\"detail\":\"there is no such job\"}";
}

static const char *odd_name(const char *request)
{
    if (strncmp(request, "GET /v1/jobs ", 13) == 0)
        return OK_JSON "{\"jobs\":[{\"id\":\"my run#1?%20\\u00e9\"}]}";
    if (strncmp(request, "GET /v1/jobs/my%20run%231%3F%2520%C3%A9 ", 40) == 0)
        return OK_JSON "{\"name\":\"x\"}";
    if (strncmp(request, "GET /v1/jobs/my%20run%231%3F%2520%C3%A9/ranks ", 46) == 0)
        return OK_JSON "{\"ranks\":[]}";
    return "HTTP/1.1 404 Not Found\r\n\r\n{}";
}

static const char *dots(const char *request)
{
    if (strncmp(request, "GET /v1/jobs ", 13) == 0)
        return OK_JSON "{\"jobs\":[{\"id\":\"..\"}]}";
    if (strncmp(request, "GET /v1/jobs/.. ", 16) == 0)
        return OK_JSON "{\"name\":\"x\"}";
    if (strncmp(request, "GET /v1/jobs/../ranks ", 22) == 0)
        return OK_JSON "{\"ranks\":[]}";
    return "HTTP/1.1 404 Not Found\r\n\r\n{}";
}

static const char *junk(const char *request)
{
    (void)request;
    return OK_JSON "<html>";
}

/* Just more than a client takes. */
static const char *long_winded(const char *request)
{
    static char text[65 * 1024 * 1024];

    (void)request;
    memset(text, ' ', sizeof text - 1);
    memcpy(text, OK_JSON, strlen(OK_JSON));
    return text;
}

static const char *wrong_shape(const char *request)
{
    (void)request;
    return OK_JSON "{\"jobs\":[{\"id\":\"x-1\"}],\"ranks\":7}";
}

static const char *hang_up(const char *request)
{
    (void)request;
    return NULL;
}

START_TEST(the_only_job_is_found_and_fetched_with_its_ranks)
{
    lks_status_report report;

    start_server(good);
    ck_ok(lks_status_fetch(path, NULL, &report));
    ck_assert_str_eq(json_string_value(json_object_get(report.job, "name")), "x");
    ck_assert_uint_eq(json_array_size(report.ranks), 1);
    lks_status_report_release(&report);
    stop_server();
}
END_TEST

static void check_named(answers *answer)
{
    lks_status_report report;

    start_server(answer);
    ck_ok(lks_status_fetch(path, NULL, &report));
    ck_assert_str_eq(json_string_value(json_object_get(report.job, "name")), "x");
    lks_status_report_release(&report);
    stop_server();
}

START_TEST(a_job_may_have_any_name)
{
    check_named(odd_name);
}
END_TEST

START_TEST(a_job_may_be_named_as_a_step_upwards)
{
    check_named(dots);
}
END_TEST

START_TEST(a_path_that_is_none_is_not_taken_for_silence)
{
    json_t *answer;

    start_server(good);
    ck_fails(lks_status_get(path, "/v1/a job", &answer), LKS_INVALID, "/v1/a job");
    stop_server();
}
END_TEST

START_TEST(a_problem_is_told_in_the_coordinators_words)
{
    lks_status_report report;

    start_server(good);
    ck_fails(lks_status_fetch(path, "y", &report), LKS_FORMAT, "there is no such job");
    stop_server();
}
END_TEST

START_TEST(an_answer_that_is_not_json_is_refused)
{
    lks_status_report report;

    start_server(junk);
    ck_fails(lks_status_fetch(path, NULL, &report), LKS_FORMAT, "not JSON");
    stop_server();
}
END_TEST

START_TEST(an_answer_that_is_too_long_is_refused)
{
    lks_status_report report;

    start_server(long_winded);
    ck_fails(lks_status_fetch(path, NULL, &report), LKS_FORMAT, "longer than 64 MiB");
    stop_server();
}
END_TEST

START_TEST(an_answer_of_another_shape_is_refused)
{
    lks_status_report report;

    start_server(wrong_shape);
    ck_fails(lks_status_fetch(path, NULL, &report), LKS_FORMAT,
             "not a job with its ranks");
    stop_server();
}
END_TEST

START_TEST(a_connection_that_breaks_is_a_communication_error)
{
    lks_status_report report;

    start_server(hang_up);
    ck_fails(lks_status_fetch(path, NULL, &report), LKS_COMM, path);
    stop_server();
}
END_TEST

START_TEST(silence_ends_at_the_deadline_and_the_listener_is_known)
{
    lks_status_report report;
    double start_s = lks_clock_s();

    start_server(NULL);
    ck_fails(lks_status_fetch(path, NULL, &report), LKS_CANCELLED, "no answer");
    ck_assert_double_lt(lks_clock_s() - start_s, 4);
    ck_assert_int_eq(lks_status_listener(path), getpid());
    stop_server();
}
END_TEST

/* Of a stopped process: nobody takes what has come, however long ago it was given up. */
START_TEST(a_full_queue_of_connections_is_a_silent_listener)
{
    enum { MANY = 64 };
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    lks_status_report report;
    int fd[MANY], n = 0;

    start_server(NULL);
    strcpy(address.sun_path, path);
    do {
        fd[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    } while (connect(fd[n++], (struct sockaddr *)&address, sizeof address) == 0 &&
             n < MANY);
    ck_assert_int_lt(n, MANY);
    ck_fails(lks_status_fetch(path, NULL, &report), LKS_CANCELLED,
             "its queue of connections is full");
    ck_assert_int_eq(lks_status_listener(path), -1);
    while (n > 0)
        close(fd[--n]);
    stop_server();
}
END_TEST

START_TEST(a_queue_that_is_full_for_a_moment_is_waited_for)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    lks_status_report report;
    int fd, listener, is_full;

    start_server(NULL);
    strcpy(address.sun_path, path);
    unlink(path);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    if ((server = fork()) == 0) {
        usleep(300000);
        serve(listener, good);
    }
    do { /* come and go */
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        is_full = connect(fd, (struct sockaddr *)&address, sizeof address) != 0;
        close(fd);
    } while (!is_full);
    ck_ok(lks_status_fetch(path, NULL, &report));
    lks_status_report_release(&report);
    close(listener);
    stop_server();
}
END_TEST

START_TEST(a_socket_that_is_not_there_is_told_apart)
{
    lks_status_report report;

    ck_fails(lks_status_fetch("/nonexistent/status.sock", NULL, &report), LKS_STATE,
             "there is no such socket");
    ck_assert_int_eq(lks_status_listener("/nonexistent/status.sock"), 0);
}
END_TEST

/* Its process was killed, or is on another host that shares the file system. */
START_TEST(a_socket_that_is_left_is_told_apart)
{
    lks_status_report report;

    start_server(junk);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    server = getpid();
    ck_fails(lks_status_fetch(path, NULL, &report), LKS_STATE,
             "nobody on this host listens");
    ck_assert_int_eq(lks_status_listener(path), 0);
    stop_server();
}
END_TEST

START_TEST(another_users_socket_is_told_apart)
{
    lks_status_report report;
    uid_t own = geteuid();

    start_server(good);
    ck_assert_int_eq(chmod(folder, 0755), 0);
    ck_assert_int_eq(chmod(path, 0), 0);
    if (own == 0)
        ck_assert_int_eq(seteuid(65534), 0);
    ck_fails(lks_status_fetch(path, NULL, &report), LKS_IO,
             "permission denied: another user's run");
    ck_assert_int_eq(lks_status_listener(path), 0);
    ck_assert_int_eq(seteuid(own), 0);
    stop_server();
}
END_TEST

START_TEST(a_socket_behind_a_long_path_can_be_asked)
{
    char base[] = "/tmp/lockstep-client-long-XXXXXX", deep[512], there[600];
    lks_status_report report;

    start_server(good);
    ck_assert_ptr_nonnull(mkdtemp(base));
    snprintf(deep, sizeof deep, "%s/%0150d", base, 0);
    ck_assert_int_eq(mkdir(deep, 0700), 0);
    snprintf(there, sizeof there, "%s/status.sock", deep);
    ck_assert_int_eq(rename(path, there), 0);
    ck_ok(lks_status_fetch(there, NULL, &report));
    ck_assert_int_eq(lks_status_listener(there), getpid()); /* who called listen */
    lks_status_report_release(&report);
    unlink(there);
    rmdir(deep);
    rmdir(base);
    stop_server();
}
END_TEST

START_TEST(no_failed_allocation_leaks_or_crashes)
{
    lks_status_report report;
    lks_status st;

    start_server(good);
    for (long n = 0;; n++) {
        lks_alloc_fail_after(n);
        st = lks_status_fetch(path, NULL, &report);
        if (!lks_alloc_has_failed())
            break;
        ck_assert_int_ne(st, LKS_OK);
        lks_error_clear();
    }
    lks_alloc_fail_after(-1);
    ck_ok(st);
    lks_status_report_release(&report);
    stop_server();
}
END_TEST

LKS_SUITE("status_client", the_only_job_is_found_and_fetched_with_its_ranks,
          a_problem_is_told_in_the_coordinators_words,
          an_answer_that_is_not_json_is_refused, an_answer_that_is_too_long_is_refused,
          an_answer_of_another_shape_is_refused,
          a_connection_that_breaks_is_a_communication_error,
          silence_ends_at_the_deadline_and_the_listener_is_known,
          a_full_queue_of_connections_is_a_silent_listener,
          a_queue_that_is_full_for_a_moment_is_waited_for, a_job_may_have_any_name,
          a_job_may_be_named_as_a_step_upwards,
          a_path_that_is_none_is_not_taken_for_silence,
          a_socket_that_is_not_there_is_told_apart, a_socket_that_is_left_is_told_apart,
          another_users_socket_is_told_apart, a_socket_behind_a_long_path_can_be_asked,
          no_failed_allocation_leaks_or_crashes)
