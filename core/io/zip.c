#include "io/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"
#include "io/zip_format.h"

enum { MAX_COMMENT = UINT16_MAX };

typedef struct member {
    const char *name; /* in the directory's memory */
    size_t n_name;
    uint64_t header_at, limit; /* its bytes begin there and end before this */
    uint64_t n_packed, size;
    uint32_t crc;
    unsigned method, flags;
} member;

struct lks_zip {
    char *name;
    int fd; /* -1: memory */
    const uint8_t *bytes;
    uint64_t size;
    char *directory;
    member *members;
    member **order; /* the same, sorted */
    size_t n_members;
};

/* Where the directory stands. */
typedef struct place {
    uint64_t at, n_bytes, n_members, end;
} place;

static uint64_t get(const void *bytes, size_t n)
{
    const uint8_t *from = bytes;
    uint64_t number = 0;

    while (n-- > 0)
        number = number << 8 | from[n];
    return number;
}

/* Bytes [at, at + n), which the archive has. */
static lks_status read_at(const lks_zip *zip, uint64_t at, void *out, size_t n)
{
    const lks_reader_part part = {.offset = at, .n_packed = n};
    lks_reader *reader;
    lks_status st;

    LKS_TRY(lks_reader_of_part(zip->fd, zip->bytes, &part, zip->name, &reader));
    st = lks_reader_fill(reader, out, n);
    lks_reader_destroy(reader);
    return st;
}

/* ---- the directory ---- */

/* The last record in tail[0..n) whose comment goes to the tail's end. */
static const uint8_t *search_end(const uint8_t *tail, size_t n)
{
    for (size_t comment = 0; comment + LKS_ZIP_END_SIZE <= n; comment++) {
        const uint8_t *record = tail + n - comment - LKS_ZIP_END_SIZE;

        if (get(record, 4) == LKS_ZIP_END && get(record + 20, 2) == comment)
            return record;
    }
    return NULL;
}

/* The end record, and where it is. */
static lks_status find_end(const lks_zip *zip, uint8_t end[LKS_ZIP_END_SIZE],
                           uint64_t *out)
{
    const uint64_t most = LKS_ZIP_END_SIZE + MAX_COMMENT;
    const size_t n = zip->size < most ? (size_t)zip->size : (size_t)most;
    uint8_t *tail = lks_malloc(n);
    const uint8_t *record;
    lks_status st;

    if (!tail)
        LKS_GO(LKS_NOMEM);
    LKS_GO(read_at(zip, zip->size - n, tail, n));
    if (!(record = search_end(tail, n)))
        LKS_FAIL(LKS_FORMAT,
                 "%s: not a zip archive, or one that was cut: it has no end record",
                 zip->name);
    memcpy(end, record, LKS_ZIP_END_SIZE);
    *out = zip->size - n + (uint64_t)(record - tail);
cleanup:
    lks_free(tail);
    return st;
}

/* The numbers of end64, where there is one. */
static lks_status read_end64(const lks_zip *zip, uint64_t end_at, place *out)
{
    uint8_t locator[LKS_ZIP_LOCATOR64_SIZE], end[LKS_ZIP_END64_SIZE];
    uint64_t at;

    if (end_at < sizeof locator + sizeof end)
        return LKS_OK;
    LKS_TRY(read_at(zip, end_at - sizeof locator, locator, sizeof locator));
    if (get(locator, 4) != LKS_ZIP_LOCATOR64)
        return LKS_OK;
    at = get(locator + 8, 8);
    if (at > end_at - sizeof locator - sizeof end)
        return lks_fail(LKS_FORMAT, "%s: the zip archive's end record is out of bounds",
                        zip->name);
    LKS_TRY(read_at(zip, at, end, sizeof end));
    if (get(end, 4) != LKS_ZIP_END64 || get(locator + 16, 4) != 1 ||
        get(end + 16, 8) != 0)
        return lks_fail(LKS_FORMAT,
                        "%s: the zip archive's end record is damaged, or it is one of "
                        "several files",
                        zip->name);
    *out = (place){
        .n_members = get(end + 32, 8),
        .n_bytes = get(end + 40, 8),
        .at = get(end + 48, 8),
        .end = at,
    };
    return LKS_OK;
}

