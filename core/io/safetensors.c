#include "io/safetensors_format.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/alloc.h"
#include "base/try.h"
#include "io/reader.h"

typedef struct span {
    uint64_t begin, end;
} span;

/* While the header is read, an entry's place in the data is known but not the data. */
typedef struct item {
    lks_safetensors_entry entry; /* first: lks_safetensors_at gives it out */
    span span;
} item;

struct lks_safetensors {
    json_t *header; /* owns the names */
    item *items;    /* by place in the data */
    size_t n_items;
    void *data;    /* the file's, 64-byte aligned */
    void *aligned; /* copies of the arrays that lie there unaligned */
};

bool lks_safetensors_size_bytes(const lks_safetensors_entry *entry, size_t *out)
{
    size_t n_bytes = lks_dtype_size_bytes(entry->dtype);

    for (int d = 0; d < entry->ndim; d++)
        if (__builtin_mul_overflow(n_bytes, (size_t)entry->sizes[d], &n_bytes))
            return false;
    *out = n_bytes;
    return true;
}

/* ---- one entry ------------------------------------------------------------------- */

static lks_status read_dtype(const json_t *value, const char *file, const char *name,
                             lks_dtype *out)
{
    const char *dtype = json_string_value(value);

    if (!dtype)
        return lks_fail(LKS_FORMAT, "%s: '%s' has no \"dtype\" text", file, name);
    if (strlen(dtype) != json_string_length(value) ||
        !lks_dtype_from_safetensors_name(dtype, out))
        return lks_fail(LKS_FORMAT,
                        "%s: '%s' has dtype %s; known are F64 F32 F16 BF16 I64 I32 I16 "
                        "U8 BOOL",
                        file, name, dtype);
    return LKS_OK;
}

