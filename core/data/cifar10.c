/* CIFAR-10, binary version: records of a label byte and the planes R, G, B of 32 x 32.
 * source: https://www.cs.toronto.edu/~kriz/cifar.html */
#include "data/format.h"

#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"
#include "io/reader.h"

enum {
    N_PIXELS = 3 * 32 * 32,
    RECORD_SIZE = 1 + N_PIXELS,
    N_CLASSES = 10,
    CHUNK = 512, /* records looked at before their pages are let go of */
};

static lks_status check_labels(const lks_column_file *file, uint64_t n)
{
    const lks_block *block = &file->block;

    for (uint64_t i = 0; i < n; i++) {
        const int label = block->data[i * RECORD_SIZE];

        if (label >= N_CLASSES)
            return lks_fail(LKS_FORMAT,
                            "%s: record %llu has label %d; CIFAR-10's are 0 to %d",
                            file->path, (unsigned long long)i, label, N_CLASSES - 1);
        if ((i + 1) % CHUNK == 0)
            lks_block_let_go(block, (i + 1 - CHUNK) * RECORD_SIZE, (i + 1) * RECORD_SIZE);
    }
    return LKS_OK;
}

static lks_status take_records(lks_column_file *file, uint64_t *n)
{
    lks_reader *reader;
    lks_status st;

    LKS_TRY(lks_reader_open(file->path, &reader));
    st = lks_reader_take_rest(reader, &file->block);
    lks_reader_destroy(reader);
    LKS_TRY(st);
    if (file->block.size % RECORD_SIZE != 0)
        return lks_fail(LKS_IO,
                        "%s: file ends after %zu bytes, which is no multiple of a "
                        "record's %d",
                        file->path, file->block.size, RECORD_SIZE);
    *n = file->block.size / RECORD_SIZE;
    if (*n == 0)
        return lks_fail(LKS_FORMAT, "%s: the file is empty", file->path);
    return check_labels(file, *n);
}

/* A name a line; empty lines do not count, nor does what follows the last class. */
static lks_status take_names(const lks_block *text, lks_columns *out)
{
    const char *at = (const char *)text->data, *end = at + text->size, *next;

    for (; at < end && out->n_class_names < N_CLASSES; at = next + 1) {
        int n;

        if (!(next = memchr(at, '\n', (size_t)(end - at))))
            next = end;
        n = (int)(next - at);
        n -= n > 0 && at[n - 1] == '\r';
        if (n == 0)
            continue;
        if (!(out->class_names[out->n_class_names] = lks_asprintf("%.*s", n, at)))
            return LKS_NOMEM;
        out->n_class_names++;
    }
    return LKS_OK;
}

static lks_status read_names(const char *path, lks_columns *out)
{
    lks_block block = {0};
    lks_reader *reader = NULL;
    lks_status st;

    LKS_GO(lks_reader_open(path, &reader));
    LKS_GO(lks_reader_take_rest(reader, &block));
    if (!(out->class_names = lks_calloc(N_CLASSES, sizeof *out->class_names)))
        LKS_GO(LKS_NOMEM);
    LKS_GO(take_names(&block, out));
    if (out->n_class_names < N_CLASSES)
        LKS_FAIL(LKS_FORMAT, "%s: names %lld classes, one a line; CIFAR-10 has %d", path,
                 (long long)out->n_class_names, N_CLASSES);
cleanup:
    lks_block_release(&block);
    lks_reader_destroy(reader);
    return st;
}

/* batches.meta.txt, which comes with the records: without it classes have no names. */
static lks_status find_names(lks_columns *out)
{
    const char *records = out->files[0].path, *slash = strrchr(records, '/');
    char *path = lks_asprintf("%.*sbatches.meta.txt",
                              slash ? (int)(slash + 1 - records) : 0, records);
    lks_status st = LKS_OK;

    if (!path)
        return LKS_NOMEM;
    if (access(path, F_OK) == 0)
        st = read_names(path, out);
    lks_free(path);
    return st;
}

static lks_status open_cifar10(lks_columns *out)
{
    for (int k = 0; k < out->n_files; k++) {
        uint64_t n = 0;

        LKS_TRY(take_records(&out->files[k], &n));
        out->n_samples += n;
        out->files[k].end = out->n_samples;
    }
    out->columns[0] = (lks_column){
        .field = {.name = "inputs", .dtype = LKS_F32, .n_dims = 3, .sizes = {3, 32, 32}},
        .stored = LKS_U8,
        .n_blocks = out->n_files,
        .offset = 1,
        .stride = RECORD_SIZE,
    };
    out->columns[1] = (lks_column){
        .field = {.name = "targets", .dtype = LKS_I64},
        .stored = LKS_U8,
        .n_blocks = out->n_files,
        .stride = RECORD_SIZE,
    };
    out->n_columns = 2;
    return find_names(out);
}

const lks_dataset_format lks_dataset_cifar10 = {
    .name = "cifar10",
    .wants = "1 to 16 record files",
    .min_files = 1,
    .max_files = LKS_DATASET_MAX_FILES,
    .open = open_cifar10,
};
