/* A table's files and the names of their columns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "data/csv_table.h"

enum { MAX_COLUMNS = 16384 }; /* a spreadsheet's */

/* ---- columns ---- */

/* What a column is called, for people. */
const char *lks_csv_name_of(const lks_csv_sheet *s, size_t column, char *out, size_t size)
{
    if (s->header)
        snprintf(out, size, "'%.*s'", (int)(s->header[column].n % 200),
                 s->header[column].text);
    else
        snprintf(out, size, "%zu", column);
    return out;
}

/* Without a header a name is a number. */
static bool is_called(const lks_csv_sheet *s, size_t column, const char *name)
{
    const lks_csv_field field = {.text = name, .n = strlen(name)};
    int64_t number;

    return s->header ? lks_csv_compare(&s->header[column], name) == 0
                     : lks_csv_integer(&field, &number) && number == (int64_t)column;
}

static lks_status refuse_name(const lks_csv_sheet *s, const char *name)
{
    char known[256] = "", one[210];
    size_t n = 0;

    for (size_t c = 0; c < s->n_columns && n < sizeof known; c++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", c ? ", " : "",
                              lks_csv_name_of(s, c, one, sizeof one));
    return lks_fail(LKS_INVALID, "%s: no column is called '%s'; there are %s%s", s->path,
                    name, known, n < sizeof known ? "" : " …");
}

/* A name that is a number: a row of the data may have been taken for the header. */
static const char *hint_at_header(const char *name)
{
    const lks_csv_field field = {.text = name, .n = strlen(name)};
    double value;
    bool whole;

    return lks_csv_number(&field, &value, &whole)
               ? ", a number; data.header: none says that the first line is a row"
               : "";
}

static lks_status find_column(const lks_csv_sheet *s, const char *name, size_t *out)
{
    size_t n = 0;

    for (size_t c = 0; c < s->n_columns; c++)
        if (is_called(s, c, name)) {
            *out = c;
            n++;
        }
    if (n == 0)
        return refuse_name(s, name);
    return n == 1 ? LKS_OK
                  : lks_fail(LKS_FORMAT, "%s: %zu columns are called '%s'%s", s->path, n,
                             name, s->header ? hint_at_header(name) : "");
}

/* What a column is called, as lks_dataset_source says it. */
static char *word_of(const lks_csv_sheet *s, size_t column)
{
    return s->header ? lks_csv_word(&s->header[column]) : lks_asprintf("%zu", column);
}

