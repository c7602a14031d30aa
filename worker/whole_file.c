#define _GNU_SOURCE /* O_TMPFILE */
#include "worker/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"

struct lks_whole_file {
    char *path;
    char *beside; /* its name until it is whole; NULL: it has none */
    int fd;
};

static lks_status fail(const lks_whole_file *self, int error)
{
    if (error == EEXIST)
        return lks_fail(LKS_INVALID, "%s: it exists already, and is not overwritten",
                        self->path);
    return lks_fail(LKS_IO, "%s: cannot be written: %s", self->path, strerror(error));
}

/* "out" of "out/x.jsonl", "." of "x.jsonl". */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return lks_strdup(".");
    return slash == path ? lks_strdup("/")
                         : lks_asprintf("%.*s", (int)(slash - path), path);
}

static lks_status open_file(lks_whole_file *self)
{
    char *folder = folder_of(self->path);
    int error;

    if (!folder)
        return LKS_NOMEM;
    self->fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    error = errno;
    lks_free(folder);
    /* EISDIR of a kernel, the others of a file system that has no such files */
    if (self->fd >= 0 || (error != EOPNOTSUPP && error != EISDIR && error != EINVAL))
        return self->fd >= 0 ? LKS_OK : fail(self, error);
    self->beside = lks_asprintf("%s.tmp-%ld", self->path, (long)getpid());
    if (!self->beside)
        return LKS_NOMEM;
    self->fd = open(self->beside, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    return self->fd >= 0 ? LKS_OK : fail(self, errno);
}

lks_status lks_whole_file_create(const char *path, lks_whole_file **out)
{
    lks_whole_file *self = lks_calloc(1, sizeof *self);
    struct stat info;
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    self->fd = -1;
    if (!(self->path = lks_strdup(path)))
        LKS_GO(LKS_NOMEM);
    if (lstat(path, &info) == 0)
        LKS_GO(fail(self, EEXIST));
    LKS_GO(open_file(self));
    *out = self;
    self = NULL;
cleanup:
    lks_whole_file_destroy(self);
    return st;
}

lks_status lks_whole_file_write(lks_whole_file *self, const void *bytes, size_t n_bytes)
{
    const char *at = bytes;

    while (n_bytes > 0) {
        const ssize_t n = write(self->fd, at, n_bytes);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(self, errno);
        at += n;
        n_bytes -= (size_t)n;
    }
    return LKS_OK;
}

/* Neither way replaces what is there. */
static int give_name(const lks_whole_file *self)
{
    char nameless[64];

    snprintf(nameless, sizeof nameless, "/proc/self/fd/%d", self->fd);
    return self->beside
               ? link(self->beside, self->path)
               : linkat(AT_FDCWD, nameless, AT_FDCWD, self->path, AT_SYMLINK_FOLLOW);
}

lks_status lks_whole_file_commit(lks_whole_file *self)
{
    if (fsync(self->fd) != 0 || give_name(self) != 0)
        return fail(self, errno);
    return LKS_OK;
}

void lks_whole_file_destroy(lks_whole_file *self)
{
    if (!self)
        return;
    if (self->fd >= 0) {
        close(self->fd);
        if (self->beside)
            unlink(self->beside);
    }
    lks_free(self->beside);
    lks_free(self->path);
    lks_free(self);
}
