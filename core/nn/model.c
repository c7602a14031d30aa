#include "nn/model.h"

#include "base/alloc.h"
#include "base/try.h"
#include "nn/model_internal.h"
#include "ops/ops.h"
#include "tensor/scope.h"

lks_status lks_model_create_from(const lks_layer_spec *layers, size_t n_layers,
                                 const lks_model_input *inputs, size_t n_inputs,
                                 uint64_t seed, lks_device device, lks_model **out)
{
    lks_model *model = lks_calloc(1, sizeof *model);
    lks_status st;

    if (!model)
        return LKS_NOMEM;
    model->mode.training = true;
    LKS_GO(lks_plan_create(layers, n_layers, inputs, n_inputs, &model->plan));
    LKS_GO(lks_state_create(model->plan, seed, device, &model->state));
    *out = model;
    model = NULL;
cleanup:
    lks_model_destroy(model);
    return st;
}

lks_status lks_model_create(const lks_layer_spec *layers, size_t n_layers,
                            lks_shape sample, uint64_t seed, lks_device device,
                            lks_model **out)
{
    const lks_model_input input = {.name = "inputs", .shape = sample, .dtype = LKS_F32};

    return lks_model_create_from(layers, n_layers, &input, 1, seed, device, out);
}

void lks_model_destroy(lks_model *model)
{
    if (!model)
        return;
    lks_state_destroy(model->state);
    lks_plan_destroy(model->plan);
    lks_free(model);
}

/* ---- a run ---- */

/* x is (N, sample…). */
static lks_status check_input(const lks_model_input *input, const lks_tensor *x)
{
    char want[LKS_SHAPE_TEXT], got[LKS_SHAPE_TEXT];
    lks_shape sizes = lks_sizes(x), sample = {.ndim = sizes.ndim - 1};

    for (int i = 0; i < sample.ndim; i++)
        sample.sizes[i] = sizes.sizes[i + 1];
    if (input->varies && sample.ndim > 0 && sample.sizes[0] > 0)
        sample.sizes[0] = input->shape.sizes[0];
    if (lks_shape_equal(&sample, &input->shape))
        return LKS_OK;
    return lks_fail(
        LKS_SHAPE, "the model takes batches of samples of shape %s%s, not a %s",
        lks_shape_text(&input->shape, want, sizeof want),
        input->varies ? ", of any length" : "", lks_shape_text(&sizes, got, sizeof got));
}

/* Their values are the device's, and the operations' to check. */
static lks_status check_lengths(const lks_model_input *input, const lks_tensor *x,
                                const lks_tensor *lengths)
{
    char got[LKS_SHAPE_TEXT];
    lks_shape sizes;

    if (!input->varies)
        return lks_fail(LKS_INVALID, "lengths of the field %s, which does not vary",
                        input->name);
    sizes = lks_sizes(lengths);
    if (lks_tensor_dtype(lengths) == LKS_I64 && sizes.ndim == 1 &&
        sizes.sizes[0] == lks_size(x, 0))
        return LKS_OK;
    return lks_fail(
        LKS_SHAPE, "lengths of the field %s are int64 (%lld), one a sample, not %s %s",
        input->name, (long long)lks_size(x, 0), lks_dtype_name(lks_tensor_dtype(lengths)),
        lks_shape_text(&sizes, got, sizeof got));
}

static lks_status run(const lks_plan *plan, lks_state *state, const lks_run_mode *mode,
                      const lks_run_inputs *inputs, lks_tensor **outputs)
{
    for (size_t i = 0; i < plan->n_inputs; i++) {
        if (!inputs->fields[i])
            return lks_error_status();
        LKS_TRY(check_input(&plan->inputs[i], inputs->fields[i]));
        if (inputs->lengths && inputs->lengths[i])
            LKS_TRY(
                check_lengths(&plan->inputs[i], inputs->fields[i], inputs->lengths[i]));
    }
    return lks_state_run(state, mode, inputs, outputs);
}

lks_status lks_model_run(lks_model *model, lks_tensor *const *inputs,
                         lks_tensor **outputs)
{
    return lks_model_run_padded(model, inputs, NULL, outputs);
}

lks_status lks_model_run_padded(lks_model *model, lks_tensor *const *inputs,
                                lks_tensor *const *lengths, lks_tensor **outputs)
{
    const lks_run_inputs given = {inputs, lengths};
    const bool updates =
        model->mode.training && !model->defers_buffers && model->plan->n_observed > 0;

    if (updates)
        lks_param_block_forget_observed(lks_model_params(model));
    LKS_TRY(run(model->plan, model->state, &model->mode, &given, outputs));
    return updates ? lks_model_update_buffers(model) : LKS_OK;
}

