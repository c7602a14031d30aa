/* The files of a run's directory, each made anew. */
#define _GNU_SOURCE /* renameat2 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/try.h"
#include "proto/run_dir.h"

static const char beside[] = ".tmp-"; /* between a file's name and its writer's number */

static lks_status fail_file(const lks_run_dir *dir, const char *name)
{
    const int cause = errno;

    if (cause == EEXIST)
        return lks_fail(LKS_INVALID,
                        "%s/%s is there already: a run's files are made anew", dir->path,
                        name);
    return lks_fail(LKS_IO, "%s/%s: %s", dir->path, name, strerror(cause));
}

/* A descriptor of the folder that `name` is in, -1 with errno set; *last: its name there.
 * A folder below the run's directory is none if it is a link. */
static int open_folder(const lks_run_dir *dir, const char *name, const char **last)
{
    const char *slash = strchr(name, '/');
    char part[LKS_RUN_DIR_NAME];
    int fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), below;

    *last = slash ? slash + 1 : name;
    if (fd < 0 || !slash)
        return fd;
    snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
    below = openat(fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    close(fd);
    return below;
}

static int open_in(int folder, const char *name)
{
    return openat(folder, name,
                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND | O_CLOEXEC, 0666);
}

static void note(lks_run_dir *dir, const char *name)
{
    if (dir->n_files < LKS_RUN_DIR_FILES)
        snprintf(dir->files[dir->n_files++], LKS_RUN_DIR_NAME, "%s", name);
}

lks_status lks_run_dir_open_new(lks_run_dir *dir, const char *name, int *out_fd)
{
    const char *last;
    const int folder = open_folder(dir, name, &last);
    const int fd = folder < 0 ? -1 : open_in(folder, last);
    const lks_status st = fd < 0 ? fail_file(dir, name) : LKS_OK;

    if (folder >= 0)
        close(folder);
    if (fd < 0)
        return st;
    note(dir, name);
    *out_fd = fd;
    return LKS_OK;
}

static int write_all(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        const ssize_t n = write(fd, text, left);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        text += n;
        left -= (size_t)n;
    }
    return 0;
}

/* rename, but not over what is there. Some network file systems cannot say so. */
static int rename_new(int folder, const char *from, const char *to)
{
    struct stat info;

    if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (fstatat(folder, to, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(folder, from, folder, to);
}

/* 0, or -1 with errno set and nothing left of it. */
static int write_in(int folder, const char *name, const char *text)
{
    char unfinished[LKS_RUN_DIR_NAME + 32];
    int fd, result, cause;

    snprintf(unfinished, sizeof unfinished, "%s%s%ld", name, beside, (long)getpid());
    fd = open_in(folder, unfinished);
    if (fd < 0)
        return -1;
    result = write_all(fd, text) == 0 ? fsync(fd) : -1;
    cause = errno;
    if (close(fd) != 0 && result == 0) {
        result = -1;
        cause = errno;
    }
    if (result == 0 && rename_new(folder, unfinished, name) == 0)
        return 0;
    cause = result == 0 ? errno : cause;
    unlinkat(folder, unfinished, 0);
    errno = cause;
    return -1;
}

lks_status lks_run_dir_write(lks_run_dir *dir, const char *name, const char *text)
{
    const char *last;
    const int folder = open_folder(dir, name, &last);
    lks_status st = LKS_OK;

    if (folder < 0 || write_in(folder, last, text) != 0)
        st = fail_file(dir, name);
    else
        note(dir, name);
    if (folder >= 0)
        close(folder);
    return st;
}

/* "model.safetensors.tmp-4711-0", as writers name what they have not finished. */
static bool is_unfinished(const char *entry, pid_t *writer)
{
    static const char *const names[] = {LKS_RUN_WEIGHTS, LKS_RUN_JOB, LKS_RUN_TRAINED_ON,
                                        LKS_RUN_RESULT, LKS_RUN_EVALUATION};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const size_t n = strlen(names[i]);
        const char *number = entry + n + strlen(beside);

        if (strncmp(entry, names[i], n) == 0 &&
            strncmp(entry + n, beside, strlen(beside)) == 0 &&
            isdigit((unsigned char)*number) && !number[strspn(number, "0123456789-")]) {
            *writer = (pid_t)strtol(number, NULL, 10);
            return true;
        }
    }
    return false;
}

static void remove_files(const char *path, bool only_of_the_dead)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    pid_t writer;

    while (folder && (entry = readdir(folder)))
        if (is_unfinished(entry->d_name, &writer) &&
            !(only_of_the_dead && lks_process_state(writer)))
            unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
}

void lks_run_dir_remove_unfinished(const char *path)
{
    remove_files(path, false);
}

void lks_run_dir_remove_abandoned(const char *path)
{
    remove_files(path, true);
}
