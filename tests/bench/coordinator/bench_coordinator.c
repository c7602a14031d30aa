/* How long the status socket takes to answer while many workers report:
 *
 *     bench_coordinator [WORKERS] [SECONDS] [REQUESTS_PER_SECOND]     1000 10 100
 *
 * The coordinator's loop is a thread of this process, the workers are another process,
 * and requests go out one after another on a fixed schedule. A request that is due while
 * the one before is still under way counts its waiting, too; what this client overslept
 * is not the socket's. Exit status 1: some path's p99 is 10 ms or more. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "daemon/uv/server.h"
#include "fake_workers.h"

#define LIMIT_S 0.010

static const char *const paths[] = {
    "/livez", "/v1/jobs", "/v1/jobs/bench-1", "/v1/jobs/bench-1/ranks", "/metrics",
};

enum { N_PATHS = sizeof paths / sizeof *paths, ADDRESS_BYTES = 128 };

typedef struct samples {
    double *seconds;
    size_t n, n_bytes; /* of the last reply */
} samples;

static void __attribute__((noreturn)) fail(const char *what)
{
    fprintf(stderr, "bench_coordinator: %s\n", what);
    exit(2);
}

static void raise_file_limit(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int connect_to(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        fail("cannot connect to the status socket");
    return fd;
}

/* One request on a kept connection; the reply's body in *body, its size returned. */
static size_t get(int fd, const char *path, const char **body)
{
    static char reply[8 << 20];
    char request[128];
    size_t n = 0, n_whole = 0;
    int length =
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);

    if (send(fd, request, (size_t)length, 0) != length)
        fail("the status socket closed");
    do {
        ssize_t got = recv(fd, reply + n, sizeof reply - 1 - n, 0);
        const char *header;

        if (got <= 0)
            fail("the status socket closed");
        n += (size_t)got;
        reply[n] = '\0';
        if (!n_whole && (*body = strstr(reply, "\r\n\r\n")) != NULL) {
            *body += 4;
            header = strstr(reply, "Content-Length: ");
            n_whole = (size_t)(*body - reply) + strtoul(header + 16, NULL, 10);
        }
    } while (!n_whole || n < n_whole);
    return n_whole - (size_t)(*body - reply);
}

static void wait_until(double time_s)
{
    double left_s = time_s - lks_clock_s();
    const struct timespec nap = {(time_t)left_s, (long)(fmod(left_s, 1) * 1e9)};

    if (left_s > 0)
        nanosleep(&nap, NULL);
}

