/* Workers at the coordinator's port, and strangers that are none. The loop runs in the
 * test's own thread, as long as the test waits for something. */
#include "client.h"

#include <signal.h>

#include "base/rng.h"
#include "daemon/uv/worker_link.h"

enum { WORLD_SIZE = 4, MAX_EVENTS = 64 };

/* A link whose hellos are welcomed as the ranks they claim, and what it told. */
typedef struct fixture {
    uv_loop_t loop;
    lks_worker_link *link;
    lks_event_type events[MAX_EVENTS];
    uint32_t ranks[MAX_EVENTS];
    char why[256]; /* of the last close */
    uint64_t last_step;
    size_t n_events;
    bool refuses;
} fixture;

static void on_event(void *context, lks_event *event)
{
    fixture *f = context;

    ck_assert_uint_lt(f->n_events, MAX_EVENTS);
    f->events[f->n_events] = event->type;
    f->ranks[f->n_events] = event->rank;
    if (event->type == LKS_EVENT_HELLO) {
        lks_action action = {.type = f->refuses ? LKS_ACTION_REFUSE : LKS_ACTION_WELCOME,
                             .peer = event->peer,
                             .rank = event->hello->rank};

        f->ranks[f->n_events] = event->hello->rank;
        if (f->refuses)
            action.reason = "not today";
        else
            action.welcome.lanes = 8;
        lks_worker_link_perform(f->link, &action);
    }
    if (event->type == LKS_EVENT_HEARTBEAT)
        f->last_step = event->heartbeat->step;
    if (event->type == LKS_EVENT_PROGRESS)
        f->last_step = event->progress->step;
    if (event->type == LKS_EVENT_CLOSED)
        snprintf(f->why, sizeof f->why, "%s", event->why);
    f->n_events++;
}

static void start_with(fixture *f, double hello_timeout_s, uint32_t max_strangers)
{
    const lks_worker_link_options options = {
        .address = "127.0.0.1",
        .world_size = WORLD_SIZE,
        .link_keys = test_keys(),
        .hello_timeout_s = hello_timeout_s,
        .max_strangers = max_strangers,
        .on_event = on_event,
        .context = f,
    };

    signal(SIGPIPE, SIG_IGN); /* the link may have closed what a test still sends to */
    memset(f, 0, sizeof *f);
    ck_assert_int_eq(uv_loop_init(&f->loop), 0);
    ck_ok(lks_worker_link_create(&f->loop, &options, &f->link));
}

static void start(fixture *f, double hello_timeout_s)
{
    start_with(f, hello_timeout_s, 0);
}

static void stop(fixture *f)
{
    lks_worker_link_close(f->link);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&f->loop), 0); /* no handle leaks */
}

/* Run the loop until n events have come in all, or ten seconds have passed. */
static void run_until(fixture *f, size_t n_events)
{
    double until_s = lks_clock_s() + 10;

    while (f->n_events < n_events && lks_clock_s() < until_s) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
        sleep_ms(1);
    }
}

/* Run the loop until the peer has something to read, or ten seconds have passed. */
static void run_until_readable(fixture *f, int fd)
{
    double until_s = lks_clock_s() + 10;
    struct pollfd wait = {fd, POLLIN, 0};

    while (poll(&wait, 1, 1) == 0 && lks_clock_s() < until_s)
        uv_run(&f->loop, UV_RUN_NOWAIT);
}

/* Run the loop for a moment, in which everything that was sent arrives. */
static void run_a_while(fixture *f)
{
    for (int i = 0; i < 20; i++) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
        sleep_ms(1);
    }
}

static int connect_to(fixture *f)
{
    return connect_tcp(lks_worker_link_address(f->link));
}

/* A connection whose challenge is read, and a hello for it; its parts may be changed. */
static int connect_for_hello(fixture *f, uint32_t rank, hello_parts *out)
{
    int fd = connect_to(f);

    run_until_readable(f, fd);
    *out = (hello_parts){rank, WORLD_SIZE, .challenge = receive_challenge(fd)};
    return fd;
}

