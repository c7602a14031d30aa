/* A dataset that shows another one otherwise: what such have in common. Private to
 * core/data. */
#ifndef LKS_DATA_WRAPPER_H
#define LKS_DATA_WRAPPER_H

#include "data/dataset.h"

/* The first member of a wrapper's `self`. */
typedef struct lks_wrapper {
    const lks_dataset *inner; /* borrowed */
} lks_wrapper;

/* lks_dataset_create with the inner dataset's fields, but `inputs` (NULL: as there) for
 * the one of that name. LKS_INVALID: the inner one collates. */
lks_status lks_wrapper_create(const lks_dataset_ops *ops, void *self, uint64_t n_samples,
                              const lks_field *inputs, lks_dataset **out);

/* For the table of a wrapper: what the inner one says. */
const char *lks_wrapper_class_name(const void *self, int64_t number);
uint64_t lks_wrapper_row(const void *self, uint64_t index); /* of the same samples */
uint64_t lks_wrapper_n_streams(const void *self);           /* likewise */
int64_t lks_wrapper_length(const void *self, uint64_t index);
const char *lks_wrapper_origin(const void *self, int field, uint64_t index,
                               uint64_t *index_there);
uint64_t lks_wrapper_fingerprint(const void *self);

#endif
