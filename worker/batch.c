#include "worker/batch.h"

#include "device.h"
#include "kernels.h"

lks_shape lks_dataset_input_shape(const lks_dataset *dataset)
{
    lks_shape shape = LKS_SCALAR;

    shape.ndim = lks_dataset_sample_shape(dataset, shape.sizes);
    return shape;
}

lks_shape lks_dataset_output_shape(const lks_dataset *dataset)
{
    lks_shape shape = LKS_SCALAR;

    shape.ndim = lks_dataset_target_shape(dataset, shape.sizes);
    return shape;
}

static lks_shape batch_of(int64_t n, lks_shape sample)
{
    lks_shape shape = {sample.ndim + 1, {n}};

    for (int i = 0; i < sample.ndim; i++)
        shape.sizes[i + 1] = sample.sizes[i];
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

lks_tensor *lks_batch_inputs(const lks_batch *batch, const lks_dataset *dataset,
                             lks_device device)
{
    return bring(batch_of(batch->slice.n, lks_dataset_input_shape(dataset)), LKS_F32,
                 batch->inputs, device);
}

lks_tensor *lks_batch_targets(const lks_batch *batch, const lks_dataset *dataset,
                              lks_device device)
{
    return bring(batch_of(batch->slice.n, lks_dataset_output_shape(dataset)),
                 lks_dataset_target_dtype(dataset), batch->targets, device);
}

lks_tensor *lks_batch_inputs_at(void *inputs, int64_t n, const lks_dataset *dataset,
                                lks_device device)
{
    return lks_from_blob(batch_of(n, lks_dataset_input_shape(dataset)), LKS_F32, inputs,
                         device);
}

lks_tensor *lks_batch_targets_at(void *targets, int64_t n, const lks_dataset *dataset,
                                 lks_device device)
{
    return lks_from_blob(batch_of(n, lks_dataset_output_shape(dataset)),
                         lks_dataset_target_dtype(dataset), targets, device);
}

static size_t bytes_of(lks_shape shape, lks_dtype dtype)
{
    int64_t numel = 0;

    lks_shape_numel(&shape, &numel); /* the loader has a batch of it */
    return (size_t)numel * lks_dtype_size_bytes(dtype);
}

size_t lks_batch_input_bytes(int64_t n, const lks_dataset *dataset)
{
    return bytes_of(batch_of(n, lks_dataset_input_shape(dataset)), LKS_F32);
}

size_t lks_batch_target_bytes(int64_t n, const lks_dataset *dataset)
{
    return bytes_of(batch_of(n, lks_dataset_output_shape(dataset)),
                    lks_dataset_target_dtype(dataset));
}
