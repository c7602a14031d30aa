#include "nn/model_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

/* Columns as wide as what stands in them, so that the table fits a narrow screen. */
typedef struct widths {
    int layer, output, params;
} widths;

enum { NAME_SIZE = 128, LINE_SIZE = NAME_SIZE + LKS_SHAPE_TEXT + 32 };

static int max(int a, int b)
{
    return a > b ? a : b;
}

/* One line of the table; returns its length. Without a text it is only measured. */
static size_t put_line(char *text, widths *w, const char *layer, const lks_shape *shape,
                       int64_t n_params)
{
    char sizes[LKS_SHAPE_TEXT] = "", count[32];

    if (shape)
        lks_shape_text(shape, sizes, sizeof sizes);
    snprintf(count, sizeof count, "%" PRId64, n_params);
    w->layer = max(w->layer, (int)strlen(layer));
    w->output = max(w->output, (int)strlen(sizes));
    w->params = max(w->params, (int)strlen(count));
    if (!text)
        return 0;
    return (size_t)snprintf(text, LINE_SIZE, "%-*s  %-*s  %*s\n", w->layer, layer,
                            w->output, sizes, w->params, count);
}

static int64_t count_params(const lks_layer *layer)
{
    int64_t total = 0, numel;

    for (size_t i = 0; i < layer->n_params; i++)
        if (!layer->params[i].is_tied &&
            lks_shape_numel(&layer->params[i].shape, &numel) == LKS_OK)
            total += numel;
    return total;
}

/* "2 conv2d", "2 conv2d c1" */
static void put_name(const lks_layer *layer, char *out, size_t size)
{
    char number[24];

    snprintf(number, sizeof number, "%zu", layer->index);
    snprintf(out, size, "%s %s%s%s", number, layer->type->name,
             strcmp(number, layer->name) == 0 ? "" : " ",
             strcmp(number, layer->name) == 0 ? "" : layer->name);
}

/* All lines but the first into `text`, NULL: measure them; returns their length. */
static size_t put_lines(char *text, widths *w, const lks_model *model)
{
    const lks_plan *plan = model->plan;
    size_t n = 0;
    int64_t total = 0;
    char name[NAME_SIZE];

    for (size_t i = 0; i < plan->n_inputs; i++)
        n += put_line(text ? text + n : NULL, w,
                      plan->n_inputs == 1 ? "input" : plan->inputs[i].name,
                      &plan->inputs[i].shape, 0);
    for (size_t i = 0; i < plan->n_layers; i++) {
        const lks_layer *layer = &plan->layers[i];
        int64_t n_params = count_params(layer);

        put_name(layer, name, sizeof name);
        n += put_line(text ? text + n : NULL, w, name, &layer->out[0].shape, n_params);
        total += n_params;
    }
    return n + put_line(text ? text + n : NULL, w, "total", NULL, total);
}

char *lks_model_describe(const lks_model *model)
{
    static const char *const titles[] = {"layer", "output", "parameters"};
    widths w = {(int)strlen(titles[0]), (int)strlen(titles[1]), (int)strlen(titles[2])};
    char *text =
        lks_malloc((model->plan->n_inputs + model->plan->n_layers + 2) * LINE_SIZE);
    size_t n;

    if (!text)
        return NULL;
    put_lines(NULL, &w, model);
    n = (size_t)snprintf(text, LINE_SIZE, "%-*s  %-*s  %*s\n", w.layer, titles[0],
                         w.output, titles[1], w.params, titles[2]);
    put_lines(text + n, &w, model);
    return text;
}
