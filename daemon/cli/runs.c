#include "daemon/cli/runs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"
#include "daemon/cli/status_client.h"

static lks_status check_socket_length(const char *run_dir)
{
    size_t n = strlen(run_dir) + strlen("/status.sock");
    size_t limit = sizeof((struct sockaddr_un *)NULL)->sun_path - 1;

    if (n <= limit)
        return LKS_OK;
    return lks_fail(LKS_INVALID,
                    "%s: its status socket's path would have %zu bytes, a Unix socket's "
                    "has at most %zu: choose a shorter --run-dir",
                    run_dir, n, limit);
}

/* mkdir for all of `path`; folders that are there are fine. */
static lks_status make_folders(const char *path)
{
    char *part = lks_strdup(path);
    lks_status st = part ? LKS_OK : LKS_NOMEM;

    for (char *slash = part; slash && st == LKS_OK;) {
        slash = strchr(slash + 1, '/');
        if (slash)
            *slash = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            st = lks_fail(LKS_IO, "%s: cannot make this folder: %s", part,
                          strerror(errno));
        if (slash)
            *slash = '/';
    }
    lks_free(part);
    return st;
}

static bool exists_in(const char *folder, const char *name)
{
    char *path = lks_asprintf("%s/%s", folder, name);
    bool exists = path && access(path, F_OK) == 0;

    lks_free(path);
    return exists;
}

/* `wanted` may be there when it holds nothing of a run. */
static lks_status make_wanted(const char *wanted, bool *is_new)
{
    static const char *const traces[] = {"job.yaml",          "metrics.jsonl",
                                         "model.safetensors", "checkpoints",
                                         "logs/rank-0.log",   "status.sock"};
    struct stat info;

    if (!wanted[0])
        return lks_fail(LKS_INVALID, "--run-dir needs a name");
    *is_new = stat(wanted, &info) != 0;
    if (*is_new)
        return make_folders(wanted);
    if (!S_ISDIR(info.st_mode))
        return lks_fail(LKS_INVALID, "--run-dir %s: this is not a directory", wanted);
    for (size_t i = 0; i < sizeof traces / sizeof *traces; i++)
        if (exists_in(wanted, traces[i]))
            return lks_fail(LKS_INVALID,
                            "--run-dir %s: it already holds a run (%s): choose another, "
                            "or remove it",
                            wanted, traces[i]);
    return LKS_OK;
}

/* The first of runs/<job>-<date>-<time>, …-2, …-3 that is not there yet. */
static lks_status make_dated(const char *job_name, char **out)
{
    char date[32];
    time_t now = time(NULL);
    struct tm local;

    LKS_TRY(make_folders(LKS_RUNS_FOLDER));
    strftime(date, sizeof date, "%Y%m%d-%H%M%S", localtime_r(&now, &local));
    for (int i = 1; i < 1000; i++) {
        char count[8] = "";
        char *path;

        if (i > 1)
            snprintf(count, sizeof count, "-%d", i);
        path = lks_asprintf(LKS_RUNS_FOLDER "/%s-%s%s", job_name, date, count);
        if (!path)
            return LKS_NOMEM;
        if (mkdir(path, 0777) == 0) {
            *out = path;
            return LKS_OK;
        }
        if (errno != EEXIST) {
            lks_fail(LKS_IO, "%s: cannot make the run directory: %s", path,
                     strerror(errno));
            lks_free(path);
            return LKS_IO;
        }
        lks_free(path);
    }
    return lks_fail(LKS_IO, LKS_RUNS_FOLDER ": 1000 runs in one second");
}

static lks_status make_logs(const char *run_dir)
{
    char *logs = lks_asprintf("%s/logs", run_dir);
    lks_status st = logs ? LKS_OK : LKS_NOMEM;

    if (logs && mkdir(logs, 0777) != 0 && errno != EEXIST)
        st = lks_fail(LKS_IO, "%s: the run directory cannot be written: %s", run_dir,
                      strerror(errno));
    lks_free(logs);
    return st;
}

