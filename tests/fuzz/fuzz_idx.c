/* An image or label file of any bytes, plain or gzip, is read or refused. The first byte
 * chooses: 1 gzip, 2 labels. */
#include <stdint.h>
#include <stdlib.h>

#include "base/status.h"
#include "data/idx.h"

static volatile uint64_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

/* The bytes that the sizes promise are there. */
static void touch(const lks_block *block, uint64_t n)
{
    if (block->size != n)
        abort();
    for (uint64_t i = 0; i < n; i++)
        sink += block->data[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    lks_idx_images images = {0};
    lks_block labels = {0};
    lks_reader *reader = NULL;
    uint64_t n_labels = 0;
    bool is_labels;
    lks_status st;

    if (n_bytes == 0 ||
        lks_reader_of_memory(bytes + 1, n_bytes - 1, bytes[0] & 1, "fuzz", &reader))
        return 0;
    lks_error_clear();
    is_labels = bytes[0] & 2;
    st = is_labels ? lks_idx_read_labels(reader, &n_labels, &labels)
                   : lks_idx_read_images(reader, &images);
    if (st == LKS_OK && is_labels)
        touch(&labels, n_labels);
    else if (st == LKS_OK)
        touch(&images.pixels, images.n * (uint64_t)images.sizes[0] *
                                  (uint64_t)images.sizes[1] * (uint64_t)images.sizes[2]);
    else if (lks_error_text()[0] == '\0')
        abort(); /* a failure without a reason */
    lks_reader_destroy(reader);
    lks_block_release(&images.pixels);
    lks_block_release(&labels);
    return 0;
}
