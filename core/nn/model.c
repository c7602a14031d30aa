#include "nn/model.h"

#include "base/alloc.h"
#include "base/try.h"
#include "nn/layer.h"
#include "nn/model_internal.h"
#include "ops/ops.h"
#include "tensor/scope.h"

/* Initialise layers first to last; `n_layers` counts those to release. */
static lks_status build_layers(lks_model *model, const lks_layer_spec *specs, size_t n)
{
    lks_shape in = model->sample;

    model->layers = lks_calloc(n, sizeof *model->layers);
    if (!model->layers)
        return LKS_NOMEM;
    for (size_t i = 0; i < n; i++) {
        lks_layer *layer = &model->layers[i];

        LKS_TRY(lks_layer_init(layer, i, specs[i].type, specs[i].options,
                               i ? layer - 1 : NULL, in));
        model->n_layers++;
        in = layer->out;
    }
    return LKS_OK;
}

/* "0.weight", "0.bias", "3.weight" …: as nn.Sequential numbers them. */
static lks_status name_params(const lks_model *model, lks_param_spec *specs, char **names)
{
    size_t at = 0;

    for (size_t i = 0; i < model->n_layers; i++)
        for (size_t j = 0; j < model->layers[i].n_params; j++, at++) {
            const lks_layer_param *param = &model->layers[i].params[j];

            names[at] = lks_asprintf("%zu.%s", i, param->name);
            if (!names[at])
                return LKS_NOMEM;
            specs[at] = (lks_param_spec){.name = names[at], .shape = param->shape};
        }
    return LKS_OK;
}

static lks_status build_params(lks_model *model, lks_device device)
{
    lks_param_spec *specs;
    char **names;
    size_t n = 0;
    lks_status st;

    for (size_t i = 0; i < model->n_layers; i++)
        n += model->layers[i].n_params;
    specs = lks_calloc(n, sizeof *specs);
    names = lks_calloc(n, sizeof *names);
    model->tensors = lks_calloc(n, sizeof *model->tensors);
    st = specs && names && model->tensors ? LKS_OK : LKS_NOMEM;
    if (st != LKS_OK)
        goto cleanup;
    LKS_GO(name_params(model, specs, names));
    LKS_GO(lks_param_block_create(specs, n, device, &model->params));
    for (size_t i = 0; i < n; i++)
        model->tensors[i] = lks_param_block_at(model->params, i)->tensor;
cleanup:
    for (size_t i = 0; names && i < n; i++)
        lks_free(names[i]);
    lks_free(names);
    lks_free(specs);
    return st;
}

static lks_status init_param(const lks_model *model, const lks_init *init, size_t i,
                             uint64_t seed)
{
    const lks_param *param = lks_param_block_at(model->params, i);
    float *values = lks_malloc(param->numel * sizeof *values);
    lks_tensor *tensor;
    lks_status st;

    if (!values)
        return LKS_NOMEM;
    init->fill(seed, (uint32_t)i, init->scale, param->numel, values);
    LKS_GO(lks_scope_open());
    tensor = lks_from_data(lks_sizes(param->tensor), LKS_F32, values,
                           lks_tensor_device(param->tensor));
    st = lks_model_write(param->tensor, tensor);
    lks_scope_close();
cleanup:
    lks_free(values);
    return st;
}

static lks_status init_params(lks_model *model, uint64_t seed)
{
    size_t at = 0;

    for (size_t i = 0; i < model->n_layers; i++)
        for (size_t j = 0; j < model->layers[i].n_params; j++, at++)
            LKS_TRY(init_param(model, &model->layers[i].params[j].init, at, seed));
    return LKS_OK;
}

static lks_status check_sample(const lks_shape *sample)
{
    char text[LKS_SHAPE_TEXT];

    /* one dimension is left for the batch */
    if (sample->ndim >= LKS_MAX_DIMS)
        return lks_fail(LKS_SHAPE, "samples have %d dimensions; a model takes up to %d",
                        sample->ndim, LKS_MAX_DIMS - 1);
    for (int i = 0; i < sample->ndim; i++)
        if (sample->sizes[i] < 1)
            return lks_fail(LKS_SHAPE, "samples of shape %s hold nothing",
                            lks_shape_text(sample, text, sizeof text));
    return LKS_OK;
}

