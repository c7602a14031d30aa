#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST /* zlib does not write to its input */
#include <zlib.h>

#include "base/alloc.h"
#include "base/try.h"
#include "io/zip.h"
#include "io/zip_format.h"

/* Numbers always stand in the fields for large ones, so that there is one way and every
 * archive tests it. */
enum {
    VERSION = 45, /* that has these fields */
    MADE_BY = 3 << 8 | VERSION,
    MODE = 0600,       /* of files unpacked from it, where that is asked; numpy.savez's */
    DATE = 1 << 5 | 1, /* 1980-01-01, as numpy.savez: no time of its own */
    LOCAL_EXTRA = 4 + 2 * 8,
    DIRECTORY_EXTRA = 4 + 3 * 8,
    PADDING = 0xd935, /* the extra field that aligns; Android's zipalign */
    PADDING_HEAD = 4 + 2,
    MAX_NAME = UINT16_MAX - LOCAL_EXTRA - PADDING_HEAD - LKS_ZIP_ALIGNMENT,
    RAW_WINDOW_BITS = -15, /* deflate without a wrapper */
    MEMORY_LEVEL = 8,      /* zlib's default */
};

/* A member as it is written. */
typedef struct packed {
    const lks_zip_entry *entry;
    size_t n_name;
    uint64_t at, size, n_bytes;
    uint32_t crc;
    unsigned char *head; /* local header, name, extra fields */
    size_t n_head;
    unsigned char *deflated; /* NULL: stored */
} packed;

static unsigned char *put(unsigned char *at, uint64_t number, size_t n)
{
    for (; n > 0; n--, number >>= 8)
        *at++ = (unsigned char)number;
    return at;
}

static unsigned char *put_text(unsigned char *at, const char *text, size_t n)
{
    memcpy(at, text, n);
    return at + n;
}

static unsigned flags_of(const char *name)
{
    for (; *name; name++)
        if ((unsigned char)*name >= 0x80)
            return LKS_ZIP_IS_UTF8;
    return 0;
}

/* What local header and directory have in common. */
static unsigned char *put_common(unsigned char *at, const packed *p, size_t n_extra)
{
    at = put(at, VERSION, 2);
    at = put(at, flags_of(p->entry->name), 2);
    at = put(at, p->deflated ? LKS_ZIP_DEFLATED : LKS_ZIP_STORED, 2);
    at = put(at, 0, 2);
    at = put(at, DATE, 2);
    at = put(at, p->crc, 4);
    at = put(at, UINT32_MAX, 4); /* both sizes are in the extra field */
    at = put(at, UINT32_MAX, 4);
    at = put(at, p->n_name, 2);
    return put(at, n_extra, 2);
}

static unsigned char *put_extra64(unsigned char *at, const packed *p, size_t n_extra)
{
    at = put(at, LKS_ZIP_EXTRA64, 2);
    at = put(at, n_extra - 4, 2);
    at = put(at, p->size, 8);
    return put(at, p->n_bytes, 8);
}

static lks_status make_head(packed *p)
{
    const size_t n = LKS_ZIP_LOCAL_SIZE + p->n_name + LOCAL_EXTRA;
    size_t n_padding = 0;
    unsigned char *at;

    if (!p->deflated)
        n_padding =
            PADDING_HEAD + (size_t)(-(p->at + n + PADDING_HEAD) % LKS_ZIP_ALIGNMENT);
    if (!(p->head = at = lks_calloc(1, n + n_padding)))
        return LKS_NOMEM;
    p->n_head = n + n_padding;
    at = put(at, LKS_ZIP_LOCAL, 4);
    at = put_common(at, p, LOCAL_EXTRA + n_padding);
    at = put_text(at, p->entry->name, p->n_name);
    at = put_extra64(at, p, LOCAL_EXTRA);
    if (n_padding > 0) {
        at = put(at, PADDING, 2);
        at = put(at, n_padding - 4, 2);
        put(at, LKS_ZIP_ALIGNMENT, 2);
    }
    return LKS_OK;
}

