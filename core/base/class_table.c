#include "base/class_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/columns.h"
#include "base/plain.h"

enum { NAME_BYTES = 64 };

static void name_row(const lks_class_row *rows, int64_t i, char out[NAME_BYTES])
{
    if (rows[i].name)
        lks_plain_copy(out, NAME_BYTES, rows[i].name);
    else
        snprintf(out, NAME_BYTES, "%" PRId64, i);
}

static void put_cells(lks_text *out, const char *name, size_t width, const char *samples,
                      const char *accuracy)
{
    lks_text_put(out, name);
    for (size_t n = lks_columns(name); n < width; n++)
        lks_text_put(out, " ");
    lks_text_add(out, "  %9s  %9s\n", samples, accuracy);
}

static double accuracy_of(const lks_class_row *row)
{
    return (double)row->correct / (double)row->samples;
}

static void put_row(lks_text *out, const lks_class_row *rows, int64_t i, size_t width)
{
    char name[NAME_BYTES], samples[24], accuracy[32] = "-";

    name_row(rows, i, name);
    snprintf(samples, sizeof samples, "%" PRId64, rows[i].samples);
    if (rows[i].samples > 0)
        snprintf(accuracy, sizeof accuracy, "%.2f %%", 100 * accuracy_of(&rows[i]));
    put_cells(out, name, width, samples, accuracy);
}

/* Classes with samples first, the least accurate before the others. */
static bool is_worse(const lks_class_row *a, const lks_class_row *b)
{
    if (a->samples == 0 || b->samples == 0)
        return a->samples > 0 && b->samples == 0;
    return accuracy_of(a) < accuracy_of(b);
}

/* The worst into out[LKS_CLASSES_WORST], the worst first, of equal ones the first. */
static int64_t find_worst(const lks_class_row *rows, int64_t n_rows, int64_t *out)
{
    int64_t n = 0;

    for (int64_t i = 0; i < n_rows; i++) {
        int64_t at = n < LKS_CLASSES_WORST ? n++ : n;

        for (; at > 0 && is_worse(&rows[i], &rows[out[at - 1]]); at--)
            if (at < n)
                out[at] = out[at - 1];
        if (at < n)
            out[at] = i;
    }
    return n;
}

void lks_class_table_put(lks_text *out, const lks_class_row *rows, int64_t n)
{
    const bool are_all = n <= LKS_CLASSES_SHOWN;
    int64_t chosen[LKS_CLASSES_SHOWN], n_chosen = n;
    size_t width = strlen("class");
    char name[NAME_BYTES];

    if (!are_all)
        n_chosen = find_worst(rows, n, chosen);
    for (int64_t i = 0; i < n_chosen; i++) {
        chosen[i] = are_all ? i : chosen[i];
        name_row(rows, chosen[i], name);
        width = lks_columns(name) > width ? lks_columns(name) : width;
    }
    put_cells(out, "class", width, "samples", "accuracy");
    for (int64_t i = 0; i < n_chosen; i++)
        put_row(out, rows, chosen[i], width);
    if (!are_all)
        lks_text_add(out, "(of %" PRId64 " classes the %" PRId64 " least accurate)\n", n,
                     n_chosen);
}
