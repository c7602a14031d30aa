/* Who listens on the wire between two hosts, and what he can do with what he heard:
 *
 *     wire listen INTERFACE FILE   keep what TCP carries over it, until SIGTERM
 *
 *     wire judge FILE PID          no byte string of the keys that the rank in process
 *                                  PID and its coordinator share is in it; prints the
 *                                  coordinator's address and port
 *
 *     wire replay FILE HOST PORT   say all of it again there, stream by stream: each must
 *                                  be closed on
 *
 * Exit status 1 if that does not hold. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "proto/frame.h"
#include "proto/handshake.h"

enum {
    ETHERNET_BYTES = 14, /* before the IP header */
    MAX_STREAMS = 1024,
    CLOSE_MS = 10000
};

/* What one segment carried, as it stands in the file before its bytes. */
typedef struct segment {
    uint32_t from, to; /* addresses and ports in network order */
    uint16_t from_port, to_port;
    uint32_t n_bytes;
} segment;

/* All segments of one direction of a connection, joined. */
typedef struct stream {
    segment ends;
    uint8_t *bytes;
    size_t n_bytes;
} stream;

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "wire: %s\n", what);
    exit(EXIT_FAILURE);
}

/* ---- listening ---- */

static void keep(FILE *file, const uint8_t *packet, size_t n_bytes)
{
    struct iphdr ip;
    struct tcphdr tcp;
    segment s;
    size_t at = ETHERNET_BYTES, end;

    if (n_bytes < at + sizeof ip + sizeof tcp || packet[12] != 8 || packet[13] != 0)
        return;
    memcpy(&ip, packet + at, sizeof ip);
    end = at + ntohs(ip.tot_len);
    at += 4u * ip.ihl;
    if (ip.protocol != IPPROTO_TCP || at + sizeof tcp > n_bytes)
        return;
    memcpy(&tcp, packet + at, sizeof tcp);
    at += 4u * tcp.doff;
    end = end < n_bytes ? end : n_bytes;
    if (at >= end)
        return;
    s = (segment){ip.saddr, ip.daddr, tcp.source, tcp.dest, (uint32_t)(end - at)};
    fwrite(&s, sizeof s, 1, file);
    fwrite(packet + at, end - at, 1, file);
}

