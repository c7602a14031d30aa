/* The whole: a run's coordinator with its sockets, and workers and clients around it. */
#include "client.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "daemon/uv/server.h"

typedef struct fixture {
    char folder[64], path[80];
    lks_server_options options;
    lks_server *server;
    atomic_int n_failures;
    char reason[512];
    bool socket_was_gone; /* when the failure was told */
} fixture;

static void on_failed(void *context, const char *reason)
{
    fixture *f = context;

    snprintf(f->reason, sizeof f->reason, "%s", reason);
    f->socket_was_gone = access(f->path, F_OK) != 0;
    atomic_fetch_add(&f->n_failures, 1);
}

static void prepare(fixture *f, uint32_t world_size)
{
    memset(f, 0, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/lockstep-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/status.sock", f->folder);
    f->options = (lks_server_options){
        .job_id = "mnist-7",
        .job_name = "mnist",
        .world_size = world_size,
        .lanes = world_size,
        .total_steps = 100,
        .link_keys = test_keys(),
        .status_socket = f->path,
        .worker_address = "127.0.0.1",
        .on_failed = on_failed,
        .context = f,
    };
}

static void start(fixture *f, uint32_t world_size)
{
    prepare(f, world_size);
    ck_ok(lks_server_start(&f->options, &f->server));
}

static void stop(fixture *f, double timeout_s)
{
    lks_server_stop(f->server, timeout_s);
    ck_assert_int_ne(access(f->path, F_OK), 0);
    ck_assert_int_eq(rmdir(f->folder), 0);
}

/* A worker that said hello and read its welcome. */
static int join(const fixture *f, uint32_t rank)
{
    int fd = connect_tcp(lks_server_worker_address(f->server));
    const hello_parts parts = {rank, f->options.world_size,
                               .challenge = receive_challenge(fd)};
    Lks__Proto__Message *welcome;

    ck_assert(send_frame(fd, hello_frame(&parts)));
    welcome = receive_frame(fd);
    ck_assert_ptr_nonnull(welcome);
    ck_assert_int_eq(welcome->body_case, LKS__PROTO__MESSAGE__BODY_WELCOME);
    lks__proto__message__free_unpacked(welcome, NULL);
    return fd;
}

static const char *get(const fixture *f, const char *path)
{
    static char reply[1 << 16];
    char text[256];
    int fd = connect_unix(f->path);

    ck_assert_int_ge(fd, 0);
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
             path);
    ck_assert(send_bytes(fd, text, strlen(text)));
    receive(fd, reply, sizeof reply, 5);
    close(fd);
    return reply;
}

/* Ask until the reply contains `part`. */
static bool comes_to_say(const fixture *f, const char *path, const char *part,
                         double timeout_s)
{
    double until_s = lks_clock_s() + timeout_s;

    while (!strstr(get(f, path), part)) {
        if (lks_clock_s() > until_s)
            return false;
        sleep_ms(10);
    }
    return true;
}

static bool comes_to_fail(fixture *f, double timeout_s)
{
    double until_s = lks_clock_s() + timeout_s;

    while (atomic_load(&f->n_failures) == 0) {
        if (lks_clock_s() > until_s)
            return false;
        sleep_ms(5);
    }
    return true;
}

START_TEST(a_run_starts_works_and_succeeds)
{
    fixture f;
    int fds[3];

    start(&f, 3);
    ck_assert_ptr_nonnull(strstr(get(&f, "/v1/jobs/mnist-7"), "\"state\":\"starting\""));
    for (uint32_t r = 0; r < 3; r++)
        fds[r] = join(&f, r);
    ck_assert_ptr_nonnull(strstr(get(&f, "/v1/jobs/mnist-7"), "\"state\":\"running\""));
    for (uint32_t r = 0; r < 3; r++)
        ck_assert(send_frame(fds[r], heartbeat_frame(9, LKS__PROTO__PHASE__FORWARD)));
    ck_assert(comes_to_say(&f, "/v1/jobs/mnist-7", "\"step\":9", 20));
    ck_assert(comes_to_say(&f, "/v1/jobs/mnist-7/ranks", "\"phase\":\"forward\"", 20));
    for (uint32_t r = 0; r < 3; r++) {
        ck_assert(send_frame(fds[r], goodbye_frame(0, "")));
        ck_assert(is_closed(fds[r], 20)); /* the coordinator's answer to a goodbye */
        close(fds[r]);
    }
    ck_assert_ptr_nonnull(strstr(get(&f, "/v1/jobs/mnist-7"), "\"state\":\"succeeded\""));
    stop(&f, 5);
    ck_assert_int_eq(atomic_load(&f.n_failures), 0);
}
END_TEST