static int join(fixture *f, uint32_t rank)
{
    size_t n_before = f->n_events;
    hello_parts parts;
    int fd = connect_for_hello(f, rank, &parts);

    ck_assert(send_frame(fd, hello_frame(&parts)));
    run_until(f, n_before + 1);
    ck_assert_uint_eq(f->n_events, n_before + 1);
    ck_assert_int_eq(f->events[n_before], LKS_EVENT_HELLO);
    return fd;
}

START_TEST(a_worker_is_welcomed_and_heard)
{
    fixture f;
    Lks__Proto__Message *welcome;
    int fd;

    start(&f, 0);
    fd = join(&f, 2);
    run_a_while(&f);
    welcome = receive_frame(fd);
    ck_assert_ptr_nonnull(welcome);
    ck_assert_int_eq(welcome->body_case, LKS__PROTO__MESSAGE__BODY_WELCOME);
    ck_assert_uint_eq(welcome->welcome->lanes, 8);
    ck_assert_uint_eq(welcome->welcome->protocol, LKS_PROTOCOL_VERSION);
    lks__proto__message__free_unpacked(welcome, NULL);
    ck_assert(send_frame(fd, heartbeat_frame(41, LKS__PROTO__PHASE__REDUCE)));
    ck_assert(send_frame(fd, progress_frame(50)));
    ck_assert(send_frame(fd, goodbye_frame(0, "")));
    run_until(&f, 4);
    ck_assert_uint_eq(f.n_events, 4);
    ck_assert_int_eq(f.events[1], LKS_EVENT_HEARTBEAT);
    ck_assert_uint_eq(f.ranks[1], 2);
    ck_assert_int_eq(f.events[2], LKS_EVENT_PROGRESS);
    ck_assert_uint_eq(f.last_step, 50);
    ck_assert_int_eq(f.events[3], LKS_EVENT_GOODBYE);
    close(fd);
    stop(&f);
}
END_TEST

START_TEST(frames_may_be_cut_anywhere)
{
    size_t n_bytes = 2;

    for (size_t cut = 1; cut < n_bytes; cut++) {
        fixture f;
        hello_parts parts;
        frame hello;
        int fd;

        start(&f, 0);
        fd = connect_for_hello(&f, 1, &parts);
        hello = hello_frame(&parts);
        n_bytes = hello.n_bytes;
        ck_assert(send_bytes(fd, hello.bytes, cut));
        uv_run(&f.loop, UV_RUN_NOWAIT);
        uv_run(&f.loop, UV_RUN_NOWAIT);
        ck_assert_uint_eq(f.n_events, 0);
        ck_assert(send_bytes(fd, hello.bytes + cut, hello.n_bytes - cut));
        run_until(&f, 1);
        ck_assert_uint_eq(f.n_events, 1);
        lks_free(hello.bytes);
        close(fd);
        stop(&f);
    }
    ck_assert_uint_gt(n_bytes, 64);
}
END_TEST

START_TEST(frames_may_come_a_byte_at_a_time)
{
    fixture f;
    frame beat = heartbeat_frame(7, LKS__PROTO__PHASE__LOAD);
    int fd;

    start(&f, 0);
    fd = join(&f, 0);
    for (int repeat = 0; repeat < 3; repeat++)
        for (size_t i = 0; i < beat.n_bytes; i++) {
            ck_assert(send_bytes(fd, beat.bytes + i, 1));
            uv_run(&f.loop, UV_RUN_NOWAIT);
        }
    run_until(&f, 4);
    ck_assert_uint_eq(f.n_events, 4);
    ck_assert_uint_eq(f.last_step, 7);
    lks_free(beat.bytes);
    close(fd);
    stop(&f);
}
END_TEST

/* Send it, and expect a closed connection that the coordinator never hears of. */
static void check_refused(frame f)
{
    fixture link;
    int fd;

    start(&link, 0);
    fd = connect_to(&link);
    ck_assert(send_frame(fd, f));
    run_a_while(&link);
    ck_assert(is_closed(fd, 1));
    ck_assert_uint_eq(link.n_events, 0);
    close(fd);
    stop(&link);
}

/* Send it on this connection, and expect it closed and the coordinator undisturbed. */
static void check_not_let_in(fixture *f, int fd, frame hello)
{
    size_t n_before = f->n_events;

    ck_assert(send_frame(fd, hello));
    run_a_while(f);
    ck_assert(is_closed(fd, 1));
    ck_assert_uint_eq(f->n_events, n_before);
    close(fd);
}

