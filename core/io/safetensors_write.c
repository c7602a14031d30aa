#include "io/safetensors_format.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/alloc.h"
#include "base/try.h"
#include "io/replace.h"

/* Widest first, so that all data are aligned; then by name, so that the entries' order
 * does not matter. */
static int by_width_and_name(const void *a, const void *b)
{
    const lks_safetensors_entry *p = a, *q = b;
    const size_t p_width = lks_dtype_size_bytes(p->dtype);
    const size_t q_width = lks_dtype_size_bytes(q->dtype);

    if (p_width != q_width)
        return p_width > q_width ? -1 : 1;
    return strcmp(p->name, q->name);
}

static lks_status check_entry(const lks_safetensors_entry *entry)
{
    if (strcmp(entry->name, LKS_SAFETENSORS_METADATA) == 0)
        return lks_fail(LKS_INVALID, "safetensors: the name '%s' is reserved",
                        entry->name);
    if (entry->ndim < 0 || entry->ndim > LKS_SAFETENSORS_MAX_DIMS)
        return lks_fail(LKS_INVALID,
                        "safetensors: '%s' has %d dimensions; 0 to %d are "
                        "allowed",
                        entry->name, entry->ndim, LKS_SAFETENSORS_MAX_DIMS);
    for (int d = 0; d < entry->ndim; d++)
        if (entry->sizes[d] < 0)
            return lks_fail(LKS_INVALID,
                            "safetensors: '%s' has size %lld in dimension %d",
                            entry->name, (long long)entry->sizes[d], d);
    return LKS_OK;
}

/* entries sorted: the same name with another width is found in the header's object. */
static lks_status add_to_header(json_t *header, const lks_safetensors_entry *entry,
                                uint64_t begin)
{
    json_t *shape = json_array(), *value = NULL, *name = json_string(entry->name);
    lks_status st = LKS_OK;

    if (!name)
        LKS_FAIL(LKS_INVALID, "safetensors: the name '%s' is not UTF-8", entry->name);
    if (json_object_get(header, entry->name))
        LKS_FAIL(LKS_INVALID, "safetensors: the name '%s' comes twice", entry->name);
    for (int d = 0; d < entry->ndim; d++)
        if (json_array_append_new(shape, json_integer(entry->sizes[d])) != 0)
            LKS_FAIL(LKS_NOMEM, "safetensors: no memory for the header");
    value = json_pack("{s:s, s:O, s:[I, I]}", "dtype",
                      lks_dtype_safetensors_name(entry->dtype), "shape", shape,
                      "data_offsets", (json_int_t)begin,
                      (json_int_t)(begin + entry->size_bytes));
    if (!value || json_object_set(header, entry->name, value) != 0)
        LKS_FAIL(LKS_NOMEM, "safetensors: no memory for the header");
cleanup:
    json_decref(name);
    json_decref(shape);
    json_decref(value);
    return st;
}

/* The header as written, its length before it and spaces behind, a multiple of 8 bytes.
 * Dumped into memory of ours: jansson's own text may lack what it had no memory for. */
static lks_status header_bytes(const json_t *header, lks_bytes *out)
{
    const size_t n_text = json_dumpb(header, NULL, 0, JSON_COMPACT);
    const size_t n_padded = (n_text + 7) / 8 * 8;
    uint8_t *bytes;

    if (n_padded > LKS_SAFETENSORS_MAX_HEADER)
        return lks_fail(LKS_INVALID, "safetensors: a header of %zu bytes is too long",
                        n_padded);
    if (!(bytes = lks_malloc(8 + n_padded)))
        return LKS_NOMEM;
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(n_padded >> (8 * i));
    memset(bytes + 8, ' ', n_padded);
    if (n_text == 0 ||
        json_dumpb(header, (char *)bytes + 8, n_padded, JSON_COMPACT) != n_text) {
        lks_free(bytes);
        return lks_fail(LKS_NOMEM, "safetensors: no memory for the header");
    }
    *out = (lks_bytes){bytes, 8 + n_padded};
    return LKS_OK;
}

/* sorted[0..n) and parts[1..n] from the entries; the header from them. */
static lks_status lay_out(lks_safetensors_entry *sorted, size_t n, json_t *header,
                          lks_bytes *parts)
{
    uint64_t begin = 0;

    for (size_t i = 0; i < n; i++) {
        LKS_TRY(check_entry(&sorted[i]));
        if (!lks_safetensors_size_bytes(&sorted[i], &sorted[i].size_bytes))
            return lks_fail(LKS_INVALID, "safetensors: the shape of '%s' overflows",
                            sorted[i].name);
    }
    qsort(sorted, n, sizeof *sorted, by_width_and_name);
    for (size_t i = 0; i < n; i++) {
        LKS_TRY(add_to_header(header, &sorted[i], begin));
        parts[1 + i] = (lks_bytes){sorted[i].data, sorted[i].size_bytes};
        begin += sorted[i].size_bytes;
    }
    return LKS_OK;
}

lks_status lks_safetensors_write(const char *path, const lks_safetensors_entry *entries,
                                 size_t n_entries)
{
    lks_safetensors_entry *sorted = lks_calloc(n_entries, sizeof *sorted);
    lks_bytes *parts = lks_calloc(n_entries + 1, sizeof *parts);
    json_t *header = json_object();
    lks_status st = LKS_OK;

    if (!sorted || !parts)
        LKS_GO(LKS_NOMEM);
    if (!header)
        LKS_FAIL(LKS_NOMEM, "safetensors: no memory for the header");
    if (n_entries > 0)
        memcpy(sorted, entries, n_entries * sizeof *sorted);
    LKS_GO(lay_out(sorted, n_entries, header, parts));
    LKS_GO(header_bytes(header, &parts[0]));
    LKS_GO(lks_file_replace(path, parts, n_entries + 1));
cleanup:
    json_decref(header);
    if (parts)
        lks_free((void *)parts[0].data);
    lks_free(parts);
    lks_free(sorted);
    return st;
}
