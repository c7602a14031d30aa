/* An array in common with its file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.h"
#include "io/npy_parts.h"

static lks_status open_file(const char *path, bool writable, int *out, uint64_t *size)
{
    struct stat info;
    int fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    lks_status st = LKS_OK;

    if (fd < 0)
        return lks_fail(LKS_IO, "cannot open %s%s: %s", path,
                        writable ? " to write into it" : "", strerror(errno));
    if (fstat(fd, &info) != 0)
        LKS_FAIL(LKS_IO, "cannot read %s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        LKS_FAIL(LKS_IO, "cannot map %s: it is not a plain file", path);
    *size = (uint64_t)info.st_size;
    *out = fd;
    fd = -1;
cleanup:
    if (fd >= 0)
        close(fd);
    return st;
}

/* Where in the file the elements begin; they are all that follows. */
static lks_status find_elements(const char *path, int fd, uint64_t size, lks_npy *out,
                                uint64_t *at)
{
    const lks_reader_part whole = {.n_packed = size, .size = size};
    lks_npy_header header = {0};
    lks_reader *reader;
    const char *difference;
    lks_status st;

    LKS_TRY(lks_reader_of_part(fd, NULL, &whole, path, &reader));
    LKS_GO(lks_npy_read_shape(reader, &header, out));
    LKS_GO(lks_reader_expect(reader, out->size_bytes));
    *at = lks_reader_at(reader);
    difference = lks_npy_difference(&header);
    if (!difference && *at % header.stored->width != 0)
        difference = "its numbers are not aligned";
    if (difference)
        LKS_FAIL(LKS_INVALID, "cannot map %s: %s; lks_npy_read converts", path,
                 difference);
    if (size - *at != out->size_bytes)
        LKS_FAIL(LKS_FORMAT, "%s: file goes on after the %llu bytes it should have", path,
                 (unsigned long long)(*at + out->size_bytes));
cleanup:
    lks_reader_destroy(reader);
    return st;
}

lks_status lks_npy_share(const char *path, bool writable, lks_npy *out, lks_block *block)
{
    lks_npy array = {0};
    lks_block elements = {0};
    uint64_t size = 0, at = 0;
    int fd = -1;
    lks_status st;

    LKS_GO(open_file(path, writable, &fd, &size));
    LKS_GO(find_elements(path, fd, size, &array, &at));
    if (array.size_bytes > 0 && /* no elements cannot be mapped, and need not be */
        !lks_block_share(fd, at, array.size_bytes, writable, &elements))
        LKS_FAIL(LKS_IO, "cannot map %s: %s", path, strerror(errno));
    array.data = (void *)elements.data;
    *out = array;
    *block = elements;
cleanup:
    if (fd >= 0)
        close(fd);
    return st;
}
