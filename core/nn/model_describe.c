#include "nn/model_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"

enum { LINE_SIZE = LKS_SHAPE_TEXT + 96 };

/* One line of the table; returns its length. */
static size_t write_line(char *text, const char *layer, const lks_shape *shape,
                         int64_t n_params)
{
    char sizes[LKS_SHAPE_TEXT] = "";

    if (shape)
        lks_shape_text(shape, sizes, sizeof sizes);
    return (size_t)snprintf(text, LINE_SIZE, "%-20s %-20s %12" PRId64 "\n", layer, sizes,
                            n_params);
}

static int64_t count_params(const lks_layer *layer)
{
    int64_t total = 0, numel;

    for (size_t i = 0; i < layer->n_params; i++)
        if (lks_shape_numel(&layer->params[i].shape, &numel) == LKS_OK)
            total += numel;
    return total;
}

char *lks_model_describe(const lks_model *model)
{
    char *text = lks_malloc((model->n_layers + 3) * LINE_SIZE);
    char name[64];
    int64_t total = 0;
    size_t n;

    if (!text)
        return NULL;
    n = (size_t)snprintf(text, LINE_SIZE, "%-20s %-20s %12s\n", "layer", "output",
                         "parameters");
    n += write_line(text + n, "input", &model->sample, 0);
    for (size_t i = 0; i < model->n_layers; i++) {
        const lks_layer *layer = &model->layers[i];
        int64_t n_params = count_params(layer);

        snprintf(name, sizeof name, "%zu %s", i, layer->type->name);
        n += write_line(text + n, name, &layer->out, n_params);
        total += n_params;
    }
    write_line(text + n, "total", NULL, total);
    return text;
}