static int listen_on(const char *interface, const char *path)
{
    const struct sockaddr_ll at = {.sll_family = AF_PACKET,
                                   .sll_protocol = htons(ETH_P_ALL),
                                   .sll_ifindex = (int)if_nametoindex(interface)};
    static uint8_t packet[1 << 17];
    int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    FILE *file = fopen(path, "wb");

    if (fd < 0 || !file || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0)
        give_up(strerror(errno));
    puts("listening");
    fflush(stdout);
    while (!stopped) {
        struct pollfd wait = {fd, POLLIN, 0};
        ssize_t n = poll(&wait, 1, 100) == 1 ? recv(fd, packet, sizeof packet, 0) : 0;

        if (n > 0)
            keep(file, packet, (size_t)n);
    }
    return fclose(file) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- what was heard ---- */

static stream streams[MAX_STREAMS];
static size_t n_streams;

static stream *find_stream(const segment *s)
{
    size_t i = 0;

    while (i < n_streams &&
           (streams[i].ends.from != s->from || streams[i].ends.to != s->to ||
            streams[i].ends.from_port != s->from_port ||
            streams[i].ends.to_port != s->to_port))
        i++;
    if (i == MAX_STREAMS)
        give_up("too many connections");
    if (i == n_streams)
        streams[n_streams++].ends = *s;
    return &streams[i];
}

static void read_streams(const char *path)
{
    FILE *file = fopen(path, "rb");
    segment s;

    if (!file)
        give_up(strerror(errno));
    while (fread(&s, sizeof s, 1, file) == 1) {
        stream *to = find_stream(&s);

        to->bytes = realloc(to->bytes, to->n_bytes + s.n_bytes);
        if (!to->bytes || fread(to->bytes + to->n_bytes, s.n_bytes, 1, file) != 1)
            give_up("a cut file");
        to->n_bytes += s.n_bytes;
    }
    fclose(file);
    if (n_streams == 0)
        give_up("nothing was heard");
}

/* The stream's first message, NULL if it is none of ours. */
static Lks__Proto__Message *first_message(const stream *s)
{
    Lks__Proto__Message *message = NULL;
    lks_frame_decoder decoder;

    lks_frame_decoder_init(&decoder);
    if (lks_frame_decoder_feed(&decoder, s->bytes, s->n_bytes) == LKS_OK)
        lks_frame_decoder_next(&decoder, &message);
    lks_frame_decoder_release(&decoder);
    lks_error_clear();
    return message;
}

static bool is_answer(const stream *a, const stream *b)
{
    return a->ends.from == b->ends.to && a->ends.to == b->ends.from &&
           a->ends.from_port == b->ends.to_port && a->ends.to_port == b->ends.from_port;
}

/* A connection's challenge and the hello that answers it. */
static bool find_handshake(lks_nonce *challenge, Lks__Proto__Hello **hello,
                           segment *coordinator)
{
    for (size_t i = 0; i < n_streams; i++) {
        Lks__Proto__Message *first = first_message(&streams[i]), *second = NULL;

        if (!first || first->body_case != LKS__PROTO__MESSAGE__BODY_CHALLENGE ||
            !lks_nonce_take(&first->challenge->nonce, challenge))
            continue;
        for (size_t k = 0; k < n_streams && !second; k++)
            if (is_answer(&streams[i], &streams[k]))
                second = first_message(&streams[k]);
        if (!second || second->body_case != LKS__PROTO__MESSAGE__BODY_HELLO)
            continue;
        *hello = second->hello;
        *coordinator = streams[i].ends;
        return true;
    }
    return false;
}

/* ---- the keys, which only the rank's own memory has ---- */

/* Before the nonces of the connection stand the keys, in memory as in lks_hello. */
static bool keys_in(const uint8_t *bytes, size_t n_bytes, const lks_nonce nonces[2],
                    lks_link_keys *out)
{
    const uint8_t *at = memmem(bytes, n_bytes, nonces, 2 * sizeof *nonces);

    if (!at || (size_t)(at - bytes) < sizeof *out)
        return false;
    memcpy(out, at - sizeof *out, sizeof *out);
    return true;
}

static bool find_keys(const char *pid, const lks_nonce nonces[2], lks_link_keys *out)
{
    char path[64], line[256];
    unsigned long start, end;
    bool found = false;
    FILE *maps;
    int memory;

    snprintf(path, sizeof path, "/proc/%s/mem", pid);
    memory = open(path, O_RDONLY);
    snprintf(path, sizeof path, "/proc/%s/maps", pid);
    maps = fopen(path, "r");
    if (memory < 0 || !maps)
        give_up(strerror(errno));
    while (!found && fgets(line, sizeof line, maps)) {
        uint8_t *bytes;
        ssize_t n;

        if (sscanf(line, "%lx-%lx rw", &start, &end) != 2 || !strstr(line, " rw"))
            continue;
        bytes = malloc(end - start);
        n = bytes ? pread(memory, bytes, end - start, (off_t)start) : 0;
        found = n > 0 && keys_in(bytes, (size_t)n, nonces, out);
        free(bytes);
    }
    fclose(maps);
    close(memory);
    return found;
}

static bool was_heard(const uint8_t *secret, size_t n_bytes)
{
    for (size_t i = 0; i < n_streams; i++)
        if (memmem(streams[i].bytes, streams[i].n_bytes, secret, n_bytes))
            return true;
    return false;
}

static int judge(const char *path, const char *pid)
{
    lks_nonce nonces[2];
    lks_link_keys keys;
    Lks__Proto__Hello *hello;
    segment coordinator;
    char address[INET_ADDRSTRLEN];

    read_streams(path);
    if (!find_handshake(&nonces[0], &hello, &coordinator))
        give_up("no handshake was heard");
    lks_nonce_take(&hello->nonce, &nonces[1]);
    if (!was_heard(nonces[0].bytes, sizeof nonces[0].bytes))
        give_up("it does not find what was heard");
    if (!find_keys(pid, nonces, &keys) || !lks_hello_is_genuine(&keys, nonces, hello))
        give_up("the rank's keys are not found in its memory");
    if (was_heard(keys.of_hello, sizeof keys.of_hello / 2) ||
        was_heard(keys.of_welcome, sizeof keys.of_welcome / 2))
        give_up("a key went over the wire");
    inet_ntop(AF_INET, &coordinator.from, address, sizeof address);
    printf("%s %u\n", address, (unsigned)ntohs(coordinator.from_port));
    return EXIT_SUCCESS;
}

/* ---- replaying ---- */

static int connect_to(const char *host, const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, host, &to.sin_addr);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        give_up(strerror(errno));
    return fd;
}

static bool is_closed(int fd)
{
    struct pollfd wait = {fd, POLLIN, 0};
    char said[256];

    while (poll(&wait, 1, CLOSE_MS) == 1)
        if (recv(fd, said, sizeof said, 0) <= 0)
            return true;
    return false;
}

static int replay(const char *path, const char *host, const char *port)
{
    size_t n_said = 0;

    read_streams(path);
    for (size_t i = 0; i < n_streams; i++) {
        int fd = connect_to(host, port);

        for (size_t at = 0; at < streams[i].n_bytes;) {
            ssize_t n =
                send(fd, streams[i].bytes + at, streams[i].n_bytes - at, MSG_NOSIGNAL);

            if (n <= 0)
                break; /* it has heard enough */
            at += (size_t)n;
        }
        if (!is_closed(fd))
            give_up("what was said again is not answered by a close");
        close(fd);
        n_said++;
    }
    printf("said %zu streams again\n", n_said);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    signal(SIGTERM, stop);
    if (argc == 4 && strcmp(what, "listen") == 0)
        return listen_on(argv[2], argv[3]);
    if (argc == 4 && strcmp(what, "judge") == 0)
        return judge(argv[2], argv[3]);
    if (argc == 5 && strcmp(what, "replay") == 0)
        return replay(argv[2], argv[3], argv[4]);
    give_up("wire listen INTERFACE FILE | judge FILE PID | replay FILE HOST PORT");
}
