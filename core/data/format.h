/* What a data format is: a name and a function that says where in its files the samples
 * stand. Private to core/data. Adding one: a file like cifar10.c, its name here and in
 * open.c. */
#ifndef LKS_DATA_FORMAT_H
#define LKS_DATA_FORMAT_H

#include "data/columns.h"

typedef struct lks_dataset_format {
    const char *name;
    const char *wants; /* the files, in words, for an error */
    int min_files, max_files;
    /* Fill in the rest: samples, columns, each file's block and end. `columns` has the
     * files' paths, and is zero else. Errors name the file. Sizes of zero are the
     * caller's to refuse. */
    lks_status (*open)(lks_columns *columns);
    /* In place of that, of files whose samples do not stand in a row: all of it. */
    lks_status (*make)(const lks_dataset_source *source, lks_dataset **out);
} lks_dataset_format;

extern const lks_dataset_format lks_dataset_idx, lks_dataset_cifar10, lks_dataset_npy,
    lks_dataset_npz, lks_dataset_csv, lks_dataset_text, lks_dataset_labelled,
    lks_dataset_pairs;

/* The path of file k, the caller's to lks_free; NULL: no memory. */
char *lks_dataset_path(const lks_dataset_source *source, int k);

/* LKS_INVALID: there is no such format, or it wants another number of files. */
lks_status lks_dataset_check_source(const lks_dataset_source *source);

#endif
