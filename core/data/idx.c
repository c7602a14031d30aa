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

/* The file's elements, n_bytes to its end, into new memory. */
static lks_status read_elements(lks_reader *reader, uint64_t n_bytes, void **out)
{
    LKS_TRY(lks_reader_expect(reader, n_bytes));
    if (!(*out = lks_malloc_aligned(n_bytes)))
        return LKS_NOMEM;
    LKS_TRY(lks_reader_fill(reader, *out, n_bytes));
    return lks_reader_expect_end(reader);
}

lks_status lks_idx_read_images(lks_reader *reader, lks_samples *out)
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
    out->n_samples = dims[0];
    out->input_dtype = LKS_U8;
    out->n_dims = 3;
    out->sizes[0] = n_dims == 4 ? dims[1] : 1;
    out->sizes[1] = dims[n_dims - 2];
    out->sizes[2] = dims[n_dims - 1];
    return read_elements(reader, n_bytes, &out->inputs);
}

lks_status lks_idx_read_labels(lks_reader *reader, lks_samples *out, uint64_t *n_labels)
{
    uint32_t magic, dim;
    void *labels = NULL;
    lks_status st;

    LKS_GO(read_u32(reader, &magic));
    if (magic != MAGIC_LABELS)
        LKS_FAIL(LKS_FORMAT, "%s: %s: magic 0x%08x, labels want 0x%08x",
                 lks_reader_name(reader), kind_of(magic), magic, MAGIC_LABELS);
    LKS_GO(read_dims(reader, 1, &dim, n_labels));
    LKS_GO(read_elements(reader, *n_labels, &labels));
    if (!(out->targets = lks_calloc(*n_labels, sizeof(int64_t))))
        LKS_GO(LKS_NOMEM);
    out->target_dtype = LKS_I64;
    for (uint64_t i = 0; i < *n_labels; i++)
        ((int64_t *)out->targets)[i] = ((const uint8_t *)labels)[i];
cleanup:
    lks_free(labels);
    return st;
}

static lks_status read_idx(const char *const *paths, int n_paths, lks_samples *out)
{
    lks_reader *images = NULL, *labels = NULL;
    uint64_t n_labels = 0;
    lks_status st;

    (void)n_paths;
    LKS_GO(lks_reader_open(paths[0], &images));
    LKS_GO(lks_reader_open(paths[1], &labels));
    LKS_GO(lks_idx_read_labels(labels, out, &n_labels)); /* the quick one first */
    LKS_GO(lks_idx_read_images(images, out));
    if (out->n_samples != n_labels)
        LKS_FAIL(LKS_FORMAT, "%s holds %llu images but %s %llu labels", paths[0],
                 (unsigned long long)out->n_samples, paths[1],
                 (unsigned long long)n_labels);
    out->file_end[1] = n_labels;
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
    .read = read_idx,
};
