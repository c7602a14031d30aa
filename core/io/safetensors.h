/* Weight files: named arrays, as PyTorch's users exchange them.
 * source: the safetensors format, https://github.com/huggingface/safetensors */
#ifndef LKS_IO_SAFETENSORS_H
#define LKS_IO_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "layout/dtype.h"

enum { LKS_SAFETENSORS_MAX_DIMS = 8 };

/* One array, row-major. Reading: all pointers belong to the file, data are aligned to
 * their dtype. Writing: all pointers are borrowed. */
typedef struct lks_safetensors_entry {
    const char *name;
    lks_dtype dtype;
    int ndim;
    int64_t sizes[LKS_SAFETENSORS_MAX_DIMS];
    const void *data;
    size_t size_bytes; /* writing: ignored, it follows from dtype and sizes */
} lks_safetensors_entry;

typedef struct lks_safetensors lks_safetensors;

/* Read and check a whole file. Errors name the file and what is wrong: LKS_IO (missing,
 * truncated), LKS_FORMAT (header not JSON, duplicate names, unknown dtype, offsets that
 * overlap, leave holes, overflow or disagree with the shape, bytes left over). */
lks_status lks_safetensors_open(const char *path, lks_safetensors **out);

/* The same from memory, which is copied; `name` stands for the path in errors. */
lks_status lks_safetensors_parse(const void *bytes, size_t n_bytes, const char *name,
                                 lks_safetensors **out);
/* NULL is fine. */
void lks_safetensors_close(lks_safetensors *file);

/* How many arrays, and the i-th in the order of the file. */
size_t lks_safetensors_count(const lks_safetensors *file);
const lks_safetensors_entry *lks_safetensors_at(const lks_safetensors *file, size_t i);

/* NULL if there is no such name. */
const lks_safetensors_entry *lks_safetensors_find(const lks_safetensors *file,
                                                  const char *name);

/* Write entries whole or not at all: beside `path`, flushed to disk, renamed over it. The
 * same entries, in any order, give the same bytes. LKS_IO on a full disk and the like:
 * `path` is then as it was. LKS_INVALID: a name twice, not UTF-8 or reserved, a negative
 * size. */
lks_status lks_safetensors_write(const char *path, const lks_safetensors_entry *entries,
                                 size_t n_entries);

#endif