START_TEST(each_connection_is_challenged_anew)
{
    hello_parts first, second;
    fixture f;

    start(&f, 0);
    close(connect_for_hello(&f, 0, &first));
    close(connect_for_hello(&f, 0, &second));
    ck_assert_mem_ne(first.challenge.bytes, second.challenge.bytes, LKS_NONCE_BYTES);
    stop(&f);
}
END_TEST

START_TEST(a_hello_without_the_ranks_key_is_refused)
{
    hello_parts parts;
    fixture f;
    int fd;

    start(&f, 0);
    fd = connect_for_hello(&f, 0, &parts);
    parts.keys = &test_keys()[1]; /* rank 1 would be rank 0 */
    check_not_let_in(&f, fd, hello_frame(&parts));
    fd = connect_for_hello(&f, WORLD_SIZE, &parts); /* no rank of this run */
    check_not_let_in(&f, fd, hello_frame(&parts));
    fd = connect_for_hello(&f, UINT32_MAX, &parts);
    parts.keys = &test_keys()[0];
    check_not_let_in(&f, fd, hello_frame(&parts));
    stop(&f);
}
END_TEST

START_TEST(a_mac_cut_short_is_refused)
{
    hello_parts parts;
    fixture f;

    start(&f, 0);
    for (size_t n = 1; n < LKS_MAC_BYTES; n++) {
        int fd = connect_for_hello(&f, 0, &parts);

        parts.n_mac_bytes = n;
        check_not_let_in(&f, fd, hello_frame(&parts));
    }
    stop(&f);
}
END_TEST

START_TEST(a_hello_said_again_on_another_connection_is_refused)
{
    hello_parts parts, later;
    frame hello, sniffed;
    fixture f;
    int worker, stranger;

    start(&f, 0);
    worker = connect_for_hello(&f, 1, &parts);
    hello = hello_frame(&parts);
    sniffed = (frame){lks_malloc(hello.n_bytes), hello.n_bytes};
    memcpy(sniffed.bytes, hello.bytes, hello.n_bytes);
    ck_assert(send_frame(worker, hello));
    run_until(&f, 1);
    ck_assert_int_eq(f.events[0], LKS_EVENT_HELLO);
    stranger = connect_for_hello(&f, 1, &later);
    check_not_let_in(&f, stranger, sniffed);
    ck_assert(send_frame(worker, heartbeat_frame(1, LKS__PROTO__PHASE__LOAD)));
    run_until(&f, 2);
    ck_assert_int_eq(f.events[1], LKS_EVENT_HEARTBEAT);
    close(worker);
    stop(&f);
}
END_TEST

START_TEST(a_hello_before_the_challenge_was_known_is_refused)
{
    check_refused(hello_frame(&(hello_parts){.rank = 0, .world_size = WORLD_SIZE}));
}
END_TEST

START_TEST(the_coordinator_proves_itself_in_its_welcome)
{
    hello_parts parts;
    fixture f;
    frame hello;
    Lks__Proto__Message *sent = NULL, *welcome;
    lks_frame_decoder decoder;
    lks_nonce nonce;
    int fd;

    start(&f, 0);
    fd = connect_for_hello(&f, 3, &parts);
    hello = hello_frame(&parts);
    lks_frame_decoder_init(&decoder);
    ck_ok(lks_frame_decoder_feed(&decoder, hello.bytes, hello.n_bytes));
    ck_ok(lks_frame_decoder_next(&decoder, &sent));
    ck_assert(lks_nonce_take(&sent->hello->nonce, &nonce));
    ck_assert(send_frame(fd, hello));
    run_until_readable(&f, fd);
    welcome = receive_frame(fd);
    ck_assert_int_eq(welcome->body_case, LKS__PROTO__MESSAGE__BODY_WELCOME);
    ck_assert(lks_welcome_is_genuine(&test_keys()[3], &parts.challenge, &nonce,
                                     welcome->welcome));
    ck_assert(!lks_welcome_is_genuine(&test_keys()[2], &parts.challenge, &nonce,
                                      welcome->welcome));
    lks__proto__message__free_unpacked(sent, NULL);
    lks__proto__message__free_unpacked(welcome, NULL);
    lks_frame_decoder_release(&decoder);
    close(fd);
    stop(&f);
}
END_TEST

