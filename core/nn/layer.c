#include "nn/layer.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "layout/view.h"

#define LKS_LAYER(name) extern const lks_layer_type lks_layer_##name;
#include "nn/layers.def"
#undef LKS_LAYER

static const lks_layer_type *const types[] = {
#define LKS_LAYER(name) &lks_layer_##name,
#include "nn/layers.def"
#undef LKS_LAYER
};

enum { N_TYPES = sizeof types / sizeof *types, TEXT_SIZE = 512 };

static const lks_layer_type *find_type(const char *name)
{
    for (size_t i = 0; i < N_TYPES; i++)
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    return NULL;
}

static lks_status refuse_type(size_t index, const char *name)
{
    char known[TEXT_SIZE];
    size_t n = 0;

    for (size_t i = 0; i < N_TYPES && n < sizeof known; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "",
                              types[i]->name);
    return lks_fail(LKS_INVALID, "layer %zu: there is no layer '%s'; there are: %s",
                    index, name, known);
}

/* lks_shape_numel would not name the layer. */
static lks_status check_numel(const lks_layer *layer, const char *what,
                              const lks_shape *shape)
{
    char text[LKS_SHAPE_TEXT];
    int64_t n;

    if (!lks_sizes_product(shape->sizes, shape->ndim, &n))
        return lks_layer_refuse(layer, "its %s %s has more than 2^63 - 1 elements", what,
                                lks_shape_text(shape, text, sizeof text));
    return LKS_OK;
}

lks_status lks_layer_init(lks_layer *layer, size_t index, const char *type,
                          lks_options options, const lks_layer *before, lks_shape in)
{
    char owner[TEXT_SIZE];
    lks_status st;

    *layer = (lks_layer){.index = index, .before = before, .in = in};
    layer->type = find_type(type);
    if (!layer->type)
        return refuse_type(index, type);
    layer->config = lks_calloc(1, layer->type->config_size_bytes);
    if (!layer->config)
        return LKS_NOMEM;
    snprintf(owner, sizeof owner, "layer %zu (%s)", index, type);
    LKS_GO(lks_option_read(layer->type->options, layer->type->n_options, options, owner,
                           layer->config));
    LKS_GO(layer->type->infer(layer));
    LKS_GO(check_numel(layer, "output", &layer->out));
cleanup:
    if (st != LKS_OK)
        lks_layer_release(layer);
    return st;
}

void lks_layer_release(lks_layer *layer)
{
    lks_free(layer->config);
    lks_free(layer->params);
    *layer = (lks_layer){0};
}

lks_status lks_layer_add_param(lks_layer *layer, const char *name, lks_shape shape,
                               lks_init init)
{
    lks_layer_param *grown;

    LKS_TRY(check_numel(layer, name, &shape));
    grown = lks_realloc(layer->params, layer->n_params + 1, sizeof *grown);
    if (!grown)
        return LKS_NOMEM;
    layer->params = grown;
    grown += layer->n_params++;
    *grown = (lks_layer_param){.shape = shape, .init = init};
    snprintf(grown->name, sizeof grown->name, "%s", name);
    return LKS_OK;
}

lks_status lks_layer_refuse(const lks_layer *layer, const char *format, ...)
{
    char reason[TEXT_SIZE], shape[LKS_SHAPE_TEXT];
    const lks_layer *before = layer->before;
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    lks_shape_text(&layer->in, shape, sizeof shape);
    if (!before)
        return lks_fail(LKS_SHAPE, "layer %zu (%s) cannot take samples of shape %s: %s",
                        layer->index, layer->type->name, shape, reason);
    return lks_fail(LKS_SHAPE,
                    "layer %zu (%s) cannot follow layer %zu (%s), which gives %s: %s",
                    layer->index, layer->type->name, before->index, before->type->name,
                    shape, reason);
}

lks_status lks_layer_refuse_options(const lks_layer *layer, const char *format, ...)
{
    char reason[TEXT_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return lks_fail(LKS_INVALID, "layer %zu (%s): %s", layer->index, layer->type->name,
                    reason);
}

lks_status lks_layer_same_shape(lks_layer *layer)
{
    layer->out = layer->in;
    return LKS_OK;
}

lks_status lks_layer_sample_dim(const lks_layer *layer, const char *option, int64_t dim,
                                int *out)
{
    int64_t ndim = layer->in.ndim + 1;
    int64_t at = dim < 0 ? dim + ndim : dim;

    if (ndim == 1)
        return lks_layer_refuse(layer, "%s wants at least one dimension",
                                layer->type->name);
    if (at == 0)
        return lks_layer_refuse(layer, "%s of %lld is the batch dimension; take 1 to %d",
                                option, (long long)dim, layer->in.ndim);
    if (at < 0 || at >= ndim)
        return lks_layer_refuse(layer, "there is no %s %lld; take 1 to %d", option,
                                (long long)dim, layer->in.ndim);
    *out = (int)at - 1;
    return LKS_OK;
}
