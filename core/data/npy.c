/* Samples and targets from NumPy arrays: the way in for data of any other kind. */
#include "data/arrays.h"
#include "data/format.h"

static lks_status open_file(const void *from, lks_columns *columns, int k, lks_npy *out)
{
    lks_column_file *file = &columns->files[k];

    (void)from;
    return lks_npy_open(file->path, out, &file->block);
}

static lks_status open_npy(lks_columns *columns)
{
    return lks_arrays_open(columns, open_file, NULL);
}

const lks_dataset_format lks_dataset_npy = {
    .name = "npy",
    .wants = "2 files, inputs and targets",
    .min_files = 2,
    .max_files = 2,
    .open = open_npy,
};
