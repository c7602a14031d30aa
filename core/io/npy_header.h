/* The text at the head of an .npy file: a Python dict literal such as
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }
 * Private to core/io. */
#ifndef LKS_IO_NPY_HEADER_H
#define LKS_IO_NPY_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/npy.h"

/* How elements stand in a file. Integers that no dtype of ours holds are widened to the
 * next that does; those of u8 must fit i64. */
typedef struct lks_npy_stored {
    const char *code;          /* after the byte order in 'descr': kind and bytes */
    const char *letter, *name; /* numpy's other spellings */
    size_t width;              /* bytes of one element */
    lks_dtype dtype;           /* as read */
    /* data[0..n) to out; NULL if they stand as read. False: data[*bad] does not fit. */
    bool (*widen)(const void *data, size_t n, void *out, size_t *bad);
} lks_npy_stored;

typedef struct lks_npy_header {
    const lks_npy_stored *stored;
    bool swapped; /* the file's byte order is not ours */
    bool fortran_order;
    int ndim;
    int64_t sizes[LKS_NPY_MAX_DIMS];
} lks_npy_header;

/* From text[0..n), in a file of this major version. LKS_FORMAT: not such a dict, a key
 * too few or too many, a dtype we lack, too many dimensions. `file` is for errors.
 * Any spelling that Python reads as such a dict is read, but for a key twice, escapes,
 * texts in pieces or triple quotes, and parentheses around what needs none; up to version
 * 2 sizes may be Python 2's, as in (7L, 4L). */
lks_status lks_npy_header_parse(const char *text, size_t n, int version, const char *file,
                                lks_npy_header *out);

/* The dict of `array` into text[0..size), or LKS_INVALID: bfloat16, a shape that is none.
 */
lks_status lks_npy_header_print(const lks_npy *array, char *text, size_t size);

#endif