/* A model with more fields or outputs than one has them run by lks_model_run. */
static lks_status check_one_to_one(const lks_model *model)
{
    if (model->plan->n_inputs == 1 && lks_plan_last(model->plan)->n_out == 1)
        return LKS_OK;
    return lks_fail(LKS_INVALID,
                    "the model has %zu inputs and %zu outputs: lks_model_run takes them",
                    model->plan->n_inputs, lks_plan_last(model->plan)->n_out);
}

lks_tensor *lks_model_forward(lks_model *model, lks_tensor *x)
{
    lks_tensor *y = NULL;

    if (!x || check_one_to_one(model) != LKS_OK)
        return NULL;
    return lks_model_run(model, &x, &y) == LKS_OK ? y : NULL;
}

lks_tensor *lks_model_forward_with(const lks_model *model, lks_state *state,
                                   uint32_t more_lanes, lks_tensor *x)
{
    lks_run_mode mode = model->mode;
    lks_tensor *y = NULL;

    if (!x || check_one_to_one(model) != LKS_OK)
        return NULL;
    mode.rng.lane += more_lanes;
    return run(model->plan, state, &mode, &(lks_run_inputs){.fields = &x}, &y) == LKS_OK
               ? y
               : NULL;
}

size_t lks_model_n_inputs(const lks_model *model)
{
    return model->plan->n_inputs;
}

const lks_model_input *lks_model_input_at(const lks_model *model, size_t i)
{
    return &model->plan->inputs[i];
}

void lks_model_set_training(lks_model *model, bool training)
{
    model->mode.training = training;
    model->mode.carries = model->carries[training];
}

lks_status lks_model_check_samples(const lks_model *model, int64_t n_samples)
{
    for (size_t i = 0; i < model->plan->n_layers; i++) {
        const lks_layer *layer = &model->plan->layers[i];

        if (layer->type->check_samples)
            LKS_TRY(layer->type->check_samples(layer, n_samples));
    }
    return LKS_OK;
}

void lks_model_set_position(lks_model *model, uint64_t seed, uint64_t step, uint32_t lane)
{
    model->mode.rng = (lks_rng){.seed = seed, .step = (uint32_t)step, .lane = lane};
}

/* ---- the state ---- */

lks_param_block *lks_model_params(const lks_model *model)
{
    return lks_state_params(model->state);
}

lks_buffer_block *lks_model_buffers(const lks_model *model)
{
    return lks_state_buffers(model->state);
}

void lks_model_defer_buffers(lks_model *model, bool defer)
{
    model->defers_buffers = defer;
}

lks_status lks_model_update_buffers(lks_model *model)
{
    return model->plan->n_observed > 0 ? lks_state_update_buffers(model->state) : LKS_OK;
}

void lks_model_set_carrying(lks_model *model, bool carries)
{
    model->carries[model->mode.training] = model->mode.carries = carries;
}

void lks_model_forget_carried(lks_model *model)
{
    lks_state_forget_carried(model->state, model->mode.training);
}

lks_status lks_model_select_carried(lks_model *model, lks_tensor *rows)
{
    return lks_state_select_carried(model->state, &model->mode, rows);
}

size_t lks_model_n_words(const lks_model *model)
{
    return lks_param_block_numel(lks_model_params(model)) +
           lks_buffer_block_n_words(lks_model_buffers(model));
}

lks_status lks_model_read(const lks_model *model, float *out)
{
    const lks_param_block *params = lks_model_params(model);

    LKS_TRY(lks_param_block_read(params, out));
    return lks_buffer_block_read(lks_model_buffers(model),
                                 out + lks_param_block_numel(params));
}

lks_status lks_model_hash(const lks_model *model, uint64_t *out)
{
    uint64_t buffers = 0;

    LKS_TRY(lks_param_block_hash(lks_model_params(model), out));
    LKS_TRY(lks_buffer_block_hash(lks_model_buffers(model), &buffers));
    *out ^= buffers;
    return LKS_OK;
}

lks_shape lks_model_output_shape(const lks_model *model)
{
    return lks_plan_last(model->plan)->out[0].shape;
}

bool lks_model_output_varies(const lks_model *model)
{
    return lks_plan_last(model->plan)->out[0].varies_with > 0;
}

lks_status lks_model_write(lks_tensor *to, lks_tensor *values)
{
    bool was = lks_set_grad_enabled(false);
    bool ok = values && lks_copy_(to, values);

    lks_set_grad_enabled(was);
    return ok ? LKS_OK : lks_error_status();
}
