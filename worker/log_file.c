#define _GNU_SOURCE
#include "worker/log_file.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/try.h"

enum { MAX_LOG_BYTES = 1 << 20 }; /* then errors only */

static struct {
    _Atomic int fd; /* -1: none yet */
    _Atomic long n_bytes;
    _Atomic int rank;
} log_to = {.fd = -1};

/* How much of this line's `n` bytes to write: all, nothing, or of the one that does not
 * fit any more what stands in its place. */
static int fit(char *text, size_t size_bytes, int n, lks_log_level level)
{
    const long before = atomic_fetch_add(&log_to.n_bytes, n);

    if (before + n <= MAX_LOG_BYTES || level >= LKS_LOG_ERROR)
        return n;
    if (before > MAX_LOG_BYTES)
        return 0;
    return snprintf(text, size_bytes, "[from here on errors only: the log is full]\n");
}

/* Each line is one write, so lines of several threads do not mix. */
static void write_line(void *context, lks_log_level level, const char *line)
{
    const int fd = atomic_load(&log_to.fd);
    const double now = lks_wall_time_s();
    const time_t seconds = (time_t)now;
    char text[2304], date[32];
    struct tm utc;
    int n;

    (void)context;
    if (fd >= 0) {
        gmtime_r(&seconds, &utc);
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
        n = snprintf(text, sizeof text, "%s.%03dZ %s: %s\n", date,
                     (int)((now - (double)seconds) * 1000), lks_log_level_name(level),
                     line);
        n = fit(text, sizeof text, n, level);
        (void)!write(fd, text, (size_t)n); /* a full disk must not end a run here */
    }
    if (level >= LKS_LOG_ERROR || (level == LKS_LOG_WARN && log_to.rank == 0)) {
        n = snprintf(text, sizeof text, "lockstep: %s: %s\n", lks_log_level_name(level),
                     line);
        (void)!write(STDERR_FILENO, text, (size_t)n);
    }
}

void lks_log_file_init(int rank)
{
    log_to.rank = rank;
    lks_log_set_sink(write_line, NULL);
}

lks_status lks_log_file_open(lks_run_dir *dir, int rank)
{
    char name[LKS_RUN_DIR_NAME];
    int fd;

    log_to.rank = rank;
    snprintf(name, sizeof name, LKS_RUN_RANK_LOG, rank);
    LKS_TRY(lks_run_dir_open_new(dir, name, &fd));
    atomic_store(&log_to.fd, fd);
    return LKS_OK;
}