START_TEST(a_lost_rank_is_told_once_with_no_socket_left)
{
    fixture f;
    int fds[2];

    start(&f, 2);
    fds[0] = join(&f, 0);
    fds[1] = join(&f, 1);
    ck_assert(send_frame(fds[1], heartbeat_frame(41, LKS__PROTO__PHASE__BACKWARD)));
    ck_assert(comes_to_say(&f, "/v1/jobs/mnist-7/ranks", "\"step\":41", 20));
    close(fds[1]);
    ck_assert(comes_to_fail(&f, 20));
    ck_assert_str_eq(f.reason, "rank 1 (host node, pid 101) was lost at step 41 in "
                               "backward: its connection closed");
    ck_assert(f.socket_was_gone);
    close(fds[0]);
    sleep_ms(50);
    ck_assert_int_eq(atomic_load(&f.n_failures), 1);
    stop(&f, 5);
}
END_TEST

START_TEST(a_rank_that_falls_silent_is_named_within_five_seconds)
{
    fixture f;
    int fds[2];
    double began_s;

    start(&f, 2);
    fds[0] = join(&f, 0);
    fds[1] = join(&f, 1);
    ck_assert(send_frame(fds[1], heartbeat_frame(41, LKS__PROTO__PHASE__BACKWARD)));
    began_s = lks_clock_s();
    do {
        ck_assert(send_frame(fds[0], heartbeat_frame(41, LKS__PROTO__PHASE__REDUCE)));
        sleep_ms(100);
    } while (!strstr(get(&f, "/v1/jobs/mnist-7"),
                     " s for rank 1 (stalled in backward at step 41); rank 0 waits in "
                     "reduce") &&
             lks_clock_s() < began_s + 6);
    ck_assert_double_lt(lks_clock_s() - began_s, 5);
    ck_assert_int_eq(atomic_load(&f.n_failures), 0);
    close(fds[0]);
    close(fds[1]);
    stop(&f, 0);
}
END_TEST

START_TEST(a_silent_rank_is_lost_after_the_timeout_that_was_asked_for)
{
    fixture f;
    int fd;

    prepare(&f, 1);
    f.options.rank_timeout_s = 0.5;
    ck_ok(lks_server_start(&f.options, &f.server));
    fd = join(&f, 0);
    ck_assert(comes_to_fail(&f, 20));
    ck_assert_ptr_nonnull(strstr(f.reason, "it has been silent for "));
    close(fd);
    stop(&f, 0);
}
END_TEST

static void *say_goodbye_late(void *argument)
{
    int fd = *(int *)argument;

    sleep_ms(200);
    send_frame(fd, goodbye_frame(0, ""));
    return NULL;
}

START_TEST(a_stop_waits_for_the_last_goodbye)
{
    fixture f;
    pthread_t thread;
    double began_s;
    int fd;

    start(&f, 1);
    fd = join(&f, 0);
    pthread_create(&thread, NULL, say_goodbye_late, &fd);
    began_s = lks_clock_s();
    stop(&f, 10);
    ck_assert_double_ge(lks_clock_s() - began_s, 0.15);
    ck_assert_double_lt(lks_clock_s() - began_s, 3);
    pthread_join(thread, NULL);
    ck_assert_int_eq(atomic_load(&f.n_failures), 0);
    close(fd);
}
END_TEST

