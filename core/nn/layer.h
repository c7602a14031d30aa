/* What a layer type is: options, the rule from the ports that come in to those that go
 * out, with the parameters and buffers it needs, and the forward expression. For
 * core/nn's own files and for programs with layers of their own; the rest of the world
 * sees models (model.h).
 *
 * A layer of a plan is read-only: whatever changes from run to run is in lks_layer_run.
 */
#ifndef LKS_NN_LAYER_H
#define LKS_NN_LAYER_H

#include "base/option_rule.h"
#include "base/rng.h"
#include "nn/init.h"
#include "tensor/tensor.h"

enum { LKS_LAYER_MAX_PORTS = 4, LKS_LAYER_NAME_SIZE = 64 };

typedef struct lks_layer lks_layer;

/* What goes in or out at one place; the shape is without the batch dimension. */
typedef struct lks_port {
    lks_shape shape;
    lks_dtype dtype;
    /* 0: all samples have this shape. Else 1 + the number of the batch's field as whose
     * first dimension this one's varies from sample to sample: then sizes[0] is the
     * largest, and a batch is padded to its own longest sample. */
    size_t varies_with;
    int64_t n_tokens; /* of i64 from a vocabulary: its size; 0: they are not */
} lks_port;

/* How a forward is meant, and this layer's part of the run's state, each in the order in
 * which infer added it. */
typedef struct lks_layer_run {
    bool training;
    bool carries; /* what lanes carry is kept: else carried[] is NULLs, and stays so */
    lks_rng rng;  /* this layer's own stream at this step and lane */
    /* [layer->n_in] (N) i64: how long each sample of in[i] is along its first dimension;
     * NULL: as long as in[i] itself. What stands beyond is padding, of any value. */
    lks_tensor *const *lengths;
    lks_tensor *const *params;
    lks_tensor *const *buffers;
    lks_tensor *const *observed; /* sums, to be added to: lks_layer_observe */
    lks_tensor **carried;        /* of this lane: lks_layer_carry */
} lks_layer_run;

/* What all layers of a type have in common. */
typedef struct lks_layer_type {
    const char *name; /* in job files: PyTorch's, "max_pool2d" for nn.MaxPool2d */
    const lks_option_rule *options;
    size_t n_options;
    size_t config_size_bytes; /* of the struct that the options fill; 0 without */
    size_t n_inputs;          /* 0: one */
    size_t n_more_inputs; /* that `from` may name besides: layer->n_in says how many */
    int n_dims;           /* of a window, behind the channels (window.h): 1 or 2 */
    lks_dtype takes;      /* of all inputs; f32 unless it says so */
    /* It takes samples whose first dimension varies, (T, …), and no row of what it gives
     * for one sees padding. infer says whether what it gives varies likewise. */
    bool takes_varying;
    /* May be NULL: no. Of samples whose first dimension varies: whether their rows may come
     * one after the other, each in a run of its own, and give the bits that they give all
     * at once, what came before being carried. */
    bool (*steps)(const lks_layer *layer);
    /* From layer->in and the config set layer->out, n_out of them (one, of f32, unless it
     * says so), and add parameters and buffers in PyTorch's order. LKS_SHAPE by
     * lks_layer_refuse. */
    lks_status (*infer)(lks_layer *layer);
    /* in[i] (N, layer->in[i]…) to out[i] (N, layer->out[i]…), in the innermost scope. */
    lks_status (*forward)(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out);
    /* May be NULL, for layers that observe nothing: turn what all lanes of a step have
     * observed into new buffers, unrecorded; before the optimiser's step. */
    lks_status (*update)(const lks_layer *layer, const lks_layer_run *run);
    /* May be NULL, for layers that train on any number of samples at once. LKS_SHAPE: not
     * on so few as n_samples; forward would fail in training. */
    lks_status (*check_samples)(const lks_layer *layer, int64_t n_samples);
} lks_layer_type;

/* A parameter that infer adds. */
typedef struct lks_layer_param {
    char name[LKS_LAYER_NAME_SIZE]; /* "weight": without the layer's name */
    lks_shape shape;
    lks_init init;
    bool is_tied; /* it is another layer's, whose `index` it has */
    size_t index; /* in the parameter block, once the layer has its place */
} lks_layer_param;