START_TEST(a_stranger_that_does_not_begin_with_a_hello_is_refused)
{
    check_refused(heartbeat_frame(1, LKS__PROTO__PHASE__LOAD));
    check_refused(goodbye_frame(0, "bye"));
}
END_TEST

static frame copy_of(const void *bytes, size_t n_bytes)
{
    frame out = {lks_malloc(n_bytes), n_bytes};

    memcpy(out.bytes, bytes, n_bytes);
    return out;
}

START_TEST(bytes_that_are_no_frame_are_refused)
{
    static const char http[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    check_refused(copy_of("\0\0\0\0", 4));         /* empty */
    check_refused(copy_of("\xff\xff\xff\xff", 4)); /* 4 GiB */
    check_refused(copy_of("\x01\x00\x01\x00", 4)); /* 64 KiB + 1 */
    check_refused(copy_of("\x03\x00\x00\x00\xff\xff\xff", 7));
    check_refused(copy_of("\x02\x00\x00\x00\x38\x01", 6)); /* no body we know */
    check_refused(copy_of(http, sizeof http - 1));
}
END_TEST

START_TEST(random_bytes_bring_no_event_and_no_crash)
{
    const lks_rng rng = {.seed = 1};
    uint64_t n_drawn = 0;
    fixture f;

    start(&f, 0);
    for (int i = 0; i < 300; i++) {
        uint8_t bytes[256];
        int fd = connect_to(&f);

        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (uint8_t)lks_rng_bits(&rng, n_drawn++);
        if (i % 2) /* a length that fits, and garbage in it */
            memcpy(bytes, "\xfc\0\0\0", 4);
        send_bytes(fd, bytes, sizeof bytes);
        uv_run(&f.loop, UV_RUN_NOWAIT);
        close(fd);
    }
    run_a_while(&f);
    ck_assert_uint_eq(f.n_events, 0);
    close(join(&f, 0)); /* and it still serves */
    stop(&f);
}
END_TEST

START_TEST(a_stranger_that_says_nothing_is_closed_in_time)
{
    static const char drops[] = "\x40\0\0\0abcdefghijklmnop";
    fixture f;
    int silent, dripping, worker;

    start(&f, 0.05);
    worker = join(&f, 0);
    silent = connect_to(&f);
    dripping = connect_to(&f);
    for (int i = 0; i < 20; i++) {
        send_bytes(dripping, &drops[i], 1);
        lks_worker_link_tick(f.link);
        uv_run(&f.loop, UV_RUN_NOWAIT);
        sleep_ms(5);
    }
    ck_assert(is_closed(silent, 1));
    ck_assert(is_closed(dripping, 1));
    ck_assert_uint_eq(f.n_events, 1); /* the worker that did say hello stays */
    ck_assert(send_frame(worker, heartbeat_frame(1, LKS__PROTO__PHASE__LOAD)));
    run_until(&f, 2);
    ck_assert_uint_eq(f.n_events, 2);
    close(silent);
    close(dripping);
    close(worker);
    stop(&f);
}
END_TEST

START_TEST(too_many_strangers_cost_the_oldest_and_never_a_worker)
{
    enum { MANY = WORLD_SIZE + 256 };
    fixture f;
    int fds[MANY], late, worker;

    start(&f, 0);
    for (int i = 0; i < MANY; i++) {
        fds[i] = connect_to(&f);
        uv_run(&f.loop, UV_RUN_NOWAIT);
    }
    run_a_while(&f);
    ck_assert(!is_closed(fds[0], 0.01));
    late = connect_to(&f);
    run_a_while(&f);
    ck_assert(is_closed(fds[0], 1));
    ck_assert(!is_closed(fds[1], 0.01));
    worker = join(&f, 3);
    ck_assert(is_closed(fds[1], 1));
    ck_assert_uint_eq(f.n_events, 1);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    close(late);
    close(worker);
    stop(&f);
}
END_TEST

static bool is_challenged(int fd)
{
    struct pollfd wait = {fd, POLLIN, 0};

    return poll(&wait, 1, 0) == 1;
}

START_TEST(with_few_places_newcomers_take_turns)
{
    enum { FEW = 2, MANY = 40 };
    fixture f;
    int fds[MANY], n_challenged = 0;
    double until_s;

    start_with(&f, 0, FEW);
    for (int i = 0; i < MANY; i++)
        fds[i] = connect_to(&f);
    until_s = lks_clock_s() + 0.5;
    while (lks_clock_s() < until_s) {
        uv_run(&f.loop, UV_RUN_NOWAIT);
        sleep_ms(1);
    }
    for (int i = 0; i < MANY; i++)
        n_challenged += is_challenged(fds[i]);
    ck_assert_int_gt(n_challenged, FEW); /* the oldest went for others */
    ck_assert_int_lt(n_challenged, MANY / 2);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    close(join(&f, 1)); /* behind them all */
    stop(&f);
}
END_TEST

/* Comes, says nothing and does not wait to be let in. */
static int knock(const fixture *f)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    to.sin_port =
        htons((uint16_t)atoi(strrchr(lks_worker_link_address(f->link), ':') + 1));
    connect(fd, (struct sockaddr *)&to, sizeof to);
    return fd;
}

