#include "nn/model_internal.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "io/safetensors.h"
#include "ops/ops.h"
#include "tensor/scope.h"

static void fill_entry(const lks_param *param, const float *values,
                       lks_safetensors_entry *out)
{
    const lks_shape shape = lks_sizes(param->tensor);

    *out = (lks_safetensors_entry){.name = param->name,
                                   .dtype = LKS_F32,
                                   .ndim = shape.ndim,
                                   .data = values + param->offset};
    for (int i = 0; i < shape.ndim; i++)
        out->sizes[i] = shape.sizes[i];
}

lks_status lks_model_save_values(const lks_model *model, const float *values,
                                 const char *path)
{
    const size_t n = lks_param_block_count(model->params);
    lks_safetensors_entry *entries = lks_calloc(n, sizeof *entries);
    lks_status st;

    if (!entries)
        return LKS_NOMEM;
    for (size_t i = 0; i < n; i++)
        fill_entry(lks_param_block_at(model->params, i), values, &entries[i]);
    st = lks_safetensors_write(path, entries, n);
    lks_free(entries);
    return st;
}

lks_status lks_model_save(const lks_model *model, const char *path)
{
    float *values = lks_malloc(lks_param_block_numel(model->params) * sizeof *values);
    lks_status st;

    if (!values)
        return LKS_NOMEM;
    LKS_GO(lks_param_block_read(model->params, values));
    LKS_GO(lks_model_save_values(model, values, path));
cleanup:
    lks_free(values);
    return st;
}

static lks_shape entry_shape(const lks_safetensors_entry *entry)
{
    lks_shape shape = {.ndim = entry->ndim};

    for (int i = 0; i < entry->ndim; i++)
        shape.sizes[i] = entry->sizes[i];
    return shape;
}

/* The file's entry for a parameter, checked. */
static lks_status find_entry(const lks_safetensors *file, const char *path,
                             const lks_param *param, const lks_safetensors_entry **out)
{
    const lks_safetensors_entry *entry = lks_safetensors_find(file, param->name);
    char want[LKS_SHAPE_TEXT], got[LKS_SHAPE_TEXT];
    lks_shape shape = lks_sizes(param->tensor), found;

    lks_shape_text(&shape, want, sizeof want);
    if (!entry)
        return lks_fail(LKS_FORMAT, "%s: no '%s'; the model wants it, of shape %s", path,
                        param->name, want);
    found = entry_shape(entry);
    if (!lks_shape_equal(&found, &shape))
        return lks_fail(LKS_FORMAT, "%s: '%s' has shape %s; the model wants %s", path,
                        param->name, lks_shape_text(&found, got, sizeof got), want);
    if (!lks_dtype_is_float(entry->dtype))
        return lks_fail(LKS_FORMAT, "%s: '%s' holds %s; weights are floats", path,
                        param->name, lks_dtype_name(entry->dtype));
    *out = entry;
    return LKS_OK;
}

/* Every entry is a parameter of the model. */
static lks_status refuse_left_over(const lks_safetensors *file, const char *path,
                                   const lks_param_block *params)
{
    for (size_t i = 0; i < lks_safetensors_count(file); i++) {
        const char *name = lks_safetensors_at(file, i)->name;
        bool known = false;

        for (size_t j = 0; j < lks_param_block_count(params) && !known; j++)
            known = strcmp(lks_param_block_at(params, j)->name, name) == 0;
        if (!known)
            return lks_fail(LKS_FORMAT, "%s: '%s' is no parameter of the model", path,
                            name);
    }
    return LKS_OK;
}

/* Whatever can fail happens before the first parameter is written: a refused file leaves
 * the model as it was. */
static lks_status load_entries(lks_param_block *params, const lks_safetensors *file,
                               const char *path, lks_tensor **loaded)
{
    size_t n = lks_param_block_count(params);

    for (size_t i = 0; i < n; i++) {
        const lks_param *param = lks_param_block_at(params, i);
        const lks_safetensors_entry *entry = NULL;

        LKS_TRY(find_entry(file, path, param, &entry));
        loaded[i] = lks_to(lks_from_data(entry_shape(entry), entry->dtype, entry->data,
                                         lks_param_block_device(params)),
                           LKS_F32);
        if (!loaded[i])
            return lks_error_status();
    }
    LKS_TRY(refuse_left_over(file, path, params));
    for (size_t i = 0; i < n; i++)
        LKS_TRY(lks_model_write(lks_param_block_at(params, i)->tensor, loaded[i]));
    return LKS_OK;
}

lks_status lks_model_load(lks_model *model, const char *path)
{
    lks_safetensors *file = NULL;
    lks_tensor **loaded = NULL;
    lks_status st;

    LKS_GO(lks_scope_open());
    st = lks_safetensors_open(path, &file);
    if (st != LKS_OK)
        goto close;
    loaded = lks_calloc(lks_param_block_count(model->params), sizeof *loaded);
    st = loaded ? load_entries(model->params, file, path, loaded) : LKS_NOMEM;
    lks_free(loaded);
close:
    lks_safetensors_close(file);
    lks_scope_close();
cleanup:
    return st;
}