static void wait_for_all(int fd)
{
    const char *body = "";

    for (int i = 0; i < 300; i++) {
        get(fd, "/v1/jobs/bench-1", &body);
        if (strstr(body, "\"state\":\"running\""))
            return;
        wait_until(lks_clock_s() + 0.1);
    }
    fail("the workers did not connect in 30 s");
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double quantile(const samples *s, double q)
{
    size_t i = (size_t)(q * (double)s->n);

    return s->seconds[i < s->n ? i : s->n - 1];
}

static double cpu_s(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void measure(int fd, double seconds, double per_second, samples *results)
{
    size_t n = (size_t)(seconds * per_second);
    double began_s = lks_clock_s();

    for (size_t p = 0; p < N_PATHS; p++)
        if (!(results[p].seconds = lks_calloc(n / N_PATHS + 1, sizeof(double))))
            fail(lks_error_text());
    for (size_t i = 0; i < n; i++) {
        double due_s = began_s + (double)i / per_second;
        samples *s = &results[i % N_PATHS];
        const char *body;

        if (lks_clock_s() < due_s) {
            wait_until(due_s);
            due_s = lks_clock_s();
        }
        s->n_bytes = get(fd, paths[i % N_PATHS], &body);
        s->seconds[s->n++] = lks_clock_s() - due_s;
    }
}

/* True when every path keeps within the limit. */
static bool print_results(samples *results)
{
    bool good = true;

    printf("%-26s %8s %10s %9s %9s %9s\n", "path", "requests", "bytes", "p50 ms",
           "p99 ms", "max ms");
    for (size_t p = 0; p < N_PATHS; p++) {
        samples *s = &results[p];

        qsort(s->seconds, s->n, sizeof *s->seconds, by_value);
        printf("%-26s %8zu %10zu %9.3f %9.3f %9.3f\n", paths[p], s->n, s->n_bytes,
               quantile(s, 0.5) * 1e3, quantile(s, 0.99) * 1e3,
               s->seconds[s->n - 1] * 1e3);
        good &= quantile(s, 0.99) < LIMIT_S;
        lks_free(s->seconds);
    }
    return good;
}

/* Of random bytes: how ranks and coordinator come to share them is not measured here. */
static lks_link_keys *make_keys(uint32_t n)
{
    lks_link_keys *keys = lks_calloc(n, sizeof *keys);
    lks_nonce nonce;

    if (!keys)
        fail(lks_error_text());
    for (uint32_t r = 0; r < n; r++) {
        lks_nonce_create(&nonce);
        memcpy(keys[r].of_hello, nonce.bytes, sizeof keys[r].of_hello);
        lks_nonce_create(&nonce);
        memcpy(keys[r].of_welcome, nonce.bytes, sizeof keys[r].of_welcome);
    }
    return keys;
}

/* A process of workers that begins when an address arrives in the pipe. */
static pid_t fork_workers(uint32_t n, const lks_link_keys *keys, int *address_pipe)
{
    int ends[2];
    pid_t pid;

    if (pipe(ends) != 0 || (pid = fork()) < 0)
        fail("cannot start the workers' process");
    if (pid == 0) {
        char address[ADDRESS_BYTES];

        close(ends[1]);
        if (read(ends[0], address, sizeof address) == sizeof address)
            fake_workers_run(address, keys, n);
        _exit(1);
    }
    close(ends[0]);
    *address_pipe = ends[1];
    return pid;
}

static void on_failed(void *context, const char *reason)
{
    (void)context;
    fprintf(stderr, "bench_coordinator: %s\n", reason);
    _exit(2);
}

static lks_server *start_server(uint32_t n, const lks_link_keys *keys, const char *path)
{
    const lks_server_options options = {
        .job_id = "bench-1",
        .job_name = "bench",
        .world_size = n,
        .lanes = n,
        .total_steps = 1000000,
        .link_keys = keys,
        .status_socket = path,
        .worker_address = "127.0.0.1",
        .on_failed = on_failed,
    };
    lks_server *server;

    if (lks_server_start(&options, &server) != LKS_OK)
        fail(lks_error_text());
    return server;
}

static double argument(int argc, char **argv, int i, double fallback)
{
    double value = argc > i ? atof(argv[i]) : fallback;

    if (value <= 0)
        fail("usage: bench_coordinator [WORKERS] [SECONDS] [REQUESTS_PER_SECOND]");
    return value;
}

int main(int argc, char **argv)
{
    uint32_t n_workers = (uint32_t)argument(argc, argv, 1, 1000);
    double seconds = argument(argc, argv, 2, 10);
    double per_second = argument(argc, argv, 3, 100);
    char path[64], address[ADDRESS_BYTES] = "";
    samples results[N_PATHS] = {{0}};
    lks_link_keys *keys;
    lks_server *server;
    double began_s, cpu_began_s;
    int fd, address_pipe;
    pid_t workers;
    bool good;

    raise_file_limit();
    keys = make_keys(n_workers);
    workers = fork_workers(n_workers, keys, &address_pipe);
    snprintf(path, sizeof path, "/tmp/lockstep-bench-%d.sock", (int)getpid());
    server = start_server(n_workers, keys, path);
    snprintf(address, sizeof address, "%s", lks_server_worker_address(server));
    began_s = lks_clock_s();
    if (write(address_pipe, address, sizeof address) != sizeof address)
        fail("the workers' process is gone");
    fd = connect_to(path);
    wait_for_all(fd);
    printf("%u workers connected in %.2f s; a report a second each, %.0f requests a "
           "second for %.0f s\n",
           n_workers, lks_clock_s() - began_s, per_second, seconds);
    wait_until(lks_clock_s() + 1.5);
    cpu_began_s = cpu_s();
    measure(fd, seconds, per_second, results);
    printf("coordinator and client together: %.1f %% of one core\n",
           100 * (cpu_s() - cpu_began_s) / seconds);
    good = print_results(results);
    printf("p99 of every path under %.0f ms: %s\n", LIMIT_S * 1e3, good ? "yes" : "no");
    fflush(stdout);
    unlink(path);
    kill(workers, SIGKILL);
    /* the workers' death is the run's end, and on_failed's: not worth a word here */
    _exit(good ? 0 : 1);
}
