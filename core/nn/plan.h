/* What a model does, read-only once it stands: layers in their order, and where each
 * takes its inputs from. For core/nn's own files.
 *
 * The tensors of one run stand in a table: first the batch's fields, then each layer's
 * outputs, one place each.
 *
 *     fields   inputs | layer 0 | layer 1 | layer 2: two outputs | …
 *     place      0         1         2          3          4                   */
#ifndef LKS_NN_PLAN_H
#define LKS_NN_PLAN_H

#include "nn/layer.h"
#include "nn/model.h"

/* A further name of a parameter: that of a layer which has another one's. */
typedef struct lks_tie {
    char *name;   /* "3.weight" */
    size_t param; /* index in the block */
} lks_tie;

typedef struct lks_plan {
    lks_model_input *inputs; /* their names are the plan's */
    size_t n_inputs;
    lks_layer *layers;
    size_t n_layers;
    size_t n_places; /* in a run's table */
    size_t n_params, n_buffers, n_observed, n_carried;
    size_t n_uses; /* of parameters, by layers: as many, and those that are tied */
    lks_tie *ties;
    size_t n_ties;
} lks_plan;

/* Errors as lks_model_create_from. */
lks_status lks_plan_create(const lks_layer_spec *layers, size_t n_layers,
                           const lks_model_input *inputs, size_t n_inputs,
                           lks_plan **out);
void lks_plan_destroy(lks_plan *plan); /* NULL is fine */

const lks_layer *lks_plan_last(const lks_plan *plan);

/* Whether a sample of varying length may come row by row (lks_layer_type.steps). */
bool lks_plan_steps(const lks_plan *plan);

/* Where the input that is written as `from` ("c1", "4", "inputs", "4.1") of `layer`
 * stands: in->sources[i], in->before[i], in->in[i]; and layer->lender, if its weight_of
 * says one. specs: all layers', for names that come later. LKS_INVALID. (plan_wire.c) */
lks_status lks_plan_wire(const lks_plan *plan, const lks_layer_spec *specs,
                         size_t n_specs, lks_layer *layer);

/* Let the `weight` of `layer`, whose place comes next, be that of its lender. LKS_INVALID:
 * one of them has no weight; LKS_SHAPE: another shape. (plan_wire.c) */
lks_status lks_plan_tie(lks_plan *plan, const lks_layer_spec *spec, lks_layer *layer);

#endif
