/* HTTP on the Unix socket, with good, slow and hostile clients. */
#include "client.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "daemon/uv/loop.h"
#include "daemon/uv/status_socket.h"
#include "daemon/uv/unix_listen.h"

/* A status socket on a loop of its own that answers with the path it was asked for. */
typedef struct fixture {
    char folder[64], path[80];
    lks_loop loop;
    lks_status_socket *socket;
    unsigned idle_timeout_s, max_clients; /* 0: the default */
    bool has_no_memory;
} fixture;

static lks_status echo(void *context, const char *method, const char *path,
                       lks_status_reply *reply)
{
    const fixture *f = context;

    if (f->has_no_memory)
        return lks_fail(LKS_NOMEM, "none");
    *reply = (lks_status_reply){.code = 200, .content_type = "text/plain"};
    lks_text_add(&reply->body, "%s %s\n", method, path);
    if (strcmp(path, "/big") == 0)
        for (int i = 0; i < 100000; i++)
            lks_text_add(&reply->body, "0123456789");
    return LKS_OK;
}

static void close_socket(void *context)
{
    fixture *f = context;

    lks_status_socket_close(f->socket);
    lks_loop_finish(&f->loop);
}

static void make_folder(fixture *f)
{
    memset(f, 0, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/lockstep-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/status.sock", f->folder);
}

static lks_status create(fixture *f)
{
    const lks_status_socket_options options = {.path = f->path,
                                               .idle_timeout_s = f->idle_timeout_s,
                                               .max_clients = f->max_clients,
                                               .respond = echo,
                                               .context = f};

    ck_ok(lks_loop_init(&f->loop, close_socket, f));
    return lks_status_socket_create(&f->loop.uv, &options, &f->socket);
}

static void start(fixture *f)
{
    make_folder(f);
    ck_ok(create(f));
    ck_ok(lks_loop_start(&f->loop));
}

static void stop(fixture *f)
{
    lks_loop_wake(&f->loop);
    lks_loop_join(&f->loop);
    ck_assert_int_ne(access(f->path, F_OK), 0); /* no file is left */
    ck_assert_int_eq(rmdir(f->folder), 0);
}

static int connect_to(const fixture *f)
{
    int fd = connect_unix(f->path);

    ck_assert_int_ge(fd, 0);
    return fd;
}

/* One request on a connection of its own; the whole reply. */
static const char *request(const fixture *f, const char *text)
{
    static char reply[1 << 21];
    int fd = connect_to(f);

    ck_assert(send_bytes(fd, text, strlen(text)));
    receive(fd, reply, sizeof reply, 5);
    close(fd);
    return reply;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

START_TEST(a_request_is_answered)
{
    fixture f;
    const char *reply;

    start(&f);
    reply = request(&f, GET("/v1/jobs/a%20b?x=1"));
    ck_assert(strncmp(reply, "HTTP/1.1 200 OK\r\n", 17) == 0);
    ck_assert_ptr_nonnull(strstr(reply, "Content-Type: text/plain\r\n"));
    ck_assert_ptr_nonnull(strstr(reply, "Cache-Control: no-store\r\n"));
    ck_assert_ptr_nonnull(strstr(reply, "\r\n\r\nGET /v1/jobs/a b\n"));
    stop(&f);
}
END_TEST

START_TEST(a_head_request_gets_no_body)
{
    fixture f;
    const char *reply;

    start(&f);
    reply = request(&f, "HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    ck_assert(strncmp(reply, "HTTP/1.1 200 OK\r\n", 17) == 0);
    ck_assert_ptr_nonnull(strstr(reply, "Content-Length: 8\r\n"));
    ck_assert_str_eq(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
    stop(&f);
}
END_TEST

START_TEST(a_connection_serves_many_requests)
{
    fixture f;
    char reply[512] = "";
    int fd;

    start(&f);
    fd = connect_to(&f);
    for (int i = 0; i < 100; i++) {
        static const char get[] = "GET /y HTTP/1.1\r\nHost: x\r\n\r\n";

        ck_assert(send_bytes(fd, get, sizeof get - 1));
        while (!strstr(reply, "GET /y\n"))
            receive(fd, reply, sizeof reply, 0.005);
        memset(reply, 0, sizeof reply);
    }
    close(fd);
    stop(&f);
}
END_TEST

START_TEST(requests_may_come_all_at_once_or_a_byte_at_a_time)
{
    static const char two[] = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" GET("/2");
    fixture f;
    char reply[2048];
    int fd;

    start(&f);
    ck_assert_ptr_nonnull(strstr(request(&f, two), "GET /2\n"));
    fd = connect_to(&f);
    for (size_t i = 0; i < sizeof two - 1; i++)
        ck_assert(send_bytes(fd, two + i, 1));
    receive(fd, reply, sizeof reply, 5);
    ck_assert_ptr_nonnull(strstr(reply, "GET /1\n"));
    ck_assert_ptr_nonnull(strstr(reply, "GET /2\n"));
    close(fd);
    stop(&f);
}
END_TEST

START_TEST(a_large_reply_reaches_a_client_that_reads_late)
{
    fixture f;
    static char reply[1 << 21];
    int fd;

    start(&f);
    fd = connect_to(&f);
    ck_assert(send_bytes(fd, GET("/big"), strlen(GET("/big"))));
    sleep_ms(100);
    ck_assert_ptr_nonnull(strstr(request(&f, GET("/z")), "GET /z\n"));
    ck_assert_uint_gt(receive(fd, reply, sizeof reply, 5), 1000000);
    close(fd);
    stop(&f);
}
END_TEST

START_TEST(a_client_that_leaves_in_the_middle_harms_nobody)
{
    fixture f;

    start(&f);
    for (int i = 0; i < 50; i++) {
        int fd = connect_to(&f);

        send_bytes(fd, GET("/big"), strlen(GET("/big")) - (size_t)(i % 2));
        close(fd);
    }
    ck_assert_ptr_nonnull(strstr(request(&f, GET("/z")), "GET /z\n"));
    stop(&f);
}
END_TEST

START_TEST(a_body_is_not_read)
{
    fixture f;
    const char *reply;

    start(&f);
    reply = request(&f, "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n"
                        "\r\nabc");
    ck_assert_ptr_nonnull(strstr(reply, "POST /p\n"));
    ck_assert_ptr_nonnull(strstr(reply, "Connection: close\r\n"));
    reply =
        request(&f, "GET /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    ck_assert_ptr_nonnull(strstr(reply, "Connection: close\r\n"));
    stop(&f);
}
END_TEST

START_TEST(nonsense_is_never_answered_as_a_request_and_the_next_is_served)
{
    static const char *const nonsense[] = {
        "\r\n\r\n\r\n",
        "hello\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nbroken header\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", /* TLS */
    };
    fixture f;

    start(&f);
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        int fd = connect_to(&f);
        char reply[4096];

        send_bytes(fd, nonsense[i], strlen(nonsense[i]));
        receive(fd, reply, sizeof reply, 0.1);
        ck_assert_msg(!strstr(reply, "200 OK"), "%s", nonsense[i]);
        close(fd);
    }
    ck_assert_ptr_nonnull(strstr(request(&f, GET("/z")), "GET /z\n"));
    stop(&f);
}
END_TEST

/* A request whose target or headers are too long: never a 200, and the connection ends.
 */
static void check_too_long(const fixture *f, const char *before, const char *after)
{
    char *text = lks_malloc(200000), reply[4096];
    size_t n = (size_t)sprintf(text, "%s", before);
    int fd = connect_to(f);

    memset(text + n, 'a', 100000);
    n += 100000;
    n += (size_t)sprintf(text + n, "%s", after);
    send_bytes(fd, text, n); /* may be cut off by the close */
    receive(fd, reply, sizeof reply, 2);
    ck_assert_ptr_null(strstr(reply, "200 OK"));
    ck_assert(is_closed(fd, 2));
    close(fd);
    lks_free(text);
}

START_TEST(a_request_that_is_too_long_is_refused)
{
    fixture f;

    start(&f);
    check_too_long(&f, "GET /", " HTTP/1.1\r\nHost: x\r\n\r\n");
    check_too_long(&f, "GET /?", " HTTP/1.1\r\nHost: x\r\n\r\n");
    check_too_long(&f, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: ", "\r\n\r\n");
    check_too_long(&f, "", "");
    ck_assert_ptr_nonnull(strstr(request(&f, GET("/z")), "GET /z\n"));
    stop(&f);
}
END_TEST

START_TEST(two_hundred_slow_clients_do_not_hold_up_another)
{
    enum { SLOW = 200 };
    static const char slowly[] = "GET /slow HTTP/1.1\r\nHost: somewhere\r\nX: y\r\n\r\n";
    fixture f;
    int fds[SLOW];
    double worst_s = 0;

    start(&f);
    for (int i = 0; i < SLOW; i++)
        fds[i] = connect_to(&f);
    for (size_t b = 0; b < sizeof slowly - 1; b++) {
        double began_s = lks_clock_s(), took_s;

        ck_assert_ptr_nonnull(strstr(request(&f, GET("/quick")), "GET /quick\n"));
        took_s = lks_clock_s() - began_s;
        worst_s = took_s > worst_s ? took_s : worst_s;
        for (int i = 0; i < SLOW; i++)
            ck_assert(send_bytes(fds[i], slowly + b, 1));
    }
    ck_assert_double_lt(worst_s, 5); /* the idle timeout would be 10 */
    for (int i = 0; i < SLOW; i++) {
        char reply[1024];

        receive(fds[i], reply, sizeof reply, 0.01);
        ck_assert_ptr_nonnull(strstr(reply, "GET /slow\n"));
        close(fds[i]);
    }
    stop(&f);
}
END_TEST

START_TEST(idle_clients_give_up_their_place)
{
    enum { TOO_MANY = 300 };
    fixture f;
    int fds[TOO_MANY];

    make_folder(&f);
    f.idle_timeout_s = 1;
    ck_ok(create(&f));
    ck_ok(lks_loop_start(&f.loop));
    for (int i = 0; i < TOO_MANY; i++)
        fds[i] = connect_to(&f);
    ck_assert_ptr_nonnull(strstr(request(&f, GET("/late")), "GET /late\n"));
    ck_assert(is_closed(fds[0], 5));
    for (int i = 0; i < TOO_MANY; i++)
        close(fds[i]);
    stop(&f);
}
END_TEST

enum { FEW = 4 };

/* A socket with few places, and clients that take all of them by saying this. */
static void start_full(fixture *f, int fds[FEW], const char *text)
{
    make_folder(f);
    f->max_clients = FEW;
    ck_ok(create(f));
    ck_ok(lks_loop_start(&f->loop));
    for (int i = 0; i < FEW; i++) {
        fds[i] = connect_to(f);
        ck_assert(send_bytes(fds[i], text, strlen(text)));
        sleep_ms(10); /* in this order */
    }
}

static void stop_full(fixture *f, int fds[FEW])
{
    for (int i = 0; i < FEW; i++)
        close(fds[i]);
    stop(f);
}

START_TEST(the_oldest_silent_client_gives_its_place_to_a_newcomer)
{
    fixture f;
    int fds[FEW];

    start_full(&f, fds, "");
    ck_assert_ptr_nonnull(strstr(request(&f, GET("/new")), "GET /new\n"));
    ck_assert(is_closed(fds[0], 1));
    ck_assert(!is_closed(fds[1], 0.05));
    stop_full(&f, fds);
}
END_TEST

START_TEST(half_a_request_holds_no_place_against_a_newcomer)
{
    fixture f;
    int fds[FEW];

    start_full(&f, fds, "G");
    for (int i = 0; i < FEW - 1; i++) {
        ck_assert_ptr_nonnull(strstr(request(&f, GET("/new")), "GET /new\n"));
        for (int k = 1; k < FEW; k++)
            send_bytes(fds[k], "E", 1); /* to be kept alive */
    }
    ck_assert(is_closed(fds[0], 1));
    stop_full(&f, fds);
}
END_TEST

START_TEST(a_reply_that_nobody_reads_holds_no_place_against_a_newcomer)
{
    fixture f;
    int fds[FEW];

    start_full(&f, fds, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    ck_assert_ptr_nonnull(strstr(request(&f, GET("/new")), "GET /new\n"));
    stop_full(&f, fds);
}
END_TEST

START_TEST(who_was_served_last_keeps_its_place)
{
    static const char again[] = "GET /again HTTP/1.1\r\nHost: x\r\n\r\n";
    fixture f;
    int fds[FEW];
    char reply[1024];

    start_full(&f, fds, again);
    receive(fds[0], reply, sizeof reply, 0.1);
    ck_assert(send_bytes(fds[0], again, strlen(again)));
    receive(fds[0], reply, sizeof reply, 0.1);
    ck_assert_ptr_nonnull(strstr(reply, "GET /again\n"));
    ck_assert_ptr_nonnull(strstr(request(&f, GET("/new")), "GET /new\n"));
    ck_assert(!is_closed(fds[0], 0.05));
    ck_assert(is_closed(fds[1], 1));
    stop_full(&f, fds);
}
END_TEST

/* Processor time of this process but for the test's own thread. */
static double others_cpu_s(void)
{
    struct rusage all;

    getrusage(RUSAGE_SELF, &all);
    return (double)(all.ru_utime.tv_sec + all.ru_stime.tv_sec) +
           1e-6 * (double)(all.ru_utime.tv_usec + all.ru_stime.tv_usec) -
           lks_thread_cpu_s();
}

/* -1: the queue is full. */
static int connect_at_once(const fixture *f)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    snprintf(to.sun_path, sizeof to.sun_path, "%s", f->path);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Connect without waiting, and close: for some seconds. */
static long keep_connecting(const fixture *f, double seconds)
{
    const double began_s = lks_clock_s();
    long n_made = 0;

    while (lks_clock_s() < began_s + seconds) {
        int fd = connect_at_once(f);

        if (fd < 0)
            continue;
        n_made++;
        close(fd);
    }
    return n_made;
}

START_TEST(endless_connects_take_little_of_the_processors)
{
    const double most_share = 0.12; /* a sanitizer's overhead included */
    fixture f;
    double cpu_began_s;

    start(&f);
    cpu_began_s = others_cpu_s();
    ck_assert_int_gt(keep_connecting(&f, 1), 1000);
    ck_assert_double_lt(others_cpu_s() - cpu_began_s, most_share);
    ck_assert_ptr_nonnull(strstr(request(&f, GET("/z")), "GET /z\n"));
    stop(&f);
}
END_TEST

START_TEST(after_endless_connects_many_may_come_at_once_again)
{
    enum { N = 100 };
    fixture f;
    int fds[N];

    start(&f);
    keep_connecting(&f, 1);
    sleep_ms(1200);
    for (int i = 0; i < N; i++)
        ck_assert_int_ge(fds[i] = connect_at_once(&f), 0);
    for (int i = 0; i < N; i++)
        close(fds[i]);
    stop(&f);
}
END_TEST

START_TEST(without_descriptors_it_waits_and_does_not_spin)
{
    struct rlimit before, none;
    fixture f;
    double cpu_began_s;
    char reply[1024];
    int fd, next;

    start(&f);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    next = dup(fd);
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = (rlim_t)next;
    close(next);
    setrlimit(RLIMIT_NOFILE, &none);
    close(fd);
    fd = connect_to(&f); /* takes the last one */
    cpu_began_s = others_cpu_s();
    ck_assert(send_bytes(fd, GET("/z"), sizeof GET("/z") - 1));
    receive(fd, reply, sizeof reply, 0.5);
    ck_assert_str_eq(reply, "");
    ck_assert_double_lt(others_cpu_s() - cpu_began_s, 0.1);
    setrlimit(RLIMIT_NOFILE, &before);
    receive(fd, reply, sizeof reply, 2);
    ck_assert_ptr_nonnull(strstr(reply, "GET /z\n"));
    close(fd);
    stop(&f);
}
END_TEST

START_TEST(without_memory_a_client_gets_a_problem)
{
    fixture f;
    const char *reply;

    start(&f);
    f.has_no_memory = true;
    reply = request(&f, GET("/x"));
    ck_assert(strncmp(reply, "HTTP/1.1 500 ", 13) == 0);
    ck_assert_ptr_nonnull(strstr(reply, "Content-Type: application/problem+json\r\n"));
    ck_assert_ptr_nonnull(strstr(reply, "\"code\":\"out_of_memory\""));
    stop(&f);
}
END_TEST

START_TEST(the_socket_is_its_owners_alone)
{
    fixture f;
    struct stat info;

    start(&f);
    ck_assert_int_eq(stat(f.path, &info), 0);
    ck_assert(S_ISSOCK(info.st_mode));
    ck_assert_uint_eq(info.st_mode & 07777, 0600);
    stop(&f);
}
END_TEST

START_TEST(open_connections_are_closed_with_the_socket)
{
    fixture f;
    int idle, half;

    start(&f);
    idle = connect_to(&f);
    half = connect_to(&f);
    ck_assert(send_bytes(half, "GET /", 5));
    sleep_ms(20);
    stop(&f);
    ck_assert(is_closed(idle, 1));
    ck_assert(is_closed(half, 1));
    close(idle);
    close(half);
}
END_TEST

/* Creation fails, and what was made of it goes away. */
static void check_fails(fixture *f, lks_status code, const char *part)
{
    ck_fails(create(f), code, part);
    ck_assert_ptr_null(f->socket);
    close_socket(f);
    lks_loop_join(&f->loop);
}

START_TEST(a_path_that_is_too_long_is_an_error_that_says_so)
{
    fixture f;
    char longest[109];
    lks_status_socket_options options = {.path = longest, .respond = echo};

    make_folder(&f);
    memset(longest, 'n', sizeof longest);
    memcpy(longest, f.path, strlen(f.path));
    longest[108] = '\0';
    ck_ok(lks_loop_init(&f.loop, close_socket, &f));
    ck_fails(lks_status_socket_create(&f.loop.uv, &options, &f.socket), LKS_INVALID,
             "path has 108 bytes, a Unix socket's may have 1 to 107: /tmp/");
    longest[107] = '\0';
    ck_ok(lks_status_socket_create(&f.loop.uv, &options, &f.socket));
    close_socket(&f);
    lks_loop_join(&f.loop);
    ck_assert_int_eq(rmdir(f.folder), 0);
}
END_TEST

START_TEST(the_socket_of_a_dead_process_is_replaced)
{
    fixture f;
    int fd;

    make_folder(&f);
    ck_ok(lks_unix_listen(f.path, &fd));
    close(fd); /* as its death would: the file stays */
    ck_assert_int_eq(access(f.path, F_OK), 0);
    ck_ok(create(&f));
    ck_ok(lks_loop_start(&f.loop));
    ck_assert_ptr_nonnull(strstr(request(&f, GET("/z")), "GET /z\n"));
    stop(&f);
}
END_TEST

START_TEST(the_socket_of_a_living_process_is_left_alone)
{
    fixture f, second;

    start(&f);
    second = f;
    second.socket = NULL;
    check_fails(&second, LKS_IO, "another process answers there");
    ck_assert_ptr_nonnull(strstr(request(&f, GET("/z")), "GET /z\n"));
    stop(&f);
}
END_TEST

START_TEST(a_file_in_the_sockets_place_is_left_alone)
{
    fixture f;
    int fd;

    make_folder(&f);
    fd = open(f.path, O_CREAT | O_WRONLY, 0644);
    close(fd);
    check_fails(&f, LKS_IO, "a file is in its place");
    ck_assert_int_eq(unlink(f.path), 0);
    ck_assert_int_eq(rmdir(f.folder), 0);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_error)
{
    fixture f;

    make_folder(&f);
    ck_assert_int_eq(rmdir(f.folder), 0);
    check_fails(&f, LKS_IO, "No such file or directory");
}
END_TEST

START_TEST(creating_survives_every_failed_allocation)
{
    fixture f;
    lks_status st;
    long n = 0;

    make_folder(&f);
    for (;; n++) {
        lks_error_clear();
        lks_alloc_fail_after(n);
        st = create(&f);
        if (!lks_alloc_has_failed())
            break;
        ck_assert_int_eq(st, LKS_NOMEM);
        close_socket(&f);
        lks_loop_join(&f.loop);
        ck_assert_int_ne(access(f.path, F_OK), 0);
    }
    lks_alloc_fail_after(-1);
    ck_assert_int_eq(n, 3);
    ck_ok(lks_loop_start(&f.loop));
    stop(&f);
}
END_TEST

LKS_SUITE(
    "status_socket", a_request_is_answered, a_head_request_gets_no_body,
    a_connection_serves_many_requests, requests_may_come_all_at_once_or_a_byte_at_a_time,
    a_large_reply_reaches_a_client_that_reads_late,
    a_client_that_leaves_in_the_middle_harms_nobody, a_body_is_not_read,
    nonsense_is_never_answered_as_a_request_and_the_next_is_served,
    a_request_that_is_too_long_is_refused,
    two_hundred_slow_clients_do_not_hold_up_another, idle_clients_give_up_their_place,
    the_oldest_silent_client_gives_its_place_to_a_newcomer,
    half_a_request_holds_no_place_against_a_newcomer,
    a_reply_that_nobody_reads_holds_no_place_against_a_newcomer,
    who_was_served_last_keeps_its_place, endless_connects_take_little_of_the_processors,
    after_endless_connects_many_may_come_at_once_again,
    without_descriptors_it_waits_and_does_not_spin,
    without_memory_a_client_gets_a_problem, the_socket_is_its_owners_alone,
    open_connections_are_closed_with_the_socket,
    a_path_that_is_too_long_is_an_error_that_says_so,
    the_socket_of_a_dead_process_is_replaced,
    the_socket_of_a_living_process_is_left_alone,
    a_file_in_the_sockets_place_is_left_alone, a_folder_that_is_not_there_is_an_error,
    creating_survives_every_failed_allocation)
