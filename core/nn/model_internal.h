/* A model's inside, for the model_*.c files. */
#ifndef LKS_NN_MODEL_INTERNAL_H
#define LKS_NN_MODEL_INTERNAL_H

#include "nn/layer.h"
#include "nn/model.h"

struct lks_model {
    lks_shape sample;
    lks_layer *layers;
    size_t n_layers;
    lks_param_block *params;
    lks_tensor **tensors; /* the block's, in order: each layer takes its stretch */
    lks_layer_run run;    /* rng.layer is set for each layer */
};

/* lks_model_forward with another copy of the parameters, on x's device, and the random
 * numbers of `more_lanes` further. Changes nothing of the model: any thread. */
lks_tensor *lks_model_forward_with(const lks_model *model, const lks_param_block *params,
                                   uint32_t more_lanes, lks_tensor *x);

/* Copy `values` (the same shape, any dtype) over a parameter, unrecorded. NULL values
 * give the standing error. */
lks_status lks_model_write(lks_tensor *param, lks_tensor *values);

#endif
