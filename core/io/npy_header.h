/* The text at the head of an .npy file: a Python dict literal such as
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }
 * Private to core/io. */
#ifndef LKS_IO_NPY_HEADER_H
#define LKS_IO_NPY_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/npy.h"

typedef struct lks_npy_header {
    lks_dtype dtype;
    bool swapped; /* the file's byte order is not ours */
    bool fortran_order;
    int ndim;
    int64_t sizes[LKS_NPY_MAX_DIMS];
} lks_npy_header;

/* From text[0..n). LKS_FORMAT: not such a dict, a key too few or too many, a dtype we
 * lack, too many dimensions. `file` is for errors. */
lks_status lks_npy_header_parse(const char *text, size_t n, const char *file,
                                lks_npy_header *out);

/* The dict of `array` into text[0..size), or LKS_INVALID: bfloat16, a shape that is none.
 */
lks_status lks_npy_header_print(const lks_npy *array, char *text, size_t size);

#endif
