#include "data/columns.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "data/content_hash.h"

/* Bytes of a mapped file that are looked at before they are let go of. */
enum { CHUNK = 1 << 20 };

void lks_columns_destroy(lks_columns *self)
{
    if (!self)
        return;
    for (int k = 0; k < LKS_DATASET_MAX_FILES; k++) {
        lks_block_release(&self->files[k].block);
        lks_free(self->files[k].path);
    }
    for (int64_t i = 0; i < self->n_class_names; i++)
        lks_free(self->class_names[i]);
    lks_free(self->class_names);
    for (size_t i = 0; i < self->n_names; i++)
        lks_free(self->names[i]);
    lks_free(self->names);
    lks_free(self->fills);
    lks_free(self->rows);
    lks_free(self);
}

/* ---- samples ------------------------------------------------------------------------
 */

/* The file with sample *index of a column, which becomes its number there. */
static const lks_column_file *find_file(const lks_columns *self, const lks_column *c,
                                        uint64_t *index)
{
    const lks_column_file *file = &self->files[c->first_block];
    uint64_t begin = 0;

    for (; *index >= file->end; file++)
        begin = file->end;
    *index -= begin;
    return file;
}

static bool is_pixels(const lks_column *c)
{
    return c->stored == LKS_U8 && c->field.dtype == LKS_F32;
}

static void put_pixels(const lks_column *c, const uint8_t *in, float *out)
{
    const int n_parts = c->n_channels > 0 ? c->n_channels : 1;
    const size_t n = c->numel / (size_t)n_parts;

    for (int i = 0; i < n_parts; i++)
        lks_normalise_u8(in + (size_t)i * n, n, c->mean[i], c->std[i],
                         out + (size_t)i * n);
}

static void put_numbers(const lks_column *c, const float *in, float *out)
{
    const size_t n = c->numel / (size_t)c->n_channels;

    for (int i = 0; i < c->n_channels; i++)
        lks_normalise_f32(in + (size_t)i * n, n, c->mean[i], c->std[i],
                          out + (size_t)i * n);
}

static void put(const lks_column *c, const void *in, void *out)
{
    if (is_pixels(c)) {
        put_pixels(c, in, out);
        return;
    }
    if (c->convert)
        c->convert(in, c->numel, out);
    if (c->n_channels > 0)
        put_numbers(c, c->convert ? out : in, out);
    else if (!c->convert)
        memcpy(out, in, c->n_bytes);
}

static lks_status refuse_cut(const lks_column_file *file)
{
    return lks_fail(LKS_IO,
                    "%s: the file has become shorter while it was in use, or its disk "
                    "failed",
                    file->path);
}

static lks_status get(const void *columns, uint64_t index, lks_field_place *places)
{
    const lks_columns *self = columns;

    for (int i = 0; i < self->n_columns; i++) {
        const lks_column *c = &self->columns[i];
        uint64_t at = index;
        const lks_column_file *file;

        if (!places[i].data)
            continue;
        file = find_file(self, c, &at);
        put(c, file->block.data + c->offset + at * c->stride, places[i].data);
        if (lks_block_is_cut(&file->block))
            return refuse_cut(file);
    }
    return LKS_OK;
}

static const char *origin(const void *columns, int field, uint64_t index,
                          uint64_t *index_there)
{
    const lks_columns *self = columns;

    *index_there = index;
    return find_file(self, &self->columns[field], index_there)->path;
}

static const char *class_name(const void *columns, int64_t number)
{
    const lks_columns *self = columns;

    return number >= 0 && number < self->n_class_names ? self->class_names[number] : NULL;
}

static uint64_t row(const void *columns, uint64_t index)
{
    const lks_columns *self = columns;

    return self->rows ? self->rows[index] : index;
}

/* ---- the fingerprint ----------------------------------------------------------------
 */

/* Of files as one, in chunks, wherever one ends and the next begins. */
typedef struct hasher {
    uint64_t hash;
    unsigned char *rest; /* [CHUNK] */
    size_t n_rest;
} hasher;

