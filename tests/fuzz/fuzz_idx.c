/* An image or label file of any bytes, plain or gzip, is read or refused. The first byte
 * chooses: 1 gzip, 2 labels. */
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/idx.h"

static volatile uint64_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

/* The bytes that the sizes promise are there. */
static void touch(const lks_samples *samples, uint64_t n_labels)
{
    uint64_t n = samples->n_samples;

    for (int d = 0; d < samples->n_dims; d++)
        n *= (uint64_t)samples->sizes[d];
    for (uint64_t i = 0; samples->inputs && i < n; i++)
        sink += ((const uint8_t *)samples->inputs)[i];
    for (uint64_t i = 0; samples->targets && i < n_labels; i++)
        if (((const int64_t *)samples->targets)[i] > UINT8_MAX)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    lks_samples samples = {0};
    lks_reader *reader = NULL;
    uint64_t n_labels = 0;
    lks_status st;

    if (n_bytes == 0 ||
        lks_reader_of_memory(bytes + 1, n_bytes - 1, bytes[0] & 1, "fuzz", &reader))
        return 0;
    lks_error_clear();
    st = bytes[0] & 2 ? lks_idx_read_labels(reader, &samples, &n_labels)
                      : lks_idx_read_images(reader, &samples);
    if (st == LKS_OK)
        touch(&samples, n_labels);
    else if (lks_error_text()[0] == '\0')
        abort(); /* a failure without a reason */
    lks_reader_destroy(reader);
    lks_free(samples.inputs);
    lks_free(samples.targets);
    return 0;
}
