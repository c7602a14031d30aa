/* Names of layers, and where their inputs come from. */
#include "nn/plan.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

enum { OWNER_SIZE = 128, LIST_SIZE = 256 };

/* What a layer may take: an earlier layer's output or a field of the batch. */
typedef struct source {
    const lks_layer *layer; /* NULL: the batch's */
    size_t place;
    lks_port port;
} source;

static bool is_number(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    return n > 0;
}

static bool is_text(const char *name, const char *text, size_t n)
{
    return name && strlen(name) == n && strncmp(name, text, n) == 0;
}

/* "inputs, c1, add": fields and named layers before `layer`. */
static const char *list_names(const lks_plan *plan, const lks_layer *layer,
                              char out[LIST_SIZE])
{
    size_t n = 0;

    for (size_t i = 0; i < plan->n_inputs && n < LIST_SIZE; i++)
        n += (size_t)snprintf(out + n, LIST_SIZE - n, "%s%s", i ? ", " : "",
                              plan->inputs[i].name);
    for (size_t i = 0; i < layer->index && n < LIST_SIZE; i++)
        if (!is_number(plan->layers[i].name, strlen(plan->layers[i].name)))
            n += (size_t)snprintf(out + n, LIST_SIZE - n, ", %s", plan->layers[i].name);
    return out;
}

/* The index of the layer that the first n letters of `from` mean; n_specs: none. */
static size_t find_layer(const lks_layer_spec *specs, size_t n_specs, const char *from,
                         size_t n)
{
    if (is_number(from, n)) {
        const unsigned long long at = strtoull(from, NULL, 10);

        return at < n_specs ? (size_t)at : n_specs;
    }
    for (size_t i = 0; i < n_specs; i++)
        if (is_text(specs[i].name, from, n))
            return i;
    return n_specs;
}

static lks_status refuse_source(const lks_plan *plan, const lks_layer *layer,
                                const char *from, bool comes_later)
{
    char owner[OWNER_SIZE], names[LIST_SIZE];

    lks_layer_text(layer, owner, sizeof owner);
    if (comes_later)
        return lks_fail(LKS_INVALID,
                        "%s: from has '%s', which does not come before it; a layer takes "
                        "what earlier ones give",
                        owner, from);
    if (is_number(from, strlen(from)))
        return lks_fail(LKS_INVALID,
                        "%s: from has '%s', but the model has no layer of that number",
                        owner, from);
    return lks_fail(LKS_INVALID,
                    "%s: from has '%s', a name that no layer before it has and no field "
                    "of the batch; there are: %s, and the layers' numbers",
                    owner, from, list_names(plan, layer, names));
}

/* The i-th field of the batch. */
static source field_source(const lks_plan *plan, size_t i)
{
    const lks_model_input *input = &plan->inputs[i];

    return (source){NULL,
                    i,
                    {.shape = input->shape,
                     .dtype = input->dtype,
                     .varies_with = input->varies ? i + 1 : 0,
                     .n_tokens = input->n_tokens}};
}

/* The port behind the point of "c1.1". */
static lks_status find_port(const lks_layer *layer, const char *from, const char *number,
                            source *out)
{
    char owner[OWNER_SIZE], giver[OWNER_SIZE];
    size_t port = 0;

    if (number)
        port = is_number(number, strlen(number)) ? strtoull(number, NULL, 10) : SIZE_MAX;
    if (port >= out->layer->n_out)
        return lks_fail(LKS_INVALID, "%s: from has '%s', but %s gives %zu output%s",
                        lks_layer_text(layer, owner, sizeof owner), from,
                        lks_layer_text(out->layer, giver, sizeof giver),
                        out->layer->n_out,
                        out->layer->n_out == 1 ? "" : "s, counted from 0");
    out->place = out->layer->place + port;
    out->port = out->layer->out[port];
    return LKS_OK;
}

static lks_status find_source(const lks_plan *plan, const lks_layer_spec *specs,
                              size_t n_specs, const lks_layer *layer, const char *from,
                              source *out)
{
    const char *point = strchr(from, '.');
    const size_t n = point ? (size_t)(point - from) : strlen(from);
    size_t at;

    for (size_t i = 0; i < plan->n_inputs; i++)
        if (strcmp(plan->inputs[i].name, from) == 0) {
            *out = field_source(plan, i);
            return LKS_OK;
        }
    at = find_layer(specs, n_specs, from, n);
    if (at >= layer->index)
        return refuse_source(plan, layer, from, at < n_specs);
    out->layer = &plan->layers[at];
    return find_port(layer, from, point ? point + 1 : NULL, out);
}

/* What a layer that does not say takes: what the one before gives, or the batch's first
 * fields. */
