/* What strangers may send to a live run:
 *
 *     hostile PORT STATUS_SOCKET
 *
 * Throws bad frames at the coordinator's port on 127.0.0.1, each of which must cost its
 * sender the connection; leaves hellos half said; and holds HTTP clients open on the
 * status socket that send their request byte by byte. Says "thrown" when all of that is
 * there, and goes on until SIGTERM. Exit status 1 if a bad frame is not answered by a
 * close, or a slow client is not kept. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "proto/frame.h"
#include "proto/handshake.h"

enum {
    FRAME_BYTES = 256,
    N_CLIENTS = 200,
    N_HALF_SAID = 16,
    ROUNDS = 50,
    CLOSE_MS = 5000,
    DRIP_MS = 200
};

typedef struct bytes {
    const void *data;
    size_t n_bytes;
} bytes;

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static void give_up(const char *what)
{
    fprintf(stderr, "hostile: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static int connect_to(const void *address, socklen_t n_bytes)
{
    int fd = socket(((const struct sockaddr *)address)->sa_family, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, address, n_bytes) != 0)
        give_up("cannot connect");
    return fd;
}

static int connect_tcp(const char *port)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)atoi(port)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    return connect_to(&to, sizeof to);
}

static int connect_unix(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    return connect_to(&to, sizeof to);
}

static bool send_all(int fd, bytes what)
{
    return send(fd, what.data, what.n_bytes, MSG_NOSIGNAL) == (ssize_t)what.n_bytes;
}

static bool is_closed(int fd)
{
    struct pollfd wait = {fd, POLLIN, 0};
    char said[FRAME_BYTES]; /* the challenge comes first */

    while (poll(&wait, 1, CLOSE_MS) == 1)
        if (recv(fd, said, sizeof said, 0) <= 0)
            return true;
    return false;
}

/* Into the caller's memory. */
static bytes encode(const Lks__Proto__Message *message, uint8_t out[FRAME_BYTES])
{
    uint8_t *frame;
    size_t n_bytes;

    if (lks_frame_encode(message, &frame, &n_bytes) != LKS_OK || n_bytes > FRAME_BYTES)
        give_up("cannot encode a frame");
    memcpy(out, frame, n_bytes);
    lks_free(frame);
    return (bytes){out, n_bytes};
}

/* Right in all but its mac. */
static bytes strange_hello(void)
{
    static uint8_t mac[LKS_MAC_BYTES], frame[FRAME_BYTES];
    static lks_nonce nonce;
    Lks__Proto__Hello hello = LKS__PROTO__HELLO__INIT;
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;

    hello.nonce.data = nonce.bytes;
    hello.nonce.len = sizeof nonce.bytes;
    hello.mac.data = mac;
    hello.mac.len = sizeof mac;
    hello.protocol = LKS_PROTOCOL_VERSION;
    hello.version = (char *)LKS_VERSION;
    hello.world_size = 2;
    hello.host = (char *)"stranger";
    hello.device = (char *)"cpu:0";
    message.body_case = LKS__PROTO__MESSAGE__BODY_HELLO;
    message.hello = &hello;
    return encode(&message, frame);
}

static bytes early_goodbye(void)
{
    static uint8_t frame[FRAME_BYTES];
    Lks__Proto__Goodbye goodbye = LKS__PROTO__GOODBYE__INIT;
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;

    goodbye.status = 1;
    goodbye.reason = (char *)"hostile";
    message.body_case = LKS__PROTO__MESSAGE__BODY_GOODBYE;
    message.goodbye = &goodbye;
    return encode(&message, frame);
}

/* One connection a frame; a cut one is all that its sender says. */
static void throw_frame(const char *port, const char *name, bytes frame, bool is_cut)
{
    int fd = connect_tcp(port);

    if (!send_all(fd, frame))
        give_up(name);
    if (is_cut)
        shutdown(fd, SHUT_WR);
    if (!is_closed(fd)) {
        fprintf(stderr, "hostile: %s: was not answered by a close\n", name);
        exit(EXIT_FAILURE);
    }
    close(fd);
}

static void throw_frames(const char *port, bytes hello)
{
    const struct {
        const char *name;
        bytes frame;
        bool is_cut;
    } bad[] = {
        {"a hello without the key", hello, false},
        {"a goodbye before the hello", early_goodbye(), false},
        {"an oversize frame", {"\xff\xff\xff\xff????", 8}, false},
        {"an empty frame", {"\0\0\0\0", 4}, false},
        {"a frame that is no message", {"\4\0\0\0\xff\xff\xff\xff", 8}, false},
        {"HTTP", {"GET / HTTP/1.1\r\n\r\n", 18}, false},
        {"a cut length", {"\x10\0", 2}, true},
        {"a cut hello", {hello.data, hello.n_bytes / 2}, true},
    };

    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
            throw_frame(port, bad[i].name, bad[i].frame, bad[i].is_cut);
}

/* The `round`-th byte of a request with endless headers, from every client. */
static void drip(const int *clients, size_t round)
{
    static const char request[] = "GET /v1/jobs HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    const char *byte = round + 1 < sizeof request ? request + round : "z";

    for (int i = 0; i < N_CLIENTS; i++)
        if (!send_all(clients[i], (bytes){byte, 1}))
            give_up("a slow client was not kept");
}

int main(int argc, char **argv)
{
    int clients[N_CLIENTS];
    bytes hello = strange_hello();

    if (argc != 3)
        return EXIT_FAILURE;
    for (int i = 0; i < N_CLIENTS; i++)
        clients[i] = connect_unix(argv[2]);
    drip(clients, 0);
    throw_frames(argv[1], hello);
    for (int i = 0; i < N_HALF_SAID; i++)
        send_all(connect_tcp(argv[1]), (bytes){hello.data, hello.n_bytes / 2});
    signal(SIGTERM, stop);
    puts("thrown");
    fflush(stdout);
    for (size_t round = 1; !stopped; round++) {
        drip(clients, round);
        poll(NULL, 0, DRIP_MS);
    }
    return EXIT_SUCCESS;
}
