/* Files of each format, small, and what is read of them. */
#ifndef LKS_TESTS_CORE_DATA_DATASET_FILES_H
#define LKS_TESTS_CORE_DATA_DATASET_FILES_H

#include <stdint.h>
#include <zlib.h>

#include "data/dataset.h"
#include "io/npy.h"
#include "support/suite.h"
#include "support/temp_dir.h"

static inline size_t idx_bytes(unsigned char *out, uint32_t magic, int n_dims,
                               const uint32_t *dims, size_t n_data)
{
    for (int i = 0; i < 4 * (1 + n_dims); i++) {
        const uint32_t word = i < 4 ? magic : dims[i / 4 - 1];

        out[i] = (unsigned char)(word >> (24 - 8 * (i % 4)));
    }
    for (size_t i = 0; i < n_data; i++)
        out[4 * (1 + n_dims) + i] = (unsigned char)(i % 251);
    return (size_t)(4 * (1 + n_dims)) + n_data;
}

static inline void put_idx(const char *name, uint32_t magic, int n_dims,
                           const uint32_t *dims, size_t n_data)
{
    static unsigned char bytes[1 << 16];

    file_put(temp_path(name), bytes, idx_bytes(bytes, magic, n_dims, dims, n_data));
}

static inline void put_gz(const char *name, const void *bytes, size_t n)
{
    gzFile file = gzopen(temp_path(name), "wb");

    ck_assert_int_eq(gzwrite(file, bytes, (unsigned)n), (int)n);
    ck_assert_int_eq(gzclose(file), Z_OK);
}

/* 6 images of 4 x 5 with pixels 0, 1, 2 …, and labels 0 … 5 */
static inline void put_six(void)
{
    put_idx("images", 0x803, 3, (uint32_t[]){6, 4, 5}, 120);
    put_idx("labels", 0x801, 1, (uint32_t[]){6}, 6);
}

static inline lks_dataset_source idx_source(const char *images, const char *labels)
{
    return (lks_dataset_source){
        .format = "idx", .root = temp_dir, .n_files = 2, .files = {images, labels}};
}

static inline lks_status open_idx(const char *images, const char *labels,
                                  lks_dataset **out)
{
    const lks_dataset_source source = idx_source(images, labels);

    return lks_dataset_open(&source, out);
}

static inline void put_npy(const char *name, lks_dtype dtype, int ndim,
                           const int64_t *sizes, const void *data)
{
    lks_npy array = {.dtype = dtype, .ndim = ndim, .data = (void *)data};

    for (int d = 0; d < ndim; d++)
        array.sizes[d] = sizes[d];
    ck_ok(lks_npy_write(temp_path(name), &array));
}

static inline lks_status open_npy(lks_dataset **out)
{
    const lks_dataset_source source = {
        .format = "npy", .root = temp_dir, .n_files = 2, .files = {"x.npy", "y.npy"}};

    return lks_dataset_open(&source, out);
}

/* Inputs and targets of a format's dataset. */
static inline void gather(const lks_dataset *dataset, const uint64_t *indices, int64_t n,
                          void *inputs, void *targets)
{
    lks_field_batch fields[] = {{.data = inputs}, {.data = targets}};

    ck_ok(lks_dataset_gather(dataset, indices, n, fields));
}

static inline const lks_field *inputs_of(const lks_dataset *dataset)
{
    return lks_dataset_field(dataset, lks_dataset_find(dataset, "inputs"));
}

static inline const lks_field *targets_of(const lks_dataset *dataset)
{
    return lks_dataset_field(dataset, lks_dataset_find(dataset, "targets"));
}

static inline lks_status check_labels(const lks_dataset *dataset, int64_t n_classes)
{
    return lks_dataset_check_labels(dataset, lks_dataset_find(dataset, "targets"),
                                    n_classes, -100);
}

enum { RECORD = 3073 };

static inline lks_status open_cifar10(int n_files, lks_dataset **out)
{
    const lks_dataset_source source = {.format = "cifar10",
                                       .root = temp_dir,
                                       .n_files = n_files,
                                       .files = {"a.bin", "b.bin", "c.bin"}};

    return lks_dataset_open(&source, out);
}

/* n records; record i has label (first + i) % 10 and pixels of (7 i + p) % 256 */
static inline void put_cifar10(const char *name, int first, int n)
{
    unsigned char *bytes = malloc((size_t)n * RECORD);

    for (int i = 0; i < n; i++)
        for (int p = 0; p < RECORD; p++)
            bytes[i * RECORD + p] =
                (unsigned char)(p ? (7 * (first + i) + p) % 256 : (first + i) % 10);
    file_put(temp_path(name), bytes, (size_t)n * RECORD);
    free(bytes);
}

#endif
