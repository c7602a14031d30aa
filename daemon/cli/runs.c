#include "daemon/cli/runs.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "base/try.h"
#include "daemon/cli/status_client.h"
#include "daemon/cli/strings.h"
#include "proto/nearest.h"

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

lks_status lks_runs_create(const char *job_name, const char *wanted, lks_run_dir *out)
{
    lks_run_dir dir;
    lks_status st;

    if (wanted)
        LKS_TRY(check_socket_length(wanted));
    LKS_TRY(lks_run_dir_claim(wanted, job_name, &dir));
    st = check_socket_length(dir.path);
    if (st == LKS_OK)
        *out = dir;
    else
        lks_run_dir_discard(&dir);
    return st;
}

void lks_runs_discard(lks_run_dir *dir)
{
    if (!lks_run_dir_trace(dir->path))
        lks_run_dir_discard(dir);
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

/* With the run in runs/ that was meant, where that is plain. */
static lks_status refuse(const char *wanted)
{
    DIR *folder = opendir(LKS_RUNS_FOLDER);
    const struct dirent *entry;
    lks_strings names = {0};
    const char *near = NULL;

    while (folder && (entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.' && lks_strings_add(&names, entry->d_name) != LKS_OK)
            break;
    if (folder)
        closedir(folder);
    if (names.n_items > 0)
        near = lks_nearest(wanted, (const char *const *)names.items, names.n_items);
    lks_fail(LKS_IO,
             "there is no run directory %s, here or in " LKS_RUNS_FOLDER "/%s%s%s",
             wanted, near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
    lks_strings_release(&names);
    return LKS_IO;
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
            return refuse(wanted);
        }
    }
    *out = found;
    return found ? LKS_OK : LKS_NOMEM;
}
