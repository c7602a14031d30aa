/* An array file of any bytes is read or refused; what is read is as large as it says. */
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"
#include "io/npy.h"

static volatile uint64_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    lks_npy array;
    size_t n;

    lks_error_clear();
    if (lks_npy_parse(bytes, n_bytes, "fuzz", &array) != LKS_OK) {
        if (lks_error_text()[0] == '\0')
            abort(); /* a failure without a reason */
        return 0;
    }
    n = lks_dtype_size_bytes(array.dtype);
    for (int d = 0; d < array.ndim; d++)
        n *= (size_t)array.sizes[d];
    if (n != array.size_bytes)
        abort();
    for (size_t i = 0; i < n; i++)
        sink += ((const uint8_t *)array.data)[i];
    lks_free(array.data);
    return 0;
}
