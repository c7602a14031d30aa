#define _GNU_SOURCE /* environ, pipe2 */
#include "daemon/cli/ask_worker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/status.h"
#include "daemon/cli/programs.h"

#ifdef LKS_MAY_HAVE_GPUS
static const bool may_have_gpus = true;
#else
static const bool may_have_gpus = false;
#endif

static const double patience_s = 20; /* a driver that hangs */

/* The worker with this argument, its output into the pipe; false: there is none. */
static bool start(const char *argument, int output, pid_t *pid)
{
    char *worker = NULL;
    posix_spawn_file_actions_t actions;
    bool has_started = false;

    if (lks_programs_worker(&worker) == LKS_OK) {
        char *argv[] = {worker, (char *)argument, NULL};

        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
                                         0);
        has_started = posix_spawn(pid, worker, &actions, NULL, argv, environ) == 0;
        posix_spawn_file_actions_destroy(&actions);
    }
    lks_error_clear(); /* whoever needs the worker will say that it is not there */
    lks_free(worker);
    return has_started;
}

/* A line of it, or what came until the end or in `patience_s`. */
static void read_line(int fd, char *out, size_t size)
{
    const double until_s = lks_clock_s() + patience_s;
    struct pollfd pipe = {.fd = fd, .events = POLLIN};
    size_t n = 0;

    while (n + 1 < size && (n == 0 || out[n - 1] != '\n')) {
        const double left_s = until_s - lks_clock_s();
        ssize_t got;

        if (left_s <= 0 || poll(&pipe, 1, (int)(1e3 * left_s) + 1) <= 0 ||
            (got = read(fd, out + n, size - 1 - n)) <= 0)
            break;
        n += (size_t)got;
    }
    out[n] = '\0';
}

uint32_t lks_ask_n_gpus(void)
{
    char answer[32] = "";
    int ends[2];
    pid_t pid;
    unsigned long n;

    if (!may_have_gpus || pipe2(ends, O_CLOEXEC) != 0)
        return 0;
    if (start("--count-gpus", ends[1], &pid)) {
        close(ends[1]);
        read_line(ends[0], answer, sizeof answer);
        kill(pid, SIGKILL); /* it has said all it has to */
        while (waitpid(pid, NULL, 0) < 0)
            ;
    } else {
        close(ends[1]);
    }
    close(ends[0]);
    n = strtoul(answer, NULL, 10);
    return n < 1024 ? (uint32_t)n : 0;
}
