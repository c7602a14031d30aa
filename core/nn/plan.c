#include "nn/plan.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

/* ---- names ---- */

static bool is_number(const char *text)
{
    return strspn(text, "0123456789") == strlen(text);
}

/* They become parts of a state dict's names and of `from`. */
static lks_status check_name(size_t index, const char *type, const char *name)
{
    if (*name == '\0' || is_number(name) || strchr(name, '.'))
        return lks_fail(LKS_INVALID,
                        "layer %zu (%s): its name '%s' must not be empty, a number, or "
                        "have a '.'",
                        index, type, name);
    if (strlen(name) >= LKS_LAYER_NAME_SIZE)
        return lks_fail(LKS_INVALID,
                        "layer %zu (%s): its name has %zu letters; at most "
                        "%d are possible",
                        index, type, strlen(name), LKS_LAYER_NAME_SIZE - 1);
    return LKS_OK;
}

static lks_status check_unused(const lks_plan *plan, const lks_layer *layer)
{
    for (size_t i = 0; i < plan->n_inputs; i++)
        if (strcmp(plan->inputs[i].name, layer->name) == 0)
            return lks_fail(
                LKS_INVALID,
                "layer %zu (%s) is called '%s', which is a field of the batch",
                layer->index, layer->type->name, layer->name);
    for (const lks_layer *other = plan->layers; other < layer; other++)
        if (strcmp(other->name, layer->name) == 0)
            return lks_fail(LKS_INVALID,
                            "layer %zu (%s) is called '%s', as layer %zu (%s) is",
                            layer->index, layer->type->name, layer->name, other->index,
                            other->type->name);
    return LKS_OK;
}

static lks_status set_name(const lks_plan *plan, lks_layer *layer, const char *name)
{
    if (!name) {
        snprintf(layer->name, sizeof layer->name, "%zu", layer->index);
        return LKS_OK;
    }
    LKS_TRY(check_name(layer->index, layer->type->name, name));
    snprintf(layer->name, sizeof layer->name, "%s", name);
    return check_unused(plan, layer);
}

/* ---- layers ---- */

static lks_status find_type(size_t index, const lks_layer_spec *spec,
                            const lks_layer_type **out)
{
    char known[1024];

    *out = spec->own ? spec->own : lks_layer_type_find(spec->type);
    if (*out)
        return LKS_OK;
    lks_layer_type_list(known, sizeof known);
    return lks_fail(LKS_INVALID, "layer %zu: there is no layer '%s'; there are: %s",
                    index, spec->type, known);
}

static void take_places(lks_plan *plan, lks_layer *layer)
{
    layer->place = plan->n_places;
    layer->first_param = plan->n_uses;
    layer->first_buffer = plan->n_buffers;
    layer->first_observed = plan->n_observed;
    layer->first_carried = plan->n_carried;
    plan->n_places += layer->n_out;
    plan->n_uses += layer->n_params;
    for (size_t i = 0; i < layer->n_params; i++)
        if (!layer->params[i].is_tied)
            layer->params[i].index = plan->n_params++;
    plan->n_buffers += layer->n_buffers;
    plan->n_observed += layer->n_observed;
    plan->n_carried += layer->n_carried;
}

static lks_status refuse_init(const lks_layer *layer, const char *param)
{
    char owner[128], known[256] = "none";
    size_t n = 0;

    for (size_t i = 0; i < layer->n_params && n < sizeof known; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "",
                              layer->params[i].name);
    return lks_fail(LKS_INVALID, "%s has no parameter '%s' to begin with; it has: %s",
                    lks_layer_text(layer, owner, sizeof owner), param, known);
}

/* A row that must be zero, an embedding's padding, stays so. */
static lks_status set_init(lks_layer *layer, const lks_init_spec *spec)
{
    char text[128], owner[256];
    lks_init init;
    size_t i = 0;

    while (i < layer->n_params && strcmp(layer->params[i].name, spec->param) != 0)
        i++;
    if (i == layer->n_params)
        return refuse_init(layer, spec->param);
    snprintf(owner, sizeof owner, "%s: init of %s",
             lks_layer_text(layer, text, sizeof text), spec->param);
    LKS_TRY(
        lks_init_named(spec->type, spec->options, &layer->params[i].shape, owner, &init));
    layer->params[i].init = lks_init_with_zeros(init, layer->params[i].init.zeros_first,
                                                layer->params[i].init.n_zeros);
    return LKS_OK;
}

