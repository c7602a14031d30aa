#include "nn/state.h"

#include "base/alloc.h"
#include "base/try.h"
#include "nn/model_internal.h"
#include "ops/ops.h"
#include "tensor/scope.h"

/* What lanes carry. */
typedef struct carried {
    lks_tensor **tensors; /* [n_lanes][plan->n_carried] */
    uint32_t n_lanes;     /* that have carried something */
} carried;

struct lks_state {
    const lks_plan *plan;
    bool is_borrowed; /* params and buffers are */
    lks_param_block *params;
    lks_buffer_block *buffers;
    lks_tensor **param_tensors; /* [plan->n_uses] the block's */
    lks_tensor **table;         /* [plan->n_places] borrowed of the run */
    carried carried[2];         /* in evaluation, in training */
    lks_tensor **nothing;       /* [plan->n_carried] NULLs: of runs that do not carry */
};

/* ---- what layers want, in a row ---- */

/* "0.weight", "c1.bias": as nn.Sequential numbers them, or by the layer's name. */
static char *name_of(const lks_layer *layer, const char *part)
{
    return lks_asprintf("%s.%s", layer->name, part);
}

static lks_status list_params(const lks_plan *plan, lks_param_spec *specs, char **names,
                              lks_shape *observed)
{
    size_t n = 0, n_observed = 0;

    for (size_t i = 0; i < plan->n_layers; i++) {
        const lks_layer *layer = &plan->layers[i];

        for (size_t j = 0; j < layer->n_params; j++) {
            if (layer->params[j].is_tied)
                continue;
            names[n] = name_of(layer, layer->params[j].name);
            if (!names[n])
                return LKS_NOMEM;
            specs[n] = (lks_param_spec){names[n], layer->params[j].shape};
            n++;
        }
        for (size_t j = 0; j < layer->n_observed; j++)
            observed[n_observed++] = layer->observed[j];
    }
    return LKS_OK;
}

static lks_status list_buffers(const lks_plan *plan, lks_buffer_spec *specs, char **names)
{
    size_t n = 0;

    for (size_t i = 0; i < plan->n_layers; i++) {
        const lks_layer *layer = &plan->layers[i];

        for (size_t j = 0; j < layer->n_buffers; j++, n++) {
            const lks_layer_buffer *buffer = &layer->buffers[j];

            names[n] = name_of(layer, buffer->name);
            if (!names[n])
                return LKS_NOMEM;
            specs[n] =
                (lks_buffer_spec){names[n], buffer->shape, buffer->dtype, buffer->value};
        }
    }
    return LKS_OK;
}

static void free_names(char **names, size_t n)
{
    for (size_t i = 0; names && i < n; i++)
        lks_free(names[i]);
    lks_free(names);
}

static lks_status make_params(lks_state *state, lks_device device)
{
    const lks_plan *plan = state->plan;
    lks_param_spec *specs = lks_calloc(plan->n_params, sizeof *specs);
    char **names = lks_calloc(plan->n_params, sizeof *names);
    lks_shape *observed = lks_calloc(plan->n_observed, sizeof *observed);
    lks_status st = specs && names && observed ? LKS_OK : LKS_NOMEM;

    if (st != LKS_OK)
        goto cleanup;
    LKS_GO(list_params(plan, specs, names, observed));
    LKS_GO(lks_param_block_create_observing(specs, plan->n_params, observed,
                                            plan->n_observed, device, &state->params));
cleanup:
    lks_free(observed);
    free_names(names, plan->n_params);
    lks_free(specs);
    return st;
}

static lks_status make_buffers(lks_state *state, lks_device device)
{
    const lks_plan *plan = state->plan;
    lks_buffer_spec *specs = lks_calloc(plan->n_buffers, sizeof *specs);
    char **names = lks_calloc(plan->n_buffers, sizeof *names);
    lks_status st = specs && names ? LKS_OK : LKS_NOMEM;

    if (st != LKS_OK)
        goto cleanup;
    LKS_GO(list_buffers(plan, specs, names));
    LKS_GO(lks_buffer_block_create(specs, plan->n_buffers, device, &state->buffers));
cleanup:
    free_names(names, plan->n_buffers);
    lks_free(specs);
    return st;
}

/* ---- first values ---- */

