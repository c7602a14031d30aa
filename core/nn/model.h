/* A model: layers, one after the other or wired by name, described by names and numbers,
 * with PyTorch's defaults and the weight names of its nn.Sequential. Input sizes are
 * inferred.
 *
 * Inside it is a plan, which is read-only, and a state: parameters, buffers (running
 * statistics), what a lane observes for these, and what it carries from step to step.
 *
 * Add a layer type: one file in nn/ with a const lks_layer_type, its name and options in
 * base/layer_options.h. */
#ifndef LKS_NN_MODEL_H
#define LKS_NN_MODEL_H

#include "base/option.h"
#include "nn/buffer_block.h"
#include "nn/param_block.h"
#include "tensor/tensor.h"

struct lks_layer_type;

/* A parameter's first values: {"weight", "xavier_uniform", {…}}, torch.nn.init's names and
 * arguments. Borrowed. */
typedef struct lks_init_spec {
    const char *param, *type;
    lks_options options;
} lks_init_spec;

/* `type` is "linear", "conv2d" …, options are PyTorch's arguments ("out_features").
 *   name   what its parameters and other layers call it; NULL: its number, from 0
 *   from   what it takes: names or numbers of layers before it, "lstm.1" for the second
 *          output of one that has several, fields of the batch; none: what the layer
 *          before it gives
 *   inits  what parameters begin with instead of what PyTorch's layer gives them
 *   weight_of  an earlier layer, whose `weight` it has in place of one of its own, of the
 *          same shape: one parameter with two users, as modules of PyTorch's that are
 *          given the same nn.Parameter. Files of weights have it under both names.
 *   own    a type of the program's own (layer.h), instead of the one called `type`
 * Borrowed, `own` for as long as the model lives. */
typedef struct lks_layer_spec {
    const char *type;
    lks_options options;
    const char *name;
    const char *const *from;
    size_t n_from;
    const struct lks_layer_type *own;
    const lks_init_spec *inits;
    size_t n_inits;
    const char *weight_of;
} lks_layer_spec;

/* A field of the batch; the shape is one sample's, without the batch dimension. `varies`:
 * its first dimension is another in each sample, sizes[0] being the largest that the model
 * was made for. */
typedef struct lks_model_input {
    const char *name;
    lks_shape shape;
    lks_dtype dtype;
    bool varies;
    int64_t n_tokens; /* of tokens of a vocabulary: its size; 0: they are none */
} lks_model_input;

typedef struct lks_model lks_model;

/* Build, infer shapes and initialise as PyTorch does by default.
 *   sample   one input without the batch dimension: (1, 28, 28)
 *   seed     of the initial weights: the same on every rank
 *   errors   LKS_INVALID: unknown layer type, an option out of range, a name twice, a
 *            `from` that nothing before it answers to, a wrong number of inputs;
 *            LKS_SHAPE: a layer that cannot follow the one before (the text names both
 *            and the shapes) */
lks_status lks_model_create(const lks_layer_spec *layers, size_t n_layers,
                            lks_shape sample, uint64_t seed, lks_device device,
                            lks_model **out);
/* The same of a batch with these fields; the above has one, f32, called "inputs". The
 * first layer takes the first ones. */
lks_status lks_model_create_from(const lks_layer_spec *layers, size_t n_layers,
                                 const lks_model_input *inputs, size_t n_inputs,
                                 uint64_t seed, lks_device device, lks_model **out);
/* NULL is fine. */
void lks_model_destroy(lks_model *model);

/* x (N, sample…) to (N, output…). Recorded unless lks_set_grad_enabled(false). */
lks_tensor *lks_model_forward(lks_model *model, lks_tensor *x);
/* Of all fields, in their order, to all outputs of the last layer. */
lks_status lks_model_run(lks_model *model, lks_tensor *const *inputs,
                         lks_tensor **outputs);
