/* An archive of arrays of any bytes is read or refused; what is read is as large as it
 * says. */
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"
#include "io/npz.h"

static volatile uint64_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

static void refuse(void)
{
    if (lks_error_text()[0] == '\0')
        abort(); /* a failure without a reason */
    lks_error_clear();
}

static void look_at(const lks_npz *npz, const char *name)
{
    lks_npy array;
    size_t n;

    if (lks_npz_read(npz, name, &array) != LKS_OK) {
        refuse();
        return;
    }
    n = lks_dtype_size_bytes(array.dtype);
    for (int d = 0; d < array.ndim; d++)
        n *= (size_t)array.sizes[d];
    if (n != array.size_bytes)
        abort();
    for (size_t i = 0; i < n; i++)
        sink += ((const uint8_t *)array.data)[i];
    lks_free(array.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    lks_npz *npz;

    lks_error_clear();
    if (lks_npz_parse(bytes, n_bytes, "fuzz", &npz) != LKS_OK) {
        refuse();
        return 0;
    }
    for (size_t i = 0; i < lks_npz_n_arrays(npz); i++)
        look_at(npz, lks_npz_name(npz, i));
    lks_npz_destroy(npz);
    return 0;
}
