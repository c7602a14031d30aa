/* The reporter against a coordinator played by the test: plain blocking sockets. */
#include "support/suite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "proto/frame.h"
#include "worker/report.h"

enum { PATIENCE_MS = 10000 };

static int listener;
static char address[64];
static lks_pulse pulse;
static lks_cookie cookie;

static void quiet(void *context, lks_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void listen_on(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    getsockname(listener, (struct sockaddr *)&at, &n);
    snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(at.sin_port));
}

static lks_reporter *start(const char *addresses)
{
    lks_reporter *reporter = NULL;

    lks_log_set_sink(quiet, NULL);
    lks_pulse_init(&pulse);
    ck_ok(lks_cookie_create(&cookie));
    ck_ok(lks_reporter_start(&(lks_reporter_options){.addresses = addresses,
                                                     .cookie = cookie,
                                                     .pulse = &pulse,
                                                     .rank = 3,
                                                     .world_size = 4,
                                                     .version = "1.2.3",
                                                     .device = "cpu:0",
                                                     .instruction_set = "avx2",
                                                     .dataset_fingerprint = 77,
                                                     .n_samples = 1000,
                                                     .threads = 2},
                             &reporter));
    return reporter;
}

typedef struct peer {
    int fd;
    lks_frame_decoder decoder;
} peer;

static peer accept_one(void)
{
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    peer p;

    ck_assert_int_eq(poll(&ready, 1, PATIENCE_MS), 1);
    p.fd = accept(listener, NULL, NULL);
    ck_assert_int_ge(p.fd, 0);
    lks_frame_decoder_init(&p.decoder);
    return p;
}

static void hang_up(peer *p)
{
    close(p->fd);
    lks_frame_decoder_release(&p->decoder);
}

/* The next message, NULL at the end of the stream. */
static Lks__Proto__Message *read_message(peer *p)
{
    for (;;) {
        Lks__Proto__Message *message = NULL;
        struct pollfd ready = {.fd = p->fd, .events = POLLIN};
        char bytes[100];
        ssize_t n;

        ck_ok(lks_frame_decoder_next(&p->decoder, &message));
        if (message)
            return message;
        ck_assert_int_eq(poll(&ready, 1, PATIENCE_MS), 1);
        n = read(p->fd, bytes, sizeof bytes);
        if (n <= 0)
            return NULL;
        ck_ok(lks_frame_decoder_feed(&p->decoder, bytes, (size_t)n));
    }
}

/* Read on until a message of that kind. */
static Lks__Proto__Message *expect(peer *p, Lks__Proto__Message__BodyCase kind)
{
    Lks__Proto__Message *message;

    while ((message = read_message(p)) && message->body_case != kind)
        lks__proto__message__free_unpacked(message, NULL);
    ck_assert_msg(message != NULL, "the stream ended before a message of kind %d", kind);
    return message;
}

static void skip(peer *p, Lks__Proto__Message__BodyCase kind)
{
    lks__proto__message__free_unpacked(expect(p, kind), NULL);
}

static void send_to(peer *p, const Lks__Proto__Message *message)
{
    uint8_t *frame;
    size_t n;

    ck_ok(lks_frame_encode(message, &frame, &n));
    for (size_t i = 0; i < n; i++) /* cut as badly as can be */
        ck_assert_int_eq(write(p->fd, frame + i, 1), 1);
    lks_free(frame);
}

static void welcome(peer *p, uint32_t heartbeat_ms)
{
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;
    Lks__Proto__Welcome body = LKS__PROTO__WELCOME__INIT;

    body.protocol = LKS_PROTOCOL_VERSION;
    body.heartbeat_ms = heartbeat_ms;
    message.body_case = LKS__PROTO__MESSAGE__BODY_WELCOME;
    message.welcome = &body;
    send_to(p, &message);
}

