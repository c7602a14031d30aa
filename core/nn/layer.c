#include "nn/layer.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/layer_options.h"
#include "base/try.h"
#include "layout/view.h"
#include "ops/ops.h"
#include "tensor/scope.h"

#define DECLARE(name) extern const lks_layer_type lks_layer_##name;
LKS_LAYER_LIST(DECLARE)

static const lks_layer_type *const types[] = {
#define ADDRESS(name) &lks_layer_##name,
    LKS_LAYER_LIST(ADDRESS)};

enum { N_TYPES = sizeof types / sizeof *types, TEXT_SIZE = 512, OWNER_SIZE = 128 };

const lks_layer_type *lks_layer_type_find(const char *name)
{
    for (size_t i = 0; i < N_TYPES; i++)
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    return NULL;
}

void lks_layer_type_list(char *out, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < N_TYPES && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", i ? ", " : "", types[i]->name);
}

const char *lks_layer_text(const lks_layer *layer, char *out, size_t size)
{
    snprintf(out, size, "layer %s (%s)", layer->name, layer->type->name);
    return out;
}

/* ---- set up ---- */

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

static lks_status check_dtypes(const lks_layer *layer)
{
    for (size_t i = 0; i < layer->n_in; i++)
        if (layer->in[i].dtype != layer->type->takes)
            return lks_layer_refuse(layer, "%s takes %s, not %s", layer->type->name,
                                    lks_dtype_name(layer->type->takes),
                                    lks_dtype_name(layer->in[i].dtype));
    return LKS_OK;
}

lks_status lks_layer_refuse_varying(const lks_layer *layer)
{
    for (size_t i = 0; i < layer->n_in; i++)
        if (layer->in[i].varies_with)
            return lks_layer_refuse(layer,
                                    "its first size varies from sample to sample, and "
                                    "%s wants one size",
                                    layer->type->name);
    return LKS_OK;
}

lks_status lks_layer_init(lks_layer *layer, lks_options options)
{
    const lks_layer_type *type = layer->type;
    char owner[OWNER_SIZE];
    lks_status st;

    layer->config = lks_calloc(1, type->config_size_bytes);
    if (!layer->config)
        return LKS_NOMEM;
    layer->n_out = 1;
    LKS_GO(lks_option_read(type->options, type->n_options, options,
                           lks_layer_text(layer, owner, sizeof owner), layer->config));
    LKS_GO(check_dtypes(layer));
    if (!type->takes_varying)
        LKS_GO(lks_layer_refuse_varying(layer));
    LKS_GO(type->infer(layer));
    for (size_t i = 0; i < layer->n_out; i++)
        LKS_GO(check_numel(layer, "output", &layer->out[i].shape));
cleanup:
    if (st != LKS_OK)
        lks_layer_release(layer);
    return st;
}

void lks_layer_release(lks_layer *layer)
{
    lks_free(layer->config);
    lks_free(layer->params);
    lks_free(layer->buffers);
    lks_free(layer->observed);
    *layer = (lks_layer){0};
}