static lks_status init_param(const lks_state *state, const lks_init *init, size_t i,
                             uint64_t seed)
{
    const lks_param *param = lks_param_block_at(state->params, i);
    float *values = lks_malloc(param->numel * sizeof *values);
    lks_tensor *tensor;
    lks_status st;

    if (!values)
        return LKS_NOMEM;
    LKS_GO(lks_init_fill(init, seed, (uint32_t)i, param->numel, values));
    LKS_GO(lks_scope_open());
    tensor = lks_from_data(lks_sizes(param->tensor), LKS_F32, values,
                           lks_tensor_device(param->tensor));
    st = lks_model_write(param->tensor, tensor);
    lks_scope_close();
cleanup:
    lks_free(values);
    return st;
}

static lks_status init_params(const lks_state *state, uint64_t seed)
{
    const lks_plan *plan = state->plan;

    for (size_t i = 0; i < plan->n_layers; i++)
        for (size_t j = 0; j < plan->layers[i].n_params; j++) {
            const lks_layer_param *param = &plan->layers[i].params[j];

            if (!param->is_tied)
                LKS_TRY(init_param(state, &param->init, param->index, seed));
        }
    return LKS_OK;
}

/* ---- a state ---- */

static lks_status make_tables(lks_state *state)
{
    const lks_plan *plan = state->plan;

    state->param_tensors = lks_calloc(plan->n_uses, sizeof *state->param_tensors);
    state->table = lks_calloc(plan->n_places, sizeof *state->table);
    state->nothing = lks_calloc(plan->n_carried, sizeof *state->nothing);
    if (!state->param_tensors || !state->table || !state->nothing)
        return LKS_NOMEM;
    for (size_t i = 0; i < plan->n_layers; i++)
        for (size_t j = 0; j < plan->layers[i].n_params; j++)
            state->param_tensors[plan->layers[i].first_param + j] =
                lks_param_block_at(state->params, plan->layers[i].params[j].index)
                    ->tensor;
    return LKS_OK;
}

lks_status lks_state_create(const lks_plan *plan, uint64_t seed, lks_device device,
                            lks_state **out)
{
    lks_state *state = lks_calloc(1, sizeof *state);
    lks_status st;

    if (!state)
        return LKS_NOMEM;
    state->plan = plan;
    LKS_GO(make_params(state, device));
    LKS_GO(make_buffers(state, device));
    LKS_GO(make_tables(state));
    LKS_GO(init_params(state, seed));
    *out = state;
    state = NULL;
cleanup:
    lks_state_destroy(state);
    return st;
}

lks_status lks_state_create_of(const lks_plan *plan, lks_param_block *params,
                               lks_buffer_block *buffers, lks_state **out)
{
    lks_state *state = lks_calloc(1, sizeof *state);
    lks_status st;

    if (!state)
        return LKS_NOMEM;
    *state = (lks_state){
        .plan = plan, .is_borrowed = true, .params = params, .buffers = buffers};
    LKS_GO(make_tables(state));
    *out = state;
    state = NULL;
cleanup:
    lks_state_destroy(state);
    return st;
}

void lks_state_destroy(lks_state *state)
{
    if (!state)
        return;
    lks_state_forget_carried(state, false);
    lks_state_forget_carried(state, true);
    lks_free(state->nothing);
    lks_free(state->table);
    lks_free(state->param_tensors);
    if (!state->is_borrowed) {
        lks_buffer_block_destroy(state->buffers);
        lks_param_block_destroy(state->params);
    }
    lks_free(state);
}

lks_param_block *lks_state_params(const lks_state *state)
{
    return state->params;
}

lks_buffer_block *lks_state_buffers(const lks_state *state)
{
    return state->buffers;
}

/* ---- what lanes carry ---- */

void lks_state_forget_carried(lks_state *state, bool training)
{
    carried *c = &state->carried[training];

    for (size_t i = 0; i < c->n_lanes * state->plan->n_carried; i++)
        lks_unref(c->tensors[i]);
    lks_free(c->tensors);
    *c = (carried){0};
}

lks_status lks_state_select_carried(lks_state *state, const lks_run_mode *mode,
                                    lks_tensor *rows)
{
    const carried *c = &state->carried[mode->training];
    const size_t each = state->plan->n_carried, lane = mode->rng.lane;

    for (size_t i = 0; lane < c->n_lanes && i < each; i++) {
        lks_tensor **t = &c->tensors[lane * each + i];
        lks_tensor *selected;

        if (!*t)
            continue;
        if (!(selected = lks_keep(lks_index_select(*t, 1, rows))))
            return lks_error_status();
        lks_unref(*t);
        *t = selected;
    }
    return LKS_OK;
}

