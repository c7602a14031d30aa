/* What a layer type is: options, the shape rule with the parameters it needs, and the
 * forward expression. For core/nn's own files; the world sees models (model.h). */
#ifndef LKS_NN_LAYER_H
#define LKS_NN_LAYER_H

#include "base/option_rule.h"
#include "base/rng.h"
#include "nn/init.h"
#include "tensor/tensor.h"

typedef struct lks_layer lks_layer;

/* How a forward is meant. */
typedef struct lks_layer_run {
    bool training;
    lks_rng rng; /* this layer's own stream at this step and lane */
} lks_layer_run;

typedef struct lks_layer_type {
    const char *name; /* in job files: PyTorch's, "max_pool2d" for nn.MaxPool2d */
    const lks_option_rule *options;
    size_t n_options;
    size_t config_size_bytes; /* of the struct that the options fill; 0 without */
    /* From layer->in and the config set layer->out, and add the parameters in
     * PyTorch's order (lks_layer_add_param). LKS_SHAPE by lks_layer_refuse. */
    lks_status (*infer)(lks_layer *layer);
    /* x (N, in…) to (N, out…). `params` are the tensors of the layer's parameters, in
     * the order infer added them. */
    lks_tensor *(*forward)(const lks_layer *layer, lks_tensor *const *params,
                           lks_tensor *x, const lks_layer_run *run);
} lks_layer_type;

typedef struct lks_layer_param {
    char name[32]; /* "weight": without the layer's index */
    lks_shape shape;
    lks_init init;
} lks_layer_param;

/* A layer in its place. Shapes are without the batch dimension. */
struct lks_layer {
    const lks_layer_type *type;
    size_t index;
    const lks_layer *before; /* NULL: the samples come in here */
    void *config;
    lks_shape in, out;
    lks_layer_param *params;
    size_t n_params;
};

/* Set up one layer for inputs of shape `in`. `before` is borrowed. */
lks_status lks_layer_init(lks_layer *layer, size_t index, const char *type,
                          lks_options options, const lks_layer *before, lks_shape in);
void lks_layer_release(lks_layer *layer);

/* For infer. */
lks_status lks_layer_add_param(lks_layer *layer, const char *name, lks_shape shape,
                               lks_init init);

/* "layer 3 (conv2d) cannot follow layer 2 (flatten), which gives (256): …" */
lks_status lks_layer_refuse(const lks_layer *layer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "layer 3 (conv2d): …": the options do not go together. */
lks_status lks_layer_refuse_options(const lks_layer *layer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The infer of layers that keep the shape and have no parameters. */
lks_status lks_layer_same_shape(lks_layer *layer);

/* The sample dimension that `dim`, counted as PyTorch does in (N, …), from the end if
 * negative, stands for. LKS_SHAPE: outside, or the batch itself; `option` names it. */
lks_status lks_layer_sample_dim(const lks_layer *layer, const char *option, int64_t dim,
                                int *out);

#endif