static bool is_count(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

static lks_status read_shape(const json_t *value, const char *file,
                             lks_safetensors_entry *entry)
{
    const size_t ndim = json_array_size(value);

    if (!json_is_array(value))
        return lks_fail(LKS_FORMAT, "%s: '%s' has no \"shape\" list", file, entry->name);
    if (ndim > LKS_SAFETENSORS_MAX_DIMS)
        return lks_fail(LKS_FORMAT, "%s: '%s' has %zu dimensions; at most %d are allowed",
                        file, entry->name, ndim, LKS_SAFETENSORS_MAX_DIMS);
    entry->ndim = (int)ndim;
    for (size_t d = 0; d < ndim; d++) {
        const json_t *size = json_array_get(value, d);

        if (!is_count(size))
            return lks_fail(LKS_FORMAT,
                            "%s: '%s' has a shape that is not of whole numbers "
                            "from 0 on",
                            file, entry->name);
        entry->sizes[d] = json_integer_value(size);
    }
    return LKS_OK;
}

static lks_status read_span(const json_t *value, const char *file, const char *name,
                            span *out)
{
    const json_t *begin = json_array_get(value, 0), *end = json_array_get(value, 1);

    if (json_array_size(value) != 2 || !is_count(begin) || !is_count(end) ||
        json_integer_value(begin) > json_integer_value(end))
        return lks_fail(
            LKS_FORMAT,
            "%s: '%s' has \"data_offsets\" that are not [begin, end] with 0 <= "
            "begin <= end",
            file, name);
    out->begin = (uint64_t)json_integer_value(begin);
    out->end = (uint64_t)json_integer_value(end);
    return LKS_OK;
}

static lks_status read_item(const char *name, const json_t *value, const char *file,
                            item *out)
{
    lks_safetensors_entry *entry = &out->entry;

    entry->name = name;
    if (!json_is_object(value))
        return lks_fail(LKS_FORMAT, "%s: '%s' is not described by an object", file, name);
    LKS_TRY(read_dtype(json_object_get(value, "dtype"), file, name, &entry->dtype));
    LKS_TRY(read_shape(json_object_get(value, "shape"), file, entry));
    LKS_TRY(read_span(json_object_get(value, "data_offsets"), file, name, &out->span));
    if (!lks_safetensors_size_bytes(entry, &entry->size_bytes))
        return lks_fail(LKS_FORMAT, "%s: '%s' has a shape that overflows", file, name);
    if (entry->size_bytes != out->span.end - out->span.begin)
        return lks_fail(LKS_FORMAT,
                        "%s: '%s' takes %zu bytes by shape and dtype but %llu by its "
                        "data_offsets",
                        file, name, entry->size_bytes,
                        (unsigned long long)(out->span.end - out->span.begin));
    return LKS_OK;
}

/* ---- the header ------------------------------------------------------------------ */

/* Metadata are not used, but a file of another kind must not pass. null is none: the Rust
 * library reads it so. */
static lks_status check_metadata(const json_t *metadata, const char *file)
{
    const char *key;
    json_t *value;

    if (json_is_null(metadata))
        return LKS_OK;
    if (!json_is_object(metadata))
        return lks_fail(LKS_FORMAT, "%s: " LKS_SAFETENSORS_METADATA " is not an object",
                        file);
    json_object_foreach((json_t *)metadata, key, value)
        if (!json_is_string(value))
            return lks_fail(LKS_FORMAT,
                            "%s: '%s' of " LKS_SAFETENSORS_METADATA " is not a text",
                            file, key);
    return LKS_OK;
}

static lks_status parse_json(const char *text, size_t n_bytes, const char *file,
                             json_t **out)
{
    json_error_t error;

    if (n_bytes == 0 || text[0] != '{')
        return lks_fail(LKS_FORMAT,
                        "%s: not a safetensors file: its header does not start "
                        "with '{'",
                        file);
    /* a zero byte may stand in metadata */
    *out = json_loadb(text, n_bytes, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (*out)
        return LKS_OK;
    if (json_error_code(&error) == json_error_out_of_memory)
        return lks_fail(LKS_NOMEM, "%s: no memory for its header", file);
    return lks_fail(LKS_FORMAT, "%s: header, byte %d: %s", file, error.position,
                    error.text);
}

static int by_place(const void *a, const void *b)
{
    const span p = ((const item *)a)->span, q = ((const item *)b)->span;

    if (p.begin != q.begin)
        return p.begin < q.begin ? -1 : 1;
    return p.end < q.end ? -1 : p.end > q.end;
}

/* Each array begins where the one before it ends. *n_data is where the last ends. */
static lks_status check_places(const lks_safetensors *self, const char *file,
                               uint64_t *n_data)
{
    uint64_t end = 0;

    for (size_t i = 0; i < self->n_items; i++) {
        const item *it = &self->items[i];

        if (it->span.begin < end)
            return lks_fail(LKS_FORMAT, "%s: '%s' and '%s' overlap", file,
                            self->items[i - 1].entry.name, it->entry.name);
        if (it->span.begin > end)
            return lks_fail(LKS_FORMAT, "%s: data bytes %llu to %llu belong to no array",
                            file, (unsigned long long)end,
                            (unsigned long long)it->span.begin);
        end = it->span.end;
    }
    *n_data = end;
    return LKS_OK;
}

static lks_status parse_header(lks_safetensors *self, const char *text, size_t n_bytes,
                               const char *file, uint64_t *n_data)
{
    const char *name;
    json_t *value;

    LKS_TRY(parse_json(text, n_bytes, file, &self->header));
    self->items = lks_calloc(json_object_size(self->header), sizeof *self->items);
    if (!self->items)
        return LKS_NOMEM;
    json_object_foreach(self->header, name, value) {
        if (strcmp(name, LKS_SAFETENSORS_METADATA) == 0)
            LKS_TRY(check_metadata(value, file));
        else
            LKS_TRY(read_item(name, value, file, &self->items[self->n_items++]));
    }
    qsort(self->items, self->n_items, sizeof *self->items, by_place);
    return check_places(self, file, n_data);
}

/* ---- the file -------------------------------------------------------------------- */

static lks_status read_header(lks_safetensors *self, lks_reader *reader, uint64_t *n_data)
{
    const char *file = lks_reader_name(reader);
    uint8_t prefix[8];
    uint64_t n_header = 0;
    char *text = NULL;
    lks_status st;

    LKS_GO(lks_reader_fill(reader, prefix, sizeof prefix));
    for (int i = 7; i >= 0; i--)
        n_header = n_header << 8 | prefix[i];
    if (n_header > LKS_SAFETENSORS_MAX_HEADER)
        LKS_FAIL(
            LKS_FORMAT,
            "%s: not a safetensors file: its header would have %llu bytes; at most %u "
            "are allowed",
            file, (unsigned long long)n_header, LKS_SAFETENSORS_MAX_HEADER);
    LKS_GO(lks_reader_expect(reader, n_header));
    if (!(text = lks_malloc(n_header)))
        LKS_GO(LKS_NOMEM);
    LKS_GO(lks_reader_fill(reader, text, n_header));
    LKS_GO(parse_header(self, text, n_header, file, n_data));
cleanup:
    lks_free(text);
    return st;
}

static bool is_unaligned(const item *it)
{
    return it->entry.size_bytes > 0 &&
           it->span.begin % lks_dtype_size_bytes(it->entry.dtype) != 0;
}

/* Point the entries at their data; those that other writers left unaligned get copies. */
static lks_status bind_data(lks_safetensors *self)
{
    size_t n_copied = 0;
    char *copy;

    for (size_t i = 0; i < self->n_items; i++)
        if (is_unaligned(&self->items[i]))
            n_copied += (self->items[i].entry.size_bytes + 7) / 8 * 8;
    if (n_copied > 0 && !(self->aligned = lks_malloc_aligned(n_copied)))
        return LKS_NOMEM;
    copy = self->aligned;
    for (size_t i = 0; i < self->n_items; i++) {
        item *it = &self->items[i];

        it->entry.data = (char *)self->data + it->span.begin;
        if (is_unaligned(it)) {
            it->entry.data = memcpy(copy, it->entry.data, it->entry.size_bytes);
            copy += (it->entry.size_bytes + 7) / 8 * 8;
        }
    }
    return LKS_OK;
}

static lks_status read_all(lks_reader *reader, lks_safetensors **out)
{
    lks_safetensors *self = NULL;
    uint64_t n_data;
    lks_status st;

    if (!(self = lks_calloc(1, sizeof *self)))
        LKS_GO(LKS_NOMEM);
    LKS_GO(read_header(self, reader, &n_data));
    LKS_GO(lks_reader_expect(reader, n_data));
    if (!(self->data = lks_malloc_aligned(n_data)))
        LKS_GO(LKS_NOMEM);
    LKS_GO(lks_reader_fill(reader, self->data, n_data));
    LKS_GO(lks_reader_expect_end(reader));
    LKS_GO(bind_data(self));
    *out = self;
    self = NULL;
cleanup:
    lks_safetensors_close(self);
    return st;
}

lks_status lks_safetensors_open(const char *path, lks_safetensors **out)
{
    lks_reader *reader;
    lks_status st;

    LKS_TRY(lks_reader_open(path, &reader));
    st = read_all(reader, out);
    lks_reader_destroy(reader);
    return st;
}

lks_status lks_safetensors_parse(const void *bytes, size_t n_bytes, const char *name,
                                 lks_safetensors **out)
{
    lks_reader *reader;
    lks_status st;

    LKS_TRY(lks_reader_of_memory(bytes, n_bytes, false, name, &reader));
    st = read_all(reader, out);
    lks_reader_destroy(reader);
    return st;
}

void lks_safetensors_close(lks_safetensors *file)
{
    if (!file)
        return;
    json_decref(file->header);
    lks_free(file->items);
    lks_free(file->data);
    lks_free(file->aligned);
    lks_free(file);
}

size_t lks_safetensors_count(const lks_safetensors *file)
{
    return file->n_items;
}

const lks_safetensors_entry *lks_safetensors_at(const lks_safetensors *file, size_t i)
{
    return &file->items[i].entry;
}

const lks_safetensors_entry *lks_safetensors_find(const lks_safetensors *file,
                                                  const char *name)
{
    for (size_t i = 0; i < file->n_items; i++)
        if (strcmp(file->items[i].entry.name, name) == 0)
            return &file->items[i].entry;
    return NULL;
}
