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
} lks_dataset_format;

extern const lks_dataset_format lks_dataset_idx, lks_dataset_cifar10, lks_dataset_npy,
    lks_dataset_npz, lks_dataset_csv;

#endif