/* Room for this lane and those before it, of which there is nothing at first. */
static lks_status reserve_carried(lks_state *state, const lks_run_mode *mode)
{
    const size_t each = state->plan->n_carried, lane = mode->rng.lane;
    carried *c = &state->carried[mode->training];
    lks_tensor **grown;

    if (each == 0 || !mode->carries || lane < c->n_lanes)
        return LKS_OK;
    grown = lks_realloc(c->tensors, (lane + 1) * each, sizeof *grown);
    if (!grown)
        return LKS_NOMEM;
    for (size_t i = c->n_lanes * each; i < (lane + 1) * each; i++)
        grown[i] = NULL;
    *c = (carried){grown, (uint32_t)lane + 1};
    return LKS_OK;
}

/* ---- a run ---- */

static lks_layer_run run_of(const lks_state *state, const lks_layer *layer,
                            const lks_run_mode *mode, lks_tensor *const *observed)
{
    lks_tensor *const *buffers = lks_buffer_block_tensors(state->buffers);
    const size_t lane = mode->rng.lane * state->plan->n_carried;
    lks_layer_run run = {.training = mode->training,
                         .carries = mode->carries,
                         .rng = mode->rng,
                         .params = state->param_tensors + layer->first_param,
                         .buffers = buffers + layer->first_buffer};

    run.rng.layer = (uint32_t)layer->index;
    if (observed)
        run.observed = observed + layer->first_observed;
    if (layer->n_carried > 0)
        run.carried = mode->carries ? state->carried[mode->training].tensors + lane +
                                          layer->first_carried
                                    : state->nothing;
    return run;
}

/* The lengths of what `port` says, of this run. */
static lks_tensor *lengths_of(const lks_run_inputs *inputs, const lks_port *port)
{
    return port->varies_with && inputs->lengths ? inputs->lengths[port->varies_with - 1]
                                                : NULL;
}

static lks_status run_layers(lks_state *state, const lks_run_mode *mode,
                             const lks_run_inputs *inputs)
{
    const lks_plan *plan = state->plan;
    lks_tensor *const *observed = NULL;

    if (mode->training && plan->n_observed > 0)
        LKS_TRY(lks_param_block_observe(state->params, &observed));
    for (size_t i = 0; i < plan->n_layers; i++) {
        const lks_layer *layer = &plan->layers[i];
        lks_tensor *in[LKS_LAYER_MAX_PORTS], *lengths[LKS_LAYER_MAX_PORTS];
        lks_layer_run run = run_of(state, layer, mode, observed);

        run.lengths = lengths;
        for (size_t k = 0; k < layer->n_in; k++) {
            in[k] = state->table[layer->sources[k]];
            lengths[k] = lengths_of(inputs, &layer->in[k]);
        }
        LKS_TRY(layer->type->forward(layer, &run, in, &state->table[layer->place]));
    }
    return LKS_OK;
}

/* An output is another tensor than the inputs, whose owner is not theirs. */
static lks_status give_outputs(const lks_state *state, lks_tensor **outputs)
{
    const lks_layer *last = lks_plan_last(state->plan);

    for (size_t i = 0; i < last->n_out; i++) {
        lks_tensor *y = state->table[last->place + i];

        for (size_t k = 0; k < state->plan->n_inputs; k++)
            if (y == state->table[k])
                y = lks_reshape(y, lks_sizes(y));
        if (!(outputs[i] = lks_scope_return(y)))
            return lks_error_status();
    }
    return LKS_OK;
}

lks_status lks_state_run(lks_state *state, const lks_run_mode *mode,
                         const lks_run_inputs *inputs, lks_tensor **outputs)
{
    lks_status st;

    LKS_TRY(reserve_carried(state, mode));
    for (size_t i = 0; i < state->plan->n_inputs; i++)
        state->table[i] = inputs->fields[i];
    LKS_TRY(lks_scope_open());
    LKS_GO(run_layers(state, mode, inputs));
    LKS_GO(give_outputs(state, outputs));
cleanup:
    lks_scope_close();
    return st;
}

lks_status lks_state_update_buffers(lks_state *state)
{
    static const lks_run_mode mode = {.training = true};
    const lks_plan *plan = state->plan;
    const bool was = lks_set_grad_enabled(false);
    lks_tensor *const *observed = lks_param_block_own_observed(state->params);
    lks_status st;

    LKS_GO(lks_scope_open());
    for (size_t i = 0; i < plan->n_layers && st == LKS_OK; i++) {
        const lks_layer *layer = &plan->layers[i];
        const lks_layer_run run = run_of(state, layer, &mode, observed);

        if (layer->type->update && layer->n_observed > 0)
            st = layer->type->update(layer, &run);
    }
    lks_scope_close();
cleanup:
    lks_set_grad_enabled(was);
    return st;
}
