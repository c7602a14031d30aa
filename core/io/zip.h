/* ZIP archives, as far as arrays need them: members that are stored or deflated, in one
 * file of any size. Private to core/io.
 * source: PKWARE's APPNOTE.TXT 6.3.10; Python's zipfile, which NumPy reads with */
#ifndef LKS_IO_ZIP_H
#define LKS_IO_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "io/reader.h"
#include "io/replace.h"

typedef struct lks_zip lks_zip;

/* Read what an archive says it holds. LKS_IO: cannot be read; LKS_FORMAT: no archive, one
 * in several files, members that overlap, a name twice, anything out of bounds. Errors
 * name the file. */
lks_status lks_zip_open(const char *path, lks_zip **out);

/* Of bytes that outlive it; `name` stands for the path in errors. */
lks_status lks_zip_of_memory(const void *bytes, size_t n_bytes, const char *name,
                             lks_zip **out);

/* NULL is fine. */
void lks_zip_destroy(lks_zip *zip);

size_t lks_zip_n_members(const lks_zip *zip);
const char *lks_zip_member(const lks_zip *zip, size_t i);

/* A reader of member i, which the archive outlives and which is called `name` in errors.
 * LKS_FORMAT: it is encrypted, compressed in another way, or not where the archive says.
 */
lks_status lks_zip_read(const lks_zip *zip, size_t i, const char *name, lks_reader **out);

enum { LKS_ZIP_PARTS = 2, LKS_ZIP_ALIGNMENT = 64 };

typedef struct lks_zip_entry {
    const char *name;
    lks_bytes parts[LKS_ZIP_PARTS]; /* one after the other */
} lks_zip_entry;

/* Write the entries, in their order, whole or not at all; what is stored begins at a
 * multiple of LKS_ZIP_ALIGNMENT. The same entries give the same bytes (deflated ones, with
 * the same zlib). LKS_INVALID: a name that is empty, too long or comes twice; LKS_IO as
 * lks_file_replace. */
lks_status lks_zip_write(const char *path, const lks_zip_entry *entries, size_t n,
                         bool deflated);

#endif