/* ---- contents ---- */

/* All of `bytes` through the deflater, whose output has room for the most there can be. */
static int deflate_all(z_stream *z, lks_bytes bytes, unsigned char *out, size_t room,
                       bool is_last)
{
    const unsigned char *from = bytes.data;
    size_t left = bytes.n_bytes;
    int code;

    do {
        const size_t n = left < UINT32_MAX ? left : UINT32_MAX;
        const size_t n_free = room - (size_t)(z->next_out - out);

        if (z->avail_in == 0) {
            z->next_in = from;
            z->avail_in = (uInt)n;
            from += n;
            left -= n;
        }
        z->avail_out = n_free < UINT32_MAX ? (uInt)n_free : UINT32_MAX;
        code = deflate(z, is_last && left == 0 ? Z_FINISH : Z_NO_FLUSH);
    } while (code == Z_OK && (left > 0 || z->avail_in > 0 || is_last));
    return code;
}

static lks_status deflate_parts(packed *p)
{
    z_stream z = {0};
    size_t room;
    int code = Z_OK;

    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW_WINDOW_BITS, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return lks_fail(LKS_NOMEM, "no memory to compress '%s'", p->entry->name);
    room = deflateBound(&z, p->size);
    if (!(p->deflated = lks_malloc(room))) {
        deflateEnd(&z);
        return LKS_NOMEM;
    }
    z.next_out = p->deflated;
    for (int i = 0; i < LKS_ZIP_PARTS && code == Z_OK; i++)
        if (p->entry->parts[i].n_bytes > 0 || i == LKS_ZIP_PARTS - 1)
            code = deflate_all(&z, p->entry->parts[i], p->deflated, room,
                               i == LKS_ZIP_PARTS - 1);
    p->n_bytes = (uint64_t)(z.next_out - p->deflated);
    deflateEnd(&z);
    return code == Z_STREAM_END ? LKS_OK
                                : lks_fail(LKS_NOMEM, "cannot compress '%s': %s",
                                           p->entry->name, zError(code));
}

static lks_status pack(const lks_zip_entry *entry, uint64_t at, bool deflated, packed *p)
{
    *p = (packed){.entry = entry, .n_name = strlen(entry->name), .at = at};
    for (int i = 0; i < LKS_ZIP_PARTS; i++) {
        const lks_bytes *part = &entry->parts[i];

        if (part->n_bytes > 0) /* crc32 of NULL would start anew */
            p->crc = (uint32_t)crc32_z(p->crc, part->data, part->n_bytes);
        p->size += part->n_bytes;
    }
    p->n_bytes = p->size;
    if (deflated)
        LKS_TRY(deflate_parts(p));
    return make_head(p);
}

/* ---- the directory ---- */

static unsigned char *put_entry(unsigned char *at, const packed *p)
{
    at = put(at, LKS_ZIP_DIRECTORY, 4);
    at = put(at, MADE_BY, 2);
    at = put_common(at, p, DIRECTORY_EXTRA);
    at = put(at, 0, 2 + 2 + 2); /* comment, disk, kind of text */
    at = put(at, (uint64_t)MODE << 16, 4);
    at = put(at, UINT32_MAX, 4); /* where it is: in the extra field too */
    at = put_text(at, p->entry->name, p->n_name);
    at = put_extra64(at, p, DIRECTORY_EXTRA);
    return put(at, p->at, 8);
}

static unsigned char *put_ends(unsigned char *at, size_t n_members, uint64_t directory_at,
                               uint64_t n_bytes)
{
    at = put(at, LKS_ZIP_END64, 4);
    at = put(at, LKS_ZIP_END64_SIZE - 12, 8); /* of what follows */
    at = put(at, MADE_BY, 2);
    at = put(at, VERSION, 2);
    at = put(at, 0, 8); /* disks */
    at = put(at, n_members, 8);
    at = put(at, n_members, 8);
    at = put(at, n_bytes, 8);
    at = put(at, directory_at, 8);
    at = put(at, LKS_ZIP_LOCATOR64, 4);
    at = put(at, 0, 4);
    at = put(at, directory_at + n_bytes, 8);
    at = put(at, 1, 4);
    at = put(at, LKS_ZIP_END, 4);
    at = put(at, 0, 4);
    at = put(at, UINT64_MAX, 8); /* all of it stands in end64 */
    at = put(at, UINT32_MAX, 4);
    return put(at, 0, 2);
}