static lks_status find_directory(const lks_zip *zip, place *out)
{
    uint8_t end[LKS_ZIP_END_SIZE];
    uint64_t end_at = 0;

    LKS_TRY(find_end(zip, end, &end_at));
    *out = (place){
        .n_members = get(end + 10, 2),
        .n_bytes = get(end + 12, 4),
        .at = get(end + 16, 4),
        .end = end_at,
    };
    LKS_TRY(read_end64(zip, end_at, out));
    if (out->end == end_at && get(end + 4, 4) != 0)
        return lks_fail(LKS_FORMAT, "%s: one of several files of a zip archive",
                        zip->name);
    if (out->at > out->end || out->n_bytes != out->end - out->at ||
        out->n_members > out->n_bytes / LKS_ZIP_DIRECTORY_SIZE)
        return lks_fail(
            LKS_FORMAT,
            "%s: the zip archive's directory is not where its end record says",
            zip->name);
    return LKS_OK;
}

/* Numbers that stand in an extra field because they are too large for their place. */
static bool read_extra64(const char *extra, size_t n, member *m)
{
    uint64_t *const numbers[] = {&m->size, &m->n_packed, &m->header_at};
    size_t at = 0, n_field = 0;

    while (n_field == 0 && n - at >= 4) {
        const bool is_wanted = get(extra + at, 2) == LKS_ZIP_EXTRA64;
        const size_t size = get(extra + at + 2, 2);

        at += 4;
        if (size > n - at)
            return false;
        if (is_wanted)
            n_field = size;
        else
            at += size;
    }
    for (int i = 0; i < 3; i++) {
        if (*numbers[i] != UINT32_MAX)
            continue;
        if (n_field < 8)
            return false;
        *numbers[i] = get(extra + at, 8);
        at += 8;
        n_field -= 8;
    }
    return true;
}

/* The entry at *from, which goes on to the next. Its name moves to its beginning, where
 * there is room for an end. */
static lks_status read_entry(const lks_zip *zip, char **from, const char *end,
                             member *out)
{
    char *entry = *from, *name = entry + LKS_ZIP_DIRECTORY_SIZE;
    size_t n_extra;

    if (end - entry < LKS_ZIP_DIRECTORY_SIZE || get(entry, 4) != LKS_ZIP_DIRECTORY)
        return lks_fail(LKS_FORMAT, "%s: the zip archive's directory is damaged",
                        zip->name);
    *out = (member){
        .name = entry,
        .n_name = get(entry + 28, 2),
        .header_at = get(entry + 42, 4),
        .n_packed = get(entry + 20, 4),
        .size = get(entry + 24, 4),
        .crc = (uint32_t)get(entry + 16, 4),
        .method = (unsigned)get(entry + 10, 2),
        .flags = (unsigned)get(entry + 8, 2),
    };
    n_extra = get(entry + 30, 2);
    if ((size_t)(end - name) < out->n_name + n_extra + get(entry + 32, 2) ||
        get(entry + 34, 2) != 0 || memchr(name, '\0', out->n_name) ||
        !read_extra64(name + out->n_name, n_extra, out))
        return lks_fail(LKS_FORMAT, "%s: the zip archive's directory is damaged",
                        zip->name);
    *from = name + out->n_name + n_extra + get(entry + 32, 2);
    memmove(entry, name, out->n_name);
    entry[out->n_name] = '\0';
    return LKS_OK;
}

static int by_place(const void *a, const void *b)
{
    const member *x = *(const member *const *)a, *y = *(const member *const *)b;

    return (x->header_at > y->header_at) - (x->header_at < y->header_at);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const member *const *)a)->name, (*(const member *const *)b)->name);
}

