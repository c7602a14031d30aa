/* What .npy files and the members of .npz files share. Private to core/io. */
#ifndef LKS_IO_NPY_PARTS_H
#define LKS_IO_NPY_PARTS_H

#include "io/npy.h"
#include "io/npy_header.h"
#include "io/reader.h"

/* What stands before the elements, and the array without them. */
lks_status lks_npy_read_shape(lks_reader *reader, lks_npy_header *header, lks_npy *out);

/* Why elements do not stand in the file as we hold them, in words; NULL: they do. */
const char *lks_npy_difference(const lks_npy_header *header);

/* What a reader holds, to its end, as lks_npy_read and lks_npy_open. */
lks_status lks_npy_read_array(lks_reader *reader, lks_npy *out);
lks_status lks_npy_open_array(lks_reader *reader, lks_npy *out, lks_block *block);

/* What stands before the elements; as many bytes as keep them aligned. */
typedef struct lks_npy_head {
    unsigned char bytes[512];
    size_t n_bytes;
    size_t n_data; /* that follow */
} lks_npy_head;

/* LKS_INVALID as lks_npy_write. */
lks_status lks_npy_make_head(const lks_npy *array, lks_npy_head *out);

#endif