static bool is_among(const char *const *names, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* All columns of the first file but the targets, in its order. */
static lks_status name_inputs(const lks_csv_table *t, const lks_csv_sheet *first,
                              lks_columns *out)
{
    const bool has_targets = t->n_targets > 0;
    const char *const *targets =
        has_targets ? (const char *const *)out->names + t->n_inputs : t->options->targets;
    const int n_targets = has_targets ? (int)t->n_targets : t->options->n_targets;
    size_t n = 0;

    for (size_t c = 0; c < first->n_columns; c++) {
        char *word = word_of(first, c);

        if (!word)
            return LKS_NOMEM;
        if (n == t->n_inputs || is_among(targets, n_targets, word))
            lks_free(word);
        else
            out->names[n++] = word;
    }
    if (n < t->n_inputs)
        return lks_fail(LKS_FORMAT,
                        "%s: several columns are called as the target, '%s'%s",
                        first->path, targets[0], hint_at_header(targets[0]));
    return LKS_OK;
}

/* What column i of those in use is called by training data or the options; NULL: they do
 * not say. */
static const char *given_name(const lks_csv_table *t, size_t i)
{
    const lks_csv_options *o = t->options;

    if (t->like)
        return t->like->columns[i];
    if (i < t->n_inputs)
        return o->n_inputs > 0 ? o->inputs[i] : NULL;
    return o->n_targets > 0 ? o->targets[i - t->n_inputs] : NULL;
}

/* The names of all columns in use. All files are read by them, whatever the order of
 * their columns. */
static lks_status name_columns(const lks_csv_table *t, lks_columns *out)
{
    const lks_csv_sheet *first = t->sheets;

    if (!(out->names = lks_calloc(t->n_inputs + t->n_targets, sizeof *out->names)))
        return LKS_NOMEM;
    out->n_names = t->n_inputs + t->n_targets;
    for (size_t i = 0; i < out->n_names; i++) {
        const char *given = given_name(t, i);

        if (!given && i < t->n_inputs)
            continue;
        out->names[i] = given ? lks_strdup(given) : word_of(first, first->n_columns - 1);
        if (!out->names[i])
            return LKS_NOMEM;
    }
    return given_name(t, 0) ? LKS_OK : name_inputs(t, first, out);
}

/* Columns are numbered with the target among them: in a table of the inputs alone they
 * stand in the order of their numbers. */
static void count_off_inputs(const lks_columns *named, lks_csv_sheet *s)
{
    for (size_t i = 0; i < named->n_names; i++)
        for (size_t k = 0; k < named->n_names; k++)
            s->used[i] +=
                strtoul(named->names[k], NULL, 10) < strtoul(named->names[i], NULL, 10);
}

/* Where they stand in this file. */
static lks_status choose_columns(const lks_csv_table *t, const lks_columns *named,
                                 lks_csv_sheet *s)
{
    if (t->n_targets == 0 && !s->header && s->n_columns == named->n_names) {
        count_off_inputs(named, s);
        return LKS_OK;
    }
    for (size_t i = 0; i < named->n_names; i++) {
        LKS_TRY(find_column(s, named->names[i], &s->used[i]));
        for (size_t k = 0; k < t->n_inputs && i >= t->n_inputs; k++)
            if (s->used[k] == s->used[i])
                return lks_fail(LKS_INVALID,
                                "%s: the column '%s' is an input and a target", s->path,
                                named->names[i]);
    }
    return LKS_OK;
}

/* ---- files ---- */

/* The header, or without one how many columns the first row has. */
static lks_status read_header(const lks_csv_table *t, lks_csv_sheet *s)
{
    lks_csv_text text = s->rows;
    lks_csv_field one;
    uint64_t line;

    LKS_TRY(lks_csv_next(&text, &one, 1, &s->n_columns, &line));
    if (s->n_columns == 0)
        return lks_fail(LKS_FORMAT, "%s: the file is empty", s->path);
    if (s->n_columns > MAX_COLUMNS)
        return lks_fail(LKS_FORMAT, "%s: %zu columns; at most %d are read", s->path,
                        s->n_columns, MAX_COLUMNS);
    if (t->options->no_header)
        return LKS_OK;
    if (!(s->header = lks_calloc(s->n_columns, sizeof *s->header)))
        return LKS_NOMEM;
    return lks_csv_next(&s->rows, s->header, s->n_columns, &s->n_columns, &line);
}

static lks_status open_sheet(lks_csv_table *t, lks_columns *out, int k)
{
    const char delimiter = t->options->delimiter ? t->options->delimiter : ',';
    const lks_block *text = &out->files[k].block; /* until the numbers take its place */
    lks_csv_sheet *s = &t->sheets[k];

    s->path = out->files[k].path;
    LKS_TRY(lks_csv_begin(&s->rows, text->data, text->size, s->path, delimiter));
    return read_header(t, s);
}

/* Without targets: all columns but those that are called so. */
static size_t n_but_targets(const lks_csv_sheet *s, const lks_csv_options *o)
{
    size_t n = s->n_columns;

    for (size_t c = 0; c < s->n_columns; c++) {
        bool is_target = false;

        for (int i = 0; i < o->n_targets; i++)
            is_target |= is_called(s, c, o->targets[i]);
        n -= is_target;
    }
    return n;
}

static lks_status count_inputs_alone(lks_csv_table *t, size_t n_targets)
{
    const lks_csv_options *o = t->options;

    t->n_targets = 0;
    if (t->like)
        t->n_inputs = t->like->n_columns - n_targets;
    else
        t->n_inputs = o->n_inputs > 0 ? (size_t)o->n_inputs : n_but_targets(t->sheets, o);
    return t->n_inputs > 0
               ? LKS_OK
               : lks_fail(LKS_FORMAT, "%s: it has no column of inputs", t->sheets->path);
}

/* How many are inputs and targets. */
static lks_status count_columns(lks_csv_table *t, bool inputs_only)
{
    const lks_csv_options *o = t->options;
    const lks_csv_sheet *first = t->sheets;

    t->n_targets = o->n_targets > 0 ? (size_t)o->n_targets : 1;
    if (t->like && t->like->n_columns <= t->n_targets)
        t->like = NULL; /* it is of no table like this */
    if (inputs_only)
        return count_inputs_alone(t, t->n_targets);
    if (o->n_inputs == 0 && first->n_columns <= t->n_targets)
        return lks_fail(LKS_FORMAT,
                        "%s: its first line has %zu column%s, too few for inputs and "
                        "target; data.delimiter says what is between columns",
                        first->path, first->n_columns, first->n_columns == 1 ? "" : "s");
    t->n_inputs = o->n_inputs > 0 ? (size_t)o->n_inputs : first->n_columns - t->n_targets;
    if (t->like)
        t->n_inputs = t->like->n_columns - t->n_targets;
    return LKS_OK;
}

static lks_status find_columns(lks_csv_table *t, lks_columns *out)
{
    size_t widest = 0;

    LKS_TRY(count_columns(t, out->source->inputs_only));
    LKS_TRY(name_columns(t, out));
    for (int k = 0; k < t->n_sheets; k++) {
        lks_csv_sheet *s = &t->sheets[k];

        widest = s->n_columns > widest ? s->n_columns : widest;
        if (!(s->used = lks_calloc(out->n_names, sizeof *s->used)))
            return LKS_NOMEM;
        LKS_TRY(choose_columns(t, out, s));
    }
    t->fields = lks_calloc(widest, sizeof *t->fields);
    t->sums = lks_calloc(t->n_inputs, sizeof *t->sums);
    t->counts = lks_calloc(t->n_inputs, sizeof *t->counts);
    return t->fields && t->sums && t->counts ? LKS_OK : LKS_NOMEM;
}

lks_status lks_csv_open_sheets(lks_csv_table *t, lks_columns *out)
{
    for (int k = 0; k < t->n_sheets; k++)
        LKS_TRY(open_sheet(t, out, k));
    return find_columns(t, out);
}
