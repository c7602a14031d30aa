/* NumPy's array files.
 * source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#ifndef LKS_IO_NPY_H
#define LKS_IO_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "io/block.h"
#include "layout/dtype.h"

enum { LKS_NPY_MAX_DIMS = 8 };

/* Row-major, native byte order; `data` is the caller's to lks_free. */
typedef struct lks_npy {
    lks_dtype dtype;
    int ndim;
    int64_t sizes[LKS_NPY_MAX_DIMS];
    void *data;
    size_t size_bytes;
} lks_npy;

/* Read a file (.gz too). Big-endian and Fortran-order files are converted; integers that
 * no dtype of ours holds come widened: int8 as int16, uint16 as int32, uint32 and uint64
 * as int64. LKS_FORMAT: object arrays, records, other dtypes we lack, a uint64 beyond
 * int64; LKS_IO: a short file. Errors name the file. */
lks_status lks_npy_read(const char *path, lks_npy *out);

/* The same, with `data` not the caller's but the block's: mapped where they stand, if
 * they stand there as they are read, in a plain file. */
lks_status lks_npy_open(const char *path, lks_npy *out, lks_block *block);

/* A plain file's elements in common with it, as lks_block_share: what is written into
 * them is in the file, and the reverse. LKS_INVALID: they do not stand there as they would
 * be read. */
lks_status lks_npy_share(const char *path, bool writable, lks_npy *out, lks_block *block);

/* As lks_npy_read, from memory; `name` stands for the path in errors. */
lks_status lks_npy_parse(const void *bytes, size_t n_bytes, const char *name,
                         lks_npy *out);

/* Write version 1.0, whole or not at all. LKS_IO on a full disk and the like: `path` is
 * then as it was. LKS_INVALID: a dtype that npy lacks (bfloat16), more than
 * LKS_NPY_MAX_DIMS dimensions, a negative size, an overflow. */
lks_status lks_npy_write(const char *path, const lks_npy *array);

#endif
