#include "data/wrapper.h"

#include <string.h>

lks_status lks_wrapper_create(const lks_dataset_ops *ops, void *self, uint64_t n_samples,
                              const lks_field *inputs, lks_dataset **out)
{
    const lks_dataset *inner = ((const lks_wrapper *)self)->inner;
    const int n = lks_dataset_n_fields(inner);
    lks_field fields[LKS_DATASET_MAX_FIELDS];

    if (lks_dataset_collates(inner))
        return lks_fail(LKS_INVALID,
                        "a dataset that makes its batches itself (collate) is neither "
                        "split nor normalized nor transformed");
    for (int i = 0; i < n; i++) {
        fields[i] = *lks_dataset_field(inner, i);
        if (inputs && strcmp(fields[i].name, "inputs") == 0)
            fields[i] = *inputs;
    }
    return lks_dataset_create(ops, self, n_samples, fields, n, out);
}

const char *lks_wrapper_class_name(const void *self, int64_t number)
{
    return lks_dataset_class_name(((const lks_wrapper *)self)->inner, number);
}

uint64_t lks_wrapper_row(const void *self, uint64_t index)
{
    return lks_dataset_row(((const lks_wrapper *)self)->inner, index);
}

uint64_t lks_wrapper_n_streams(const void *self)
{
    return lks_dataset_n_streams(((const lks_wrapper *)self)->inner);
}

int64_t lks_wrapper_length(const void *self, uint64_t index)
{
    return lks_dataset_length(((const lks_wrapper *)self)->inner, index);
}

const char *lks_wrapper_origin(const void *self, int field, uint64_t index,
                               uint64_t *index_there)
{
    return lks_dataset_origin(((const lks_wrapper *)self)->inner, field, index,
                              index_there);
}

uint64_t lks_wrapper_fingerprint(const void *self)
{
    return lks_dataset_fingerprint(((const lks_wrapper *)self)->inner);
}
