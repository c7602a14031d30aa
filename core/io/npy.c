#include "io/npy_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "io/npy_header.h"
#include "io/replace.h"

enum {
    MAGIC_SIZE = 6,
    PREFIX_SIZE = MAGIC_SIZE + 2, /* magic, major and minor version */
    MAX_HEADER = 1 << 16,
    ALIGNMENT = 64, /* of the data in the file */
};

static const char magic[] = "\x93NUMPY";

/* Bytes of an array of this shape whose elements take `width`; false if they overflow. */
static bool size_of(const lks_npy *shape, size_t width, size_t *out)
{
    size_t n_bytes = width;

    for (int d = 0; d < shape->ndim; d++)
        if (__builtin_mul_overflow(n_bytes, (size_t)shape->sizes[d], &n_bytes))
            return false;
    *out = n_bytes;
    return true;
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
    LKS_GO(lks_npy_header_parse(text, n_text, prefix[6], file, out));
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
static void reorder(const lks_npy *array, size_t width, const unsigned char *in,
                    unsigned char *out)
{
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

static lks_status to_row_major(lks_npy *array, size_t width)
{
    void *data = lks_malloc_aligned(array->size_bytes);

    if (!data)
        return LKS_NOMEM;
    reorder(array, width, array->data, data);
    lks_free(array->data);
    array->data = data;
    return LKS_OK;
}

/* "x.npy[2, 0]: 18446744073709551615 is …", of element i. */
static lks_status fail_element(const lks_npy *array, const char *file, size_t i)
{
    char index[LKS_NPY_MAX_DIMS * 22 + 1];
    size_t at = sizeof index - 1, left = i;

    index[at] = '\0';
    for (int d = array->ndim - 1; d >= 0; d--) { /* the last size runs fastest */
        char size[24];
        const int n = snprintf(size, sizeof size, "%s%zu", d > 0 ? ", " : "",
                               left % (size_t)array->sizes[d]);

        left /= (size_t)array->sizes[d];
        at -= (size_t)n;
        memcpy(index + at, size, (size_t)n);
    }
    return lks_fail(LKS_FORMAT,
                    "%s[%s]: %" PRIu64 " is beyond int64; at most %" PRId64 " is read",
                    file, index + at, ((const uint64_t *)array->data)[i], INT64_MAX);
}

/* From the file's integers to a dtype of ours. */
static lks_status widen(lks_npy *array, const lks_npy_stored *stored, const char *file)
{
    const size_t n = array->size_bytes / stored->width;
    size_t n_bytes, bad;
    void *data;

    if (!size_of(array, lks_dtype_size_bytes(stored->dtype), &n_bytes))
        return lks_fail(LKS_FORMAT, "%s: the shape overflows", file);
    if (!(data = lks_malloc_aligned(n_bytes)))
        return LKS_NOMEM;
    if (!stored->widen(array->data, n, data, &bad)) {
        lks_free(data);
        return fail_element(array, file, bad);
    }
    lks_free(array->data);
    array->data = data;
    array->size_bytes = n_bytes;
    return LKS_OK;
}

lks_status lks_npy_read_shape(lks_reader *reader, lks_npy_header *header, lks_npy *out)
{
    LKS_TRY(read_header(reader, header));
    *out = (lks_npy){.dtype = header->stored->dtype, .ndim = header->ndim};
    memcpy(out->sizes, header->sizes, sizeof out->sizes);
    if (!size_of(out, header->stored->width, &out->size_bytes))
        return lks_fail(LKS_FORMAT, "%s: the shape overflows", lks_reader_name(reader));
    return LKS_OK;
}

/* The elements that follow `header`, as ours. */
static lks_status read_elements(lks_reader *reader, const lks_npy_header *header,
                                lks_npy *array)
{
    LKS_TRY(lks_reader_expect(reader, array->size_bytes));
    if (!(array->data = lks_malloc_aligned(array->size_bytes)))
        return LKS_NOMEM;
    LKS_TRY(lks_reader_fill(reader, array->data, array->size_bytes));
    LKS_TRY(lks_reader_expect_end(reader));
    if (header->swapped)
        swap_bytes(array->data, array->size_bytes, header->stored->width);
    if (header->fortran_order && array->ndim > 1)
        LKS_TRY(to_row_major(array, header->stored->width));
    if (header->stored->widen)
        LKS_TRY(widen(array, header->stored, lks_reader_name(reader)));
    return LKS_OK;
}

lks_status lks_npy_read_array(lks_reader *reader, lks_npy *out)
{
    lks_npy_header header = {0};
    lks_npy array = {0};
    lks_status st;

    LKS_GO(lks_npy_read_shape(reader, &header, &array));
    LKS_GO(read_elements(reader, &header, &array));
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
    st = lks_npy_read_array(reader, out);
    lks_reader_destroy(reader);
    return st;
}

const char *lks_npy_difference(const lks_npy_header *header)
{
    if (header->swapped && header->stored->width > 1)
        return "its numbers are in the other byte order";
    if (header->fortran_order && header->ndim > 1)
        return "it is in Fortran's order";
    return header->stored->widen ? "its integers are of a width that has no dtype here"
                                 : NULL;
}

lks_status lks_npy_open_array(lks_reader *reader, lks_npy *out, lks_block *block)
{
    lks_npy_header header = {0};
    lks_npy array = {0};
    lks_block elements = {0};
    lks_status st;

    LKS_GO(lks_npy_read_shape(reader, &header, &array));
    if (!lks_npy_difference(&header)) {
        LKS_GO(
            lks_reader_take(reader, array.size_bytes, header.stored->width, &elements));
        LKS_GO(lks_reader_expect_end(reader));
        array.data = (void *)elements.data;
    } else {
        LKS_GO(read_elements(reader, &header, &array));
        elements = lks_block_of_memory(array.data, array.size_bytes);
    }
    *out = array;
    *block = elements;
    return LKS_OK;
cleanup:
    lks_block_release(&elements);
    lks_free(array.data); /* not the block's yet */
    return st;
}

lks_status lks_npy_open(const char *path, lks_npy *out, lks_block *block)
{
    lks_reader *reader;
    lks_status st;

    LKS_TRY(lks_reader_open(path, &reader));
    st = lks_npy_open_array(reader, out, block);
    lks_reader_destroy(reader);
    return st;
}

lks_status lks_npy_parse(const void *bytes, size_t n_bytes, const char *name,
                         lks_npy *out)
{
    lks_reader *reader;
    lks_status st;

    LKS_TRY(lks_reader_of_memory(bytes, n_bytes, false, name, &reader));
    st = lks_npy_read_array(reader, out);
    lks_reader_destroy(reader);
    return st;
}

lks_status lks_npy_make_head(const lks_npy *array, lks_npy_head *out)
{
    unsigned char *head = out->bytes;
    char *text = (char *)head + PREFIX_SIZE + 2;
    size_t n_text;

    LKS_TRY(lks_npy_header_print(array, text, sizeof out->bytes - PREFIX_SIZE - 2));
    if (!size_of(array, lks_dtype_size_bytes(array->dtype), &out->n_data))
        return lks_fail(LKS_INVALID, "npy: the shape overflows");
    n_text = strlen(text);
    out->n_bytes = (PREFIX_SIZE + 2 + n_text + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    memset(text + n_text, ' ', out->n_bytes - PREFIX_SIZE - 2 - n_text);
    head[out->n_bytes - 1] = '\n';
    n_text = out->n_bytes - PREFIX_SIZE - 2;
    memcpy(head, magic, MAGIC_SIZE);
    memcpy(head + MAGIC_SIZE,
           (unsigned char[]){1, 0, (unsigned char)n_text, (unsigned char)(n_text >> 8)},
           4);
    return LKS_OK;
}

lks_status lks_npy_write(const char *path, const lks_npy *array)
{
    lks_npy_head head;

    LKS_TRY(lks_npy_make_head(array, &head));
    return lks_file_replace(
        path, (lks_bytes[]){{head.bytes, head.n_bytes}, {array->data, head.n_data}}, 2);
}
