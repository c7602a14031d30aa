/* A table of any bytes is read or refused; what is read is as large as it says, and classes
 * are among those that have a name. The first byte chooses: 1 no header, 2 semicolons, 4
 * rows with something missing are skipped, 8 means are filled in, 16 values are wanted, 32
 * blanks. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/csv_table.h"

static volatile uint64_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

static void touch(const lks_columns *c)
{
    const int64_t *classes = (const void *)c->files[1].block.data;

    for (int i = 0; i < 2; i++) {
        if (c->files[i].block.size != c->n_samples * c->columns[i].stride)
            abort();
        for (size_t k = 0; k < c->files[i].block.size; k++)
            sink += c->files[i].block.data[k];
    }
    for (uint64_t k = 0; c->n_class_names > 0 && k < c->n_samples; k++)
        if (classes[k] < 0 || classes[k] >= c->n_class_names)
            abort();
}

static lks_columns *columns_of(const uint8_t *bytes, size_t n_bytes,
                               const lks_dataset_source *source)
{
    lks_columns *c = lks_calloc(1, sizeof *c);
    void *copy = lks_malloc(n_bytes);

    c->n_files = 1;
    c->source = source;
    c->files[0].path = lks_strdup("fuzz");
    c->files[0].block = lks_block_of_memory(memcpy(copy, bytes, n_bytes), n_bytes);
    return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    lks_dataset_source source = {.format = "csv"};
    lks_columns *c;

    if (n_bytes == 0)
        return 0;
    lks_error_clear();
    source.csv.no_header = bytes[0] & 1;
    source.csv.delimiter = bytes[0] & 32 ? ' ' : bytes[0] & 2 ? ';' : ',';
    source.csv.missing = bytes[0] & 4   ? LKS_CSV_SKIP
                         : bytes[0] & 8 ? LKS_CSV_MEAN
                                        : LKS_CSV_REFUSE;
    source.csv.kind = bytes[0] & 16 ? LKS_CSV_VALUES : LKS_CSV_AS_WRITTEN;
    c = columns_of(bytes + 1, n_bytes - 1, &source);
    if (lks_csv_read(c) == LKS_OK)
        touch(c);
    else if (lks_error_text()[0] == '\0')
        abort(); /* a failure without a reason */
    lks_columns_destroy(c);
    return 0;
}
