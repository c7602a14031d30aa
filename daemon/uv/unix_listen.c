#include "daemon/uv/unix_listen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/try.h"

static lks_status fail_at(const char *path, int error)
{
    return lks_fail(LKS_IO, "cannot make the status socket %s: %s", path,
                    strerror(error));
}

static lks_status fill_address(const char *path, struct sockaddr_un *out)
{
    size_t n = strlen(path);

    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (n == 0 || n >= sizeof out->sun_path)
        return lks_fail(
            LKS_INVALID,
            "the status socket's path has %zu bytes, a Unix socket's may have "
            "1 to %zu: %s",
            n, sizeof out->sun_path - 1, path);
    memcpy(out->sun_path, path, n);
    return LKS_OK;
}

/* Hold the folder's lock, so that of two starters none removes the other's new socket.
 * -1 where that cannot be had (a file system without locks): then without. */
static int lock_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int fd;

    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
    fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        flock(fd, LOCK_EX);
    return fd;
}

/* Whether a process listens there. */
static bool is_answered(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* EAGAIN: a listener with a full backlog */
    bool answered =
        fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
                    errno == EAGAIN);

    if (fd >= 0)
        close(fd);
    return answered;
}

static lks_status clear_place(const struct sockaddr_un *address)
{
    struct stat st;

    if (lstat(address->sun_path, &st) != 0)
        return errno == ENOENT ? LKS_OK : fail_at(address->sun_path, errno);
    if (!S_ISSOCK(st.st_mode))
        return lks_fail(LKS_IO,
                        "cannot make the status socket %s: a file is in its place",
                        address->sun_path);
    if (is_answered(address))
        return lks_fail(LKS_IO,
                        "cannot make the status socket %s: another process answers there",
                        address->sun_path);
    if (unlink(address->sun_path) != 0 && errno != ENOENT)
        return fail_at(address->sun_path, errno);
    return LKS_OK;
}

lks_status lks_unix_listen(const char *path, int *out)
{
    struct sockaddr_un address;
    int folder = -1, fd = -1;
    lks_status st;

    LKS_GO(fill_address(path, &address));
    folder = lock_folder(path);
    LKS_GO(clear_place(&address));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* The file takes the socket's mode: no moment with more rights, as a chmod afterwards
     * would leave, and no umask to change under other threads. */
    if (fd < 0 || fchmod(fd, S_IRUSR | S_IWUSR) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        LKS_GO(fail_at(path, errno));
    if (listen(fd, LKS_UNIX_BACKLOG) != 0) {
        st = fail_at(path, errno);
        unlink(path);
        goto cleanup;
    }
    *out = fd;
    fd = -1;
cleanup:
    if (fd >= 0)
        close(fd);
    if (folder >= 0)
        close(folder);
    return st;
}

void lks_unix_remove_dead(const char *path)
{
    struct sockaddr_un address;

    if (fill_address(path, &address) != LKS_OK || clear_place(&address) != LKS_OK)
        lks_error_clear();
}