/* Members end before the next begins, and the last before the directory. */
static lks_status check_places(lks_zip *zip, uint64_t directory_at)
{
    member **order = zip->order;

    qsort(order, zip->n_members, sizeof(member *), by_place);
    for (size_t i = 0; i < zip->n_members; i++) {
        const uint64_t limit =
            i + 1 < zip->n_members ? order[i + 1]->header_at : directory_at;
        const uint64_t n_head = LKS_ZIP_LOCAL_SIZE + order[i]->n_name;

        if (limit > directory_at || order[i]->header_at > limit ||
            limit - order[i]->header_at < n_head ||
            limit - order[i]->header_at - n_head < order[i]->n_packed)
            return lks_fail(LKS_FORMAT,
                            "%s: member '%s' of the zip archive is out of "
                            "bounds or overlaps another",
                            zip->name, order[i]->name);
        order[i]->limit = limit;
    }
    return LKS_OK;
}

static lks_status check_names(lks_zip *zip)
{
    member **order = zip->order;

    qsort(order, zip->n_members, sizeof(member *), by_name);
    for (size_t i = 1; i < zip->n_members; i++)
        if (strcmp(order[i - 1]->name, order[i]->name) == 0)
            return lks_fail(LKS_FORMAT, "%s: the zip archive has two members '%s'",
                            zip->name, order[i]->name);
    return LKS_OK;
}

static lks_status read_members(lks_zip *zip, const place *directory)
{
    const size_t n = (size_t)directory->n_bytes;
    char *from;

    zip->directory = lks_malloc(n + 1);
    zip->members = lks_calloc((size_t)directory->n_members + 1, sizeof *zip->members);
    zip->order = lks_calloc((size_t)directory->n_members + 1, sizeof(member *));
    if (!zip->directory || !zip->members || !zip->order)
        return LKS_NOMEM;
    from = zip->directory;
    LKS_TRY(read_at(zip, directory->at, from, n));
    for (; zip->n_members < directory->n_members; zip->n_members++) {
        member *m = &zip->members[zip->n_members];

        LKS_TRY(read_entry(zip, &from, zip->directory + n, m));
        zip->order[zip->n_members] = m;
    }
    if (from != zip->directory + n)
        return lks_fail(LKS_FORMAT, "%s: the zip archive's directory is damaged",
                        zip->name);
    LKS_TRY(check_places(zip, directory->at));
    return check_names(zip);
}

/* ---- archives ---- */

static lks_status create(const char *name, lks_zip **out)
{
    lks_zip *zip = lks_calloc(1, sizeof *zip);

    if (!zip)
        return LKS_NOMEM;
    zip->fd = -1;
    *out = zip;
    return (zip->name = lks_strdup(name)) ? LKS_OK : LKS_NOMEM;
}