static lks_status set_inits(lks_layer *layer, const lks_layer_spec *spec)
{
    lks_status st = LKS_OK;

    for (size_t i = 0; i < spec->n_inits && st == LKS_OK; i++)
        st = set_init(layer, &spec->inits[i]);
    if (st != LKS_OK)
        lks_layer_release(layer);
    return st;
}

static lks_status tie(lks_plan *plan, const lks_layer_spec *spec, lks_layer *layer)
{
    const lks_status st = layer->lender ? lks_plan_tie(plan, spec, layer) : LKS_OK;

    if (st != LKS_OK)
        lks_layer_release(layer);
    return st;
}

static lks_status add_layer(lks_plan *plan, const lks_layer_spec *specs, size_t n_specs)
{
    lks_layer *layer = &plan->layers[plan->n_layers];
    const lks_layer_spec *spec = &specs[plan->n_layers];

    layer->index = plan->n_layers;
    LKS_TRY(find_type(layer->index, spec, &layer->type));
    LKS_TRY(set_name(plan, layer, spec->name));
    LKS_TRY(lks_plan_wire(plan, specs, n_specs, layer));
    LKS_TRY(lks_layer_init(layer, spec->options));
    LKS_TRY(set_inits(layer, spec));
    LKS_TRY(tie(plan, spec, layer));
    take_places(plan, layer);
    plan->n_layers++;
    return LKS_OK;
}

/* ---- inputs ---- */

static lks_status check_sample(const lks_model_input *input)
{
    const lks_shape *sample = &input->shape;
    char text[LKS_SHAPE_TEXT];

    /* one dimension is left for the batch */
    if (sample->ndim >= LKS_MAX_DIMS)
        return lks_fail(LKS_SHAPE, "samples have %d dimensions; a model takes up to %d",
                        sample->ndim, LKS_MAX_DIMS - 1);
    for (int i = 0; i < sample->ndim; i++)
        if (sample->sizes[i] < 1)
            return lks_fail(LKS_SHAPE, "samples of shape %s hold nothing",
                            lks_shape_text(sample, text, sizeof text));
    if (input->varies && sample->ndim == 0)
        return lks_fail(LKS_INVALID, "the field %s varies, but has no dimension",
                        input->name);
    return LKS_OK;
}

static lks_status copy_inputs(lks_plan *plan, const lks_model_input *inputs, size_t n)
{
    if (!(plan->inputs = lks_calloc(n, sizeof *plan->inputs)))
        return LKS_NOMEM;
    for (size_t i = 0; i < n; i++) {
        LKS_TRY(check_sample(&inputs[i]));
        plan->inputs[i] = inputs[i];
        if (!(plan->inputs[i].name = lks_strdup(inputs[i].name)))
            return LKS_NOMEM;
        plan->n_inputs++;
    }
    plan->n_places = n;
    return LKS_OK;
}

/* ---- the plan ---- */

lks_status lks_plan_create(const lks_layer_spec *layers, size_t n_layers,
                           const lks_model_input *inputs, size_t n_inputs, lks_plan **out)
{
    lks_plan *plan = lks_calloc(1, sizeof *plan);
    lks_status st;

    if (!plan)
        return LKS_NOMEM;
    LKS_GO(copy_inputs(plan, inputs, n_inputs));
    if (n_layers == 0)
        LKS_FAIL(LKS_INVALID, "a model needs at least one layer");
    if (n_inputs == 0)
        LKS_FAIL(LKS_INVALID, "a model needs at least one input");
    if (!(plan->layers = lks_calloc(n_layers, sizeof *plan->layers)))
        LKS_GO(LKS_NOMEM);
    for (size_t i = 0; i < n_layers; i++)
        LKS_GO(add_layer(plan, layers, n_layers));
    *out = plan;
    plan = NULL;
cleanup:
    lks_plan_destroy(plan);
    return st;
}

void lks_plan_destroy(lks_plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->n_layers; i++)
        lks_layer_release(&plan->layers[i]);
    for (size_t i = 0; i < plan->n_inputs; i++)
        lks_free((char *)plan->inputs[i].name);
    for (size_t i = 0; i < plan->n_ties; i++)
        lks_free(plan->ties[i].name);
    lks_free(plan->ties);
    lks_free(plan->layers);
    lks_free(plan->inputs);
    lks_free(plan);
}

const lks_layer *lks_plan_last(const lks_plan *plan)
{
    return &plan->layers[plan->n_layers - 1];
}

bool lks_plan_steps(const lks_plan *plan)
{
    for (size_t i = 0; i < plan->n_layers; i++) {
        const lks_layer *layer = &plan->layers[i];

        if (!layer->type->steps || !layer->type->steps(layer))
            return false;
    }
    return true;
}
