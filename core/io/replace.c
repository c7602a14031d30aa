#include "io/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"

static lks_status fail_write(const char *path)
{
    return lks_fail(LKS_IO, "cannot write %s: %s", path, strerror(errno));
}

/* "runs/a/model.safetensors" is in "runs/a"; a bare name is in ".". */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory;

    if (!slash)
        return lks_strdup(".");
    if (slash == path)
        return lks_strdup("/");
    if ((directory = lks_strdup(path)) != NULL)
        directory[slash - path] = '\0';
    return directory;
}

/* Open a new file beside `path`. Its name carries the process and a count: ranks may
 * share a directory, threads a process; a leftover of a crash is stepped over. */
static lks_status open_beside(const char *path, char **out_name, int *out_fd)
{
    static _Atomic unsigned long count;
    char *name;
    int fd;

    do {
        name = lks_asprintf("%s.tmp-%ld-%lu", path, (long)getpid(),
                            atomic_fetch_add(&count, 1));
        if (!name)
            return LKS_NOMEM;
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0) {
            const int cause = errno;

            lks_free(name);
            errno = cause;
        }
    } while (fd < 0 && errno == EEXIST);
    if (fd < 0)
        return fail_write(path);
    *out_name = name;
    *out_fd = fd;
    return LKS_OK;
}

static lks_status write_all(int fd, const char *path, lks_bytes bytes)
{
    const char *from = bytes.data;
    size_t left = bytes.n_bytes;

    while (left > 0) {
        const ssize_t n = write(fd, from, left);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_write(path);
        from += n;
        left -= (size_t)n;
    }
    return LKS_OK;
}

/* Makes the rename itself last. Some network file systems cannot, and say EINVAL. */
static lks_status flush_directory(int fd, const char *path)
{
    return fsync(fd) == 0 || errno == EINVAL ? LKS_OK : fail_write(path);
}

lks_status lks_file_replace(const char *path, const lks_bytes *parts, size_t n_parts)
{
    char *directory = NULL, *name = NULL;
    int directory_fd = -1, fd = -1, closed;
    lks_status st;

    if (!(directory = directory_of(path)))
        LKS_GO(LKS_NOMEM);
    directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory_fd < 0)
        LKS_GO(fail_write(path));
    LKS_GO(open_beside(path, &name, &fd));
    for (size_t i = 0; i < n_parts; i++)
        LKS_GO(write_all(fd, path, parts[i]));
    if (fsync(fd) != 0)
        LKS_GO(fail_write(path));
    closed = close(fd);
    fd = -1;
    if (closed != 0 || rename(name, path) != 0)
        LKS_GO(fail_write(path));
    lks_free(name);
    name = NULL;
    st = flush_directory(directory_fd, path);
cleanup:
    if (directory_fd >= 0)
        close(directory_fd);
    if (fd >= 0)
        close(fd);
    if (name)
        unlink(name);
    lks_free(name);
    lks_free(directory);
    return st;
}