static lks_status open_file(lks_zip *zip)
{
    struct stat info;

    zip->fd = open(zip->name, O_RDONLY | O_CLOEXEC);
    if (zip->fd < 0)
        return lks_fail(LKS_IO, "cannot open %s: %s", zip->name, strerror(errno));
    if (fstat(zip->fd, &info) != 0)
        return lks_fail(LKS_IO, "cannot read %s: %s", zip->name, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return lks_fail(LKS_IO, "cannot read %s: a zip archive has to be a plain file",
                        zip->name);
    zip->size = (uint64_t)info.st_size;
    return LKS_OK;
}

static lks_status read_directory(lks_zip *zip)
{
    place directory;

    LKS_TRY(find_directory(zip, &directory));
    return read_members(zip, &directory);
}

lks_status lks_zip_open(const char *path, lks_zip **out)
{
    lks_zip *zip = NULL;
    lks_status st;

    LKS_GO(create(path, &zip));
    LKS_GO(open_file(zip));
    LKS_GO(read_directory(zip));
    *out = zip;
    zip = NULL;
cleanup:
    lks_zip_destroy(zip);
    return st;
}

lks_status lks_zip_of_memory(const void *bytes, size_t n_bytes, const char *name,
                             lks_zip **out)
{
    lks_zip *zip = NULL;
    lks_status st;

    LKS_GO(create(name, &zip));
    zip->bytes = bytes ? bytes : (const void *)"";
    zip->size = n_bytes;
    LKS_GO(read_directory(zip));
    *out = zip;
    zip = NULL;
cleanup:
    lks_zip_destroy(zip);
    return st;
}

void lks_zip_destroy(lks_zip *zip)
{
    if (!zip)
        return;
    if (zip->fd >= 0)
        close(zip->fd);
    lks_free(zip->order);
    lks_free(zip->members);
    lks_free(zip->directory);
    lks_free(zip->name);
    lks_free(zip);
}

size_t lks_zip_n_members(const lks_zip *zip)
{
    return zip->n_members;
}

const char *lks_zip_member(const lks_zip *zip, size_t i)
{
    return zip->members[i].name;
}

/* ---- members ---- */

static lks_status check_readable(const member *m, const char *name)
{
    if (m->flags & LKS_ZIP_ENCRYPTED)
        return lks_fail(LKS_FORMAT, "%s: it is encrypted", name);
    if (m->method != LKS_ZIP_STORED && m->method != LKS_ZIP_DEFLATED)
        return lks_fail(LKS_FORMAT,
                        "%s: compressed by zip's method %u; stored and deflated are read",
                        name, m->method);
    if (m->method == LKS_ZIP_STORED && m->n_packed != m->size)
        return lks_fail(LKS_FORMAT, "%s: its archive says it has %llu and %llu bytes",
                        name, (unsigned long long)m->n_packed,
                        (unsigned long long)m->size);
    return LKS_OK;
}

/* Where the member's bytes begin: behind a header of its own, of the same name. */
static lks_status find_bytes(const lks_zip *zip, const member *m, const char *name,
                             uint64_t *out)
{
    uint8_t head[LKS_ZIP_LOCAL_SIZE];
    uint64_t n_head;

    LKS_TRY(read_at(zip, m->header_at, head, sizeof head));
    n_head = sizeof head + get(head + 26, 2) + get(head + 28, 2);
    if (get(head, 4) != LKS_ZIP_LOCAL || get(head + 26, 2) != m->n_name ||
        n_head > m->limit - m->header_at ||
        m->n_packed > m->limit - m->header_at - n_head)
        return lks_fail(LKS_FORMAT, "%s: it is not where its archive says", name);
    *out = m->header_at + n_head;
    return LKS_OK;
}

static lks_status check_name(const lks_zip *zip, const member *m, const char *name)
{
    char *there = lks_malloc(m->n_name + 1);
    lks_status st;

    if (!there)
        LKS_GO(LKS_NOMEM);
    LKS_GO(read_at(zip, m->header_at + LKS_ZIP_LOCAL_SIZE, there, m->n_name));
    if (memcmp(there, m->name, m->n_name) != 0)
        LKS_FAIL(LKS_FORMAT, "%s: its archive has another name for it", name);
cleanup:
    lks_free(there);
    return st;
}

lks_status lks_zip_read(const lks_zip *zip, size_t i, const char *name, lks_reader **out)
{
    const member *m = &zip->members[i];
    lks_reader_part part = {
        .n_packed = m->n_packed,
        .deflated = m->method == LKS_ZIP_DEFLATED,
        .size = m->size,
        .crc = m->crc,
    };

    LKS_TRY(check_readable(m, name));
    LKS_TRY(find_bytes(zip, m, name, &part.offset));
    LKS_TRY(check_name(zip, m, name));
    return lks_reader_of_part(zip->fd, zip->bytes, &part, name, out);
}