/* A buffer that infer adds. */
typedef struct lks_layer_buffer {
    char name[32];
    lks_shape shape;
    lks_dtype dtype;
    double value; /* at first, all elements */
} lks_layer_buffer;

/* A layer in its place. */
struct lks_layer {
    const lks_layer_type *type;
    size_t index;
    char name[LKS_LAYER_NAME_SIZE]; /* its own, or its index */
    void *config;

    lks_port in[LKS_LAYER_MAX_PORTS], out[LKS_LAYER_MAX_PORTS];
    size_t n_in, n_out;
    const lks_layer *before[LKS_LAYER_MAX_PORTS]; /* who gives in[i]; NULL: the batch */
    size_t sources[LKS_LAYER_MAX_PORTS]; /* where in[i] stands in a run's table */
    size_t place;                        /* where out[0] does */
    const lks_layer *lender;             /* whose `weight` it has; NULL: it has its own */

    lks_layer_param *params;
    size_t n_params;
    lks_layer_buffer *buffers;
    size_t n_buffers;
    lks_shape *observed;
    size_t n_observed;
    size_t n_carried;
    /* Where this layer's stretch of the state begins. */
    size_t first_param, first_buffer, first_observed, first_carried;
};

/* The type of that name, or NULL. */
const lks_layer_type *lks_layer_type_find(const char *name);
/* "linear, conv2d, …" */
void lks_layer_type_list(char *out, size_t size);

/* Set up a layer whose type, index, name, inputs and `before` stand: read its options,
 * infer. On failure nothing is held. */
lks_status lks_layer_init(lks_layer *layer, lks_options options);
void lks_layer_release(lks_layer *layer);

/* Its parameter `weight`, or NULL. */
lks_layer_param *lks_layer_weight(const lks_layer *layer);

/* For infer. */
lks_status lks_layer_add_param(lks_layer *layer, const char *name, lks_shape shape,
                               lks_init init);
lks_status lks_layer_add_buffer(lks_layer *layer, const char *name, lks_shape shape,
                                lks_dtype dtype, double value);
/* f32 sums over a step's samples; zero when a lane begins. */
lks_status lks_layer_add_observed(lks_layer *layer, lks_shape shape);
/* One more tensor that each lane keeps from step to step. */
void lks_layer_add_carried(lks_layer *layer);

/* For forward. */

/* y, which may be NULL, to *out. */
static inline lks_status lks_layer_put(lks_tensor **out, lks_tensor *y)
{
    *out = y;
    return y ? LKS_OK : lks_error_status();
}

/* Add `seen`, of the shape of observed[i] or one that broadcasts to it, unrecorded. */
lks_status lks_layer_observe(const lks_layer_run *run, size_t i, lks_tensor *seen);

/* Keep `value`, without its history, as carried[i] (NULL until then) until the next time,
 * if the run carries. Its samples stand along dimension 1, as a recurrent layer's states
 * have them. */
lks_status lks_layer_carry(const lks_layer_run *run, size_t i, lks_tensor *value);

/* Where x (N, T, …), which is in[i], is padding: (N, T) bool, true beyond each sample's
 * length. NULL in *out where nothing is. */
lks_status lks_layer_padding(const lks_layer_run *run, size_t i, const lks_tensor *x,
                             lks_tensor **out);

/* Errors. */

/* "layer 3 (conv2d)", "layer c1 (conv2d)" */
const char *lks_layer_text(const lks_layer *layer, char *out, size_t size);

/* "layer 3 (conv2d) cannot follow layer 2 (flatten), which gives (256): …" */
lks_status lks_layer_refuse(const lks_layer *layer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "layer 3 (conv2d): …": the options do not go together. */
lks_status lks_layer_refuse_options(const lks_layer *layer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* LKS_SHAPE if in[0]'s first size varies, for infer of layers that take this with some of
 * their options only. */
lks_status lks_layer_refuse_varying(const lks_layer *layer);

/* `steps` of layers to which each row is by itself. */
bool lks_layer_steps(const lks_layer *layer);

/* The infer of layers that keep the shape and have no parameters. */
lks_status lks_layer_same_shape(lks_layer *layer);

/* The sample dimension that `dim`, counted as PyTorch does in (N, …), from the end if
 * negative, stands for. LKS_SHAPE: outside, or the batch itself; `option` names it. */
lks_status lks_layer_sample_dim(const lks_layer *layer, const char *option, int64_t dim,
                                int *out);

#endif
