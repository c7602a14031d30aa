#include "io/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZLIB_CONST /* zlib does not write to its input */
#include <zlib.h>

#include "base/alloc.h"
#include "base/try.h"

enum {
    INPUT_SIZE = 1 << 20,
    GZIP_WINDOW_BITS = 15 + 16, /* zlib: 16 asks for the gzip wrapper */
    RAW_WINDOW_BITS = -15,      /* … and below 0 for none */
    GZIP_MAX_RATIO = 1032,      /* deflate's best; zlib.net/zlib_tech.html */
    CHUNK = 1 << 20,            /* of mapped bytes that are looked at and let go of */
};

struct lks_reader {
    char *name;
    int fd; /* -1: memory */
    const uint8_t *bytes;
    uint64_t raw_left;   /* bytes of the source not yet read, if known */
    bool raw_left_known; /* false for pipes */
    bool is_part;        /* of what is the caller's */
    lks_reader_part part;
    uint64_t raw_at; /* a part's: where its next byte stands in the file */
    uint32_t crc;    /* a part's, of what was delivered */
    bool gzip;       /* compressed: a part of deflated bytes counts as one member */
    bool in_member;  /* a gzip member began whose end has not come yet */
    bool any_member; /* one has ended */
    bool cut;        /* the source ended inside a member */
    z_stream inflater;
    uint8_t *input;       /* [INPUT_SIZE], for gzip files */
    uint64_t n_delivered; /* decompressed */
};

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), n_end = strlen(end);

    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

/* Says so where train.gz lies beside a missing train, and the other way round. */
static lks_status fail_missing(const char *path)
{
    const int cause = errno;
    const bool gzip = ends_with(path, ".gz");
    const size_t n = strlen(path);
    char *other = gzip ? lks_strdup(path) : lks_asprintf("%s.gz", path);

    if (!other)
        return LKS_NOMEM;
    if (gzip)
        other[n - 3] = '\0';
    if (cause == ENOENT && access(other, R_OK) == 0)
        lks_fail(LKS_IO, "cannot open %s: %s; there is %s", path, strerror(cause), other);
    else
        lks_fail(LKS_IO, "cannot open %s: %s", path, strerror(cause));
    lks_free(other);
    return LKS_IO;
}

static lks_status create(const char *name, bool gzip, int window_bits, lks_reader **out)
{
    lks_reader *reader = lks_calloc(1, sizeof *reader);
    lks_status st = LKS_OK;

    if (!reader)
        return LKS_NOMEM;
    reader->fd = -1;
    if (!(reader->name = lks_strdup(name)))
        LKS_GO(LKS_NOMEM);
    if (gzip) {
        if (inflateInit2(&reader->inflater, window_bits) != Z_OK)
            LKS_FAIL(LKS_NOMEM, "%s: no memory to decompress", name);
        reader->gzip = true;
    }
    *out = reader;
    reader = NULL;
cleanup:
    lks_reader_destroy(reader);
    return st;
}

lks_status lks_reader_open(const char *path, lks_reader **out)
{
    lks_reader *reader = NULL;
    struct stat info;
    lks_status st;

    LKS_GO(create(path, ends_with(path, ".gz"), GZIP_WINDOW_BITS, &reader));
    if (reader->gzip && !(reader->input = lks_malloc(INPUT_SIZE)))
        LKS_GO(LKS_NOMEM);
    reader->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (reader->fd < 0)
        LKS_GO(fail_missing(path));
    if (fstat(reader->fd, &info) != 0)
        LKS_FAIL(LKS_IO, "cannot read %s: %s", path, strerror(errno));
    if (S_ISDIR(info.st_mode))
        LKS_FAIL(LKS_IO, "cannot read %s: %s", path, strerror(EISDIR));
    if (S_ISREG(info.st_mode)) {
        reader->raw_left_known = true;
        reader->raw_left = (uint64_t)info.st_size;
    }
    *out = reader;
    reader = NULL;
cleanup:
    lks_reader_destroy(reader);
    return st;
}

lks_status lks_reader_of_memory(const void *bytes, size_t n_bytes, bool gzip,
                                const char *name, lks_reader **out)
{
    lks_reader *reader = NULL;

    LKS_TRY(create(name, gzip, GZIP_WINDOW_BITS, &reader));
    reader->bytes = n_bytes ? bytes : (const void *)"";
    reader->raw_left = n_bytes;
    reader->raw_left_known = true;
    *out = reader;
    return LKS_OK;
}

