/* A dataset whose samples stand in files, one behind the other: what formats fill in.
 * Private to core/data.
 *
 *     block 0          block 1                 a column: those blocks in a row, in each
 * of s0 s1 s2 s3 …    s700 s701 …             which a sample's bytes follow the one
 * before
 *     |<-stride->|                             at `stride`, the first at `offset`  */
#ifndef LKS_DATA_COLUMNS_H
#define LKS_DATA_COLUMNS_H

#include "data/convert.h"
#include "data/dataset.h"
#include "io/block.h"

/* A field and where it stands. */
typedef struct lks_column {
    lks_field field; /* that does not vary; u8 that become F32 are pixels */
    lks_dtype stored;
    int first_block, n_blocks;
    size_t offset, stride;
    /* Settled by lks_columns_create_dataset. */
    size_t numel;
    size_t n_bytes; /* of a sample in the field */
    lks_convert convert;
    int n_channels; /* 0: not normalised, one mean and std otherwise or one a channel */
    float mean[LKS_DATASET_MAX_CHANNELS], std[LKS_DATASET_MAX_CHANNELS];
} lks_column;

/* What a file holds; all files of a format have one each, in their order. */
typedef struct lks_column_file {
    char *path;
    lks_block block;
    uint64_t end; /* samples of its column in the files up to and with this one */
} lks_column_file;

typedef struct lks_columns {
    uint64_t n_samples;
    uint64_t fingerprint; /* settled as well */
    int n_columns, n_files;
    const lks_dataset_source *source; /* while it is opened */
    char **names; /* [n_names] of a table's columns, inputs and then targets */
    size_t n_names;
    double *fills; /* what stands in for missing inputs of each column; NULL: nothing */
    size_t n_fills;
    uint64_t *rows; /* [n_samples + 1] of a table, and how many there are; NULL: all */
    char **class_names; /* [n_class_names] of the targets; NULL: they have none */
    int64_t n_class_names;
    lks_column columns[LKS_DATASET_MAX_FIELDS];
    lks_column_file files[LKS_DATASET_MAX_FILES];
} lks_columns;

/* Read every byte once: the fingerprint, and numbers that no field can hold.
 *   columns  filled in; the dataset's from here on, unless this fails
 *   source   of the normalisation of the column "inputs"
 *   errors   LKS_FORMAT: no samples, a size of 0, a double beyond float32; LKS_INVALID: a
 *            normalisation that does not fit; LKS_IO: a file that has become shorter */
lks_status lks_columns_create_dataset(lks_columns *columns,
                                      const lks_dataset_source *source,
                                      lks_dataset **out);

/* NULL is fine. */
void lks_columns_destroy(lks_columns *columns);

#endif
