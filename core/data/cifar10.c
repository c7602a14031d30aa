/* CIFAR-10, binary version: records of a label byte and the planes R, G, B of 32 x 32.
 * source: https://www.cs.toronto.edu/~kriz/cifar.html */
#include "data/format.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "io/reader.h"

enum {
    N_PIXELS = 3 * 32 * 32,
    RECORD_SIZE = 1 + N_PIXELS,
    N_CLASSES = 10,
    CHUNK = 512, /* records read at a time */
};

#define CHUNK_BYTES ((size_t)CHUNK * RECORD_SIZE)

/* Make room for n_more samples, doubling. *capacity counts samples. */
static lks_status reserve(lks_samples *samples, uint64_t n_more, uint64_t *capacity)
{
    const uint64_t n_wanted = samples->n_samples + n_more;
    uint64_t n = *capacity ? *capacity : CHUNK;
    void *block;

    if (n_wanted <= *capacity)
        return LKS_OK;
    while (n < n_wanted)
        n *= 2;
    if (!(block = lks_realloc(samples->inputs, n, N_PIXELS)))
        return LKS_NOMEM;
    samples->inputs = block;
    if (!(block = lks_realloc(samples->targets, n, sizeof(int64_t))))
        return LKS_NOMEM;
    samples->targets = block;
    *capacity = n;
    return LKS_OK;
}

/* Append one record, the index-th of its file. */
static lks_status append(lks_samples *samples, const uint8_t *record, const char *file,
                         uint64_t index)
{
    if (record[0] >= N_CLASSES)
        return lks_fail(LKS_FORMAT,
                        "%s: record %llu has label %d; CIFAR-10's are 0 to %d", file,
                        (unsigned long long)index, record[0], N_CLASSES - 1);
    ((int64_t *)samples->targets)[samples->n_samples] = record[0];
    memcpy((uint8_t *)samples->inputs + samples->n_samples * N_PIXELS, record + 1,
           N_PIXELS);
    samples->n_samples++;
    return LKS_OK;
}

static lks_status read_records(lks_reader *reader, uint8_t *chunk, lks_samples *out,
                               uint64_t *capacity)
{
    const char *file = lks_reader_name(reader);
    uint64_t n_done = 0;
    size_t n_bytes;

    do {
        LKS_TRY(lks_reader_read(reader, chunk, CHUNK_BYTES, &n_bytes));
        if (n_bytes % RECORD_SIZE != 0)
            return lks_fail(LKS_IO,
                            "%s: file ends after %llu bytes, which is no multiple of a "
                            "record's %d",
                            file, (unsigned long long)(n_done * RECORD_SIZE + n_bytes),
                            RECORD_SIZE);
        LKS_TRY(reserve(out, n_bytes / RECORD_SIZE, capacity));
        for (size_t at = 0; at < n_bytes; at += RECORD_SIZE)
            LKS_TRY(append(out, chunk + at, file, n_done++));
    } while (n_bytes == CHUNK_BYTES);
    if (n_done == 0)
        return lks_fail(LKS_FORMAT, "%s: the file is empty", file);
    return LKS_OK;
}

static lks_status read_cifar10(const char *const *paths, int n_paths, lks_samples *out)
{
    uint8_t *chunk = lks_malloc(CHUNK_BYTES);
    lks_reader *reader = NULL;
    uint64_t capacity = 0;
    lks_status st = LKS_OK;

    if (!chunk)
        LKS_GO(LKS_NOMEM);
    out->input_dtype = LKS_U8;
    out->n_dims = 3;
    memcpy(out->sizes, (int64_t[]){3, 32, 32}, 3 * sizeof(int64_t));
    out->target_dtype = LKS_I64;
    for (int k = 0; k < n_paths; k++) {
        LKS_GO(lks_reader_open(paths[k], &reader));
        LKS_GO(read_records(reader, chunk, out, &capacity));
        out->file_end[k] = out->n_samples;
        lks_reader_destroy(reader);
        reader = NULL;
    }
cleanup:
    lks_reader_destroy(reader);
    lks_free(chunk);
    return st;
}

const lks_dataset_format lks_dataset_cifar10 = {
    .name = "cifar10",
    .wants = "1 to 16 record files",
    .min_files = 1,
    .max_files = LKS_DATASET_MAX_FILES,
    .read = read_cifar10,
};
