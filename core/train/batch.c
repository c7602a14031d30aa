#include "train/batch.h"

#include <string.h>

#include "base/try.h"
#include "device.h"
#include "kernels.h"
#include "nn/layer.h"

/* ---- fields ---- */

static const char first_input[] = "inputs";

/* "inputs", else the first that is not the targets. */
static int find_inputs(const lks_dataset *dataset, int targets)
{
    const int named = lks_dataset_find(dataset, first_input);
    const int first = targets == 0 ? 1 : 0;

    if (named >= 0)
        return named;
    return first < lks_dataset_n_fields(dataset) ? first : -1;
}

static lks_status check_variation(const lks_dataset *dataset)
{
    for (int i = 0; i < lks_dataset_n_fields(dataset); i++) {
        const lks_field *field = lks_dataset_field(dataset, i);

        if (field->varies && field->varying_dim != 0)
            return lks_fail(LKS_INVALID,
                            "field %s: dimension %d of its samples varies; a model takes "
                            "those whose first one does",
                            field->name, field->varying_dim + 1);
    }
    return LKS_OK;
}

lks_status lks_feed_init_inputs(lks_feed *feed, const lks_dataset *dataset)
{
    const int targets = lks_dataset_find(dataset, "targets");
    const int inputs = find_inputs(dataset, targets);

    if (inputs < 0)
        return lks_fail(LKS_INVALID, "the data have no field but their targets");
    LKS_TRY(check_variation(dataset));
    *feed = (lks_feed){.dataset = dataset, .inputs = inputs, .targets = targets};
    return LKS_OK;
}

lks_status lks_feed_init(lks_feed *feed, const lks_dataset *dataset)
{
    if (lks_dataset_find(dataset, "targets") < 0)
        return lks_fail(LKS_INVALID, "the data have no field named targets");
    return lks_feed_init_inputs(feed, dataset);
}

bool lks_feed_has_tokens(const lks_feed *feed)
{
    const lks_field *targets =
        feed->targets < 0 ? NULL : lks_dataset_field(feed->dataset, feed->targets);

    return targets && targets->dtype == LKS_I64 && targets->n_dims > 0;
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

static lks_model_input input_of(const lks_field *field, const char *name)
{
    return (lks_model_input){.name = name,
                             .shape = lks_field_shape(field),
                             .dtype = field->dtype,
                             .varies = field->varies,
                             .n_tokens = field->n_tokens};
}

size_t lks_feed_model_inputs(const lks_feed *feed, lks_model_input *out)
{
    size_t n = 0;

    out[n++] = input_of(lks_dataset_field(feed->dataset, feed->inputs), first_input);
    for (int i = 0; i < lks_dataset_n_fields(feed->dataset); i++) {
        const lks_field *field = lks_dataset_field(feed->dataset, i);

        if (i != feed->inputs && i != feed->targets)
            out[n++] = input_of(field, field->name);
    }
    return n;
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

/* *out stays NULL where all samples are of one length. */
static lks_status bring_lengths(const lks_field_batch *values, int64_t n,
                                const lks_field *field, lks_device device,
                                lks_tensor **out)
{
    bool differ = false;

    for (int64_t i = 0; i < n; i++) {
        if (values->lengths[i] < 1)
            return lks_fail(LKS_FORMAT,
                            "the field %s has a sample of length 0, of which a model can "
                            "make nothing: leave it out of the data",
                            field->name);
        differ |= values->lengths[i] != values->longest;
    }
    if (differ && !(*out = bring(LKS_SHAPE_OF(n), LKS_I64, values->lengths, device)))
        return lks_error_status();
    return LKS_OK;
}

lks_status lks_batch_bring(const lks_batch *batch, const lks_dataset *dataset,
                           lks_device device, lks_fields *out)
{
    const int64_t n = batch->slice.n;

    *out = (lks_fields){0};
    for (int i = 0; i < lks_dataset_n_fields(dataset); i++) {
        const lks_field *field = lks_dataset_field(dataset, i);
        const lks_field_batch *values = &batch->fields[i];

        if (field->varies)
            LKS_TRY(bring_lengths(values, n, field, device, &out->lengths[i]));
        out->tensors[i] = bring(batch_of(n, field, values->longest), field->dtype,
                                values->data, device);
        if (!out->tensors[i])
            return lks_error_status();
    }
    return LKS_OK;
}

lks_status lks_batch_bring_from(void *const *fields, int64_t n,
                                const lks_dataset *dataset, lks_device device,
                                lks_fields *out)
{
    *out = (lks_fields){0};
    for (int i = 0; i < lks_dataset_n_fields(dataset); i++) {
        const lks_field *field = lks_dataset_field(dataset, i);

        out->tensors[i] =
            lks_from_blob(batch_of(n, field, 0), field->dtype, fields[i], device);
        if (!out->tensors[i])
            return lks_error_status();
    }
    return LKS_OK;
}

/* ---- forward ---- */

/* The field that the model's i-th input is; -1: there is none. */
static int field_of(const lks_feed *feed, const lks_model *model, size_t i)
{
    const char *name = lks_model_input_at(model, i)->name;
    const int found = lks_dataset_find(feed->dataset, name);

    return found < 0 && strcmp(name, first_input) == 0 ? feed->inputs : found;
}

static lks_status run(const lks_feed *feed, lks_model *model, const lks_fields *fields,
                      lks_tensor **outputs)
{
    lks_tensor *inputs[LKS_DATASET_MAX_FIELDS], *lengths[LKS_DATASET_MAX_FIELDS];
    const size_t n = lks_model_n_inputs(model);

    for (size_t i = 0; i < n; i++) {
        const int field = field_of(feed, model, i);

        if (field < 0 || i == LKS_DATASET_MAX_FIELDS)
            return lks_fail(LKS_INVALID,
                            "the model takes a field '%s', which the data do not have",
                            lks_model_input_at(model, i)->name);
        inputs[i] = fields->tensors[field];
        lengths[i] = fields->lengths[field];
    }
    return lks_model_run_padded(model, inputs, lengths, outputs);
}

lks_tensor *lks_feed_forward(const lks_feed *feed, lks_model *model,
                             const lks_fields *fields)
{
    lks_tensor *outputs[LKS_LAYER_MAX_PORTS];

    return run(feed, model, fields, outputs) == LKS_OK ? outputs[0] : NULL;
}