static void hash_bytes(hasher *h, const unsigned char *bytes, size_t n)
{
    size_t part;

    for (; n > 0; bytes += part, n -= part) {
        part = n < CHUNK - h->n_rest ? n : CHUNK - h->n_rest;
        if (part == CHUNK) {
            h->hash = lks_content_hash(h->hash, bytes, part);
            continue;
        }
        memcpy(h->rest + h->n_rest, bytes, part);
        h->n_rest = (h->n_rest + part) % CHUNK;
        if (h->n_rest == 0)
            h->hash = lks_content_hash(h->hash, h->rest, CHUNK);
    }
}

static uint64_t hash_shapes(const lks_columns *self)
{
    uint64_t hash = self->n_samples;

    for (int i = 0; i < self->n_columns; i++) {
        const lks_column *c = &self->columns[i];
        const int64_t types[] = {c->field.dtype, c->stored, c->field.n_dims};

        hash = lks_content_hash(hash, types, sizeof types);
        hash = lks_content_hash(hash, c->field.sizes, sizeof c->field.sizes);
    }
    return hash;
}

static lks_status hash_files(const lks_columns *self, uint64_t *out)
{
    hasher h = {.hash = hash_shapes(self), .rest = lks_malloc_aligned(CHUNK)};

    if (!h.rest)
        return LKS_NOMEM;
    for (int k = 0; k < self->n_files; k++) {
        const lks_block *block = &self->files[k].block;
        size_t end;

        for (size_t at = 0; at < block->size; at = end) {
            end = block->size - at < CHUNK ? block->size : at + CHUNK;
            hash_bytes(&h, block->data + at, end - at);
            lks_block_let_go(block, at, end);
        }
    }
    *out = lks_content_hash(h.hash, h.rest, h.n_rest);
    lks_free(h.rest);
    return LKS_OK;
}

/* ---- checks -------------------------------------------------------------------------
 */

static lks_status check_sizes(const lks_columns *self)
{
    if (self->n_samples == 0)
        return lks_fail(LKS_FORMAT, "%s: holds no samples", self->files[0].path);
    for (int i = 0; i < self->n_columns; i++)
        if (self->columns[i].numel == 0)
            return lks_fail(LKS_FORMAT, "%s: a size of its samples is 0",
                            self->files[self->columns[i].first_block].path);
    return LKS_OK;
}

/* A column of f64 that become f32: each is a number there too. */
static lks_status check_doubles(const lks_columns *self, const lks_column *c)
{
    const lks_column_file *file = &self->files[c->first_block];
    const double *values = (const void *)file->block.data;
    const size_t n = file->block.size / sizeof *values, n_chunk = CHUNK / sizeof *values;

    for (size_t at = 0; at < n; at += n_chunk) {
        const size_t n_here = n - at < n_chunk ? n - at : n_chunk;
        const size_t bad = at + lks_find_beyond_f32(values + at, n_here);

        if (bad < at + n_here)
            return lks_fail(LKS_FORMAT, "%s: sample %zu has the value %g, beyond float32",
                            file->path, bad / c->numel, values[bad]);
        lks_block_let_go(&file->block, at * sizeof *values,
                         (at + n_here) * sizeof *values);
    }
    return LKS_OK;
}

static lks_status check_content(const lks_columns *self)
{
    for (int i = 0; i < self->n_columns; i++) {
        const lks_column *c = &self->columns[i];

        if (c->stored == LKS_F64 && c->field.dtype == LKS_F32)
            LKS_TRY(check_doubles(self, c));
    }
    for (int k = 0; k < self->n_files; k++)
        if (lks_block_is_cut(&self->files[k].block))
            return refuse_cut(&self->files[k]);
    return LKS_OK;
}

