/* Strangers at a run's sockets, and an honest client beside them:
 *
 *     attack hold WHERE N            keep N connections open and say nothing
 *     attack connect WHERE RATE      connect RATE times a second (0: endlessly) and say
 *                                    nothing; the newest 1000 stay open
 *     attack visit WHERE RATE        the same, each closed at once
 *     attack ask PATH SECONDS RATE   ask RATE times a second, each time anew, and print
 *                                    "requests failures p50_ms p99_ms max_ms"
 *
 * WHERE is the path of a Unix socket, or a port of 127.0.0.1. The first three go on until
 * SIGTERM and then print how many connections they made. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MAX_HELD = 1000, BATCH_MS = 2, ANSWER_MS = 2000 };

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void sleep_until(double time_s)
{
    double left_s = time_s - now_s();
    const time_t whole_s = (time_t)left_s;
    const struct timespec nap = {whole_s, (long)(1e9 * (left_s - (double)whole_s))};

    if (left_s > 0)
        nanosleep(&nap, NULL);
}

/* -1: not now. A stranger does not wait in connect(2). */
static int connect_to(const char *where, bool waits)
{
    struct sockaddr_in tcp = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    const bool is_path = strchr(where, '/') != NULL;
    int fd = socket(is_path ? AF_UNIX : AF_INET,
                    SOCK_STREAM | SOCK_CLOEXEC | (waits ? 0 : SOCK_NONBLOCK), 0);
    int code;

    tcp.sin_port = htons((uint16_t)atoi(where));
    snprintf(local.sun_path, sizeof local.sun_path, "%s", where);
    code = is_path ? connect(fd, (struct sockaddr *)&local, sizeof local)
                   : connect(fd, (struct sockaddr *)&tcp, sizeof tcp);
    if (fd >= 0 && (code == 0 || errno == EINPROGRESS))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool is_closed(int fd)
{
    char bytes[256];
    ssize_t n;

    while ((n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        continue; /* a challenge */
    return n == 0 || (errno != EAGAIN && errno != ENOTCONN);
}

static int hold(const char *where, int n)
{
    static int held[MAX_HELD * 8];
    long n_made = 0;

    n = n < MAX_HELD * 8 ? n : MAX_HELD * 8;
    memset(held, -1, sizeof held);
    while (!stopped) {
        for (int i = 0; i < n; i++) {
            if (held[i] >= 0 && is_closed(held[i])) {
                close(held[i]);
                held[i] = -1;
            }
            if (held[i] < 0 && (held[i] = connect_to(where, false)) >= 0)
                n_made++;
        }
        sleep_until(now_s() + 1); /* and so it stays; what was closed comes back */
    }
    printf("%ld\n", n_made);
    return EXIT_SUCCESS;
}

static int keep_connecting(const char *where, double rate, bool keeps)
{
    static int held[MAX_HELD];
    long n_made = 0, n_tried = 0;
    const double began_s = now_s();

    memset(held, -1, sizeof held);
    while (!stopped) {
        int fd = connect_to(where, false);
        int *place = &held[n_made % MAX_HELD];

        n_tried++;
        if (fd >= 0 && keeps && *place >= 0)
            close(*place);
        if (fd >= 0 && keeps)
            *place = fd;
        else if (fd >= 0)
            close(fd);
        n_made += fd >= 0;
        if (rate > 0 && (double)n_tried > rate * (now_s() - began_s))
            sleep_until(now_s() + 1e-3 * BATCH_MS);
    }
    printf("%ld\n", n_made);
    return EXIT_SUCCESS;
}

static bool ask_once(const char *path)
{
    static const char request[] =
        "GET /v1/jobs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    char reply[4096];
    int fd = connect_to(path, true);
    struct pollfd wait = {fd, POLLIN, 0};
    bool answered =
        fd >= 0 &&
        send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == sizeof request - 1 &&
        poll(&wait, 1, ANSWER_MS) == 1 && recv(fd, reply, sizeof reply, 0) > 12 &&
        memcmp(reply, "HTTP/1.1 200", 12) == 0;

    if (fd >= 0)
        close(fd);
    return answered;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int ask(const char *path, double seconds, double rate)
{
    const int n = (int)(seconds * rate);
    double *ms = calloc((size_t)n + 1, sizeof *ms);
    const double began_s = now_s();
    int n_failures = 0;

    for (int i = 0; i < n && ms && !stopped; i++) {
        double due_s = began_s + i / rate, at_s;

        sleep_until(due_s);
        at_s = now_s(); /* what this client overslept is not the socket's */
        n_failures += !ask_once(path);
        ms[i] = 1e3 * (now_s() - at_s);
    }
    qsort(ms, (size_t)n, sizeof *ms, by_value);
    printf("%d %d %.3f %.3f %.3f\n", n, n_failures, ms[n / 2], ms[n * 99 / 100],
           ms[n - 1]);
    free(ms);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    signal(SIGTERM, stop);
    if (argc == 4 && strcmp(what, "hold") == 0)
        return hold(argv[2], atoi(argv[3]));
    if (argc == 4 && strcmp(what, "connect") == 0)
        return keep_connecting(argv[2], atof(argv[3]), true);
    if (argc == 4 && strcmp(what, "visit") == 0)
        return keep_connecting(argv[2], atof(argv[3]), false);
    if (argc == 5 && strcmp(what, "ask") == 0)
        return ask(argv[2], atof(argv[3]), atof(argv[4]));
    fputs("usage: attack hold|connect|visit WHERE N | attack ask PATH SECONDS RATE\n",
          stderr);
    return 2;
}
