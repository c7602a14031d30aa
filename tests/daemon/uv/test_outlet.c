#define _GNU_SOURCE /* pipe2 */
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "daemon/uv/outlet.h"

enum { LONG = 300000 }; /* more than a pipe or a socket takes */

/* An outlet into the first of two connected descriptors. */
typedef struct fixture {
    uv_loop_t loop;
    lks_outlet outlet;
    int to, from;
    int n_empty; /* calls of on_empty */
} fixture;

static char sent[LONG], got[2 * LONG];

static void on_empty(void *context)
{
    fixture *f = context;

    f->n_empty++;
}

static void start(fixture *f, int to, int from)
{
    *f = (fixture){.to = to, .from = from};
    for (size_t i = 0; i < LONG; i++)
        sent[i] = (char)('a' + i % 23);
    uv_loop_init(&f->loop);
    lks_outlet_init(&f->outlet, &f->loop, to, on_empty, f);
}

static void start_pipe(fixture *f)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    start(f, ends[1], ends[0]);
}

static void stop(fixture *f)
{
    lks_outlet_close(&f->outlet);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&f->loop), 0);
    close(f->to);
    close(f->from);
}

/* What the reader finds now, behind got[0..n_got). */
static size_t read_some(const fixture *f, size_t n_got)
{
    ssize_t n;

    while ((n = read(f->from, got + n_got, sizeof got - n_got)) > 0)
        n_got += (size_t)n;
    return n_got;
}

