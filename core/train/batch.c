#include "train/batch.h"

#include <string.h>

#include "base/try.h"
#include "device.h"
#include "kernels.h"

/* ---- fields ---- */

/* "inputs", else the first that is not the targets. */
static int find_inputs(const lks_dataset *dataset, int targets)
{
    const int named = lks_dataset_find(dataset, "inputs");
    const int first = targets == 0 ? 1 : 0;

    if (named >= 0)
        return named;
    return first < lks_dataset_n_fields(dataset) ? first : -1;
}

lks_status lks_feed_init_inputs(lks_feed *feed, const lks_dataset *dataset)
{
    const int targets = lks_dataset_find(dataset, "targets");
    const int inputs = find_inputs(dataset, targets);

    if (inputs < 0)
        return lks_fail(LKS_INVALID, "the data have no field but their targets");
    *feed = (lks_feed){.dataset = dataset, .inputs = inputs, .targets = targets};
    return LKS_OK;
}

lks_status lks_feed_init(lks_feed *feed, const lks_dataset *dataset)
{
    if (lks_dataset_find(dataset, "targets") < 0)
        return lks_fail(LKS_INVALID, "the data have no field named targets");
    return lks_feed_init_inputs(feed, dataset);
}

lks_shape lks_field_shape(const lks_field *field)
{
    lks_shape shape = {.ndim = field->n_dims};

    memcpy(shape.sizes, field->sizes, (size_t)field->n_dims * sizeof *field->sizes);
    return shape;
}

size_t lks_batch_bytes(int64_t n, const lks_field *field)
{
    return (size_t)n * lks_field_bytes(field); /* the loader has room for it */
}

/* ---- batches ---- */

static lks_shape batch_of(int64_t n, const lks_field *field, int64_t longest)
{
    lks_shape shape = {field->n_dims + 1, {n}};

    for (int i = 0; i < field->n_dims; i++)
        shape.sizes[i + 1] =
            field->varies && i == field->varying_dim ? longest : field->sizes[i];
    return shape;
}

/* Where they lie, if the device's kernels may read them there. */
static lks_tensor *bring(lks_shape shape, lks_dtype dtype, void *values,
                         lks_device device)
{
    return lks_device_kernels(device)->host_reads
               ? lks_from_blob(shape, dtype, values, device)
               : lks_from_data(shape, dtype, values, device);
}

lks_status lks_batch_bring(const lks_batch *batch, const lks_dataset *dataset,
                           lks_device device, lks_tensor **tensors)
{
    for (int i = 0; i < lks_dataset_n_fields(dataset); i++) {
        const lks_field *field = lks_dataset_field(dataset, i);
        const lks_field_batch *values = &batch->fields[i];

        tensors[i] = bring(batch_of(batch->slice.n, field, values->longest), field->dtype,
                           values->data, device);
        if (!tensors[i])
            return lks_error_status();
    }
    return LKS_OK;
}

lks_status lks_batch_bring_from(void *const *fields, int64_t n,
                                const lks_dataset *dataset, lks_device device,
                                lks_tensor **tensors)
{
    for (int i = 0; i < lks_dataset_n_fields(dataset); i++) {
        const lks_field *field = lks_dataset_field(dataset, i);

        tensors[i] =
            lks_from_blob(batch_of(n, field, 0), field->dtype, fields[i], device);
        if (!tensors[i])
            return lks_error_status();
    }
    return LKS_OK;
}