START_TEST(a_worker_joins_while_strangers_come_endlessly)
{
    enum { MANY = 600 }; /* half of them fill all places and wait in the backlog */
    fixture f;
    hello_parts parts;
    int fds[MANY], worker;

    start(&f, 0);
    for (int i = 0; i < MANY / 2; i++) {
        fds[i] = knock(&f);
        uv_run(&f.loop, UV_RUN_NOWAIT);
    }
    worker = connect_for_hello(&f, 2, &parts);
    for (int i = MANY / 2; i < MANY; i++)
        fds[i] = knock(&f);
    ck_assert(send_frame(worker, hello_frame(&parts)));
    run_until(&f, 1);
    ck_assert_uint_eq(f.n_events, 1);
    ck_assert_int_eq(f.events[0], LKS_EVENT_HELLO);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    close(worker);
    stop(&f);
}
END_TEST

START_TEST(all_ranks_may_come_at_once)
{
    fixture f;
    int fds[WORLD_SIZE];
    double began_s = lks_clock_s();

    start_with(&f, 0, 1); /* one place, which who joins leaves */
    for (uint32_t r = 0; r < WORLD_SIZE; r++)
        fds[r] = join(&f, r);
    ck_assert_double_lt(lks_clock_s() - began_s, 0.5);
    for (int r = 0; r < WORLD_SIZE; r++)
        close(fds[r]);
    stop(&f);
}
END_TEST

START_TEST(a_rank_whose_connection_ends_is_told)
{
    const struct linger hard = {1, 0};
    fixture f;
    int fd;

    start(&f, 0);
    fd = join(&f, 3);
    run_a_while(&f);
    lks__proto__message__free_unpacked(receive_frame(fd), NULL);
    close(fd); /* with everything read, this ends the stream in order */
    run_until(&f, 2);
    ck_assert_int_eq(f.events[1], LKS_EVENT_CLOSED);
    ck_assert_uint_eq(f.ranks[1], 3);
    ck_assert_str_eq(f.why, "its connection closed");
    fd = join(&f, 2);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd); /* resets */
    run_until(&f, 4);
    ck_assert_uint_eq(f.ranks[3], 2);
    ck_assert_str_eq(f.why, "its connection broke: connection reset by peer");
    stop(&f);
}
END_TEST

START_TEST(a_rank_that_sends_nonsense_is_told_and_closed)
{
    static const struct {
        const char *bytes;
        size_t n_bytes;
        const char *why;
    } cases[] = {
        {"\0\0\0\0", 4, "it sent a malformed frame: "},
        {"\x01\0\0\0\xff", 5, "it sent a malformed frame: "},
        {"\x02\0\0\0\x12\0", 6, "it sent a message that no worker sends"}, /* a welcome */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture f;
        int fd;

        start(&f, 0);
        fd = join(&f, 1);
        send_bytes(fd, cases[i].bytes, cases[i].n_bytes);
        run_until(&f, 2);
        ck_assert_uint_eq(f.n_events, 2);
        ck_assert_int_eq(f.events[1], LKS_EVENT_CLOSED);
        ck_assert_uint_eq(f.ranks[1], 1);
        ck_assert_msg(strncmp(f.why, cases[i].why, strlen(cases[i].why)) == 0, "%s",
                      f.why);
        ck_assert(is_closed(fd, 1));
        close(fd);
        stop(&f);
    }
}
END_TEST