lks_status lks_reader_of_part(int fd, const void *bytes, const lks_reader_part *part,
                              const char *name, lks_reader **out)
{
    lks_reader *reader = NULL;
    lks_status st;

    LKS_GO(create(name, part->deflated, RAW_WINDOW_BITS, &reader));
    reader->is_part = true;
    reader->part = *part;
    reader->fd = fd;
    if (fd < 0)
        reader->bytes = (const uint8_t *)bytes + part->offset;
    else if (part->deflated && !(reader->input = lks_malloc(INPUT_SIZE)))
        LKS_GO(LKS_NOMEM);
    reader->raw_at = part->offset;
    reader->raw_left = part->n_packed;
    reader->raw_left_known = true;
    *out = reader;
    reader = NULL;
cleanup:
    lks_reader_destroy(reader);
    return st;
}

void lks_reader_destroy(lks_reader *reader)
{
    if (!reader)
        return;
    if (reader->gzip)
        inflateEnd(&reader->inflater);
    if (reader->fd >= 0 && !reader->is_part)
        close(reader->fd);
    lks_free(reader->input);
    lks_free(reader->name);
    lks_free(reader);
}

const char *lks_reader_name(const lks_reader *reader)
{
    return reader->name;
}

uint64_t lks_reader_at(const lks_reader *reader)
{
    return reader->n_delivered;
}