lks_layer_param *lks_layer_weight(const lks_layer *layer)
{
    for (size_t i = 0; i < layer->n_params; i++)
        if (strcmp(layer->params[i].name, "weight") == 0)
            return &layer->params[i];
    return NULL;
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

lks_status lks_layer_add_buffer(lks_layer *layer, const char *name, lks_shape shape,
                                lks_dtype dtype, double value)
{
    lks_layer_buffer *grown;

    LKS_TRY(check_numel(layer, name, &shape));
    grown = lks_realloc(layer->buffers, layer->n_buffers + 1, sizeof *grown);
    if (!grown)
        return LKS_NOMEM;
    layer->buffers = grown;
    grown += layer->n_buffers++;
    *grown = (lks_layer_buffer){.shape = shape, .dtype = dtype, .value = value};
    snprintf(grown->name, sizeof grown->name, "%s", name);
    return LKS_OK;
}

lks_status lks_layer_add_observed(lks_layer *layer, lks_shape shape)
{
    lks_shape *grown = lks_realloc(layer->observed, layer->n_observed + 1, sizeof *grown);

    if (!grown)
        return LKS_NOMEM;
    layer->observed = grown;
    grown[layer->n_observed++] = shape;
    return LKS_OK;
}

void lks_layer_add_carried(lks_layer *layer)
{
    layer->n_carried++;
}

/* ---- in a run ---- */

lks_status lks_layer_observe(const lks_layer_run *run, size_t i, lks_tensor *seen)
{
    const bool was = lks_set_grad_enabled(false);
    const bool ok = seen && lks_add_(run->observed[i], seen);

    lks_set_grad_enabled(was);
    return ok ? LKS_OK : lks_error_status();
}

lks_status lks_layer_carry(const lks_layer_run *run, size_t i, lks_tensor *value)
{
    lks_tensor *kept;

    if (!run->carries)
        return LKS_OK;
    kept = lks_keep(lks_detach(value));
    if (!kept)
        return lks_error_status();
    lks_unref(run->carried[i]);
    run->carried[i] = kept;
    return LKS_OK;
}

lks_status lks_layer_padding(const lks_layer_run *run, size_t i, const lks_tensor *x,
                             lks_tensor **out)
{
    lks_tensor *place;

    *out = NULL;
    if (!run->lengths || !run->lengths[i])
        return LKS_OK;
    place = lks_arange(lks_size(x, 1), LKS_I64, lks_tensor_device(x));
    return lks_layer_put(out, lks_ge(place, lks_unsqueeze(run->lengths[i], 1)));
}

/* ---- errors ---- */

/* " of layer 2 (conv2d)" */
static void append_source(const lks_layer *layer, size_t i, char *out, size_t size)
{
    char shape[LKS_SHAPE_TEXT], owner[OWNER_SIZE];
    const size_t n = strlen(out);

    lks_shape_text(&layer->in[i].shape, shape, sizeof shape);
    snprintf(out + n, size - n, "%s%s of %s", i ? " and " : "", shape,
             layer->before[i] ? lks_layer_text(layer->before[i], owner, sizeof owner)
                              : "the batch");
}

lks_status lks_layer_refuse(const lks_layer *layer, const char *format, ...)
{
    char reason[TEXT_SIZE], shape[LKS_SHAPE_TEXT], self[OWNER_SIZE];
    char sources[TEXT_SIZE] = "";
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    lks_shape_text(&layer->in[0].shape, shape, sizeof shape);
    lks_layer_text(layer, self, sizeof self);
    if (layer->n_in > 1) {
        for (size_t i = 0; i < layer->n_in; i++)
            append_source(layer, i, sources, sizeof sources);
        return lks_fail(LKS_SHAPE, "%s cannot take %s: %s", self, sources, reason);
    }
    if (!layer->before[0])
        return lks_fail(LKS_SHAPE, "%s cannot take samples of shape %s: %s", self, shape,
                        reason);
    lks_layer_text(layer->before[0], sources, sizeof sources);
    return lks_fail(LKS_SHAPE, "%s cannot follow %s, which gives %s: %s", self, sources,
                    shape, reason);
}

lks_status lks_layer_refuse_options(const lks_layer *layer, const char *format, ...)
{
    char reason[TEXT_SIZE], self[OWNER_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return lks_fail(LKS_INVALID, "%s: %s", lks_layer_text(layer, self, sizeof self),
                    reason);
}

/* ---- infer ---- */

lks_status lks_layer_same_shape(lks_layer *layer)
{
    layer->out[0] = layer->in[0];
    return LKS_OK;
}

bool lks_layer_steps(const lks_layer *layer)
{
    (void)layer;
    return true;
}

lks_status lks_layer_sample_dim(const lks_layer *layer, const char *option, int64_t dim,
                                int *out)
{
    const int n = layer->in[0].shape.ndim;
    int64_t ndim = n + 1;
    int64_t at = dim < 0 ? dim + ndim : dim;

    if (ndim == 1)
        return lks_layer_refuse(layer, "%s wants at least one dimension",
                                layer->type->name);
    if (at == 0)
        return lks_layer_refuse(layer, "%s of %lld is the batch dimension; take 1 to %d",
                                option, (long long)dim, n);
    if (at < 0 || at >= ndim)
        return lks_layer_refuse(layer, "there is no %s %lld; take 1 to %d", option,
                                (long long)dim, n);
    *out = (int)at - 1;
    return LKS_OK;
}
