/* Where predictions go, by replica 0: JSON lines, as they come, or an array of NumPy's. A
 * file appears whole, where there was none before. */
#ifndef LKS_WORKER_PREDICTION_H
#define LKS_WORKER_PREDICTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/dataset.h"
#include "layout/shape.h"

/* Borrowed for as long as it is written. */
typedef struct lks_prediction_options {
    const char *format; /* "jsonl" "npy" */
    const char *path;   /* NULL: standard output, of jsonl */
    uint64_t n;         /* of them */
    lks_shape shape;    /* of one */
    bool is_classifier; /* outputs (n_classes) are what cross_entropy takes: jsonl has the
                           class of the largest, and their softmax */
    const char *const *class_names; /* [n_class_names]; others have none */
    size_t n_class_names;
    const lks_dataset *samples; /* lks_dataset_row of which numbers jsonl's lines; NULL:
                                   they are counted from 0 */
} lks_prediction_options;

typedef struct lks_prediction lks_prediction;

/* "jsonl, npy", for errors; and whether `name` is one of them. */
#define LKS_PREDICTION_FORMATS "jsonl or npy"
bool lks_prediction_has_format(const char *name);

/* Errors: those of lks_whole_file_create; LKS_INVALID, npy without a path. */
lks_status lks_prediction_create(const lks_prediction_options *options,
                                 lks_prediction **out);

/* As lks_prediction_sink.take, one run after the other. `prediction` is one. */
lks_status lks_prediction_take(void *prediction, uint64_t first, int64_t n,
                               const float *outputs);

/* All have been taken: let the file appear. LKS_IO, LKS_INVALID as at its start. */
lks_status lks_prediction_finish(lks_prediction *prediction);

/* What is not finished is gone. NULL is fine. */
void lks_prediction_destroy(lks_prediction *prediction);

#endif
