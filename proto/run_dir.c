#include "proto/run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/try.h"

enum { MAX_RUNS_A_SECOND = 1000 };

char *lks_run_dir_path(const char *dir, const char *name)
{
    return lks_asprintf("%s/%s", dir, name);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

char *lks_run_dir_id(const char *dir)
{
    const char *last = last_part(dir);
    char resolved[PATH_MAX];

    if ((strcmp(last, ".") == 0 || strcmp(last, "..") == 0) && realpath(dir, resolved))
        last = last_part(resolved);
    return lks_strdup(*last ? last : "run");
}

static lks_status cannot_make(const char *dir)
{
    return lks_fail(LKS_IO, "cannot make the run directory %s: %s", dir, strerror(errno));
}

/* mkdir -p of all but the last part. */
static lks_status make_parents(const char *dir)
{
    char path[LKS_RUN_DIR_MAX];

    snprintf(path, sizeof path, "%s", dir);
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return cannot_make(dir);
        *slash = '/';
    }
    return LKS_OK;
}

static lks_status make_logs(const char *dir)
{
    char *logs = lks_run_dir_path(dir, "logs");
    lks_status st = logs ? LKS_OK : LKS_NOMEM;

    if (logs && mkdir(logs, 0777) != 0 && errno != EEXIST)
        st = lks_fail(LKS_IO, "cannot write to the run directory %s: %s", dir,
                      strerror(errno));
    lks_free(logs);
    return st;
}

/* What rank 0 of a run leaves behind. A directory that holds any of it is refused: so
 * after a failed start it is that start's, and nothing is ever written over. */
static const char *const traces[] = {"job.yaml", "metrics.jsonl", "model.safetensors",
                                     "logs/rank-0.log"};
enum { N_TRACES = sizeof traces / sizeof *traces };

static lks_status refuse_used(const char *dir)
{
    for (size_t i = 0; i < N_TRACES; i++) {
        char *path = lks_run_dir_path(dir, traces[i]);
        const bool exists = path && access(path, F_OK) == 0;

        lks_free(path);
        if (!path)
            return LKS_NOMEM;
        if (exists)
            return lks_fail(LKS_INVALID,
                            "the run directory %s holds a run already (%s): name another",
                            dir, traces[i]);
    }
    return LKS_OK;
}

static lks_status make_given(const char *given, char *out)
{
    size_t n = strlen(given);
    struct stat info;

    while (n > 1 && given[n - 1] == '/')
        n--;
    if (n == 0 || n >= LKS_RUN_DIR_MAX)
        return lks_fail(LKS_INVALID, "the run directory's name is %s",
                        n ? "too long" : "empty");
    snprintf(out, LKS_RUN_DIR_MAX, "%.*s", (int)n, given);
    LKS_TRY(make_parents(out));
    if (mkdir(out, 0777) == 0)
        return LKS_OK;
    if (errno != EEXIST)
        return cannot_make(out);
    if (stat(out, &info) != 0 || !S_ISDIR(info.st_mode))
        return lks_fail(LKS_IO, "the run directory %s is a file", out);
    return refuse_used(out);
}

static lks_status make_dated(const char *job_name, char *out)
{
    const time_t now = (time_t)lks_wall_time_s();
    char date[32];
    struct tm local;

    localtime_r(&now, &local);
    strftime(date, sizeof date, "%Y%m%d-%H%M%S", &local);
    for (int i = 1; i < MAX_RUNS_A_SECOND; i++) {
        int n = snprintf(out, LKS_RUN_DIR_MAX, "runs/%s-%s", job_name, date);

        if (i > 1 && n < LKS_RUN_DIR_MAX)
            n += snprintf(out + n, (size_t)(LKS_RUN_DIR_MAX - n), "-%d", i);
        if (n >= LKS_RUN_DIR_MAX)
            return lks_fail(LKS_INVALID, "the run directory's name is too long");
        LKS_TRY(make_parents(out));
        if (mkdir(out, 0777) == 0)
            return LKS_OK;
        if (errno != EEXIST)
            return cannot_make(out);
    }
    return lks_fail(LKS_IO, "%s is taken, and so are the names after it", out);
}

lks_status lks_run_dir_create(const char *given, const char *job_name, char *out)
{
    LKS_TRY(given ? make_given(given, out) : make_dated(job_name, out));
    return make_logs(out);
}

lks_status lks_run_dir_join(const char *dir)
{
    LKS_TRY(make_parents(dir));
    if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        return cannot_make(dir);
    return make_logs(dir);
}

static void remove_in(const char *dir, const char *name)
{
    char *path = lks_run_dir_path(dir, name);

    if (path)
        remove(path);
    lks_free(path);
}

void lks_run_dir_discard(const char *dir, int rank)
{
    char log[32];

    for (size_t i = 0; rank == 0 && i < N_TRACES; i++)
        remove_in(dir, traces[i]);
    snprintf(log, sizeof log, "logs/rank-%d.log", rank);
    remove_in(dir, log);
    remove_in(dir, "logs");
    rmdir(dir);
}

static lks_status write_all(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        const ssize_t n = write(fd, text, left);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return LKS_IO;
        text += n;
        left -= (size_t)n;
    }
    return LKS_OK;
}

lks_status lks_run_dir_write(const char *dir, const char *name, const char *text)
{
    char *path = lks_run_dir_path(dir, name);
    char *beside = path ? lks_asprintf("%s.new", path) : NULL;
    lks_status st = beside ? LKS_OK : LKS_NOMEM;
    int fd = -1;

    if (st != LKS_OK)
        goto cleanup;
    fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || write_all(fd, text) != LKS_OK || fsync(fd) != 0 ||
        rename(beside, path) != 0) {
        st = lks_fail(LKS_IO, "%s: %s", path, strerror(errno));
        unlink(beside);
    }
cleanup:
    if (fd >= 0)
        close(fd);
    lks_free(beside);
    lks_free(path);
    return st;
}
