/* The library's half of check_torch.py: LeNet, from and to weight files.
 *
 *     model_tool save OUT                 a new model's weights
 *     model_tool copy IN OUT              weights read and written again
 *     model_tool forward IN X OUT         weights and a batch "x" to the output "y" */
#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "lockstep.h"
#include "support/models.h"

static lks_status make(const char *weights, lks_model **out)
{
    LKS_TRY(lks_model_create(lenet_layers, N_LAYERS(lenet_layers),
                             LKS_SHAPE_OF(1, 28, 28), 1, lks_cpu, out));
    return weights ? lks_model_load(*out, weights) : LKS_OK;
}

static lks_status write_output(lks_tensor *y, const char *path)
{
    lks_safetensors_entry entry = {.name = "y", .dtype = LKS_F32, .ndim = 2};

    if (!y)
        return lks_error_status();
    entry.sizes[0] = lks_size(y, 0);
    entry.sizes[1] = lks_size(y, 1);
    entry.data = lks_data(y);
    return lks_safetensors_write(path, &entry, 1);
}

static lks_status forward(lks_model *model, const char *in, const char *out)
{
    const lks_safetensors_entry *x;
    lks_safetensors *file;
    lks_status st;

    LKS_TRY(lks_safetensors_open(in, &file));
    LKS_GO(lks_scope_open());
    x = lks_safetensors_find(file, "x");
    st = x ? write_output(lks_model_forward(
                              model, lks_from_data(LKS_SHAPE_OF(x->sizes[0], 1, 28, 28),
                                                   x->dtype, x->data, lks_cpu)),
                          out)
           : lks_fail(LKS_FORMAT, "%s: no x", in);
    lks_scope_close();
cleanup:
    lks_safetensors_close(file);
    return st;
}

static lks_status run(int argc, char **argv, lks_model **model)
{
    if (argc == 3 && strcmp(argv[1], "save") == 0) {
        LKS_TRY(make(NULL, model));
        return lks_model_save(*model, argv[2]);
    }
    if (argc == 4 && strcmp(argv[1], "copy") == 0) {
        LKS_TRY(make(argv[2], model));
        return lks_model_save(*model, argv[3]);
    }
    if (argc == 5 && strcmp(argv[1], "forward") == 0) {
        LKS_TRY(make(argv[2], model));
        return forward(*model, argv[3], argv[4]);
    }
    return lks_fail(LKS_INVALID, "usage: model_tool save|copy|forward …");
}

int main(int argc, char **argv)
{
    lks_model *model = NULL;
    lks_status st = run(argc, argv, &model);

    if (st != LKS_OK)
        fprintf(stderr, "model_tool: %s\n", lks_error_text());
    lks_model_destroy(model);
    return st != LKS_OK;
}