lks_status lks_model_create(const lks_layer_spec *layers, size_t n_layers,
                            lks_shape sample, uint64_t seed, lks_device device,
                            lks_model **out)
{
    lks_model *model = NULL;
    lks_status st;

    LKS_GO(check_sample(&sample));
    if (n_layers == 0)
        LKS_FAIL(LKS_INVALID, "a model needs at least one layer");
    model = lks_calloc(1, sizeof *model);
    if (!model)
        return LKS_NOMEM;
    model->sample = sample;
    model->run.training = true;
    LKS_GO(build_layers(model, layers, n_layers));
    LKS_GO(build_params(model, device));
    LKS_GO(init_params(model, seed));
    *out = model;
    model = NULL;
cleanup:
    lks_model_destroy(model);
    return st;
}

void lks_model_destroy(lks_model *model)
{
    if (!model)
        return;
    lks_param_block_destroy(model->params);
    for (size_t i = 0; i < model->n_layers; i++)
        lks_layer_release(&model->layers[i]);
    lks_free(model->layers);
    lks_free(model->tensors);
    lks_free(model);
}

/* x is (N, sample…). */
static lks_status check_input(const lks_model *model, const lks_tensor *x)
{
    char want[LKS_SHAPE_TEXT], got[LKS_SHAPE_TEXT];
    lks_shape sizes = lks_sizes(x), sample = {.ndim = sizes.ndim - 1};

    for (int i = 0; i < sample.ndim; i++)
        sample.sizes[i] = sizes.sizes[i + 1];
    if (lks_shape_equal(&sample, &model->sample))
        return LKS_OK;
    return lks_fail(LKS_SHAPE, "the model takes batches of samples of shape %s, not a %s",
                    lks_shape_text(&model->sample, want, sizeof want),
                    lks_shape_text(&sizes, got, sizeof got));
}

/* `params`: the tensors of each layer's parameters, in a row. */
static lks_tensor *run_layers(const lks_model *model, lks_tensor *const *params,
                              uint32_t more_lanes, lks_tensor *x)
{
    lks_tensor *y = x;

    if (!x || check_input(model, x) != LKS_OK || lks_scope_open() != LKS_OK)
        return NULL;
    for (size_t i = 0; i < model->n_layers; i++) {
        const lks_layer *layer = &model->layers[i];
        lks_layer_run run = model->run;

        run.rng.layer = (uint32_t)i;
        run.rng.lane += more_lanes;
        y = layer->type->forward(layer, params, y, &run);
        params += layer->n_params;
    }
    if (y == x) /* the result is another tensor, whose owner is not x's */
        y = lks_reshape(x, lks_sizes(x));
    y = lks_scope_return(y);
    lks_scope_close();
    return y;
}

lks_tensor *lks_model_forward(lks_model *model, lks_tensor *x)
{
    return run_layers(model, model->tensors, 0, x);
}

lks_tensor *lks_model_forward_with(const lks_model *model, const lks_param_block *params,
                                   uint32_t more_lanes, lks_tensor *x)
{
    const size_t n = lks_param_block_count(params);
    lks_tensor **tensors = lks_calloc(n, sizeof *tensors), *y;

    if (!tensors)
        return NULL;
    for (size_t i = 0; i < n; i++)
        tensors[i] = lks_param_block_at(params, i)->tensor;
    y = run_layers(model, tensors, more_lanes, x);
    lks_free(tensors);
    return y;
}

void lks_model_set_training(lks_model *model, bool training)
{
    model->run.training = training;
}

void lks_model_set_position(lks_model *model, uint64_t seed, uint64_t step, uint32_t lane)
{
    model->run.rng = (lks_rng){.seed = seed, .step = (uint32_t)step, .lane = lane};
}

lks_param_block *lks_model_params(const lks_model *model)
{
    return model->params;
}

lks_shape lks_model_output_shape(const lks_model *model)
{
    return model->layers[model->n_layers - 1].out;
}

lks_status lks_model_write(lks_tensor *param, lks_tensor *values)
{
    bool was = lks_set_grad_enabled(false);
    bool ok = values && lks_copy_(param, values);

    lks_set_grad_enabled(was);
    return ok ? LKS_OK : lks_error_status();
}