static lks_status check_normalisation(const lks_dataset_source *source,
                                      const lks_field *field)
{
    const int64_t n_channels = field->n_dims > 0 ? field->sizes[0] : 1;

    if (source->n_channels < 0 || source->n_channels > LKS_DATASET_MAX_CHANNELS)
        return lks_fail(LKS_INVALID, "normalize: %d channels; at most %d are allowed",
                        source->n_channels, LKS_DATASET_MAX_CHANNELS);
    if (source->n_channels > 0 && field->dtype != LKS_F32)
        return lks_fail(LKS_INVALID,
                        "normalize: the %s of %s are %s and stay so; floats and uint8 "
                        "are normalized",
                        field->name, source->files[0], lks_dtype_name(field->dtype));
    if (source->n_channels > 1 && source->n_channels != n_channels)
        return lks_fail(
            LKS_INVALID,
            "normalize: mean and std of %d channels, but the samples of %s have "
            "%lld",
            source->n_channels, source->files[0], (long long)n_channels);
    for (int c = 0; c < source->n_channels; c++) {
        if (!isfinite((float)source->mean[c]))
            return lks_fail(LKS_INVALID, "normalize: mean %g of channel %d is not finite",
                            source->mean[c], c);
        if (!isfinite((float)source->std[c]) || !((float)source->std[c] > 0))
            return lks_fail(LKS_INVALID,
                            "normalize: std %g of channel %d must be above 0",
                            source->std[c], c);
    }
    return LKS_OK;
}

/* ---- creation -----------------------------------------------------------------------
 */

static lks_status set_normalisation(lks_column *c, const lks_dataset_source *source)
{
    LKS_TRY(check_normalisation(source, &c->field));
    c->n_channels = source->n_channels;
    for (int i = 0; i < source->n_channels; i++) {
        c->mean[i] = (float)source->mean[i];
        c->std[i] = (float)source->std[i];
    }
    return LKS_OK;
}

static void settle(lks_column *c, const lks_dataset_source *source)
{
    if (source->keeps_bytes && strcmp(c->field.name, "inputs") == 0 && is_pixels(c))
        c->field.dtype = LKS_U8;
    c->numel = 1;
    for (int d = 0; d < c->field.n_dims; d++)
        c->numel *= (size_t)c->field.sizes[d];
    c->n_bytes = c->numel * lks_dtype_size_bytes(c->field.dtype);
    c->convert = lks_convert_find(c->stored, c->field.dtype);
    c->std[0] = 1; /* pixels are divided by 255 whatever is asked */
}

static void destroy(void *columns)
{
    lks_columns_destroy(columns);
}

static uint64_t fingerprint(const void *columns)
{
    return ((const lks_columns *)columns)->fingerprint;
}

static lks_table table(const void *columns)
{
    const lks_columns *self = columns;

    if (self->n_names == 0)
        return (lks_table){0};
    return (lks_table){.columns = (const char *const *)self->names,
                       .n_columns = self->n_names,
                       .fills = self->fills,
                       .n_fills = self->n_fills,
                       .classes = (const char *const *)self->class_names,
                       .n_classes = (size_t)self->n_class_names};
}

static const lks_dataset_ops ops = {
    .get = get,
    .fingerprint = fingerprint,
    .origin = origin,
    .class_name = class_name,
    .row = row,
    .table = table,
    .destroy = destroy,
};

lks_status lks_columns_create_dataset(lks_columns *self, const lks_dataset_source *source,
                                      lks_dataset **out)
{
    lks_field fields[LKS_DATASET_MAX_FIELDS];

    for (int i = 0; i < self->n_columns; i++)
        settle(&self->columns[i], source);
    LKS_TRY(check_sizes(self));
    for (int i = 0; i < self->n_columns; i++) {
        lks_column *c = &self->columns[i];

        if (strcmp(c->field.name, "inputs") == 0)
            LKS_TRY(set_normalisation(c, source));
        fields[i] = c->field;
    }
    LKS_TRY(hash_files(self, &self->fingerprint));
    LKS_TRY(check_content(self));
    return lks_dataset_create(&ops, self, self->n_samples, fields, self->n_columns, out);
}
