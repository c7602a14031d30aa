/* A loader's batch as tensors on a device: copies, or of its own memory where the host
 * reads the device's, so they are used up before the next batch is asked for. */
#ifndef LKS_TRAIN_BATCH_H
#define LKS_TRAIN_BATCH_H

#include "data/loader.h"
#include "nn/model.h"
#include "tensor/tensor.h"

/* What of a dataset goes where. */
typedef struct lks_feed {
    const lks_dataset *dataset; /* borrowed */
    int inputs, targets; /* fields: what the model takes first, what the loss takes */
} lks_feed;

/* What the model takes alone, for data whose targets nobody asks for: there may be none
 * (-1). LKS_INVALID: there is no field but targets, or one varies in another dimension
 * than its samples' first. */
lks_status lks_feed_init_inputs(lks_feed *feed, const lks_dataset *dataset);

/* By the fields' names (data/dataset.h). LKS_INVALID: there is none for one of them. */
lks_status lks_feed_init(lks_feed *feed, const lks_dataset *dataset);

/* The inputs of a model for such data, into out[LKS_DATASET_MAX_FIELDS]: all fields but the
 * targets by their names, the feed's `inputs` first and called so. How many. */
size_t lks_feed_model_inputs(const lks_feed *feed, lks_model_input *out);

/* A batch on its device, field by field; tensors of the innermost scope. */
typedef struct lks_fields {
    lks_tensor *tensors[LKS_DATASET_MAX_FIELDS]; /* (n, sizes…) */
    lks_tensor
        *lengths[LKS_DATASET_MAX_FIELDS]; /* (n) i64; NULL: all are as long as that */
} lks_fields;

/* LKS_FORMAT: a sample of length 0, of which a model can make nothing. */
lks_status lks_batch_bring(const lks_batch *batch, const lks_dataset *dataset,
                           lks_device device, lks_fields *out);

/* The same of n samples whose fields lie on the device already, none of which varies;
 * their bytes. */
lks_status lks_batch_bring_from(void *const *fields, int64_t n,
                                const lks_dataset *dataset, lks_device device,
                                lks_fields *out);

/* What the model gives, its first output, of the fields that it takes by name. NULL: it
 * failed, or LKS_INVALID: it takes one that the data do not have. */
lks_tensor *lks_feed_forward(const lks_feed *feed, lks_model *model,
                             const lks_fields *fields);
size_t lks_batch_bytes(int64_t n, const lks_field *field);

/* Whether targets are classes along a dimension of their samples, such as the tokens of a
 * text: then the loss is one of a language model. */
bool lks_feed_has_tokens(const lks_feed *feed);

/* A field's shape in one sample, the largest, without the batch dimension. */
lks_shape lks_field_shape(const lks_field *field);

#endif
