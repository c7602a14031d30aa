/* MNIST's format. source: http://yann.lecun.com/exdb/mnist/ */
#include "data/idx.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

enum {
    MAGIC_LABELS = 0x00000801,    /* [n] u8 */
    MAGIC_IMAGES = 0x00000803,    /* [n, h, w] u8 */
    MAGIC_IMAGES_4D = 0x00000804, /* [n, c, h, w] u8 */
    MAX_DIMS = 4,
};

static lks_status read_u32(lks_reader *reader, uint32_t *out)
{
    uint8_t b[4];

    LKS_TRY(lks_reader_fill(reader, b, sizeof b));
    *out = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return LKS_OK;
}

/* What a file with this magic is instead, in words. */
static const char *kind_of(uint32_t magic)
{
    if (magic == MAGIC_LABELS)
        return "this is a label file";
    if (magic == MAGIC_IMAGES || magic == MAGIC_IMAGES_4D)
        return "this is an image file";
    if (magic >> 16 == 0x1f8b)
        return "this is a gzip file whose name does not end in .gz";
    if (magic >> 16 != 0)
        return "not an idx file";
    if (magic >> 8 != 0x08)
        return "its elements are not unsigned bytes (type 0x08)";
    return "wrong number of dimensions";
}

/* The dims that follow the magic, and their product. */
static lks_status read_dims(lks_reader *reader, int n_dims, uint32_t *dims,
                            uint64_t *n_bytes)
{
    *n_bytes = 1;
    for (int d = 0; d < n_dims; d++) {
        LKS_TRY(read_u32(reader, &dims[d]));
        if (dims[d] == 0)
            return lks_fail(LKS_FORMAT, "%s: size %d of %d is 0", lks_reader_name(reader),
                            d + 1, n_dims);
        if (__builtin_mul_overflow(*n_bytes, (uint64_t)dims[d], n_bytes))
            return lks_fail(LKS_FORMAT, "%s: its sizes overflow",
                            lks_reader_name(reader));
    }
    return LKS_OK;
}

/* The file's elements, n_bytes to its end. */
static lks_status take_elements(lks_reader *reader, uint64_t n_bytes, lks_block *out)
{
    LKS_TRY(lks_reader_take(reader, n_bytes, 1, out));
    return lks_reader_expect_end(reader);
}

lks_status lks_idx_read_images(lks_reader *reader, lks_idx_images *out)
{
    uint32_t magic, dims[MAX_DIMS];
    uint64_t n_bytes;
    int n_dims;

    LKS_TRY(read_u32(reader, &magic));
    if (magic != MAGIC_IMAGES && magic != MAGIC_IMAGES_4D)
        return lks_fail(
            LKS_FORMAT,
            "%s: %s: magic 0x%08x, images want 0x%08x (or 0x%08x with channels)",
            lks_reader_name(reader), kind_of(magic), magic, MAGIC_IMAGES,
            MAGIC_IMAGES_4D);
    n_dims = (int)(magic & 0xff);
    LKS_TRY(read_dims(reader, n_dims, dims, &n_bytes));
    out->n = dims[0];
    out->sizes[0] = n_dims == 4 ? dims[1] : 1;
    out->sizes[1] = dims[n_dims - 2];
    out->sizes[2] = dims[n_dims - 1];
    return take_elements(reader, n_bytes, &out->pixels);
}

lks_status lks_idx_read_labels(lks_reader *reader, uint64_t *n, lks_block *out)
{
    uint32_t magic, dim;

    LKS_TRY(read_u32(reader, &magic));
    if (magic != MAGIC_LABELS)
        return lks_fail(LKS_FORMAT, "%s: %s: magic 0x%08x, labels want 0x%08x",
                        lks_reader_name(reader), kind_of(magic), magic, MAGIC_LABELS);
    LKS_TRY(read_dims(reader, 1, &dim, n));
    return take_elements(reader, *n, out);
}

static void set_inputs(lks_columns *columns, const lks_idx_images *images)
{
    lks_column *inputs = &columns->columns[0];

    columns->n_samples = columns->files[0].end = images->n;
    columns->n_columns = 1;
    *inputs = (lks_column){
        .field = {.name = "inputs", .dtype = LKS_F32, .n_dims = 3},
        .stored = LKS_U8,
        .n_blocks = 1,
        .stride = images->pixels.size / images->n,
    };
    memcpy(inputs->field.sizes, images->sizes, sizeof images->sizes);
}

static void set_targets(lks_columns *columns)
{
    columns->columns[1] = (lks_column){
        .field = {.name = "targets", .dtype = LKS_I64},
        .stored = LKS_U8,
        .first_block = 1,
        .n_blocks = 1,
        .stride = 1,
    };
    columns->n_columns = 2;
}

static lks_status open_idx(lks_columns *out)
{
    lks_column_file *files = out->files;
    const bool has_labels = out->n_files > 1; /* else inputs only */
    lks_reader *images = NULL, *labels = NULL;
    lks_idx_images read = {0};
    lks_status st;

    LKS_GO(lks_reader_open(files[0].path, &images));
    if (has_labels) { /* the quick one first */
        LKS_GO(lks_reader_open(files[1].path, &labels));
        LKS_GO(lks_idx_read_labels(labels, &files[1].end, &files[1].block));
    }
    st = lks_idx_read_images(images, &read);
    files[0].block = read.pixels; /* after a failure too */
    LKS_GO(st);
    set_inputs(out, &read);
    if (has_labels && read.n != files[1].end)
        LKS_FAIL(LKS_FORMAT, "%s holds %llu images but %s %llu labels", files[0].path,
                 (unsigned long long)read.n, files[1].path,
                 (unsigned long long)files[1].end);
    if (has_labels)
        set_targets(out);
cleanup:
    lks_reader_destroy(images);
    lks_reader_destroy(labels);
    return st;
}

const lks_dataset_format lks_dataset_idx = {
    .name = "idx",
    .wants = "2 files, images and labels",
    .min_files = 2,
    .max_files = 2,
    .open = open_idx,
};