static void cancel(peer *p)
{
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;
    Lks__Proto__Control body = LKS__PROTO__CONTROL__INIT;

    body.command = LKS__PROTO__CONTROL__COMMAND__CANCEL;
    message.body_case = LKS__PROTO__MESSAGE__BODY_CONTROL;
    message.control = &body;
    send_to(p, &message);
}

START_TEST(hello_comes_first_and_says_who_we_are)
{
    listen_on(0);
    lks_reporter *reporter = start(address);
    peer p = accept_one();
    Lks__Proto__Message *message = read_message(&p);

    ck_assert_ptr_nonnull(message);
    ck_assert_int_eq(message->body_case, LKS__PROTO__MESSAGE__BODY_HELLO);
    ck_assert(lks_cookie_equal(&cookie, message->hello->cookie.data,
                               message->hello->cookie.len));
    ck_assert_uint_eq(message->hello->protocol, LKS_PROTOCOL_VERSION);
    ck_assert_uint_eq(message->hello->rank, 3);
    ck_assert_uint_eq(message->hello->world_size, 4);
    ck_assert_uint_eq(message->hello->pid, (uint32_t)getpid());
    ck_assert_str_eq(message->hello->version, "1.2.3");
    ck_assert_uint_eq(message->hello->dataset_fingerprint, 77);
    ck_assert_uint_eq(message->hello->threads, 2);
    lks__proto__message__free_unpacked(message, NULL);
    lks_reporter_stop(reporter, LKS_OK, "");
    hang_up(&p);
    close(listener);
}
END_TEST

START_TEST(heartbeats_come_while_the_main_thread_stands_still)
{
    listen_on(0);
    lks_reporter *reporter = start(address);
    peer p = accept_one();
    Lks__Proto__Message *first, *second;

    skip(&p, LKS__PROTO__MESSAGE__BODY_HELLO);
    lks_pulse_end_step(&pulse);
    lks_pulse_enter(&pulse, LKS__PROTO__PHASE__REDUCE); /* and here it hangs */
    welcome(&p, 20);
    first = expect(&p, LKS__PROTO__MESSAGE__BODY_HEARTBEAT);
    second = expect(&p, LKS__PROTO__MESSAGE__BODY_HEARTBEAT);
    ck_assert_uint_eq(second->heartbeat->step, 1);
    ck_assert_int_eq(second->heartbeat->phase, LKS__PROTO__PHASE__REDUCE);
    ck_assert_double_gt(second->heartbeat->phase_s, first->heartbeat->phase_s);
    ck_assert_uint_gt(second->heartbeat->rss_bytes, 1 << 20);
    ck_assert_ptr_nonnull(second->heartbeat->times);
    lks__proto__message__free_unpacked(first, NULL);
    lks__proto__message__free_unpacked(second, NULL);
    lks_reporter_stop(reporter, LKS_OK, "");
    hang_up(&p);
    close(listener);
}
END_TEST

START_TEST(progress_arrives_in_order_and_goodbye_last)
{
    listen_on(0);
    lks_reporter *reporter = start(address);
    peer p = accept_one();
    Lks__Proto__Message *message;
    Lks__Proto__Progress progress = LKS__PROTO__PROGRESS__INIT;

    for (uint64_t step = 1; step <= 20; step++) {
        progress.step = step;
        lks_reporter_progress(reporter, &progress);
    }
    lks_reporter_stop(reporter, LKS_NUMERIC, "loss is nan");
    for (uint64_t step = 1; step <= 20; step++) {
        message = expect(&p, LKS__PROTO__MESSAGE__BODY_PROGRESS);
        ck_assert_uint_eq(message->progress->step, step);
        lks__proto__message__free_unpacked(message, NULL);
    }
    message = expect(&p, LKS__PROTO__MESSAGE__BODY_GOODBYE);
    ck_assert_uint_eq(message->goodbye->status, LKS_NUMERIC);
    ck_assert_str_eq(message->goodbye->reason, "loss is nan");
    lks__proto__message__free_unpacked(message, NULL);
    ck_assert_ptr_null(read_message(&p));
    hang_up(&p);
    close(listener);
}
END_TEST