/* Bytes of the source as it is; *n_read is 0 only at its end. */
static lks_status read_raw(lks_reader *reader, uint8_t *out, size_t n_bytes,
                           size_t *n_read)
{
    ssize_t n;

    if (reader->fd < 0) {
        *n_read = n_bytes < reader->raw_left ? n_bytes : (size_t)reader->raw_left;
        if (*n_read > 0)
            memcpy(out, reader->bytes, *n_read);
        reader->bytes += *n_read;
        reader->raw_left -= *n_read;
        return LKS_OK;
    }
    if (reader->is_part && n_bytes > reader->raw_left)
        n_bytes = (size_t)reader->raw_left;
    do {
        n = reader->is_part ? pread(reader->fd, out, n_bytes, (off_t)reader->raw_at)
                            : read(reader->fd, out, n_bytes);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return lks_fail(LKS_IO, "cannot read %s: %s", reader->name, strerror(errno));
    reader->raw_at += (uint64_t)n;
    reader->raw_left -= reader->raw_left < (uint64_t)n ? reader->raw_left : (uint64_t)n;
    *n_read = (size_t)n;
    return LKS_OK;
}

/* Give the inflater more input; it has none left. At the source's end it stays empty. */
static lks_status refill(lks_reader *reader)
{
    z_stream *z = &reader->inflater;
    size_t n;

    if (reader->fd < 0) {
        n = reader->raw_left < UINT32_MAX ? (size_t)reader->raw_left : UINT32_MAX;
        z->next_in = reader->bytes;
        reader->bytes += n;
        reader->raw_left -= n;
    } else {
        LKS_TRY(read_raw(reader, reader->input, INPUT_SIZE, &n));
        z->next_in = reader->input;
    }
    z->avail_in = (uInt)n;
    return LKS_OK;
}

static lks_status fail_inflate(const lks_reader *reader, int code)
{
    const char *why = reader->inflater.msg ? reader->inflater.msg : zError(code);

    if (code == Z_MEM_ERROR)
        return lks_fail(LKS_NOMEM, "%s: no memory to decompress", reader->name);
    if (reader->is_part)
        return lks_fail(LKS_FORMAT, "%s: damaged compressed data (%s)", reader->name,
                        why);
    if (!reader->any_member && strcmp(why, "incorrect header check") == 0)
        return lks_fail(LKS_FORMAT, "%s: not a gzip file", reader->name);
    return lks_fail(LKS_FORMAT, "%s: damaged gzip data (%s)", reader->name, why);
}

/* The inflater has no input and the source no more of it. */
static lks_status end_gzip(lks_reader *reader)
{
    if (!reader->in_member && !reader->any_member && !reader->is_part)
        return lks_fail(LKS_FORMAT, "%s: not a gzip file (empty)", reader->name);
    reader->cut = reader->in_member || !reader->any_member;
    return LKS_OK;
}

/* A part is one member, and what follows it is no more of it. */
static bool is_over(const lks_reader *reader)
{
    return reader->is_part && reader->any_member;
}

/* Zeros behind a member are padding, of a tape or of a download in whole blocks; another
 * member may follow them.
 * source: gzip's manual, "Using gzip on tapes"; Python's gzip reads the same */
static void skip_padding(lks_reader *reader)
{
    z_stream *z = &reader->inflater;

    if (!reader->any_member || reader->in_member || reader->is_part)
        return;
    for (; z->avail_in > 0 && *z->next_in == 0; z->avail_in--)
        z->next_in++;
}

/* More input for the inflater if it has none left; none comes only at the source's end.
 */
static lks_status provide_input(lks_reader *reader)
{
    for (;;) {
        skip_padding(reader);
        if (reader->inflater.avail_in > 0)
            return LKS_OK;
        LKS_TRY(refill(reader));
        if (reader->inflater.avail_in == 0)
            return LKS_OK;
    }
}

/* Some decompressed bytes, at most n_bytes; *n_read is 0 only at the end. */
static lks_status read_gzip(lks_reader *reader, uint8_t *out, size_t n_bytes,
                            size_t *n_read)
{
    z_stream *z = &reader->inflater;

    z->next_out = out;
    z->avail_out = n_bytes < UINT32_MAX ? (uInt)n_bytes : UINT32_MAX;
    *n_read = 0;
    while (z->next_out == out && !is_over(reader)) {
        int code;

        LKS_TRY(provide_input(reader));
        if (z->avail_in == 0)
            return end_gzip(reader);
        code = inflate(z, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END)
            return fail_inflate(reader, code);
        reader->in_member = code == Z_OK;
        if (code == Z_STREAM_END) { /* another member may follow (RFC 1952, 2.2) */
            reader->any_member = true;
            if (!reader->is_part)
                inflateReset(z);
        }
    }
    *n_read = (size_t)(z->next_out - out);
    return LKS_OK;
}

static lks_status read_up_to(lks_reader *reader, void *out, size_t n_bytes,
                             size_t *n_read)
{
    uint8_t *to = out;
    size_t n_done = 0, n = 1;

    while (n_done < n_bytes && n > 0) {
        if (reader->gzip)
            LKS_TRY(read_gzip(reader, to + n_done, n_bytes - n_done, &n));
        else
            LKS_TRY(read_raw(reader, to + n_done, n_bytes - n_done, &n));
        n_done += n;
    }
    if (reader->is_part)
        reader->crc = (uint32_t)crc32_z(reader->crc, out, n_done);
    reader->n_delivered += n_done;
    *n_read = n_done;
    return LKS_OK;
}

static lks_status fail_short(const lks_reader *reader, uint64_t n_have, uint64_t n_want)
{
    return lks_fail(LKS_IO, "%s: file ends after %llu of %llu bytes%s", reader->name,
                    (unsigned long long)n_have, (unsigned long long)n_want,
                    reader->gzip ? " (decompressed)" : "");
}

lks_status lks_reader_read(lks_reader *reader, void *out, size_t n_bytes, size_t *n_read)
{
    LKS_TRY(read_up_to(reader, out, n_bytes, n_read));
    if (*n_read < n_bytes && reader->cut)
        return lks_fail(LKS_IO, "%s: file ends within its gzip data, after %llu bytes",
                        reader->name, (unsigned long long)reader->n_delivered);
    return LKS_OK;
}

lks_status lks_reader_fill(lks_reader *reader, void *out, size_t n_bytes)
{
    const uint64_t n_want = reader->n_delivered + n_bytes;
    size_t n_read;

    LKS_TRY(read_up_to(reader, out, n_bytes, &n_read));
    return n_read == n_bytes ? LKS_OK : fail_short(reader, reader->n_delivered, n_want);
}

lks_status lks_reader_expect(lks_reader *reader, uint64_t n_bytes)
{
    uint64_t n_most = reader->raw_left, n_want;

    if (__builtin_add_overflow(reader->n_delivered, n_bytes, &n_want))
        n_want = UINT64_MAX;
    if (!reader->raw_left_known)
        return LKS_OK;
    if (!reader->gzip)
        return n_bytes <= n_most
                   ? LKS_OK
                   : fail_short(reader, reader->n_delivered + n_most, n_want);
    /* The inflater may hold one block's worth of output beyond its input. */
    if (__builtin_mul_overflow(n_most + reader->inflater.avail_in + 1, GZIP_MAX_RATIO,
                               &n_most) ||
        n_bytes <= n_most)
        return LKS_OK;
    return lks_fail(LKS_IO, "%s: file is too short for the %llu bytes it should hold",
                    reader->name, (unsigned long long)n_want);
}

/* ---- blocks ---- */

/* Where a plain file's next byte stands. */
static uint64_t place(const lks_reader *reader)
{
    return reader->is_part ? reader->raw_at : reader->n_delivered;
}

/* Go on behind n_bytes of a plain file, which are in `block`. */
static bool step_over(lks_reader *reader, const lks_block *block)
{
    size_t n;

    if (!reader->is_part)
        return lseek(reader->fd, (off_t)block->size, SEEK_CUR) >= 0;
    for (size_t at = 0; at < block->size; at += n) {
        n = block->size - at < CHUNK ? block->size - at : CHUNK;
        reader->crc = (uint32_t)crc32_z(reader->crc, block->data + at, n);
        lks_block_let_go(block, at, at + n);
    }
    reader->raw_at += block->size;
    return true;
}

/* A plain file's next n_bytes, which it has. False: they have to be read. */
static bool map_next(lks_reader *reader, uint64_t n_bytes, lks_block *out)
{
    if (reader->fd < 0 || reader->gzip || !reader->raw_left_known ||
        n_bytes > reader->raw_left ||
        !lks_block_map(reader->fd, place(reader), n_bytes, out))
        return false;
    if (!step_over(reader, out)) {
        lks_block_release(out);
        return false;
    }
    reader->n_delivered += n_bytes;
    reader->raw_left -= n_bytes;
    return true;
}

lks_status lks_reader_take(lks_reader *reader, uint64_t n_bytes, size_t alignment,
                           lks_block *out)
{
    void *memory;
    lks_status st;

    LKS_TRY(lks_reader_expect(reader, n_bytes));
    if (place(reader) % alignment == 0 && map_next(reader, n_bytes, out))
        return LKS_OK;
    if (!(memory = lks_malloc_aligned(n_bytes)))
        return LKS_NOMEM;
    if ((st = lks_reader_fill(reader, memory, n_bytes)) == LKS_OK)
        *out = lks_block_of_memory(memory, n_bytes);
    else
        lks_free(memory);
    return st;
}

/* Nobody knows how much it is: memory doubles. */
static lks_status read_rest(lks_reader *reader, lks_block *out)
{
    size_t capacity = 0, size = 0, n;
    char *memory = NULL;
    lks_status st;

    do {
        char *more;

        capacity = capacity > 0 ? 2 * capacity : INPUT_SIZE;
        if (!(more = lks_realloc(memory, capacity, 1)))
            LKS_GO(LKS_NOMEM);
        memory = more;
        LKS_GO(lks_reader_read(reader, memory + size, capacity - size, &n));
        size += n;
    } while (size == capacity);
    *out = lks_block_of_memory(memory, size);
    memory = NULL;
cleanup:
    lks_free(memory);
    return st;
}

lks_status lks_reader_take_rest(lks_reader *reader, lks_block *out)
{
    return map_next(reader, reader->raw_left, out) ? LKS_OK : read_rest(reader, out);
}

/* At a part's end: it is what the archive says it is. */
static lks_status check_part(const lks_reader *reader)
{
    const lks_reader_part *part = &reader->part;

    if (reader->n_delivered != part->size)
        return lks_fail(LKS_FORMAT,
                        "%s: has %llu bytes, not the %llu that its archive says",
                        reader->name, (unsigned long long)reader->n_delivered,
                        (unsigned long long)part->size);
    if (reader->raw_left > 0 || reader->inflater.avail_in > 0)
        return lks_fail(LKS_FORMAT, "%s: bytes are left behind its compressed data",
                        reader->name);
    if (reader->crc != part->crc)
        return lks_fail(LKS_FORMAT,
                        "%s: damaged: its CRC-32 is %08x, but its archive says %08x",
                        reader->name, reader->crc, part->crc);
    return LKS_OK;
}

lks_status lks_reader_expect_end(lks_reader *reader)
{
    const uint64_t n_before = reader->n_delivered;
    uint8_t byte;
    size_t n;

    LKS_TRY(lks_reader_read(reader, &byte, 1, &n));
    if (n > 0)
        return lks_fail(LKS_FORMAT,
                        "%s: file goes on after the %llu bytes it should have",
                        reader->name, (unsigned long long)n_before);
    return reader->is_part ? check_part(reader) : LKS_OK;
}
