/* A model: layers one after the other, described by names and numbers, with PyTorch's
 * defaults and the weight names of its nn.Sequential. Input sizes are inferred.
 *
 * Add a layer type: one file in nn/ with a const lks_layer_type, one line in
 * nn/layers.def. */
#ifndef LKS_NN_MODEL_H
#define LKS_NN_MODEL_H

#include "base/option.h"
#include "nn/param_block.h"
#include "tensor/tensor.h"

/* `type` is "linear", "conv2d" …, options are PyTorch's arguments ("out_features").
 * Borrowed. */
typedef struct lks_layer_spec {
    const char *type;
    lks_options options;
} lks_layer_spec;

typedef struct lks_model lks_model;

/* Build, infer shapes and initialise as PyTorch does by default.
 *   sample   one input without the batch dimension: (1, 28, 28)
 *   seed     of the initial weights: the same on every rank
 *   errors   LKS_INVALID: unknown layer type or an option out of range; LKS_SHAPE: a
 *            layer that cannot follow the one before (the text names both and the
 *            shapes) */
lks_status lks_model_create(const lks_layer_spec *layers, size_t n_layers,
                            lks_shape sample, uint64_t seed, lks_device device,
                            lks_model **out);
void lks_model_destroy(lks_model *model);

/* x (N, sample…) to (N, output…). Recorded unless lks_set_grad_enabled(false). */
lks_tensor *lks_model_forward(lks_model *model, lks_tensor *x);

/* Training (dropout acts) or evaluation; new models train. */
void lks_model_set_training(lks_model *model, bool training);

/* Where the next forward stands, for counter-based randomness: the layer's own index is
 * added. `step` counts modulo 2^32 there: steps that far apart draw the same numbers. */
void lks_model_set_position(lks_model *model, uint64_t seed, uint64_t step,
                            uint32_t lane);

lks_param_block *lks_model_params(const lks_model *model);
/* One output without the batch dimension. */
lks_shape lks_model_output_shape(const lks_model *model);
/* Text for a person: layer, output shape, parameters, one a line. The caller lks_frees
 * it. */
char *lks_model_describe(const lks_model *model);

/* Weights as safetensors. Save writes whole or not at all: LKS_IO on a full disk and the
 * like, `path` being as it was; LKS_NOMEM. Load takes exactly the model's names, shapes
 * (any float dtype, cast): LKS_FORMAT names what is missing, left over, differs or is
 * malformed; LKS_IO: it cannot be read. A refused file leaves the model as it was. */
lks_status lks_model_save(const lks_model *model, const char *path);
/* The same of values that were read before (lks_param_block_read): no device is asked, so
 * a process forked since may call it. */
lks_status lks_model_save_values(const lks_model *model, const float *values,
                                 const char *path);
lks_status lks_model_load(lks_model *model, const char *path);

#endif