static lks_status make_directory(const packed *members, size_t n, uint64_t at,
                                 lks_bytes *out)
{
    size_t n_bytes = 0;
    unsigned char *bytes, *end;

    for (size_t i = 0; i < n; i++)
        n_bytes += LKS_ZIP_DIRECTORY_SIZE + members[i].n_name + DIRECTORY_EXTRA;
    bytes = end = lks_malloc(n_bytes + LKS_ZIP_END64_SIZE + LKS_ZIP_LOCATOR64_SIZE +
                             LKS_ZIP_END_SIZE);
    if (!bytes)
        return LKS_NOMEM;
    for (size_t i = 0; i < n; i++)
        end = put_entry(end, &members[i]);
    end = put_ends(end, n, at, n_bytes);
    *out = (lks_bytes){bytes, (size_t)(end - bytes)};
    return LKS_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const lks_zip_entry *const *)a)->name,
                  (*(const lks_zip_entry *const *)b)->name);
}

static lks_status check_names(const lks_zip_entry *entries, size_t n)
{
    const lks_zip_entry **order = lks_calloc(n + 1, sizeof *order);
    lks_status st = LKS_OK;

    if (!order)
        return LKS_NOMEM;
    for (size_t i = 0; i < n; i++) {
        const size_t n_name = strlen(entries[i].name);

        if (n_name == 0 || n_name > MAX_NAME)
            LKS_FAIL(LKS_INVALID, "a name of %zu bytes does not go into a zip archive",
                     n_name);
        order[i] = &entries[i];
    }
    qsort(order, n, sizeof(const lks_zip_entry *), by_name);
    for (size_t i = 1; i < n; i++)
        if (strcmp(order[i - 1]->name, order[i]->name) == 0)
            LKS_FAIL(LKS_INVALID, "'%s' comes twice", order[i]->name);
cleanup:
    lks_free(order);
    return st;
}

/* Head and contents of each member, then the directory. */
static void list_parts(const packed *members, size_t n, lks_bytes directory,
                       lks_bytes *parts)
{
    for (size_t i = 0; i < n; i++) {
        const packed *p = &members[i];

        *parts++ = (lks_bytes){p->head, p->n_head};
        for (int k = 0; k < LKS_ZIP_PARTS; k++)
            *parts++ = !p->deflated ? p->entry->parts[k]
                       : k == 0     ? (lks_bytes){p->deflated, p->n_bytes}
                                    : (lks_bytes){NULL, 0};
    }
    *parts = directory;
}

lks_status lks_zip_write(const char *path, const lks_zip_entry *entries, size_t n,
                         bool deflated)
{
    const size_t n_parts = (1 + LKS_ZIP_PARTS) * n + 1;
    packed *members = lks_calloc(n + 1, sizeof *members);
    lks_bytes *parts = lks_calloc(n_parts, sizeof *parts), directory = {0};
    uint64_t at = 0;
    lks_status st;

    if (!members || !parts)
        LKS_GO(LKS_NOMEM);
    LKS_GO(check_names(entries, n));
    for (size_t i = 0; i < n; i++) {
        LKS_GO(pack(&entries[i], at, deflated, &members[i]));
        at += members[i].n_head + members[i].n_bytes;
    }
    LKS_GO(make_directory(members, n, at, &directory));
    list_parts(members, n, directory, parts);
    LKS_GO(lks_file_replace(path, parts, n_parts));
cleanup:
    for (size_t i = 0; members && i < n; i++) {
        lks_free(members[i].head);
        lks_free(members[i].deflated);
    }
    lks_free((void *)directory.data);
    lks_free(parts);
    lks_free(members);
    return st;
}
