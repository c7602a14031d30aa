/* Replace a file whole or not at all. */
#ifndef LKS_IO_REPLACE_H
#define LKS_IO_REPLACE_H

#include <stddef.h>

#include "base/status.h"

/* A borrowed run of bytes. */
typedef struct lks_bytes {
    const void *data;
    size_t n_bytes;
} lks_bytes;

/* Make the file `path` hold the parts, one after the other: written beside it, flushed to
 * disk, renamed over it, the directory flushed. On LKS_IO (disk full, no such directory
 * …) `path` is as it was and nothing is left beside it; but if it is the last of these
 * that fails, `path` has the new contents, and a power cut may bring the old ones back.
 */
lks_status lks_file_replace(const char *path, const lks_bytes *parts, size_t n_parts);

#endif
