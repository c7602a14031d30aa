#include "data/arrays.h"

#include <string.h>

#include "base/try.h"

/* Array k as field `name`, of the array's own dtype. */
static lks_status open_array(lks_columns *columns, int k, const char *name,
                             lks_array_open open, const void *from)
{
    lks_column_file *file = &columns->files[k];
    lks_column *c = &columns->columns[k];
    lks_npy array;

    LKS_TRY(open(from, columns, k, &array));
    if (array.ndim < 1 || array.ndim > 1 + LKS_DATASET_MAX_DIMS)
        return lks_fail(LKS_FORMAT,
                        "%s: the array has %d dimensions; 1 (samples) to %d are allowed",
                        file->path, array.ndim, 1 + LKS_DATASET_MAX_DIMS);
    file->end = (uint64_t)array.sizes[0];
    *c = (lks_column){
        .field = {.name = name, .dtype = array.dtype, .n_dims = array.ndim - 1},
        .stored = array.dtype,
        .first_block = k,
        .n_blocks = 1,
        .stride = file->end > 0 ? file->block.size / file->end : 0,
    };
    memcpy(c->field.sizes, array.sizes + 1,
           (size_t)c->field.n_dims * sizeof *c->field.sizes);
    columns->n_columns++;
    return LKS_OK;
}

/* Bytes are pixels, booleans and floats are numbers; other integers stay what they are,
 * tokens for instance. */
static lks_dtype dtype_of_inputs(lks_dtype stored)
{
    return stored == LKS_I64 || stored == LKS_I32 || stored == LKS_I16 ? stored : LKS_F32;
}

/* Whole numbers are classes, one a sample or one for each of its places. */
static lks_dtype dtype_of_targets(lks_dtype stored)
{
    return lks_dtype_is_float(stored) ? LKS_F32 : LKS_I64;
}

lks_status lks_arrays_open(lks_columns *out, lks_array_open open, const void *from)
{
    const lks_column_file *files = out->files;

    LKS_TRY(open_array(out, 0, "inputs", open, from));
    out->columns[0].field.dtype = dtype_of_inputs(out->columns[0].stored);
    out->n_samples = files[0].end;
    if (out->n_files == 1) /* inputs only */
        return LKS_OK;
    LKS_TRY(open_array(out, 1, "targets", open, from));
    out->columns[1].field.dtype = dtype_of_targets(out->columns[1].stored);
    if (files[0].end != files[1].end)
        return lks_fail(LKS_FORMAT, "%s holds %llu inputs but %s %llu targets",
                        files[0].path, (unsigned long long)files[0].end, files[1].path,
                        (unsigned long long)files[1].end);
    return LKS_OK;
}
