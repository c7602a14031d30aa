/* Blocking sockets that play workers and HTTP clients, good and bad. */
#ifndef LKS_TESTS_DAEMON_UV_CLIENT_H
#define LKS_TESTS_DAEMON_UV_CLIENT_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "support/suite.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "proto/handshake.h"
#include "proto/frame.h"

static inline void sleep_ms(long ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

/* To "127.0.0.1:PORT". */
static inline int connect_tcp(const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    char host[64];
    unsigned port;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(sscanf(address, "%63[^:]:%u", host, &port), 2);
    ck_assert_int_eq(inet_pton(AF_INET, host, &to.sin_addr), 1);
    to.sin_port = htons((uint16_t)port);
    ck_assert_msg(connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "%s",
                  strerror(errno));
    return fd;
}

/* -1 when nobody listens. */
static inline int connect_unix(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

/* False when the peer has closed. */
static inline bool send_bytes(int fd, const void *bytes, size_t n_bytes)
{
    return send(fd, bytes, n_bytes, MSG_NOSIGNAL) == (ssize_t)n_bytes;
}

/* Read until the end, the buffer's end or `timeout_s`; ends the text by a zero. */
static inline size_t receive(int fd, char *out, size_t size_bytes, double timeout_s)
{
    double until_s = lks_clock_s() + timeout_s;
    size_t n_bytes = 0;

    while (n_bytes + 1 < size_bytes) {
        double left_s = until_s - lks_clock_s();
        struct pollfd wait = {fd, POLLIN, 0};
        ssize_t n;

        if (left_s <= 0 || poll(&wait, 1, (int)(left_s * 1e3) + 1) <= 0)
            break;
        n = recv(fd, out + n_bytes, size_bytes - 1 - n_bytes, 0);
        if (n <= 0)
            break;
        n_bytes += (size_t)n;
    }
    out[n_bytes] = '\0';
    return n_bytes;
}

/* Whether the peer closes (or resets) the connection in time, whatever it sends before.
 */
static inline bool is_closed(int fd, double timeout_s)
{
    double until_s = lks_clock_s() + timeout_s;
    char bytes[4096];

    for (;;) {
        double left_s = until_s - lks_clock_s();
        struct pollfd wait = {fd, POLLIN, 0};

        if (left_s <= 0 || poll(&wait, 1, (int)(left_s * 1e3) + 1) <= 0)
            return false;
        if (recv(fd, bytes, sizeof bytes, 0) <= 0)
            return true;
    }
}

/* Frames. */

typedef struct frame {
    uint8_t *bytes;
    size_t n_bytes;
} frame;

static inline frame make_frame(const Lks__Proto__Message *message)
{
    frame out;

    ck_ok(lks_frame_encode(message, &out.bytes, &out.n_bytes));
    return out;
}

static inline frame heartbeat_frame(uint64_t step, Lks__Proto__Phase phase)
{
    Lks__Proto__Heartbeat heartbeat = LKS__PROTO__HEARTBEAT__INIT;
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;

    heartbeat.step = step;
    heartbeat.phase = phase;
    message.body_case = LKS__PROTO__MESSAGE__BODY_HEARTBEAT;
    message.heartbeat = &heartbeat;
    return make_frame(&message);
}

static inline frame progress_frame(uint64_t step)
{
    Lks__Proto__Progress progress = LKS__PROTO__PROGRESS__INIT;
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;

    progress.step = step;
    message.body_case = LKS__PROTO__MESSAGE__BODY_PROGRESS;
    message.progress = &progress;
    return make_frame(&message);
}

static inline frame goodbye_frame(uint32_t status, const char *reason)
{
    Lks__Proto__Goodbye goodbye = LKS__PROTO__GOODBYE__INIT;
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;

    goodbye.status = status;
    goodbye.reason = (char *)reason;
    message.body_case = LKS__PROTO__MESSAGE__BODY_GOODBYE;
    message.goodbye = &goodbye;
    return make_frame(&message);
}

/* Send and free. */
static inline bool send_frame(int fd, frame f)
{
    bool sent = send_bytes(fd, f.bytes, f.n_bytes);

    lks_free(f.bytes);
    return sent;
}

/* The next frame, NULL when none comes in time; the caller's to free. */
static inline Lks__Proto__Message *receive_frame(int fd)
{
    Lks__Proto__Message *message = NULL;
    lks_frame_decoder decoder;
    char byte[2];

    lks_frame_decoder_init(&decoder);
    while (!message && receive(fd, byte, 2, 5) == 1) {
        ck_ok(lks_frame_decoder_feed(&decoder, byte, 1));
        ck_ok(lks_frame_decoder_next(&decoder, &message));
    }
    lks_frame_decoder_release(&decoder);
    return message;
}

/* The handshake. */

/* A run's keys, of which each rank has its own. */
enum { N_TEST_KEYS = 8 };

static inline const lks_link_keys *test_keys(void)
{
    static lks_link_keys keys[N_TEST_KEYS];

    for (int r = 0; r < N_TEST_KEYS; r++) {
        memset(keys[r].of_hello, 'a' + r, sizeof keys[r].of_hello);
        memset(keys[r].of_welcome, 'A' + r, sizeof keys[r].of_welcome);
    }
    return keys;
}

/* What a hello can get wrong. */
typedef struct hello_parts {
    uint32_t rank, world_size;
    const lks_link_keys *keys; /* NULL: of that rank */
    lks_nonce challenge;
    size_t n_mac_bytes; /* 0: all */
} hello_parts;

static inline frame hello_frame(const hello_parts *parts)
{
    const lks_link_keys *keys = parts->keys ? parts->keys : &test_keys()[parts->rank];
    Lks__Proto__Hello hello = LKS__PROTO__HELLO__INIT;
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;
    uint8_t mac[LKS_MAC_BYTES];
    lks_nonce nonce;

    lks_nonce_create(&nonce);
    hello.protocol = LKS_PROTOCOL_VERSION;
    hello.version = (char *)"1.2.3";
    hello.rank = parts->rank;
    hello.world_size = parts->world_size;
    hello.host = (char *)"node";
    hello.pid = 100 + parts->rank;
    hello.device = (char *)"cpu:0";
    hello.nonce.data = nonce.bytes;
    hello.nonce.len = sizeof nonce.bytes;
    ck_ok(lks_hello_mac(keys, &parts->challenge, &hello, mac));
    hello.mac.data = mac;
    hello.mac.len = parts->n_mac_bytes ? parts->n_mac_bytes : sizeof mac;
    message.body_case = LKS__PROTO__MESSAGE__BODY_HELLO;
    message.hello = &hello;
    return make_frame(&message);
}

/* What a coordinator says first. */
static inline lks_nonce receive_challenge(int fd)
{
    Lks__Proto__Message *message = receive_frame(fd);
    lks_nonce challenge;

    ck_assert_ptr_nonnull(message);
    ck_assert_int_eq(message->body_case, LKS__PROTO__MESSAGE__BODY_CHALLENGE);
    ck_assert_uint_eq(message->challenge->protocol, LKS_PROTOCOL_VERSION);
    ck_assert(lks_nonce_take(&message->challenge->nonce, &challenge));
    lks__proto__message__free_unpacked(message, NULL);
    return challenge;
}

#endif