static bool is_blocking(int fd)
{
    return !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

START_TEST(what_fits_is_written_at_once)
{
    fixture f;

    start_pipe(&f);
    lks_outlet_write(&f.outlet, "word", 4);
    ck_assert(!lks_outlet_is_full(&f.outlet));
    ck_assert_int_eq(uv_loop_alive(&f.loop), 0);
    ck_assert_uint_eq(read_some(&f, 0), 4);
    stop(&f);
}
END_TEST

/* Both in a pipe, whose flags stay as they were, and in a socket. */
static void check_slow_reader(fixture *f, bool shares_flags)
{
    size_t n_got = 0;

    lks_outlet_write(&f->outlet, sent, LONG);
    ck_assert(lks_outlet_is_full(&f->outlet));
    ck_assert(is_blocking(f->to) == !shares_flags);
    lks_outlet_write(&f->outlet, "end", 3);
    while (uv_run(&f->loop, UV_RUN_NOWAIT))
        n_got = read_some(f, n_got);
    n_got = read_some(f, n_got);
    ck_assert_uint_eq(n_got, LONG + 3);
    ck_assert_int_eq(memcmp(got, sent, LONG), 0);
    ck_assert_int_eq(memcmp(got + LONG, "end", 3), 0);
    ck_assert_int_eq(f->n_empty, 1);
    ck_assert(!lks_outlet_is_full(&f->outlet));
}

START_TEST(what_does_not_fit_into_a_pipe_follows_in_order)
{
    fixture f;

    start_pipe(&f);
    check_slow_reader(&f, false);
    stop(&f);
}
END_TEST

START_TEST(a_socket_is_blocking_again_at_the_end)
{
    fixture f;
    int ends[2], to;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    to = dup(ends[0]);
    start(&f, ends[0], ends[1]);
    check_slow_reader(&f, true);
    stop(&f);
    ck_assert(is_blocking(to));
    close(to);
}
END_TEST

START_TEST(a_file_is_written_where_it_stands)
{
    char path[] = "/tmp/lockstep-outlet-XXXXXX";
    fixture f;
    int to = mkstemp(path);

    ck_assert_int_eq(write(to, "before ", 7), 7);
    start(&f, to, open(path, O_RDONLY | O_CLOEXEC));
    lks_outlet_write(&f.outlet, sent, LONG);
    ck_assert(!lks_outlet_is_full(&f.outlet));
    ck_assert_uint_eq(read_some(&f, 0), 7 + LONG);
    ck_assert_int_eq(memcmp(got, "before ", 7), 0);
    ck_assert_int_eq(memcmp(got + 7, sent, LONG), 0);
    stop(&f);
    unlink(path);
}
END_TEST

START_TEST(dropping_lets_the_loop_end)
{
    fixture f;

    start_pipe(&f);
    lks_outlet_write(&f.outlet, sent, LONG);
    lks_outlet_drop(&f.outlet);
    lks_outlet_write(&f.outlet, "more", 4);
    ck_assert(!lks_outlet_is_full(&f.outlet));
    ck_assert_int_eq(uv_run(&f.loop, UV_RUN_DEFAULT), 0);
    ck_assert_int_eq(f.n_empty, 0);
    ck_assert_uint_lt(read_some(&f, 0), LONG);
    lks_outlet_write(&f.outlet, "last", 4); /* there is room again */
    ck_assert_uint_eq(read_some(&f, 0), 4);
    stop(&f);
}
END_TEST

START_TEST(closing_drops_what_is_kept)
{
    fixture f;

    start_pipe(&f);
    lks_outlet_write(&f.outlet, sent, LONG);
    stop(&f);
}
END_TEST

START_TEST(what_nobody_can_read_any_more_is_dropped)
{
    fixture f;

    signal(SIGPIPE, SIG_IGN);
    start_pipe(&f);
    lks_outlet_write(&f.outlet, sent, LONG);
    close(f.from);
    ck_assert_int_eq(uv_run(&f.loop, UV_RUN_DEFAULT), 0);
    ck_assert(!lks_outlet_is_full(&f.outlet));
    ck_assert_int_eq(f.outlet.lost_error, EPIPE);
    lks_outlet_write(&f.outlet, "word", 4);
    ck_assert(!lks_outlet_is_full(&f.outlet));
    f.from = open("/dev/null", O_RDONLY | O_CLOEXEC);
    stop(&f);
}
END_TEST

START_TEST(what_memory_does_not_suffice_for_is_dropped)
{
    fixture f;

    start_pipe(&f);
    lks_alloc_fail_after(0);
    lks_outlet_write(&f.outlet, sent, LONG);
    lks_alloc_fail_after(-1);
    ck_assert(!lks_outlet_is_full(&f.outlet));
    ck_assert_int_eq(lks_error_status(), LKS_OK); /* nobody's failure */
    ck_assert_int_eq(uv_run(&f.loop, UV_RUN_DEFAULT), 0);
    lks_outlet_write(&f.outlet, "more", 4); /* there is memory again, but no room */
    ck_assert(lks_outlet_is_full(&f.outlet));
    stop(&f);
}
END_TEST

/* A named pipe whose reader goes, and another comes in the same turn of the loop. */
typedef struct new_reader {
    uv_poll_t poll;
    const char *path;
    int fd;
} new_reader;

static void come_instead(uv_poll_t *poll, int code, int events)
{
    new_reader *reader = poll->data;

    (void)code;
    (void)events;
    reader->fd = open(reader->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    uv_close((uv_handle_t *)poll, NULL);
}

START_TEST(a_new_reader_gets_what_is_kept)
{
    char folder[] = "/tmp/lockstep-outlet-XXXXXX", path[64];
    new_reader reader = {.path = path, .fd = -1};
    fixture f;
    int ready[2], from;
    size_t n_got = 0;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/pipe", folder);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    from = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    start(&f, open(path, O_WRONLY | O_CLOEXEC), from);
    ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
    uv_poll_init(&f.loop, &reader.poll, ready[1]); /* called before the outlet's */
    reader.poll.data = &reader;
    uv_poll_start(&reader.poll, UV_WRITABLE, come_instead);
    lks_outlet_write(&f.outlet, sent, LONG);
    close(from);
    uv_run(&f.loop, UV_RUN_NOWAIT);
    f.from = reader.fd;
    do
        n_got = read_some(&f, n_got);
    while (uv_run(&f.loop, UV_RUN_NOWAIT));
    n_got = read_some(&f, n_got);
    ck_assert_uint_eq(n_got, LONG);
    ck_assert_int_eq(memcmp(got, sent, LONG), 0);
    stop(&f);
    close(ready[0]);
    close(ready[1]);
    unlink(path);
    rmdir(folder);
}
END_TEST

LKS_SUITE("outlet", what_fits_is_written_at_once,
          what_does_not_fit_into_a_pipe_follows_in_order,
          a_socket_is_blocking_again_at_the_end, a_file_is_written_where_it_stands,
          dropping_lets_the_loop_end, closing_drops_what_is_kept,
          what_nobody_can_read_any_more_is_dropped,
          what_memory_does_not_suffice_for_is_dropped, a_new_reader_gets_what_is_kept)
