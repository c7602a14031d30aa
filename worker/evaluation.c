#include "worker/evaluation.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/columns.h"
#include "base/figure.h"
#include "base/plain.h"
#include "worker/number.h"

/* ---- for programs ---- */

static void put_number(lks_text *out, const char *key, double value)
{
    char text[LKS_NUMBER_TEXT];

    lks_text_add(out, "\"%s\": %s", key, lks_number_text(value, text));
}

static void put_class(lks_text *out, const lks_tally *tally, int64_t i)
{
    lks_text_add(out, "{\"class\": %" PRId64 ", \"name\": ", i);
    if (tally->class_names)
        lks_put_json_string(out, tally->class_names[i]);
    else
        lks_text_put(out, "null");
    lks_text_add(out, ", \"samples\": %" PRId64 ", \"correct\": %" PRId64 ", ",
                 tally->samples[i], tally->correct[i]);
    put_number(out, "accuracy", lks_tally_accuracy(tally, i));
    lks_text_put(out, "}");
}

static void put_row(lks_text *out, const lks_tally *tally, int64_t i)
{
    const int64_t *row = tally->confusion + i * tally->n_classes;

    for (int64_t k = 0; k < tally->n_classes; k++) {
        lks_text_put(out, k ? ", " : "[");
        lks_text_add_count(out, (uint64_t)row[k]);
    }
    lks_text_put(out, "]");
}

/* "key": [ … ], a line for each class. */
static void put_list(lks_text *out, const char *key, const lks_tally *tally,
                     void (*put)(lks_text *out, const lks_tally *tally, int64_t i))
{
    lks_text_add(out, ",\n  \"%s\": [", key);
    for (int64_t i = 0; i < tally->n_classes; i++) {
        lks_text_put(out, i ? ",\n    " : "\n    ");
        put(out, tally, i);
    }
    lks_text_put(out, "\n  ]");
}

static void put_what(lks_text *out, const lks_evaluated *what)
{
    if (what->run) {
        lks_text_put(out, "  \"run\": ");
        lks_put_json_string(out, what->run);
        lks_text_put(out, ",\n");
    }
    lks_text_add(out, "  \"split\": \"%s\",\n", what->split);
    if (what->has_step)
        lks_text_add(out, "  \"step\": %" PRIu64 ",\n  \"epoch\": %" PRIu64 ",\n",
                     what->step, what->epoch);
}

void lks_evaluation_put_json(lks_text *out, const lks_evaluated *what,
                             const lks_evaluation *e)
{
    lks_text_put(out, "{\n");
    put_what(out, what);
    lks_text_add(out, "  \"samples\": %" PRIu64 ",\n  ", e->n_samples);
    put_number(out, "loss", e->loss);
    if (e->has_accuracy) {
        lks_text_put(out, ",\n  ");
        put_number(out, "accuracy", e->accuracy);
        put_list(out, "classes", e->tally, put_class);
    }
    if (e->tally && e->tally->confusion)
        put_list(out, "confusion", e->tally, put_row);
    if (e->has_errors) {
        lks_text_put(out, ",\n  ");
        put_number(out, "mean_absolute_error", e->absolute_error);
        lks_text_put(out, ",\n  ");
        put_number(out, "r2", e->r2);
    }
    lks_text_put(out, "\n}\n");
}

/* ---- for people ---- */

static void name_class(const lks_tally *tally, int64_t i, char *out, size_t size)
{
    if (tally->class_names)
        lks_plain_copy(out, size, tally->class_names[i]);
    else
        snprintf(out, size, "%" PRId64, i);
}

static void put_cells(lks_text *out, const char *name, size_t width, const char *samples,
                      const char *accuracy)
{
    lks_text_put(out, name);
    for (size_t n = lks_columns(name); n < width; n++)
        lks_text_put(out, " ");
    lks_text_add(out, "  %9s  %9s\n", samples, accuracy);
}

static void put_class_line(lks_text *out, const lks_tally *tally, int64_t i, size_t width)
{
    const double accuracy = lks_tally_accuracy(tally, i);
    char name[64], samples[24], part[32] = "-";

    name_class(tally, i, name, sizeof name);
    snprintf(samples, sizeof samples, "%" PRId64, tally->samples[i]);
    if (isfinite(accuracy))
        snprintf(part, sizeof part, "%.2f %%", 100 * accuracy);
    put_cells(out, name, width, samples, part);
}

/* Classes with samples first, the least accurate before the others, else by number. */
static bool is_worse(const lks_tally *tally, int64_t a, int64_t b)
{
    const double of_a = lks_tally_accuracy(tally, a), of_b = lks_tally_accuracy(tally, b);

    if (isnan(of_a) || isnan(of_b))
        return !isnan(of_a);
    return of_a < of_b || (of_a == of_b && a < b);
}

/* The n worst into out[n], the worst first; gives n. */
static int64_t find_worst(const lks_tally *tally, int64_t *out)
{
    int64_t n = 0;

    for (int64_t i = 0; i < tally->n_classes; i++) {
        int64_t at = n < LKS_CLASSES_WORST ? n++ : n;

        for (; at > 0 && is_worse(tally, i, out[at - 1]); at--)
            if (at < n)
                out[at] = out[at - 1];
        if (at < n)
            out[at] = i;
    }
    return n;
}

static void put_classes(lks_text *out, const lks_tally *tally)
{
    const bool are_all = tally->n_classes <= LKS_CLASSES_SHOWN;
    int64_t chosen[LKS_CLASSES_SHOWN], n = 0;
    size_t width = strlen("class");

    if (!are_all)
        n = find_worst(tally, chosen);
    else
        while (n < tally->n_classes) {
            chosen[n] = n;
            n++;
        }
    for (int64_t i = 0; i < n; i++) {
        char name[64];

        name_class(tally, chosen[i], name, sizeof name);
        width = lks_columns(name) > width ? lks_columns(name) : width;
    }
    put_cells(out, "class", width, "samples", "accuracy");
    for (int64_t i = 0; i < n; i++)
        put_class_line(out, tally, chosen[i], width);
    if (!are_all)
        lks_text_add(out, "(of %" PRId64 " classes the %" PRId64 " least accurate)\n",
                     tally->n_classes, n);
}

void lks_evaluation_put_table(lks_text *out, const lks_evaluation *e)
{
    if (e->tally)
        put_classes(out, e->tally);
    if (!e->has_errors)
        return;
    lks_text_add(out, "mean absolute error %s", lks_figure_loss(e->absolute_error).text);
    if (isfinite(e->r2))
        lks_text_add(out, ", R2 %.4f", e->r2);
    lks_text_put(out, "\n");
}
