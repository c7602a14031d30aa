/* A dataset in memory: n samples of one shape, each with a target.
 *
 * Immutable once opened, so any thread may gather from it. Pixels stay as the file has
 * them (u8) and become f32 as they are gathered. */
#ifndef LKS_DATA_DATASET_H
#define LKS_DATA_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "layout/dtype.h"

enum {
    LKS_DATASET_MAX_DIMS = 4,
    LKS_DATASET_MAX_CHANNELS = 16,
    LKS_DATASET_MAX_FILES = 16
};

/* What to open. Strings are borrowed for the call. Paths are taken relative to `root`
 * (NULL, or an absolute path: as they are); a name ending in .gz is decompressed. */
typedef struct lks_dataset_source {
    const char *format; /* "idx", "cifar10", "npy" */
    const char *root;
    /* idx: images, labels; npy: inputs, targets; cifar10: n record files. */
    int n_files;
    const char *files[LKS_DATASET_MAX_FILES];
    /* Inputs become (x / 255 - mean[c]) / std[c] for u8 data, (x - mean[c]) / std[c] for
     * floats; channel c is the sample's first dimension. n_channels of 0: no
     * normalisation (u8 data are still divided by 255); 1: the same for all channels. */
    int n_channels;
    double mean[LKS_DATASET_MAX_CHANNELS];
    double std[LKS_DATASET_MAX_CHANNELS];
} lks_dataset_source;

typedef struct lks_dataset lks_dataset;

/* Read and check the files whole.
 *   - idx: images [n, h, w] or [n, c, h, w] of u8 give samples {c, h, w} (c = 1); labels
 *     [n] of u8 are classes.
 *   - cifar10: records of 1 + 3072 bytes give samples {3, 32, 32} and classes.
 *   - npy: inputs [n, ...] of any dtype give samples {...}; u8 are pixels, all else
 *     becomes f32. Targets [n] of integers are classes; [n, ...] of floats are values.
 *   - Errors: LKS_IO for missing, unreadable and truncated files; LKS_FORMAT for a bad
 *     magic and sizes that differ; LKS_INVALID for an unknown format and a normalisation
 *     that does not fit. Texts name the file. */
lks_status lks_dataset_open(const lks_dataset_source *source, lks_dataset **out);
void lks_dataset_destroy(lks_dataset *dataset);

uint64_t lks_dataset_n_samples(const lks_dataset *dataset);

/* Sizes of one input in sizes[0..LKS_DATASET_MAX_DIMS); returns how many. */
int lks_dataset_sample_shape(const lks_dataset *dataset, int64_t *sizes);

/* LKS_I64: class labels, one a sample. LKS_F32: values, of lks_dataset_target_shape (0
 * dims: one number a sample). */
lks_dtype lks_dataset_target_dtype(const lks_dataset *dataset);
int lks_dataset_target_shape(const lks_dataset *dataset, int64_t *sizes);

/* The file the targets are from, the last of several. Lives as long as the dataset. */
const char *lks_dataset_targets_path(const lks_dataset *dataset);

/* Every label lies in [0, n_classes), or LKS_FORMAT naming the file, sample and label. */
lks_status lks_dataset_check_labels(const lks_dataset *dataset, int64_t n_classes);

/* 64 bits of content, shapes and types: equal on all ranks that read the same data. */
uint64_t lks_dataset_fingerprint(const lks_dataset *dataset);

/* Copy samples out, normalised.
 *   indices  [n], each below n_samples
 *   inputs   [n, sample_shape…] f32
 *   targets  [n, target_shape…] of target_dtype */
void lks_dataset_gather(const lks_dataset *dataset, const uint64_t *indices, int64_t n,
                        float *inputs, void *targets);

#endif
