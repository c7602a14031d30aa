#include "nn/model_internal.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "io/safetensors.h"
#include "ops/ops.h"
#include "tensor/scope.h"

/* A tensor of the file: parameters, those that have a second name, then buffers. */
typedef struct item {
    const char *name;
    lks_tensor *tensor;
    size_t offset; /* in lks_model_read's words */
} item;

static size_t count_items(const lks_model *model)
{
    return lks_param_block_count(lks_model_params(model)) + model->plan->n_ties +
           lks_buffer_block_count(lks_model_buffers(model));
}

static item item_at(const lks_model *model, size_t i)
{
    const lks_param_block *params = lks_model_params(model);
    const size_t n_params = lks_param_block_count(params);
    const size_t n_names = n_params + model->plan->n_ties;

    if (i < n_names) {
        const lks_tie *tie = i < n_params ? NULL : &model->plan->ties[i - n_params];
        const lks_param *param = lks_param_block_at(params, tie ? tie->param : i);

        return (item){tie ? tie->name : param->name, param->tensor, param->offset};
    }
    const lks_buffer *buffer = lks_buffer_block_at(lks_model_buffers(model), i - n_names);

    return (item){buffer->name, buffer->tensor,
                  lks_param_block_numel(params) + buffer->offset};
}

static void fill_entry(const item *it, const float *words, lks_safetensors_entry *out)
{
    const lks_shape shape = lks_sizes(it->tensor);

    *out = (lks_safetensors_entry){.name = it->name,
                                   .dtype = lks_tensor_dtype(it->tensor),
                                   .ndim = shape.ndim,
                                   .data = words + it->offset};
    for (int i = 0; i < shape.ndim; i++)
        out->sizes[i] = shape.sizes[i];
}

/* What has larger elements stands first, so that all are aligned in the file, which
 * PyTorch's reader asks for. */
lks_status lks_model_save_words(const lks_model *model, const float *words,
                                const char *path)
{
    static const lks_dtype order[] = {LKS_I64, LKS_F32};
    const size_t n = count_items(model);
    lks_safetensors_entry *entries = lks_calloc(n, sizeof *entries);
    size_t n_entries = 0;
    lks_status st;

    if (!entries)
        return LKS_NOMEM;
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; i < n; i++) {
            const item it = item_at(model, i);

            if (lks_tensor_dtype(it.tensor) == order[k])
                fill_entry(&it, words, &entries[n_entries++]);
        }
    st = lks_safetensors_write(path, entries, n_entries);
    lks_free(entries);
    return st;
}

lks_status lks_model_save(const lks_model *model, const char *path)
{
    float *words = lks_malloc(lks_model_n_words(model) * sizeof *words);
    lks_status st;

    if (!words)
        return LKS_NOMEM;
    LKS_GO(lks_model_read(model, words));
    LKS_GO(lks_model_save_words(model, words, path));
cleanup:
    lks_free(words);
    return st;
}

static lks_shape entry_shape(const lks_safetensors_entry *entry)
{
    lks_shape shape = {.ndim = entry->ndim};

    for (int i = 0; i < entry->ndim; i++)
        shape.sizes[i] = entry->sizes[i];
    return shape;
}

/* By its name, or by another one of the same parameter's: who writes each tensor once, as
 * PyTorch's save_model does, leaves one. */
static const lks_safetensors_entry *find_named(const lks_safetensors *file,
                                               const lks_model *model, const item *it)
{
    const lks_safetensors_entry *entry = lks_safetensors_find(file, it->name);

    for (size_t i = 0; i < count_items(model) && !entry; i++) {
        const item other = item_at(model, i);

        if (other.tensor == it->tensor)
            entry = lks_safetensors_find(file, other.name);
    }
    return entry;
}

