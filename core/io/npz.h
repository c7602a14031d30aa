/* NumPy's archives of named arrays: what numpy.savez and numpy.savez_compressed write.
 * Any thread may read an open archive.
 * source: https://numpy.org/doc/stable/reference/generated/numpy.savez.html */
#ifndef LKS_IO_NPZ_H
#define LKS_IO_NPZ_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "io/npy.h"

typedef struct lks_npz lks_npz;

/* Open an archive and see what it holds; its arrays are read when they are asked for.
 * LKS_IO: cannot be read; LKS_FORMAT: not a zip archive, or a damaged one. Errors name
 * the file, those of an array as in "x.npz[weights]". */
lks_status lks_npz_open(const char *path, lks_npz **out);

/* The same of bytes in memory, which outlive it; `name` stands for the path in errors. */
lks_status lks_npz_parse(const void *bytes, size_t n_bytes, const char *name,
                         lks_npz **out);

/* NULL is fine. What was read stays. */
void lks_npz_destroy(lks_npz *npz);

/* The arrays in the archive's order, by the names that numpy.load gives them; a name
 * lives as long as the archive. */
size_t lks_npz_n_arrays(const lks_npz *npz);
const char *lks_npz_name(const lks_npz *npz, size_t i);

/* Read the array of that name, as lks_npy_read. LKS_INVALID: there is none; LKS_FORMAT as
 * well: a checksum that does not fit, other compression than numpy.savez_compressed's. */
lks_status lks_npz_read(const lks_npz *npz, const char *name, lks_npy *out);

/* The same, with `data` not the caller's but the block's, as lks_npy_open: mapped if it is
 * neither compressed nor out of line, in a file. */
lks_status lks_npz_open_array(const lks_npz *npz, const char *name, lks_npy *out,
                              lks_block *block);

/* One array of a file. */
typedef struct lks_npz_array {
    const char *name; /* "weights", in the file weights.npy */
    lks_npy array;
} lks_npz_array;

/* Write the arrays in their order, whole or not at all; numpy.load opens the file.
 *   compressed  as numpy.savez_compressed; takes memory for what comes of it
 *   errors      LKS_INVALID: a name that is empty, too long or comes twice, an array that
 *               lks_npy_write refuses; LKS_IO: `path` is then as it was */
lks_status lks_npz_write(const char *path, const lks_npz_array *arrays, size_t n,
                         bool compressed);

#endif
