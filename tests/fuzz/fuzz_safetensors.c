/* A weight file of any bytes is read or refused; what is read is what the file says. */
#include <stdint.h>
#include <stdlib.h>

#include "base/status.h"
#include "io/safetensors.h"

static volatile uint64_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

/* Reading every byte lets the sanitizer see the arrays' bounds. */
static uint64_t sum_of(const lks_safetensors_entry *entry)
{
    const uint8_t *data = entry->data;
    uint64_t sum = 0;

    for (size_t i = 0; i < entry->size_bytes; i++)
        sum += data[i];
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    lks_safetensors *file = NULL;

    lks_error_clear();
    if (lks_safetensors_parse(bytes, n_bytes, "fuzz", &file) != LKS_OK) {
        if (lks_error_text()[0] == '\0')
            abort(); /* a failure without a reason */
        return 0;
    }
    for (size_t i = 0; i < lks_safetensors_count(file); i++) {
        const lks_safetensors_entry *entry = lks_safetensors_at(file, i);

        if (lks_safetensors_find(file, entry->name) != entry)
            abort();
        sink += sum_of(entry);
    }
    lks_safetensors_close(file);
    return 0;
}