lks_status lks_runs_create(const char *job_name, const char *wanted, char **out,
                           bool *is_new)
{
    char *path = NULL;
    lks_status st;

    *is_new = true;
    if (wanted) {
        LKS_GO(check_socket_length(wanted));
        LKS_GO(make_wanted(wanted, is_new));
        path = lks_strdup(wanted);
        if (!path)
            LKS_FAIL(LKS_NOMEM, "out of memory");
        for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
            path[n - 1] = '\0';
    } else {
        LKS_GO(make_dated(job_name, &path));
    }
    st = check_socket_length(path);
    if (st == LKS_OK)
        st = make_logs(path);
    if (st != LKS_OK) {
        if (*is_new)
            lks_runs_discard(path);
        goto cleanup;
    }
    *out = path;
    path = NULL;
cleanup:
    lks_free(path);
    return st;
}

void lks_runs_discard(const char *run_dir)
{
    static const char *const begun[] = {"metrics.jsonl", "model.safetensors",
                                        "checkpoints"};
    static const char *const leavings[] = {"logs/mpirun.log", "logs", "job.yaml", "."};

    for (size_t i = 0; i < sizeof begun / sizeof *begun; i++)
        if (exists_in(run_dir, begun[i]))
            return;
    for (size_t i = 0; i + 1 < sizeof leavings / sizeof *leavings; i++) {
        char *path = lks_asprintf("%s/%s", run_dir, leavings[i]);

        if (path)
            (void)remove(path);
        lks_free(path);
    }
    (void)rmdir(run_dir); /* fails, rightly, where something else is in it */
}

/* The newest entry of runs/ that is live; *out stays NULL where none is. */
static lks_status find_newest_live(char **out)
{
    DIR *folder = opendir(LKS_RUNS_FOLDER);
    const struct dirent *entry;
    struct timespec newest = {0};

    while (folder && (entry = readdir(folder)) != NULL) {
        struct stat info;
        char *run_dir = lks_asprintf(LKS_RUNS_FOLDER "/%s", entry->d_name);
        char *socket_path =
            lks_asprintf(LKS_RUNS_FOLDER "/%s/status.sock", entry->d_name);
        bool newer = run_dir && socket_path && entry->d_name[0] != '.' &&
                     stat(socket_path, &info) == 0 &&
                     (info.st_mtim.tv_sec > newest.tv_sec ||
                      (info.st_mtim.tv_sec == newest.tv_sec &&
                       info.st_mtim.tv_nsec >= newest.tv_nsec)) &&
                     lks_status_listener(socket_path) != 0;

        lks_free(socket_path);
        if (newer) {
            newest = info.st_mtim;
            lks_free(*out);
            *out = run_dir;
        } else {
            lks_free(run_dir);
        }
    }
    if (folder)
        closedir(folder);
    return LKS_OK;
}

lks_status lks_runs_find(const char *wanted, char **out)
{
    struct stat info;
    char *found = NULL;

    if (!wanted) {
        LKS_TRY(find_newest_live(&found));
        if (!found)
            return lks_fail(LKS_STATE, "no run is live in " LKS_RUNS_FOLDER
                                       "/: start one with `lockstep run JOB`, or name "
                                       "its directory");
    } else {
        found = stat(wanted, &info) == 0 ? lks_strdup(wanted)
                                         : lks_asprintf(LKS_RUNS_FOLDER "/%s", wanted);
        if (found && (stat(found, &info) != 0 || !S_ISDIR(info.st_mode))) {
            lks_free(found);
            return lks_fail(
                LKS_IO, "there is no run directory %s, here or in " LKS_RUNS_FOLDER "/",
                wanted);
        }
    }
    *out = found;
    return found ? LKS_OK : LKS_NOMEM;
}
