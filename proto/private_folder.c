#include "proto/private_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"

enum { MAX_TRIES = 1000, MAX_DEPTH = 32 };

static const char run_link[] = "run";

static int write_prefix(char out[LKS_PRIVATE_NAME_BYTES])
{
    return snprintf(out, LKS_PRIVATE_NAME_BYTES, "lockstep-%u-", (unsigned)geteuid());
}

lks_status lks_private_name(char out[LKS_PRIVATE_NAME_BYTES])
{
    const int n = write_prefix(out);
    uint64_t random;

    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return lks_fail(LKS_IO, "getrandom: %s", strerror(errno));
    snprintf(out + n, LKS_PRIVATE_NAME_BYTES - (size_t)n, "%016" PRIx64, random);
    return LKS_OK;
}

/* Nobody but us can have put anything there. */
static bool is_ours_alone(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 && info.st_uid == geteuid() &&
           (info.st_mode & 07777) == S_IRWXU;
}

/* A sweep that came between making it and holding it has removed it. */
static bool is_removed(int fd)
{
    struct stat info;

    return fstat(fd, &info) != 0 || info.st_nlink == 0;
}

static int open_folder(int base_fd, const char *name)
{
    return openat(base_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* The descriptor that holds it, -1 where a sweep was quicker, or a failure. */
static lks_status try_to_hold(const char *path, int *out)
{
    int fd = -1;
    lks_status st = LKS_OK;

    *out = -1;
    /* the umask may take a bit: chmod, while the name is still ours alone to know */
    if (mkdir(path, S_IRWXU) == 0)
        (void)chmod(path, S_IRWXU);
    else if (errno != EEXIST)
        LKS_FAIL(LKS_IO, "cannot make the private folder %s: %s", path, strerror(errno));
    if ((fd = open_folder(AT_FDCWD, path)) < 0 && errno == ENOENT)
        goto cleanup;
    if (fd < 0 || !is_ours_alone(fd))
        LKS_FAIL(LKS_IO, "the private folder %s is another's", path);
    if (flock(fd, LOCK_SH) != 0)
        LKS_FAIL(LKS_IO, "cannot lock the private folder %s: %s", path, strerror(errno));
    if (!is_removed(fd)) {
        *out = fd;
        fd = -1;
    }
cleanup:
    if (fd >= 0)
        close(fd);
    return st;
}

lks_status lks_private_folder_open(const char *base, const char *name,
                                   lks_private_folder *out)
{
    char *path = lks_asprintf("%s/%s", base, name);
    int fd = -1;
    lks_status st = path ? LKS_OK : LKS_NOMEM;

    for (useconds_t i = 0; st == LKS_OK && fd < 0 && i < MAX_TRIES; i++) {
        usleep(i); /* sweeps come in any number */
        LKS_GO(try_to_hold(path, &fd));
    }
    if (st == LKS_OK && fd < 0)
        LKS_FAIL(LKS_IO, "the private folder %s is removed again and again", path);
    if (st == LKS_OK) {
        *out = (lks_private_folder){path, fd};
        path = NULL;
    }
cleanup:
    lks_free(path);
    return st;
}

void lks_private_folder_close(lks_private_folder *folder)
{
    if (folder->lock_fd >= 0 && flock(folder->lock_fd, LOCK_EX | LOCK_NB) == 0)
        (void)rmdir(folder->path);
    if (folder->lock_fd >= 0)
        close(folder->lock_fd);
    lks_free(folder->path);
    *folder = (lks_private_folder)LKS_PRIVATE_FOLDER_NONE;
}

/* Removing, by descriptors: a link put in the place of a folder is unlinked, not
 * followed. */

static void remove_at(int base_fd, const char *name, int depth);

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Takes the descriptor. */
static void empty_folder(int fd, int depth)
{
    DIR *folder = fdopendir(fd);
    const struct dirent *entry;

    if (!folder) {
        close(fd);
        return;
    }
    while ((entry = readdir(folder)) != NULL)
        if (!is_dots(entry->d_name))
            remove_at(dirfd(folder), entry->d_name, depth);
    closedir(folder);
}

static void remove_at(int base_fd, const char *name, int depth)
{
    int fd;

    if (unlinkat(base_fd, name, 0) == 0 || depth == MAX_DEPTH)
        return;
    fd = open_folder(base_fd, name);
    if (fd >= 0)
        empty_folder(fd, depth + 1);
    (void)unlinkat(base_fd, name, AT_REMOVEDIR);
}

void lks_private_folder_remove(const char *path)
{
    remove_at(AT_FDCWD, path, 0);
}

void lks_private_folder_hold(const char *path)
{
    const int fd = open_folder(AT_FDCWD, path);

    if (fd >= 0 && flock(fd, LOCK_SH) != 0)
        close(fd);
}

void lks_private_folder_name_run(const lks_private_folder *folder, const char *run_dir)
{
    (void)!symlinkat(run_dir, folder->lock_fd, run_link);
}

/* Whoever waits to hold it finds, once this is over, that it is removed. */
static void sweep_one(int base_fd, const char *name, void (*on_run)(const char *run_dir))
{
    const int fd = open_folder(base_fd, name);
    char run_dir[PATH_MAX];
    ssize_t n;

    if (fd < 0)
        return;
    if (is_ours_alone(fd) && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        n = readlinkat(fd, run_link, run_dir, sizeof run_dir - 1);
        if (n > 0 && on_run) {
            run_dir[n] = '\0';
            on_run(run_dir);
        }
        remove_at(base_fd, name, 0);
    }
    close(fd);
}

void lks_private_folders_sweep(const char *base, void (*on_run)(const char *run_dir))
{
    char prefix[LKS_PRIVATE_NAME_BYTES];
    const size_t n = (size_t)write_prefix(prefix);
    DIR *folder = opendir(base);
    const struct dirent *entry;

    while (folder && (entry = readdir(folder)) != NULL)
        if (strncmp(entry->d_name, prefix, n) == 0)
            sweep_one(dirfd(folder), entry->d_name, on_run);
    if (folder)
        closedir(folder);
}
