/* One idx file from a reader: what the format's table and the fuzz target share. Private.
 *
 *     2 zero bytes | element type (0x08: u8) | number of dims | each dim u32 be
 *     elements
 */
#ifndef LKS_DATA_IDX_H
#define LKS_DATA_IDX_H

#include "data/format.h"
#include "io/reader.h"

/* Fill n_samples, sizes and inputs from an image file, to its end. */
lks_status lks_idx_read_images(lks_reader *reader, lks_samples *out);

/* Fill targets from a label file, to its end; *n_labels is how many. */
lks_status lks_idx_read_labels(lks_reader *reader, lks_samples *out, uint64_t *n_labels);

#endif
