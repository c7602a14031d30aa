/* The library's half of check_torch.py: models, from and to weight files.
 *
 *     model_tool MODEL save OUT             a new model's weights
 *     model_tool MODEL copy IN OUT          weights read and written again
 *     model_tool MODEL forward IN X OUT     weights and a batch "x" to the output "y"
 *
 * MODEL is lenet, of images, or words, of tokens. */
#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "lockstep.h"
#include "support/models.h"

enum { N_TOKENS = 11, LENGTH = 7 };

#define OPTIONS(...)                                                                     \
    {                                                                                    \
        (const lks_option[]){__VA_ARGS__},                                               \
            sizeof((const lks_option[]){__VA_ARGS__}) / sizeof(lks_option)               \
    }

/* Of several layers, in both directions and projected; the last layer has the first one's
 * weight. */
static const lks_layer_spec words_layers[] = {
    {.type = "embedding",
     .options = OPTIONS({"num_embeddings", 1, {N_TOKENS}}, {"embedding_dim", 1, {6}}),
     .name = "embed"},
    {.type = "lstm",
     .options = OPTIONS({"hidden_size", 1, {5}}, {"num_layers", 1, {2}},
                        {"bidirectional", 1, {1}}, {"proj_size", 1, {3}}),
     .name = "lstm"},
    {.type = "gru", .options = OPTIONS({"hidden_size", 1, {6}}), .name = "gru"},
    {.type = "rnn",
     .options = OPTIONS({"hidden_size", 1, {6}}, {"bias", 1, {0}}),
     .name = "rnn"},
    {.type = "linear",
     .options = OPTIONS({"out_features", 1, {N_TOKENS}}),
     .name = "head",
     .weight_of = "embed"},
};

/* What models there are, and what they take. */
static const struct {
    const char *name;
    const lks_layer_spec *layers;
    size_t n_layers;
    lks_model_input input;
} models[] = {
    {"lenet",
     lenet_layers,
     N_LAYERS(lenet_layers),
     {"inputs", {3, {1, 28, 28}}, LKS_F32, .varies = false}},
    {"words",
     words_layers,
     N_LAYERS(words_layers),
     {"inputs", {1, {LENGTH}}, LKS_I64, .varies = false}},
};

static lks_status make(const char *name, const char *weights, lks_model **out)
{
    size_t i = 0;

    while (i < sizeof models / sizeof *models && strcmp(models[i].name, name) != 0)
        i++;
    if (i == sizeof models / sizeof *models)
        return lks_fail(LKS_INVALID, "there is no model %s", name);
    LKS_TRY(lks_model_create_from(models[i].layers, models[i].n_layers, &models[i].input,
                                  1, 1, lks_cpu, out));
    return weights ? lks_model_load(*out, weights) : LKS_OK;
}

static lks_status write_output(lks_tensor *y, const char *path)
{
    lks_safetensors_entry entry = {.name = "y", .dtype = LKS_F32};

    if (!y)
        return lks_error_status();
    entry.ndim = lks_ndim(y);
    for (int i = 0; i < entry.ndim; i++)
        entry.sizes[i] = lks_size(y, i);
    entry.data = lks_data(y);
    return lks_safetensors_write(path, &entry, 1);
}

static lks_tensor *batch_of(const lks_safetensors_entry *x)
{
    lks_shape shape = {.ndim = x->ndim};

    for (int i = 0; i < x->ndim; i++)
        shape.sizes[i] = x->sizes[i];
    return lks_from_data(shape, x->dtype, x->data, lks_cpu);
}

static lks_status forward(lks_model *model, const char *in, const char *out)
{
    const lks_safetensors_entry *x;
    lks_safetensors *file;
    lks_status st;

    LKS_TRY(lks_safetensors_open(in, &file));
    LKS_GO(lks_scope_open());
    x = lks_safetensors_find(file, "x");
    st = x ? write_output(lks_model_forward(model, batch_of(x)), out)
           : lks_fail(LKS_FORMAT, "%s: no x", in);
    lks_scope_close();
cleanup:
    lks_safetensors_close(file);
    return st;
}

static lks_status run(int argc, char **argv, lks_model **model)
{
    if (argc == 4 && strcmp(argv[2], "save") == 0) {
        LKS_TRY(make(argv[1], NULL, model));
        return lks_model_save(*model, argv[3]);
    }
    if (argc == 5 && strcmp(argv[2], "copy") == 0) {
        LKS_TRY(make(argv[1], argv[3], model));
        return lks_model_save(*model, argv[4]);
    }
    if (argc == 6 && strcmp(argv[2], "forward") == 0) {
        LKS_TRY(make(argv[1], argv[3], model));
        return forward(*model, argv[4], argv[5]);
    }
    return lks_fail(LKS_INVALID, "usage: model_tool MODEL save|copy|forward …");
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