static source default_source(const lks_plan *plan, const lks_layer *layer, size_t i)
{
    const lks_layer *before = layer->index > 0 ? layer - 1 : NULL;

    if (before)
        return (source){before, before->place + i, before->out[i]};
    return field_source(plan, i);
}

static lks_status check_count(const lks_layer *layer, size_t n, const char *what)
{
    const size_t wanted = layer->type->n_inputs ? layer->type->n_inputs : 1;
    const size_t most = wanted + layer->type->n_more_inputs;
    char owner[OWNER_SIZE], range[32] = "";

    if (n >= wanted && n <= most)
        return LKS_OK;
    if (most > wanted)
        snprintf(range, sizeof range, " to %zu", most);
    return lks_fail(LKS_INVALID, "%s takes %zu%s input%s; %s %zu",
                    lks_layer_text(layer, owner, sizeof owner), wanted, range,
                    most == 1 ? "" : "s", what, n);
}

static lks_status find_lender(const lks_plan *plan, const lks_layer_spec *specs,
                              size_t n_specs, lks_layer *layer)
{
    const char *name = specs[layer->index].weight_of;
    const size_t at = name ? find_layer(specs, n_specs, name, strlen(name)) : 0;
    char self[OWNER_SIZE];

    if (!name)
        return LKS_OK;
    if (at >= layer->index)
        return lks_fail(LKS_INVALID, "%s: weight_of is '%s', which is no layer before it",
                        lks_layer_text(layer, self, sizeof self), name);
    layer->lender = &plan->layers[at];
    return LKS_OK;
}

lks_status lks_plan_wire(const lks_plan *plan, const lks_layer_spec *specs,
                         size_t n_specs, lks_layer *layer)
{
    const lks_layer_spec *spec = &specs[layer->index];
    const size_t wanted = layer->type->n_inputs ? layer->type->n_inputs : 1;
    const size_t given = layer->index > 0 ? layer[-1].n_out : plan->n_inputs;

    if (spec->n_from > 0)
        LKS_TRY(check_count(layer, spec->n_from, "from has"));
    else if (given < wanted)
        LKS_TRY(check_count(layer, given,
                            layer->index > 0 ? "without from, the layer before it gives"
                                             : "without from, the batch has"));
    layer->n_in = spec->n_from > 0 ? spec->n_from : wanted;
    for (size_t i = 0; i < layer->n_in; i++) {
        source s = default_source(plan, layer, spec->n_from > 0 ? 0 : i);

        if (spec->n_from > 0)
            LKS_TRY(find_source(plan, specs, n_specs, layer, spec->from[i], &s));
        layer->before[i] = s.layer;
        layer->sources[i] = s.place;
        layer->in[i] = s.port;
    }
    return find_lender(plan, specs, n_specs, layer);
}

/* ---- weights of two layers ---- */

static lks_status check_tie(const lks_layer *layer, const lks_layer *owner,
                            const lks_layer_spec *spec)
{
    const lks_layer_param *mine = lks_layer_weight(layer);
    const lks_layer_param *its = lks_layer_weight(owner);
    char texts[2][LKS_SHAPE_TEXT], self[OWNER_SIZE], other[OWNER_SIZE];

    lks_layer_text(layer, self, sizeof self);
    lks_layer_text(owner, other, sizeof other);
    if (!mine || !its)
        return lks_fail(LKS_INVALID, "%s: weight_of is '%s', but %s has no weight", self,
                        spec->weight_of, mine ? other : self);
    for (size_t i = 0; i < spec->n_inits; i++)
        if (strcmp(spec->inits[i].param, "weight") == 0)
            return lks_fail(LKS_INVALID,
                            "%s: its weight begins with what that of %s does: say init "
                            "there",
                            self, other);
    if (lks_shape_equal(&mine->shape, &its->shape))
        return LKS_OK;
    return lks_fail(LKS_SHAPE,
                    "%s cannot have the weight of %s, of shape %s: its own has %s", self,
                    other, lks_shape_text(&its->shape, texts[0], sizeof *texts),
                    lks_shape_text(&mine->shape, texts[1], sizeof *texts));
}

lks_status lks_plan_tie(lks_plan *plan, const lks_layer_spec *spec, lks_layer *layer)
{
    lks_tie *grown;

    LKS_TRY(check_tie(layer, layer->lender, spec));
    if (!(grown = lks_realloc(plan->ties, plan->n_ties + 1, sizeof *grown)))
        return LKS_NOMEM;
    plan->ties = grown;
    lks_layer_weight(layer)->is_tied = true;
    lks_layer_weight(layer)->index = lks_layer_weight(layer->lender)->index;
    grown += plan->n_ties;
    *grown = (lks_tie){.name = lks_asprintf("%s.weight", layer->name),
                       .param = lks_layer_weight(layer)->index};
    if (!grown->name)
        return LKS_NOMEM;
    plan->n_ties++;
    return LKS_OK;
}