/* The same of samples that differ in length: inputs[i] (N, T, …), T being the batch's
 * longest, whatever the field's size.
 *   lengths  [inputs] (N) i64, 1 to T, on the inputs' device; NULL where the field does not
 *            vary, or all are T
 *   errors   LKS_SHAPE; lengths of a field that does not vary: LKS_INVALID */
lks_status lks_model_run_padded(lks_model *model, lks_tensor *const *inputs,
                                lks_tensor *const *lengths, lks_tensor **outputs);

/* The fields it takes, in their order; the model's own. */
size_t lks_model_n_inputs(const lks_model *model);
const lks_model_input *lks_model_input_at(const lks_model *model, size_t i);

/* Training (dropout acts, batches are normalised by their own statistics) or evaluation;
 * new models train. */
void lks_model_set_training(lks_model *model, bool training);

/* Forwards that train update the buffers (running statistics) themselves, as PyTorch's
 * do. For those who run several forwards a step: let what they observe add up behind the
 * gradients (param_block.h), until lks_model_update_buffers makes buffers of what stands
 * in the parameter block's own sums, once a step, before the optimiser's (layers may
 * change weights by what they observed, too: an embedding with a max_norm). */
void lks_model_defer_buffers(lks_model *model, bool defer);
lks_status lks_model_update_buffers(lks_model *model);

/* Whether layers carry something from a forward to the next one of the same lane (a
 * recurrent layer its hidden state): at first they do not. This, and what is carried,
 * stands apart for training and for evaluation; both functions are about the one that the
 * model is set to. */
void lks_model_set_carrying(lks_model *model, bool carries);
/* What they carry is as at the beginning. */
void lks_model_forget_carried(lks_model *model);
/* Of the lane that the model stands at: sample i goes on from what sample rows[i] carries.
 *   rows  (n) i64 on the model's device, n of any size; NULL gives the standing error */
lks_status lks_model_select_carried(lks_model *model, lks_tensor *rows);

/* Can a forward that trains take `n_samples` at once: does every layer? LKS_SHAPE names the
 * one that needs more (a batch norm's channel of one value has no variance). */
lks_status lks_model_check_samples(const lks_model *model, int64_t n_samples);

/* Where the next forward stands, for counter-based randomness: the layer's own index is
 * added. `step` counts modulo 2^32 there: steps that far apart draw the same numbers. */
void lks_model_set_position(lks_model *model, uint64_t seed, uint64_t step,
                            uint32_t lane);

/* The state that is trained, and the state that follows it. The model's own. */
lks_param_block *lks_model_params(const lks_model *model);
lks_buffer_block *lks_model_buffers(const lks_model *model);

/* All that a file of weights holds, in 4-byte words: the parameters' block, then the
 * buffers'. To the host's memory: waits. */
size_t lks_model_n_words(const lks_model *model);
lks_status lks_model_read(const lks_model *model, float *out);

/* 64 bits of parameters and buffers: equal on ranks that are in step;
 * lks_param_block_hash if there are no buffers. */
lks_status lks_model_hash(const lks_model *model, uint64_t *out);
/* One output without the batch dimension. */
lks_shape lks_model_output_shape(const lks_model *model);
/* Whether its first size is another for each sample, as the input's is. */
bool lks_model_output_varies(const lks_model *model);
/* Text for a person: layer, output shape, parameters, one a line. The caller lks_frees
 * it. */
char *lks_model_describe(const lks_model *model);

/* Weights and buffers as safetensors. Save writes whole or not at all: LKS_IO on a full
 * disk and the like, `path` being as it was; LKS_NOMEM. Load takes exactly the model's
 * names, shapes (any float dtype, cast), of a weight of two layers one name or both:
 * LKS_FORMAT names what is missing, left over, differs or is malformed; LKS_IO: it cannot be read. A refused file leaves the model as
 * it was. */
lks_status lks_model_save(const lks_model *model, const char *path);
/* The same of words that were read before (lks_model_read): no device is asked, so
 * a process forked since may call it. */
lks_status lks_model_save_words(const lks_model *model, const float *words,
                                const char *path);
lks_status lks_model_load(lks_model *model, const char *path);

#endif
