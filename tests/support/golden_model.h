/* A model beside PyTorch's, from the files that tests/golden/models.py and its like write. */
#ifndef LKS_TESTS_SUPPORT_GOLDEN_MODEL_H
#define LKS_TESTS_SUPPORT_GOLDEN_MODEL_H

#include "support/test_device.h"

#include <math.h>
#include <stdio.h>

#include "io/safetensors.h"
#include "nn/model.h"

#define GOLDEN LKS_SOURCE_DIR "/tests/golden/models/"

static inline lks_tensor *load(const lks_safetensors *file, const char *name)
{
    const lks_safetensors_entry *entry = lks_safetensors_find(file, name);
    lks_shape shape = {0};

    ck_assert_msg(entry != NULL, "no %s", name);
    shape.ndim = entry->ndim;
    for (int i = 0; i < shape.ndim; i++)
        shape.sizes[i] = entry->sizes[i];
    return lks_from_data(shape, entry->dtype, entry->data, test_device());
}

static inline void assert_close(const lks_tensor *got, const lks_tensor *want,
                                const char *what)
{
    lks_shape got_shape, want_shape = lks_sizes(want);
    float *a, *b = tensor_get(want);

    ck_assert_msg(got != NULL, "%s: %s", what, lks_error_text());
    got_shape = lks_sizes(got);
    ck_assert_msg(lks_shape_equal(&got_shape, &want_shape), "shape of %s", what);
    ck_assert(lks_is_contiguous(got));
    a = tensor_get(got);
    for (int64_t i = 0; i < lks_numel(want); i++)
        ck_assert_msg(fabsf(a[i] - b[i]) <= 1e-5f * fmaxf(1, fabsf(b[i])),
                      "%s[%d] is %.9g, PyTorch has %.9g", what, (int)i, (double)a[i],
                      (double)b[i]);
    free(a);
    free(b);
}

/* Of each parameter, as grad.NAME has it. */
static inline void assert_gradients(const lks_safetensors *file, const lks_model *model)
{
    char name[96];

    for (size_t i = 0; i < lks_param_block_count(lks_model_params(model)); i++) {
        const lks_param *param = lks_param_block_at(lks_model_params(model), i);

        snprintf(name, sizeof name, "grad.%s", param->name);
        assert_close(lks_grad(param->tensor), load(file, name), name);
    }
}

#endif
