/* The reporter against a coordinator played by the test: plain blocking sockets. */
#include "support/suite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "proto/frame.h"
#include "proto/handshake.h"
#include "worker/report.h"

enum { PATIENCE_MS = 10000 };

static int listener;
static char address[64];
static lks_pulse pulse;
static lks_link_keys keys; /* what this rank and the coordinator share */

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

static double give_up_s; /* of the next start */
static _Atomic bool is_leaving;

static lks_reporter *start(const char *addresses)
{
    lks_reporter *reporter = NULL;

    lks_log_set_sink(quiet, NULL);
    lks_pulse_init(&pulse);
    memset(keys.of_hello, 'h', sizeof keys.of_hello);
    memset(keys.of_welcome, 'w', sizeof keys.of_welcome);
    ck_ok(lks_reporter_start(&(lks_reporter_options){.addresses = addresses,
                                                     .link_keys = keys,
                                                     .pulse = &pulse,
                                                     .is_leaving = &is_leaving,
                                                     .give_up_s = give_up_s,
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
    lks_nonce challenge, hello; /* of the connection */
    uint8_t hello_mac[LKS_MAC_BYTES];
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

static void challenge(peer *p)
{
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;
    Lks__Proto__Challenge body = LKS__PROTO__CHALLENGE__INIT;

    lks_nonce_create(&p->challenge);
    body.protocol = LKS_PROTOCOL_VERSION;
    body.nonce.data = p->challenge.bytes;
    body.nonce.len = sizeof p->challenge.bytes;
    message.body_case = LKS__PROTO__MESSAGE__BODY_CHALLENGE;
    message.challenge = &body;
    send_to(p, &message);
}

/* A connection that has said a genuine hello, which is the caller's to free. */
static Lks__Proto__Message *accept_hello(peer *p)
{
    Lks__Proto__Message *message;

    *p = accept_one();
    challenge(p);
    message = read_message(p);
    ck_assert_ptr_nonnull(message);
    ck_assert_int_eq(message->body_case, LKS__PROTO__MESSAGE__BODY_HELLO);
    ck_assert(lks_hello_is_genuine(&keys, &p->challenge, message->hello));
    ck_assert(lks_nonce_take(&message->hello->nonce, &p->hello));
    memcpy(p->hello_mac, message->hello->mac.data, sizeof p->hello_mac);
    return message;
}

static void send_welcome(peer *p, uint32_t heartbeat_ms, uint8_t *mac, size_t n_mac_bytes)
{
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;
    Lks__Proto__Welcome body = LKS__PROTO__WELCOME__INIT;
    uint8_t own[LKS_MAC_BYTES];

    body.protocol = LKS_PROTOCOL_VERSION;
    body.heartbeat_ms = heartbeat_ms;
    if (!mac)
        ck_ok(lks_welcome_mac(&keys, &p->challenge, &p->hello, &body, own));
    body.mac.data = mac ? mac : own;
    body.mac.len = n_mac_bytes;
    message.body_case = LKS__PROTO__MESSAGE__BODY_WELCOME;
    message.welcome = &body;
    send_to(p, &message);
}

static void welcome(peer *p, uint32_t heartbeat_ms)
{
    send_welcome(p, heartbeat_ms, NULL, LKS_MAC_BYTES);
}

/* A connection with a whole handshake. */
static peer greet(uint32_t heartbeat_ms)
{
    peer p;

    lks__proto__message__free_unpacked(accept_hello(&p), NULL);
    welcome(&p, heartbeat_ms);
    return p;
}

/* A stop waits for the coordinator, which is played here: so it has a thread. */
typedef struct stopping {
    pthread_t thread;
    lks_reporter *reporter;
    lks_status status;
    const char *reason;
} stopping;

static void *stop_in_thread(void *argument)
{
    stopping *stop = argument;

    lks_reporter_stop(stop->reporter, stop->status, stop->reason);
    return NULL;
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

START_TEST(a_hello_answers_the_challenge_and_says_who_we_are)
{
    listen_on(0);
    lks_reporter *reporter = start(address);
    peer p;
    Lks__Proto__Message *message = accept_hello(&p);

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

START_TEST(nothing_is_said_before_the_challenge)
{
    listen_on(0);
    lks_reporter *reporter = start(address);
    peer p = accept_one();
    struct pollfd ready = {.fd = p.fd, .events = POLLIN};

    ck_assert_int_eq(poll(&ready, 1, 300), 0);
    lks_reporter_stop(reporter, LKS_OK, "");
    hang_up(&p);
    close(listener);
}
END_TEST

START_TEST(each_hello_has_a_nonce_of_its_own)
{
    listen_on(0);
    lks_reporter *reporter = start(address);
    peer first, second;

    lks__proto__message__free_unpacked(accept_hello(&first), NULL);
    hang_up(&first);
    lks__proto__message__free_unpacked(accept_hello(&second), NULL);
    hang_up(&second);
    ck_assert_mem_ne(first.hello.bytes, second.hello.bytes, LKS_NONCE_BYTES);
    lks_reporter_stop(reporter, LKS_OK, "");
    close(listener);
}
END_TEST

/* Nothing but the hello came, the connection is closed and no order was obeyed. */
static void check_not_trusted(peer *p)
{
    ck_assert_ptr_null(read_message(p));
    ck_assert_int_eq(atomic_load(&pulse.wish), LKS_WISH_GO_ON);
    hang_up(p);
}

START_TEST(a_false_coordinator_gets_a_hello_and_no_more)
{
    const Lks__Proto__Progress progress = LKS__PROTO__PROGRESS__INIT;
    uint8_t wrong[LKS_MAC_BYTES] = {0};
    peer p;

    listen_on(0);
    lks_reporter *reporter = start(address);
    lks_reporter_progress(reporter, &progress); /* not for its ears */
    lks__proto__message__free_unpacked(accept_hello(&p), NULL);
    cancel(&p); /* in the place of a welcome */
    check_not_trusted(&p);
    lks__proto__message__free_unpacked(accept_hello(&p), NULL);
    send_welcome(&p, 20, wrong, sizeof wrong);
    check_not_trusted(&p);
    lks__proto__message__free_unpacked(accept_hello(&p), NULL);
    send_welcome(&p, 20, p.hello_mac, sizeof p.hello_mac); /* sent back */
    check_not_trusted(&p);
    for (size_t n = 0; n < LKS_MAC_BYTES; n += 31) {
        lks__proto__message__free_unpacked(accept_hello(&p), NULL);
        send_welcome(&p, 20, NULL, n);
        check_not_trusted(&p);
    }
    p = greet(20); /* the true one is still welcome, and told */
    skip(&p, LKS__PROTO__MESSAGE__BODY_PROGRESS);
    hang_up(&p);
    lks_reporter_stop(reporter, LKS_OK, "");
    close(listener);
}
END_TEST

START_TEST(a_welcome_of_another_connection_is_no_proof)
{
    peer p, later;
    uint8_t mac[LKS_MAC_BYTES];
    Lks__Proto__Welcome body = LKS__PROTO__WELCOME__INIT;

    listen_on(0);
    lks_reporter *reporter = start(address);
    lks__proto__message__free_unpacked(accept_hello(&p), NULL);
    body.protocol = LKS_PROTOCOL_VERSION;
    body.heartbeat_ms = 20;
    ck_ok(lks_welcome_mac(&keys, &p.challenge, &p.hello, &body, mac));
    hang_up(&p);
    lks__proto__message__free_unpacked(accept_hello(&later), NULL);
    send_welcome(&later, 20, mac, sizeof mac);
    check_not_trusted(&later);
    lks_reporter_stop(reporter, LKS_OK, "");
    close(listener);
}
END_TEST

START_TEST(a_welcome_or_an_order_before_any_hello_is_refused)
{
    peer p;

    listen_on(0);
    lks_reporter *reporter = start(address);
    p = accept_one();
    welcome(&p, 20);
    check_not_trusted(&p);
    p = accept_one();
    cancel(&p);
    check_not_trusted(&p);
    lks_reporter_stop(reporter, LKS_OK, "");
    close(listener);
}
END_TEST

START_TEST(a_second_challenge_is_not_answered)
{
    peer p;

    listen_on(0);
    lks_reporter *reporter = start(address);
    lks__proto__message__free_unpacked(accept_hello(&p), NULL);
    challenge(&p);
    check_not_trusted(&p);
    lks_reporter_stop(reporter, LKS_OK, "");
    close(listener);
}
END_TEST

static char warned[512];

static void keep_warning(void *context, lks_log_level level, const char *line)
{
    (void)context;
    if (level == LKS_LOG_WARN)
        snprintf(warned, sizeof warned, "%s", line);
}

START_TEST(a_coordinator_of_another_protocol_gets_no_hello_and_is_named)
{
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;
    Lks__Proto__Challenge body = LKS__PROTO__CHALLENGE__INIT;
    peer p;

    listen_on(0);
    lks_reporter *reporter = start(address);
    lks_log_set_sink(keep_warning, NULL);
    p = accept_one();
    body.protocol = LKS_PROTOCOL_VERSION + 1;
    message.body_case = LKS__PROTO__MESSAGE__BODY_CHALLENGE;
    message.challenge = &body;
    send_to(&p, &message);
    check_not_trusted(&p);
    lks_reporter_stop(reporter, LKS_OK, "");
    ck_assert_msg(strstr(warned, "it speaks protocol 3, this worker 2: install one "
                                 "version of lockstep on all hosts") != NULL,
                  "%s", warned);
    close(listener);
}
END_TEST

START_TEST(heartbeats_come_while_the_main_thread_stands_still)
{
    listen_on(0);
    lks_reporter *reporter = start(address);
    peer p;
    Lks__Proto__Message *first, *second;

    lks__proto__message__free_unpacked(accept_hello(&p), NULL);
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

START_TEST(a_heartbeat_comes_at_once_and_with_a_report)
{
    listen_on(0);
    lks_reporter *reporter = start(address);
    peer p = greet(60000);
    Lks__Proto__Message *message;
    Lks__Proto__Progress progress = LKS__PROTO__PROGRESS__INIT;
    const double at_s = lks_clock_s();

    skip(&p, LKS__PROTO__MESSAGE__BODY_HEARTBEAT);
    usleep(100000);
    lks_pulse_end_step(&pulse);
    lks_pulse_enter(&pulse, LKS__PROTO__PHASE__UPDATE);
    progress.step = 1;
    lks_reporter_progress(reporter, &progress);
    skip(&p, LKS__PROTO__MESSAGE__BODY_PROGRESS);
    message = expect(&p, LKS__PROTO__MESSAGE__BODY_HEARTBEAT);
    ck_assert_uint_eq(message->heartbeat->step, 1);
    ck_assert_int_eq(message->heartbeat->phase, LKS__PROTO__PHASE__UPDATE);
    lks__proto__message__free_unpacked(message, NULL);
    ck_assert_double_lt(lks_clock_s() - at_s, 5);
    lks_reporter_stop(reporter, LKS_OK, "");
    hang_up(&p);
    close(listener);
}
END_TEST

START_TEST(progress_arrives_in_order_and_goodbye_last)
{
    listen_on(0);
    stopping stop = {0, start(address), LKS_NUMERIC, "loss is nan"};
    Lks__Proto__Message *message;
    Lks__Proto__Progress progress = LKS__PROTO__PROGRESS__INIT;
    peer p;

    for (uint64_t step = 1; step <= 20; step++) {
        progress.step = step;
        lks_reporter_progress(stop.reporter, &progress);
    }
    pthread_create(&stop.thread, NULL, stop_in_thread, &stop);
    p = greet(20);
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
    pthread_join(stop.thread, NULL);
    hang_up(&p);
    close(listener);
}
END_TEST

START_TEST(a_cancel_becomes_a_wish)
{
    listen_on(0);
    lks_reporter *reporter = start(address);
    peer p = greet(20);

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
        peer p = greet(20);

        skip(&p, LKS__PROTO__MESSAGE__BODY_HEARTBEAT);
        hang_up(&p);
    }
    lks_reporter_stop(reporter, LKS_OK, "");
    close(listener);
}
END_TEST

/* Once it was welcomed it is left, and comes again. */
static void lose_the_coordinator(void)
{
    listen_on(0);
    lks_reporter *reporter = start(address);
    peer p;

    warned[0] = '\0';
    lks_log_set_sink(keep_warning, NULL);
    p = greet(20);
    skip(&p, LKS__PROTO__MESSAGE__BODY_HEARTBEAT);
    hang_up(&p);
    p = greet(20);
    lks_reporter_stop(reporter, LKS_OK, "");
    hang_up(&p);
    close(listener);
}

START_TEST(a_lost_coordinator_is_told_unless_the_process_leaves_anyway)
{
    lose_the_coordinator();
    ck_assert_msg(strstr(warned, "lost the coordinator") != NULL, "\"%s\"", warned);
    atomic_store(&is_leaving, true);
    lose_the_coordinator();
    ck_assert_str_eq(warned, "");
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
    peer p = greet(20);

    skip(&p, LKS__PROTO__MESSAGE__BODY_HEARTBEAT);
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

/* A child whose coordinator welcomes it once; then its port is closed, or whoever has it
 * now hangs up. */
static _Noreturn void live_alone(double give_up_after_s, bool is_port_closed)
{
    peer p;

    give_up_s = give_up_after_s;
    listen_on(0);
    start(address);
    p = greet(0);
    hang_up(&p);
    if (is_port_closed)
        close(listener);
    while (!is_port_closed) {
        p = accept_one();
        hang_up(&p);
    }
    sleep(PATIENCE_MS / 1000);
    _exit(99);
}

static double leaves_after_s(double give_up_after_s, bool is_port_closed)
{
    const double at_s = lks_clock_s();
    const pid_t child = fork();
    int status;

    if (child == 0)
        live_alone(give_up_after_s, is_port_closed);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 1);
    return lks_clock_s() - at_s;
}

START_TEST(a_rank_left_without_a_coordinator_leaves)
{
    const double took_s = leaves_after_s(1, false);

    ck_assert_msg(took_s >= 1 && took_s < 5, "after %.2f s", took_s);
}
END_TEST

START_TEST(a_rank_whose_coordinator_is_dead_leaves_soon)
{
    const double took_s = leaves_after_s(60, true);

    ck_assert_msg(took_s >= 0.25 && took_s < 5, "after %.2f s", took_s);
}
END_TEST

START_TEST(a_coordinator_that_talks_nonsense_is_left)
{
    listen_on(0);
    lks_reporter *reporter = start(address);
    peer p = accept_one();

    ck_assert_int_eq(write(p.fd, "\xff\xff\xff\xff nonsense", 13), 13);
    check_not_trusted(&p);
    p = greet(20); /* it comes again */
    skip(&p, LKS__PROTO__MESSAGE__BODY_HEARTBEAT);
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

LKS_SUITE("report", a_hello_answers_the_challenge_and_says_who_we_are,
          nothing_is_said_before_the_challenge, each_hello_has_a_nonce_of_its_own,
          a_false_coordinator_gets_a_hello_and_no_more,
          a_welcome_of_another_connection_is_no_proof,
          a_welcome_or_an_order_before_any_hello_is_refused,
          a_second_challenge_is_not_answered,
          a_coordinator_of_another_protocol_gets_no_hello_and_is_named,
          heartbeats_come_while_the_main_thread_stands_still,
          a_heartbeat_comes_at_once_and_with_a_report,
          progress_arrives_in_order_and_goodbye_last, a_cancel_becomes_a_wish,
          a_dropped_connection_is_made_again,
          a_lost_coordinator_is_told_unless_the_process_leaves_anyway,
          addresses_are_tried_in_turn,
          without_a_coordinator_the_end_is_not_delayed_for_long,
          a_rank_left_without_a_coordinator_leaves,
          a_rank_whose_coordinator_is_dead_leaves_soon,
          a_coordinator_that_talks_nonsense_is_left, a_bad_address_is_refused)