/* The file's entry for a tensor, checked. */
static lks_status find_entry(const lks_safetensors *file, const char *path,
                             const lks_model *model, const item *it,
                             const lks_safetensors_entry **out)
{
    const lks_safetensors_entry *entry = find_named(file, model, it);
    const bool wants_float = lks_dtype_is_float(lks_tensor_dtype(it->tensor));
    char want[LKS_SHAPE_TEXT], got[LKS_SHAPE_TEXT];
    lks_shape shape = lks_sizes(it->tensor), found;

    lks_shape_text(&shape, want, sizeof want);
    if (!entry)
        return lks_fail(LKS_FORMAT, "%s: no '%s'; the model wants it, of shape %s", path,
                        it->name, want);
    found = entry_shape(entry);
    if (!lks_shape_equal(&found, &shape))
        return lks_fail(LKS_FORMAT, "%s: '%s' has shape %s; the model wants %s", path,
                        it->name, lks_shape_text(&found, got, sizeof got), want);
    if (lks_dtype_is_float(entry->dtype) != wants_float)
        return lks_fail(LKS_FORMAT, "%s: '%s' holds %s; %s", path, it->name,
                        lks_dtype_name(entry->dtype),
                        wants_float ? "weights are floats" : "it is a whole number");
    *out = entry;
    return LKS_OK;
}

/* One parameter has one value, whatever it is called: i is the second name of one. */
static lks_status check_alike(const lks_safetensors *file, const char *path,
                              const lks_model *model, size_t i,
                              const lks_safetensors_entry *entry)
{
    const size_t n_params = lks_param_block_count(lks_model_params(model));
    const lks_safetensors_entry *first;
    item owner;

    if (i < n_params || i - n_params >= model->plan->n_ties)
        return LKS_OK;
    owner = item_at(model, model->plan->ties[i - n_params].param);
    first = find_named(file, model, &owner);
    if (first == entry || (first->dtype == entry->dtype &&
                           memcmp(first->data, entry->data,
                                  (size_t)lks_numel(owner.tensor) *
                                      lks_dtype_size_bytes(entry->dtype)) == 0))
        return LKS_OK;
    return lks_fail(LKS_FORMAT,
                    "%s: '%s' and '%s' are one weight of the model, but differ", path,
                    first->name, entry->name);
}

/* Every entry is a parameter or a buffer of the model. */
static lks_status refuse_left_over(const lks_safetensors *file, const char *path,
                                   const lks_model *model)
{
    for (size_t i = 0; i < lks_safetensors_count(file); i++) {
        const char *name = lks_safetensors_at(file, i)->name;
        bool known = false;

        for (size_t j = 0; j < count_items(model) && !known; j++)
            known = strcmp(item_at(model, j).name, name) == 0;
        if (!known)
            return lks_fail(LKS_FORMAT, "%s: '%s' is no parameter of the model", path,
                            name);
    }
    return LKS_OK;
}

/* Whatever can fail happens before the first tensor is written: a refused file leaves the
 * model as it was. */
static lks_status load_entries(const lks_model *model, const lks_safetensors *file,
                               const char *path, lks_tensor **loaded)
{
    const size_t n = count_items(model);

    for (size_t i = 0; i < n; i++) {
        const item it = item_at(model, i);
        const lks_safetensors_entry *entry = NULL;

        LKS_TRY(find_entry(file, path, model, &it, &entry));
        LKS_TRY(check_alike(file, path, model, i, entry));
        loaded[i] = lks_to(lks_from_data(entry_shape(entry), entry->dtype, entry->data,
                                         lks_tensor_device(it.tensor)),
                           lks_tensor_dtype(it.tensor));
        if (!loaded[i])
            return lks_error_status();
    }
    LKS_TRY(refuse_left_over(file, path, model));
    for (size_t i = 0; i < n; i++)
        LKS_TRY(lks_model_write(item_at(model, i).tensor, loaded[i]));
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
    loaded = lks_calloc(count_items(model), sizeof *loaded);
    st = loaded ? load_entries(model, file, path, loaded) : LKS_NOMEM;
    lks_free(loaded);
close:
    lks_safetensors_close(file);
    lks_scope_close();
cleanup:
    return st;
}
