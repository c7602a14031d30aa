/* What a data format is: a name and a function that reads files into samples. Private to
 * core/data. Adding one: a file like cifar10.c, a line here and one in dataset.c. */
#ifndef LKS_DATA_FORMAT_H
#define LKS_DATA_FORMAT_H

#include "data/dataset.h"

/* Samples as read. The owner frees inputs and targets, after a failure too. */
typedef struct lks_samples {
    uint64_t n_samples;
    lks_dtype input_dtype; /* U8: pixels; F32 */
    int n_dims;
    int64_t sizes[LKS_DATASET_MAX_DIMS];
    void *inputs;           /* [n_samples, sizes…] */
    lks_dtype target_dtype; /* I64: classes; F32: values */
    int n_target_dims;      /* 0 for classes */
    int64_t target_sizes[LKS_DATASET_MAX_DIMS];
    void *targets; /* [n_samples, target_sizes…] */
    /* How many samples' targets the files 0 … k hold together. */
    uint64_t file_end[LKS_DATASET_MAX_FILES];
} lks_samples;

typedef struct lks_dataset_format {
    const char *name;
    const char *wants; /* the files, in words, for an error */
    int min_files, max_files;
    /* `out` starts zeroed. Errors name the file. Sizes of zero are the caller's to
     * refuse.
     */
    lks_status (*read)(const char *const *paths, int n_paths, lks_samples *out);
} lks_dataset_format;

extern const lks_dataset_format lks_dataset_idx, lks_dataset_cifar10, lks_dataset_npy;

#endif
