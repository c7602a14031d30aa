/* Preloaded into the programs of a run: their clocks jump when somebody writes into the
 * file that CHAOS_CLOCK names. It holds two 64-bit numbers, how many nanoseconds to add
 * to the wall clock and to the monotonic one. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { WALL, MONOTONIC, N_CLOCKS };

static const int64_t NS_PER_S = 1000000000;
static const volatile int64_t *jumps; /* [N_CLOCKS], or NULL */

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("CHAOS_CLOCK");
    int fd;
    void *memory;

    if (!path || strncmp(program_invocation_short_name, "lockstep", 8) != 0)
        return;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    memory = mmap(NULL, N_CLOCKS * sizeof *jumps, PROT_READ, MAP_SHARED, fd, 0);
    if (memory != MAP_FAILED)
        jumps = memory;
    close(fd);
}

static int64_t jump_of(clockid_t clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        return jumps[WALL];
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
        return jumps[MONOTONIC];
    default:
        return 0;
    }
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    long result = syscall(SYS_clock_gettime, clock, out);
    int64_t ns;

    if (result != 0 || !jumps)
        return (int)result;
    ns = out->tv_sec * NS_PER_S + out->tv_nsec + jump_of(clock);
    out->tv_sec = ns / NS_PER_S;
    out->tv_nsec = ns % NS_PER_S;
    return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