START_TEST(a_stop_does_not_wait_longer_than_it_may)
{
    fixture f;
    double began_s;
    int fd;

    start(&f, 2);
    fd = join(&f, 1);
    began_s = lks_clock_s();
    stop(&f, 0.3);
    ck_assert_double_ge(lks_clock_s() - began_s, 0.25);
    ck_assert_double_lt(lks_clock_s() - began_s, 3);
    ck_assert(is_closed(fd, 1));
    close(fd);
}
END_TEST

START_TEST(a_stop_before_anyone_came_is_quick)
{
    fixture f;
    double began_s = lks_clock_s();

    start(&f, 4);
    stop(&f, 30);
    ck_assert_double_lt(lks_clock_s() - began_s, 3);
    lks_server_stop(NULL, 1);
}
END_TEST

static size_t count_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t n = 0;

    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

START_TEST(nothing_leaks_over_many_runs)
{
    size_t n_before = 0;

    for (int i = 0; i < 30; i++) {
        fixture f;
        int fd;

        start(&f, 2);
        fd = join(&f, 1);
        get(&f, "/metrics");
        stop(&f, 0);
        close(fd);
        if (i == 0)
            n_before = count_files();
    }
    ck_assert_uint_eq(count_files(), n_before);
}
END_TEST

START_TEST(what_cannot_start_leaves_nothing)
{
    fixture f;
    char long_path[200];
    size_t n_before;

    prepare(&f, 2);
    memset(long_path, 'p', sizeof long_path);
    long_path[sizeof long_path - 1] = '\0';
    f.options.status_socket = long_path;
    ck_fails(lks_server_start(&f.options, &f.server), LKS_INVALID, "1 to 107");
    n_before = count_files(); /* with the two that libuv's first loop opens for good */
    ck_fails(lks_server_start(&f.options, &f.server), LKS_INVALID, "1 to 107");
    f.options.status_socket = f.path;
    f.options.worker_address = "nowhere";
    ck_fails(lks_server_start(&f.options, &f.server), LKS_INVALID, "\"nowhere\"");
    f.options.worker_address = "127.0.0.1";
    f.options.world_size = 0;
    ck_fails(lks_server_start(&f.options, &f.server), LKS_INVALID, "0 ranks");
    ck_assert_ptr_null(f.server);
    ck_assert_uint_eq(count_files(), n_before);
    ck_assert_int_eq(rmdir(f.folder), 0);
}
END_TEST

START_TEST(starting_survives_every_failed_allocation)
{
    fixture f;
    lks_status st;
    long n = 0;

    prepare(&f, 2);
    for (;; n++) {
        lks_error_clear();
        lks_alloc_fail_after(n);
        st = lks_server_start(&f.options, &f.server);
        if (!lks_alloc_has_failed())
            break;
        ck_assert_int_eq(st, LKS_NOMEM);
        ck_assert_int_ne(access(f.path, F_OK), 0);
    }
    lks_alloc_fail_after(-1);
    ck_ok(st);
    ck_assert_int_gt(n, 5);
    stop(&f, 0);
}
END_TEST

/* Let the process open `n_more` descriptors and no further one. */
static void limit_files(rlim_t n_more)
{
    struct rlimit limit;
    int next = open("/", O_RDONLY | O_CLOEXEC);

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = (rlim_t)next + n_more;
    close(next);
    setrlimit(RLIMIT_NOFILE, &limit);
}

START_TEST(starting_survives_every_missing_descriptor)
{
    struct rlimit limit;
    rlim_t n = 0;
    size_t n_before;
    fixture f;
    lks_status st;

    start(&f, 2); /* libuv opens two for good with its first loop */
    stop(&f, 0);
    prepare(&f, 2);
    getrlimit(RLIMIT_NOFILE, &limit);
    for (;; n++) {
        const char *text;

        lks_error_clear();
        n_before = count_files();
        limit_files(n);
        st = lks_server_start(&f.options, &f.server);
        setrlimit(RLIMIT_NOFILE, &limit);
        if (st == LKS_OK)
            break;
        ck_assert_int_eq(st, LKS_IO);
        text = lks_error_text();
        ck_assert_ptr_nonnull(strstr(text, "oo many open files"));
        ck_assert_int_ne(access(f.path, F_OK), 0);
        /* libuv itself forgets a descriptor when it cannot make a loop */
        if (!strstr(text, "cannot create an event loop"))
            ck_assert_uint_eq(count_files(), n_before);
    }
    ck_assert_uint_gt(n, 3);
    stop(&f, 0);
}
END_TEST