START_TEST(a_cancel_becomes_a_wish)
{
    listen_on(0);
    lks_reporter *reporter = start(address);
    peer p = accept_one();

    welcome(&p, 20);
    ck_assert_int_eq(atomic_load(&pulse.wish), LKS_WISH_GO_ON);
    cancel(&p);
    for (int i = 0; i < 1000 && atomic_load(&pulse.wish) == LKS_WISH_GO_ON; i++)
        usleep(10000);
    ck_assert_int_eq(atomic_load(&pulse.wish), LKS_WISH_CANCEL);
    lks_reporter_stop(reporter, LKS_CANCELLED, "cancelled");
    hang_up(&p);
    close(listener);
}
END_TEST

START_TEST(a_dropped_connection_is_made_again)
{
    listen_on(0);
    lks_reporter *reporter = start(address);

    for (int i = 0; i < 3; i++) {
        peer p = accept_one();

        skip(&p, LKS__PROTO__MESSAGE__BODY_HELLO);
        welcome(&p, 20);
        hang_up(&p);
    }
    lks_reporter_stop(reporter, LKS_OK, "");
    close(listener);
}
END_TEST

START_TEST(addresses_are_tried_in_turn)
{
    char both[160], gone[64];

    listen_on(0);
    snprintf(gone, sizeof gone, "%s", address);
    close(listener); /* nobody listens there any more */
    listen_on(0);
    snprintf(both, sizeof both, "%s,%s", gone, address);
    lks_reporter *reporter = start(both);
    peer p = accept_one();

    skip(&p, LKS__PROTO__MESSAGE__BODY_HELLO);
    lks_reporter_stop(reporter, LKS_OK, "");
    hang_up(&p);
    close(listener);
}
END_TEST

START_TEST(without_a_coordinator_the_end_is_not_delayed_for_long)
{
    listen_on(0);
    close(listener);
    lks_reporter *reporter = start(address);
    const double at_s = lks_clock_s();

    lks_reporter_stop(reporter, LKS_OK, "");
    ck_assert_double_lt(lks_clock_s() - at_s, 5);
}
END_TEST

START_TEST(a_coordinator_that_talks_nonsense_is_left)
{
    listen_on(0);
    lks_reporter *reporter = start(address);
    peer p = accept_one();

    ck_assert_int_eq(write(p.fd, "\xff\xff\xff\xff nonsense", 13), 13);
    skip(&p, LKS__PROTO__MESSAGE__BODY_HELLO);
    hang_up(&p);
    p = accept_one(); /* it comes again, with a hello */
    skip(&p, LKS__PROTO__MESSAGE__BODY_HELLO);
    lks_reporter_stop(reporter, LKS_OK, "");
    hang_up(&p);
    close(listener);
}
END_TEST

START_TEST(a_bad_address_is_refused)
{
    lks_reporter *reporter = NULL;
    lks_reporter_options options = {
        .pulse = &pulse, .version = "", .device = "", .instruction_set = ""};
    static const char *const bad[] = {"", "nonsense", "127.0.0.1", "host:80",
                                      "127.0.0.1:80,nonsense"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        options.addresses = bad[i];
        ck_fails(lks_reporter_start(&options, &reporter), LKS_INVALID,
                 "coordinator address");
    }
}
END_TEST

LKS_SUITE("report", hello_comes_first_and_says_who_we_are,
          heartbeats_come_while_the_main_thread_stands_still,
          progress_arrives_in_order_and_goodbye_last, a_cancel_becomes_a_wish,
          a_dropped_connection_is_made_again, addresses_are_tried_in_turn,
          without_a_coordinator_the_end_is_not_delayed_for_long,
          a_coordinator_that_talks_nonsense_is_left, a_bad_address_is_refused)
