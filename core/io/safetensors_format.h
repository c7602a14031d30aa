/* What the reader and the writer of safetensors share. Private to core/io.
 *
 *     u64 le: length N of the header | N bytes: JSON, '{' first, spaces last | data
 *
 * The header maps a name to {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
 * offsets counted from the first byte of the data. The arrays fill the data without holes
 * or overlaps. */
#ifndef LKS_IO_SAFETENSORS_FORMAT_H
#define LKS_IO_SAFETENSORS_FORMAT_H

#include <stdbool.h>

#include "io/safetensors.h"

#define LKS_SAFETENSORS_METADATA   "__metadata__" /* maps strings to strings, or null */
#define LKS_SAFETENSORS_MAX_HEADER 100000000u

/* Bytes of an array whose sizes are 0 or more; false if they overflow. */
bool lks_safetensors_size_bytes(const lks_safetensors_entry *entry, size_t *out);

#endif
