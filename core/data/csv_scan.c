/* What the rows of a table hold. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "data/csv_table.h"

enum { MAX_CLASSES = 1 << 16 };

/* ---- what stands in a place ---- */

/* "FILE, line 7, column 'age'" */
static const char *place_of(const lks_csv_sheet *s, uint64_t line, size_t column,
                            char *out, size_t size)
{
    char name[210];

    snprintf(out, size, "%s, line %llu, column %s", s->path, (unsigned long long)line,
             lks_csv_name_of(s, column, name, sizeof name));
    return out;
}

enum { PLACE_TEXT = 1200 };

static lks_status refuse_missing(const lks_csv_sheet *s, uint64_t line, size_t column)
{
    char place[PLACE_TEXT];

    return lks_fail(LKS_FORMAT,
                    "%s: a value is missing; data.missing: skip leaves such rows out, "
                    "mean or a number fills inputs",
                    place_of(s, line, column, place, sizeof place));
}

lks_status lks_csv_refuse(const lks_csv_sheet *s, uint64_t line, size_t column,
                          const lks_csv_field *field, const char *why)
{
    char place[PLACE_TEXT];

    return lks_fail(LKS_FORMAT, "%s: '%.*s' %s",
                    place_of(s, line, column, place, sizeof place),
                    (int)(field->n < 80 ? field->n : 80), field->text, why);
}

lks_status lks_csv_input(const lks_csv_table *t, const lks_csv_sheet *s, uint64_t line,
                         size_t i, lks_csv_value *out)
{
    const lks_csv_field *field = &t->fields[s->used[i]];
    bool whole;

    if (t->options->dtype == LKS_I64) {
        if (!lks_csv_integer(field, &out->integer))
            return lks_csv_refuse(s, line, s->used[i], field, "is no whole number");
        out->real = (double)out->integer;
        return LKS_OK;
    }
    if (!lks_csv_number(field, &out->real, &whole))
        return lks_csv_refuse(s, line, s->used[i], field,
                              "is no number; data.inputs names the columns to take");
    if (t->options->dtype == LKS_F32 && !isfinite((float)out->real))
        return lks_csv_refuse(s, line, s->used[i], field, "is beyond float32");
    return LKS_OK;
}

/* ---- rows ---- */

/* Each row of a file, and what is done with it. */
lks_status lks_csv_walk(lks_csv_table *t, lks_csv_sheet *s,
                        lks_status (*row)(lks_csv_table *, lks_csv_sheet *,
                                          uint64_t line))
{
    lks_csv_text text = s->rows;

    for (;;) {
        uint64_t line;
        size_t n;

        LKS_TRY(lks_csv_next(&text, t->fields, s->n_columns, &n, &line));
        if (n == 0)
            return LKS_OK;
        if (n != s->n_columns)
            return lks_fail(LKS_FORMAT,
                            "%s, line %llu: %zu fields; the first line has %zu", s->path,
                            (unsigned long long)line, n, s->n_columns);
        LKS_TRY(row(t, s, line));
    }
}

/* Whether the row counts: nothing is missing, or it may be. */
bool lks_csv_counts(const lks_csv_table *t, const lks_csv_sheet *s)
{
    for (size_t i = 0; i < t->n_inputs + t->n_targets; i++)
        if (t->options->missing == LKS_CSV_SKIP &&
            lks_csv_is_missing(&t->fields[s->used[i]]))
            return false;
    return true;
}

/* ---- the first pass: numbers ---- */

static lks_status look_at_input(lks_csv_table *t, const lks_csv_sheet *s, uint64_t line,
                                size_t i)
{
    lks_csv_value value;

    if (lks_csv_is_missing(&t->fields[s->used[i]]))
        return t->options->missing == LKS_CSV_REFUSE ? refuse_missing(s, line, s->used[i])
                                                     : LKS_OK;
    LKS_TRY(lks_csv_input(t, s, line, i, &value));
    t->sums[i] += value.real;
    t->counts[i]++;
    return LKS_OK;
}

static lks_status look_at_target(lks_csv_table *t, const lks_csv_sheet *s, uint64_t line,
                                 size_t column)
{
    const lks_csv_field *field = &t->fields[column];
    const bool is_value = t->options->kind == LKS_CSV_VALUES || t->n_targets > 1;
    double value;
    bool whole;

    if (lks_csv_is_missing(field))
        return refuse_missing(s, line, column);
    if (!lks_csv_number(field, &value, &whole)) {
        t->has_text = true;
        return is_value ? lks_csv_refuse(s, line, column, field, "is no number") : LKS_OK;
    }
    t->has_point |= !whole;
    if (value != trunc(value) && !t->has_fraction) {
        t->has_fraction = true;
        t->fraction_line = line;
    }
    return is_value && !isfinite((float)value)
               ? lks_csv_refuse(s, line, column, field, "is beyond float32")
               : LKS_OK;
}

