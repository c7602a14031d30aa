#include "io/npy_header.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "io/reader.h"
#include "io/replace.h"

enum {
    MAGIC_SIZE = 6,
    PREFIX_SIZE = MAGIC_SIZE + 2, /* magic, major and minor version */
    MAX_HEADER = 1 << 16,
    ALIGNMENT = 64, /* of the data in the file */
};

static const char magic[] = "\x93NUMPY";

static lks_status size_of(const lks_npy_header *header, size_t *out)
{
    size_t n_bytes = lks_dtype_size_bytes(header->dtype);

    for (int d = 0; d < header->ndim; d++)
        if (__builtin_mul_overflow(n_bytes, (size_t)header->sizes[d], &n_bytes))
            return LKS_FORMAT;
    *out = n_bytes;
    return LKS_OK;
}

static lks_status read_header(lks_reader *reader, lks_npy_header *out)
{
    const char *file = lks_reader_name(reader);
    unsigned char prefix[PREFIX_SIZE], length[4] = {0};
    size_t n_text;
    char *text = NULL;
    lks_status st;

    LKS_GO(lks_reader_fill(reader, prefix, sizeof prefix));
    if (memcmp(prefix, magic, MAGIC_SIZE) != 0)
        LKS_FAIL(LKS_FORMAT, "%s: not an npy file: it does not start with \\x93NUMPY",
                 file);
    if (prefix[6] < 1 || prefix[6] > 3 || prefix[7] != 0)
        LKS_FAIL(LKS_FORMAT, "%s: npy version %d.%d; known are 1.0, 2.0 and 3.0", file,
                 prefix[6], prefix[7]);
    LKS_GO(lks_reader_fill(reader, length, prefix[6] == 1 ? 2 : 4));
    n_text = (size_t)length[3] << 24 | (size_t)length[2] << 16 | (size_t)length[1] << 8 |
             length[0];
    if (n_text > MAX_HEADER)
        LKS_FAIL(LKS_FORMAT, "%s: npy header of %zu bytes; at most %d are allowed", file,
                 n_text, MAX_HEADER);
    if (!(text = lks_malloc(n_text)))
        LKS_GO(LKS_NOMEM);
    LKS_GO(lks_reader_fill(reader, text, n_text));
    LKS_GO(lks_npy_header_parse(text, n_text, file, out));
cleanup:
    lks_free(text);
    return st;
}

static void swap_bytes(unsigned char *data, size_t n_bytes, size_t width)
{
    for (unsigned char *at = data; at < data + n_bytes; at += width) {
        for (size_t i = 0; i < width / 2; i++) {
            const unsigned char byte = at[i];

            at[i] = at[width - 1 - i];
            at[width - 1 - i] = byte;
        }
    }
}

/* out = in, whose first index runs fastest, with the last index fastest. */
static void reorder(const lks_npy *array, const unsigned char *in, unsigned char *out)
{
    const size_t width = lks_dtype_size_bytes(array->dtype);
    int64_t index[LKS_NPY_MAX_DIMS] = {0};
    size_t strides[LKS_NPY_MAX_DIMS], from = 0, stride = width;

    for (int d = 0; d < array->ndim; d++) {
        strides[d] = stride;
        stride *= (size_t)array->sizes[d];
    }
    for (size_t to = 0; to < array->size_bytes; to += width) {
        memcpy(out + to, in + from, width);
        for (int d = array->ndim - 1; d >= 0; d--) { /* the next index, carrying */
            from += strides[d];
            if (++index[d] < array->sizes[d])
                break;
            from -= strides[d] * (size_t)array->sizes[d];
            index[d] = 0;
        }
    }
}

static lks_status to_row_major(lks_npy *array)
{
    void *data = lks_malloc_aligned(array->size_bytes);

    if (!data)
        return LKS_NOMEM;
    reorder(array, array->data, data);
    lks_free(array->data);
    array->data = data;
    return LKS_OK;
}

static lks_status read_array(lks_reader *reader, lks_npy *out)
{
    lks_npy_header header = {0};
    lks_npy array = {0};
    lks_status st;

    LKS_GO(read_header(reader, &header));
    array.dtype = header.dtype;
    array.ndim = header.ndim;
    memcpy(array.sizes, header.sizes, sizeof array.sizes);
    if (size_of(&header, &array.size_bytes) != LKS_OK)
        LKS_FAIL(LKS_FORMAT, "%s: the shape overflows", lks_reader_name(reader));
    LKS_GO(lks_reader_expect(reader, array.size_bytes));
    if (!(array.data = lks_malloc_aligned(array.size_bytes)))
        LKS_GO(LKS_NOMEM);
    LKS_GO(lks_reader_fill(reader, array.data, array.size_bytes));
    LKS_GO(lks_reader_expect_end(reader));
    if (header.swapped)
        swap_bytes(array.data, array.size_bytes, lks_dtype_size_bytes(array.dtype));
    if (header.fortran_order && array.ndim > 1)
        LKS_GO(to_row_major(&array));
    *out = array;
    array.data = NULL;
cleanup:
    lks_free(array.data);
    return st;
}

lks_status lks_npy_read(const char *path, lks_npy *out)
{
    lks_reader *reader;
    lks_status st;

    LKS_TRY(lks_reader_open(path, &reader));
    st = read_array(reader, out);
    lks_reader_destroy(reader);
    return st;
}

lks_status lks_npy_parse(const void *bytes, size_t n_bytes, const char *name,
                         lks_npy *out)
{
    lks_reader *reader;
    lks_status st;

    LKS_TRY(lks_reader_of_memory(bytes, n_bytes, false, name, &reader));
    st = read_array(reader, out);
    lks_reader_destroy(reader);
    return st;
}

lks_status lks_npy_write(const char *path, const lks_npy *array)
{
    unsigned char head[512];
    char *text = (char *)head + PREFIX_SIZE + 2;
    lks_npy_header shape = {.dtype = array->dtype, .ndim = array->ndim};
    size_t n_text, n_head, n_bytes;

    LKS_TRY(lks_npy_header_print(array, text, sizeof head - PREFIX_SIZE - 2));
    memcpy(shape.sizes, array->sizes, sizeof shape.sizes);
    if (size_of(&shape, &n_bytes) != LKS_OK)
        return lks_fail(LKS_INVALID, "npy: the shape overflows");
    n_text = strlen(text);
    n_head = (PREFIX_SIZE + 2 + n_text + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    memset(text + n_text, ' ', n_head - PREFIX_SIZE - 2 - n_text);
    head[n_head - 1] = '\n';
    n_text = n_head - PREFIX_SIZE - 2;
    memcpy(head, magic, MAGIC_SIZE);
    memcpy(head + MAGIC_SIZE,
           (unsigned char[]){1, 0, (unsigned char)n_text, (unsigned char)(n_text >> 8)},
           4);
    return lks_file_replace(path, (lks_bytes[]){{head, n_head}, {array->data, n_bytes}},
                            2);
}