START_TEST(signals_are_left_to_the_program)
{
    fixture f;
    sigset_t before, after;
    struct sigaction pipe_before, pipe_after;

    pthread_sigmask(SIG_SETMASK, NULL, &before);
    sigaction(SIGPIPE, NULL, &pipe_before);
    start(&f, 1);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    sigaction(SIGPIPE, NULL, &pipe_after);
    for (int s = 1; s < 32; s++)
        ck_assert_int_eq(sigismember(&before, s), sigismember(&after, s));
    ck_assert(pipe_before.sa_handler == pipe_after.sa_handler);
    stop(&f, 0);
}
END_TEST

START_TEST(slow_workers_and_slow_clients_stall_nobody)
{
    enum { SLOW = 200, ROUNDS = 30 };
    static const char slowly[] = "GET /slow HTTP/1.1\r\nHost: somewhere\r\n\r\n";
    fixture f;
    int workers[SLOW], clients[SLOW], fds[2];
    frame hello;
    double worst_s = 0;

    start(&f, 2);
    hello = hello_frame(&(hello_parts){.rank = 0, .world_size = 2});
    for (int i = 0; i < SLOW; i++) {
        workers[i] = connect_tcp(lks_server_worker_address(f.server));
        clients[i] = connect_unix(f.path);
        ck_assert_int_ge(clients[i], 0);
    }
    fds[0] = join(&f, 0);
    fds[1] = join(&f, 1);
    for (int round = 0; round < ROUNDS; round++) {
        double began_s = lks_clock_s(), took_s;
        char step[32];

        for (int i = 0; i < SLOW; i++) {
            ck_assert(send_bytes(workers[i], hello.bytes + round, 1));
            ck_assert(send_bytes(clients[i], slowly + round, 1));
        }
        for (int r = 0; r < 2; r++)
            ck_assert(send_frame(
                fds[r], heartbeat_frame((uint64_t)round + 1, LKS__PROTO__PHASE__LOAD)));
        snprintf(step, sizeof step, "\"step\":%d", round + 1);
        ck_assert(comes_to_say(&f, "/v1/jobs/mnist-7", step, 20));
        took_s = lks_clock_s() - began_s;
        worst_s = took_s > worst_s ? took_s : worst_s;
        sleep_ms(10);
    }
    ck_assert_double_lt(worst_s, 5);
    ck_assert_int_eq(atomic_load(&f.n_failures), 0);
    for (int i = 0; i < SLOW; i++) {
        close(workers[i]);
        close(clients[i]);
    }
    for (int r = 0; r < 2; r++) {
        ck_assert(send_frame(fds[r], goodbye_frame(0, "")));
        ck_assert(is_closed(fds[r], 20));
        close(fds[r]);
    }
    lks_free(hello.bytes);
    stop(&f, 5);
}
END_TEST

LKS_SUITE("server", a_run_starts_works_and_succeeds,
          a_lost_rank_is_told_once_with_no_socket_left,
          a_rank_that_falls_silent_is_named_within_five_seconds,
          a_silent_rank_is_lost_after_the_timeout_that_was_asked_for,
          a_stop_waits_for_the_last_goodbye, a_stop_does_not_wait_longer_than_it_may,
          a_stop_before_anyone_came_is_quick, nothing_leaks_over_many_runs,
          what_cannot_start_leaves_nothing, starting_survives_every_failed_allocation,
          starting_survives_every_missing_descriptor,

          signals_are_left_to_the_program, slow_workers_and_slow_clients_stall_nobody)
