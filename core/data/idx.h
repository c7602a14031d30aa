/* One idx file from a reader: what the format's table and the fuzz target share. Private.
 *
 *     2 zero bytes | element type (0x08: u8) | number of dims | each dim u32 be
 *     elements
 */
#ifndef LKS_DATA_IDX_H
#define LKS_DATA_IDX_H

#include "data/format.h"
#include "io/reader.h"

typedef struct lks_idx_images {
    uint64_t n;
    int64_t sizes[3]; /* channels, height, width */
    lks_block pixels; /* u8; the caller's to release, after a failure too */
} lks_idx_images;

/* An image file, to its end. */
lks_status lks_idx_read_images(lks_reader *reader, lks_idx_images *out);

/* A label file's *n labels of u8, to its end. *out is the caller's to release, after a
 * failure too. */
lks_status lks_idx_read_labels(lks_reader *reader, uint64_t *n, lks_block *out);

#endif