START_TEST(a_second_hello_on_one_connection_is_nonsense)
{
    fixture f;
    int fd;

    start(&f, 0);
    fd = join(&f, 1);
    ck_assert(
        send_frame(fd, hello_frame(&(hello_parts){.rank = 2, .world_size = WORLD_SIZE})));
    run_until(&f, 2);
    ck_assert_int_eq(f.events[1], LKS_EVENT_CLOSED);
    ck_assert_str_eq(f.why, "it sent a message that no worker sends");
    close(fd);
    stop(&f);
}
END_TEST

START_TEST(a_refused_worker_is_closed_without_an_event)
{
    fixture f;
    int fd;

    start(&f, 0);
    f.refuses = true;
    fd = join(&f, 1);
    run_a_while(&f);
    ck_assert(is_closed(fd, 1));
    ck_assert_uint_eq(f.n_events, 1);
    close(fd);
    stop(&f);
}
END_TEST

START_TEST(what_the_coordinator_closes_brings_no_event)
{
    const lks_action action = {.type = LKS_ACTION_CLOSE, .rank = 1};
    fixture f;
    int fd;

    start(&f, 0);
    fd = join(&f, 1);
    lks_worker_link_perform(f.link, &action);
    lks_worker_link_perform(f.link, &action); /* twice is fine */
    run_a_while(&f);
    lks_worker_link_perform(f.link, &action); /* when it is gone too */
    ck_assert(is_closed(fd, 1));
    ck_assert_uint_eq(f.n_events, 1);
    close(fd);
    stop(&f);
}
END_TEST

START_TEST(a_control_reaches_its_rank)
{
    const lks_action action = {.type = LKS_ACTION_CONTROL,
                               .rank = 0,
                               .command = LKS__PROTO__CONTROL__COMMAND__CANCEL};
    fixture f;
    Lks__Proto__Message *message;
    int fd;

    start(&f, 0);
    fd = join(&f, 0);
    lks_worker_link_perform(f.link, &action);
    run_a_while(&f);
    message = receive_frame(fd); /* the welcome */
    lks__proto__message__free_unpacked(message, NULL);
    message = receive_frame(fd);
    ck_assert_ptr_nonnull(message);
    ck_assert_int_eq(message->body_case, LKS__PROTO__MESSAGE__BODY_CONTROL);
    ck_assert_int_eq(message->control->command, LKS__PROTO__CONTROL__COMMAND__CANCEL);
    lks__proto__message__free_unpacked(message, NULL);
    close(fd);
    stop(&f);
}
END_TEST

START_TEST(a_rank_that_never_reads_is_closed_before_memory_runs_full)
{
    const lks_action action = {.type = LKS_ACTION_CONTROL,
                               .rank = 0,
                               .command = LKS__PROTO__CONTROL__COMMAND__CHECKPOINT};
    const int window = 4096; /* full at once, long before the kernel calls it a cut */
    fixture f;
    int fd;

    start(&f, 0);
    fd = join(&f, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window), 0);
    for (int i = 0; i < 3000000 && f.n_events < 2; i++) {
        lks_worker_link_perform(f.link, &action);
        if (i % 1000 == 0)
            uv_run(&f.loop, UV_RUN_NOWAIT);
    }
    run_until(&f, 2);
    ck_assert_uint_eq(f.n_events, 2);
    ck_assert_str_eq(f.why, "cannot write to it: it does not read what it is sent");
    close(fd);
    stop(&f);
}
END_TEST