static lks_status look_at_row(lks_csv_table *t, lks_csv_sheet *s, uint64_t line)
{
    if (!lks_csv_counts(t, s))
        return LKS_OK;
    s->n_rows++;
    for (size_t i = 0; i < t->n_inputs; i++)
        LKS_TRY(look_at_input(t, s, line, i));
    for (size_t i = 0; i < t->n_targets; i++)
        LKS_TRY(look_at_target(t, s, line, s->used[t->n_inputs + i]));
    return LKS_OK;
}

/* What stands in for missing inputs of each column, training data's own or theirs. */
static lks_status settle_fills(lks_csv_table *t, lks_columns *out)
{
    if (t->options->missing != LKS_CSV_MEAN)
        return LKS_OK;
    if (!(out->fills = lks_calloc(t->n_inputs, sizeof *out->fills)))
        return LKS_NOMEM;
    out->n_fills = t->n_inputs;
    for (size_t i = 0; i < t->n_inputs; i++) {
        char name[210];

        if (!t->like && t->counts[i] == 0)
            return lks_fail(
                LKS_FORMAT, "%s: column %s has no value to take a mean of",
                t->sheets->path,
                lks_csv_name_of(t->sheets, t->sheets->used[i], name, sizeof name));
        out->fills[i] = t->like && i < t->like->n_fills
                            ? t->like->fills[i]
                            : t->sums[i] / (double)(t->counts[i] ? t->counts[i] : 1);
    }
    return LKS_OK;
}

/* ---- the second pass, where targets are texts: classes ---- */

/* Where the class stands, or would. */
size_t lks_csv_find_class(const lks_csv_table *t, const lks_csv_field *field, bool *found)
{
    size_t low = 0, high = t->n_classes;

    *found = false;
    while (low < high && !*found) {
        const size_t middle = low + (high - low) / 2;
        const int order = lks_csv_compare(field, t->classes[middle]);

        *found = order == 0;
        if (order <= 0)
            high = middle;
        else
            low = middle + 1;
    }
    return high;
}

static lks_status insert_class(lks_csv_table *t, size_t at, char *word)
{
    const size_t n = t->n_classes;

    if (!word)
        return LKS_NOMEM;
    if ((n & (n - 1)) == 0) {
        char **grown = lks_realloc(t->classes, n ? 2 * n : 1, sizeof *grown);

        if (!grown) {
            lks_free(word);
            return LKS_NOMEM;
        }
        t->classes = grown;
    }
    memmove(t->classes + at + 1, t->classes + at, (n - at) * sizeof *t->classes);
    t->classes[at] = word;
    t->n_classes++;
    return LKS_OK;
}

static lks_status take_class(lks_csv_table *t, lks_csv_sheet *s, uint64_t line)
{
    const size_t column = s->used[t->n_inputs];
    const lks_csv_field *field = &t->fields[column];
    bool found;
    size_t at;

    if (!lks_csv_counts(t, s))
        return LKS_OK;
    at = lks_csv_find_class(t, field, &found);
    if (found)
        return LKS_OK;
    if (t->like)
        return lks_csv_refuse(s, line, column, field, "is no class of the training data");
    if (t->n_classes == MAX_CLASSES)
        return lks_csv_refuse(
            s, line, column, field,
            "is one class too many: texts are classes, of which there may "
            "be 65536");
    return insert_class(t, at, lks_csv_word(field));
}

static lks_status take_classes(lks_csv_table *t)
{
    for (size_t i = 0; t->like && i < t->like->n_classes; i++)
        LKS_TRY(insert_class(t, t->n_classes, lks_strdup(t->like->classes[i])));
    for (int k = 0; k < t->n_sheets && t->n_targets > 0; k++)
        LKS_TRY(lks_csv_walk(t, &t->sheets[k], take_class));
    return LKS_OK;
}

/* Whether targets are classes, and of which kind. */
static lks_status settle_targets(lks_csv_table *t)
{
    const bool named = t->like && t->like->n_classes > 0;

    if (t->n_targets == 0)
        return take_classes(t); /* for their names */
    t->are_values = t->n_targets > 1 || t->options->kind == LKS_CSV_VALUES ||
                    (t->options->kind == LKS_CSV_AS_WRITTEN && t->has_point &&
                     !t->has_text && !named);
    if (t->are_values)
        return LKS_OK;
    t->are_words = t->has_text || named;
    if (!t->are_words && t->has_fraction) {
        char place[PLACE_TEXT];
        lks_csv_sheet *s = t->sheets;

        return lks_fail(
            LKS_FORMAT, "%s: values with a fraction are no classes, which the loss takes",
            place_of(s, t->fraction_line, s->used[t->n_inputs], place, sizeof place));
    }
    return t->are_words ? take_classes(t) : LKS_OK;
}

lks_status lks_csv_scan(lks_csv_table *t, lks_columns *out)
{
    for (int k = 0; k < t->n_sheets; k++)
        LKS_TRY(lks_csv_walk(t, &t->sheets[k], look_at_row));
    LKS_TRY(settle_fills(t, out));
    return settle_targets(t);
}
