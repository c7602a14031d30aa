#include "proto/run_dir.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"

enum { MAX_RUNS_A_SECOND = 1000 };

char *lks_run_dir_path(const char *path, const char *name)
{
    return lks_asprintf("%s/%s", path, name);
}

bool lks_run_dir_has(const char *path, const char *name)
{
    char *file = lks_run_dir_path(path, name);
    const bool has = file && access(file, F_OK) == 0;

    lks_free(file);
    return has;
}

void lks_run_dir_remove(const char *path, const char *name)
{
    char *file = lks_run_dir_path(path, name);

    if (file)
        (void)unlink(file);
    lks_free(file);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

char *lks_run_dir_id(const char *path)
{
    const char *last = last_part(path);
    char resolved[PATH_MAX];

    if ((strcmp(last, ".") == 0 || strcmp(last, "..") == 0) && realpath(path, resolved))
        last = last_part(resolved);
    return lks_strdup(*last ? last : "run");
}

const char *lks_run_dir_trace(const char *path)
{
    static const char *const names[] = {
        LKS_RUN_JOB,     LKS_RUN_TRAINED_ON, LKS_RUN_METRICS,
        LKS_RUN_WEIGHTS, "checkpoints",      LKS_RUN_SOCKET,
        LKS_RUN_RESULT,  LKS_RUN_EVALUATION, "logs/rank-0.log"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char at[LKS_RUN_DIR_MAX + LKS_RUN_DIR_NAME];
        struct stat info;

        snprintf(at, sizeof at, "%s/%s", path, names[i]);
        if (lstat(at, &info) == 0)
            return names[i];
    }
    return NULL;
}

/* ---- folders ---- */

static lks_status cannot_make(const char *path)
{
    return lks_fail(LKS_IO, "cannot make the run directory %s: %s", path,
                    strerror(errno));
}

/* mkdir; *is_new: it was not there. A umask that keeps even its owner out of the new
 * folder would fail later and tell less. */
static lks_status make_folder(const char *folder, bool *is_new)
{
    struct stat info;

    *is_new = mkdir(folder, 0777) == 0;
    if (!*is_new)
        return errno == EEXIST ? LKS_OK : LKS_IO;
    if (lstat(folder, &info) != 0 || (info.st_mode & S_IRWXU) == S_IRWXU)
        return LKS_OK;
    *is_new = false;
    rmdir(folder);
    return lks_fail(LKS_IO,
                    "%s: the umask leaves a new folder the mode %03o, which keeps its "
                    "owner out: set another, such as umask 022",
                    folder, (unsigned)(info.st_mode & 0777));
}

/* mkdir -p of all but the last part. */
static lks_status make_parents(const char *path)
{
    char parent[LKS_RUN_DIR_MAX];
    bool is_new;

    snprintf(parent, sizeof parent, "%s", path);
    for (char *slash = parent + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        if (make_folder(parent, &is_new) != LKS_OK)
            return cannot_make(path);
        *slash = '/';
    }
    return LKS_OK;
}

static lks_status make_logs(const char *path, bool *is_new)
{
    char *logs = lks_run_dir_path(path, LKS_RUN_LOGS);
    lks_status st = logs ? make_folder(logs, is_new) : LKS_NOMEM;

    if (logs && st != LKS_OK)
        lks_fail(st, "cannot write to the run directory %s: %s", path, strerror(errno));
    lks_free(logs);
    return st;
}

/* ---- a claim ---- */

static lks_status refuse_run(const char *path, const char *trace)
{
    return lks_fail(LKS_INVALID,
                    "--run-dir %s: it already holds a run (%s): choose another, or "
                    "remove it",
                    path, trace);
}

/* Whose it is can exchange what is in it at any time, a folder for a link to elsewhere.
 */
static lks_status refuse_strangers(const char *path, const char *what, uid_t owner)
{
    if (owner == 0 || owner == geteuid())
        return LKS_OK;
    return lks_fail(LKS_INVALID,
                    "--run-dir %s: the %s belongs to another user (%ld), who could "
                    "exchange the run's files: name a new one",
                    path, what, (long)owner);
}

/* A directory that is there already. */
static lks_status check_given(lks_run_dir *dir)
{
    const char *path = dir->path, *trace;
    struct stat info;

    if (lstat(path, &info) == 0 && S_ISLNK(info.st_mode))
        LKS_TRY(refuse_strangers(path, "link", info.st_uid));
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return lks_fail(LKS_INVALID, "--run-dir %s: this is not a directory", path);
    LKS_TRY(refuse_strangers(path, "directory", info.st_uid));
    if ((trace = lks_run_dir_trace(path)))
        return refuse_run(path, trace);
    dir->is_open_to_all = (info.st_mode & S_IWOTH) && !(info.st_mode & S_ISVTX);
    return LKS_OK;
}

static lks_status make_given(const char *given, lks_run_dir *dir)
{
    size_t n = strlen(given);

    while (n > 1 && given[n - 1] == '/')
        n--;
    if (n == 0)
        return lks_fail(LKS_INVALID, "--run-dir needs a name");
    if (n >= LKS_RUN_DIR_MAX)
        return lks_fail(LKS_INVALID, "--run-dir: the name is too long");
    snprintf(dir->path, sizeof dir->path, "%.*s", (int)n, given);
    LKS_TRY(make_parents(dir->path));
    if (make_folder(dir->path, &dir->is_new) != LKS_OK)
        return cannot_make(dir->path);
    return dir->is_new ? LKS_OK : check_given(dir);
}

static lks_status make_dated(const char *job_name, lks_run_dir *dir)
{
    const time_t now = time(NULL);
    char date[32];
    struct tm local;

    localtime_r(&now, &local);
    strftime(date, sizeof date, "%Y%m%d-%H%M%S", &local);
    for (int i = 1; i < MAX_RUNS_A_SECOND && !dir->is_new; i++) {
        char count[8] = "";

        if (i > 1)
            snprintf(count, sizeof count, "-%d", i);
        if (snprintf(dir->path, sizeof dir->path, LKS_RUNS_FOLDER "/%s-%s%s", job_name,
                     date, count) >= LKS_RUN_DIR_MAX)
            return lks_fail(LKS_INVALID, "the run directory's name is too long");
        LKS_TRY(make_parents(dir->path));
        if (make_folder(dir->path, &dir->is_new) != LKS_OK)
            return cannot_make(dir->path);
    }
    return dir->is_new ? LKS_OK
                       : lks_fail(LKS_IO, "%s is taken, and so are the names before it",
                                  dir->path);
}

static lks_status claim(const char *given, const char *job_name, lks_run_dir *dir)
{
    LKS_TRY(given ? make_given(given, dir) : make_dated(job_name, dir));
    LKS_TRY(make_logs(dir->path, &dir->has_new_logs));
    return dir->has_new_logs ? LKS_OK : refuse_run(dir->path, LKS_RUN_LOGS);
}

lks_status lks_run_dir_claim(const char *given, const char *job_name, lks_run_dir *out)
{
    lks_run_dir dir = {0};
    const lks_status st = claim(given, job_name, &dir);

    if (st == LKS_OK)
        *out = dir;
    else
        lks_run_dir_discard(&dir);
    return st;
}

lks_status lks_run_dir_join(const lks_run_dir *claimed, lks_run_dir *out)
{
    bool is_new = false, has_new_logs = false;
    lks_status st;

    *out = *claimed;
    out->n_files = 0;
    LKS_TRY(make_parents(out->path));
    if (make_folder(out->path, &is_new) != LKS_OK)
        return cannot_make(out->path);
    st = make_logs(out->path, &has_new_logs);
    out->is_new |= is_new;
    out->has_new_logs |= has_new_logs;
    return st;
}

void lks_run_dir_discard(lks_run_dir *dir)
{
    char at[LKS_RUN_DIR_MAX + LKS_RUN_DIR_NAME];

    while (dir->n_files > 0) {
        snprintf(at, sizeof at, "%s/%s", dir->path, dir->files[--dir->n_files]);
        unlink(at);
    }
    snprintf(at, sizeof at, "%s/" LKS_RUN_LOGS, dir->path);
    if (dir->has_new_logs)
        rmdir(at);
    if (dir->is_new)
        rmdir(dir->path);
}