START_TEST(a_connection_waits_until_there_is_memory_for_it)
{
    struct pollfd wait = {.events = POLLIN};
    fixture f;

    start(&f, 0);
    wait.fd = connect_to(&f);
    lks_alloc_fail_after(0);
    run_a_while(&f);
    ck_assert(lks_alloc_has_failed());
    lks_alloc_fail_after(-1);
    ck_assert_int_eq(poll(&wait, 1, 0), 0);
    lks_worker_link_tick(f.link);
    run_until_readable(&f, wait.fd);
    ck_assert_int_eq(poll(&wait, 1, 0), 1);
    receive_challenge(wait.fd);
    close(wait.fd);
    stop(&f);
}
END_TEST

START_TEST(without_memory_for_its_frames_a_rank_is_closed_and_told)
{
    long n = 0;

    for (;; n++) {
        hello_parts parts;
        fixture f;
        bool failed;
        int fd;

        start(&f, 0);
        fd = connect_for_hello(&f, 0, &parts);
        ck_assert(send_frame(fd, hello_frame(&parts)));
        lks_alloc_fail_after(n);
        run_a_while(&f);
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert(!failed || is_closed(fd, 1));
        ck_assert(!failed || f.n_events == 0 || f.events[1] == LKS_EVENT_CLOSED);
        close(fd);
        stop(&f);
        if (!failed)
            break;
    }
    ck_assert_int_gt(n, 1);
}
END_TEST

START_TEST(an_address_that_is_none_is_refused)
{
    static const char *const bad[] = {"localhost", "", "1.2.3", "1.2.3.4:80", "[::1]"};
    lks_worker_link_options options = {.world_size = 1, .on_event = on_event};
    lks_worker_link *link = NULL;
    uv_loop_t loop;

    uv_loop_init(&loop);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        options.address = bad[i];
        ck_fails(lks_worker_link_create(&loop, &options, &link), LKS_INVALID,
                 "is not an IPv4 or IPv6 address");
    }
    options.address = "192.0.2.1"; /* TEST-NET: no address of this host */
    ck_fails(lks_worker_link_create(&loop, &options, &link), LKS_IO,
             "cannot listen for workers on 192.0.2.1: ");
    ck_assert_ptr_null(link);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

START_TEST(an_ipv6_address_stands_in_brackets)
{
    const lks_worker_link_options options = {
        .address = "::1", .world_size = 1, .on_event = on_event};
    lks_worker_link *link = NULL;
    uv_loop_t loop;

    uv_loop_init(&loop);
    if (lks_worker_link_create(&loop, &options, &link) == LKS_OK)
        ck_assert_int_eq(strncmp(lks_worker_link_address(link), "[::1]:", 6), 0);
    else /* a host without IPv6 */
        ck_assert_ptr_nonnull(strstr(lks_error_text(), "cannot listen for workers"));
    lks_worker_link_close(link);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

LKS_SUITE("worker_link", a_worker_is_welcomed_and_heard, frames_may_be_cut_anywhere,
          frames_may_come_a_byte_at_a_time, each_connection_is_challenged_anew,
          a_hello_without_the_ranks_key_is_refused, a_mac_cut_short_is_refused,
          a_hello_said_again_on_another_connection_is_refused,
          a_hello_before_the_challenge_was_known_is_refused,
          the_coordinator_proves_itself_in_its_welcome,
          a_stranger_that_does_not_begin_with_a_hello_is_refused,
          bytes_that_are_no_frame_are_refused, random_bytes_bring_no_event_and_no_crash,
          a_stranger_that_says_nothing_is_closed_in_time,
          too_many_strangers_cost_the_oldest_and_never_a_worker,
          with_few_places_newcomers_take_turns,
          a_worker_joins_while_strangers_come_endlessly, all_ranks_may_come_at_once,
          a_rank_whose_connection_ends_is_told,
          a_rank_that_sends_nonsense_is_told_and_closed,
          a_second_hello_on_one_connection_is_nonsense,
          a_refused_worker_is_closed_without_an_event,
          what_the_coordinator_closes_brings_no_event, a_control_reaches_its_rank,
          a_rank_that_never_reads_is_closed_before_memory_runs_full,
          a_connection_waits_until_there_is_memory_for_it,
          without_memory_for_its_frames_a_rank_is_closed_and_told,
          an_address_that_is_none_is_refused, an_ipv6_address_stands_in_brackets)
