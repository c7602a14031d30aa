/* Tables of text. A first pass over the rows finds what the columns hold: how many rows
 * count, what the targets are, the means; where they are texts, another the classes
 * (csv_scan.c). The last, here, writes all down: inputs and targets of each file in a
 * block of its own. */
#include <math.h>

#include "base/alloc.h"
#include "base/try.h"
#include "data/csv_table.h"
#include "data/format.h"
#include "io/reader.h"

/* ---- the last pass: numbers as the fields have them ---- */

static void put_real(lks_dtype dtype, double value, void *out, size_t at)
{
    if (dtype == LKS_F64)
        ((double *)out)[at] = value;
    else
        ((float *)out)[at] = (float)value;
}

static lks_status put_input(lks_csv_table *t, const lks_csv_sheet *s, uint64_t line,
                            size_t i, size_t at)
{
    const bool is_missing = lks_csv_is_missing(&t->fields[s->used[i]]);
    lks_csv_value value = {0};

    if (!is_missing)
        LKS_TRY(lks_csv_input(t, s, line, i, &value));
    else
        value.real = t->options->missing == LKS_CSV_MEAN ? t->fills[i] : t->options->fill;
    if (t->options->dtype != LKS_I64)
        put_real(t->options->dtype, value.real, t->inputs, at);
    else
        ((int64_t *)t->inputs)[at] = is_missing ? (int64_t)value.real : value.integer;
    return LKS_OK;
}

static lks_status put_target(lks_csv_table *t, const lks_csv_sheet *s, uint64_t line,
                             size_t column, size_t at)
{
    const lks_csv_field *field = &t->fields[column];
    double value = 0;
    bool whole;

    if (t->are_words) {
        ((int64_t *)t->targets)[at] = (int64_t)lks_csv_find_class(t, field, &whole);
        return LKS_OK;
    }
    if (!t->are_values)
        return lks_csv_integer(field, (int64_t *)t->targets + at)
                   ? LKS_OK
                   : lks_csv_refuse(s, line, column, field, "is no class's number");
    lks_csv_number(field, &value, &whole); /* the first pass has seen to it */
    put_real(LKS_F32, value, t->targets, at);
    return LKS_OK;
}

static lks_status refuse_change(const lks_csv_sheet *s)
{
    return lks_fail(LKS_IO, "%s: the file was changed while it was read", s->path);
}

static lks_status put_row(lks_csv_table *t, lks_csv_sheet *s, uint64_t line)
{
    const uint64_t row = t->n_met++;

    if (!lks_csv_counts(t, s))
        return LKS_OK;
    if (t->n_put == s->n_rows) /* of a mapped file */
        return refuse_change(s);
    for (size_t i = 0; i < t->n_inputs; i++)
        LKS_TRY(put_input(t, s, line, i, t->n_put * t->n_inputs + i));
    for (size_t i = 0; i < t->n_targets; i++)
        LKS_TRY(put_target(t, s, line, s->used[t->n_inputs + i],
                           t->n_put * t->n_targets + i));
    if (t->rows)
        t->rows[t->n_put_before + t->n_put] = row;
    t->n_put++;
    return LKS_OK;
}

static size_t bytes_of_target(const lks_csv_table *t)
{
    return t->n_targets * (t->are_values ? sizeof(float) : sizeof(int64_t));
}

/* File k's numbers: the text had a byte at least for each, so that sizes are small. */
static lks_status put_sheet(lks_csv_table *t, int k, const lks_block *text,
                            lks_columns *out)
{
    const size_t n_rows = t->sheets[k].n_rows;
    const size_t inputs = n_rows * t->n_inputs * lks_dtype_size_bytes(t->options->dtype);
    const size_t targets = n_rows * bytes_of_target(t);

    if (!(t->inputs = lks_malloc_aligned(inputs)))
        return LKS_NOMEM;
    out->files[k].block = lks_block_of_memory(t->inputs, inputs);
    if (targets > 0 && !(t->targets = lks_malloc_aligned(targets)))
        return LKS_NOMEM;
    if (targets > 0)
        out->files[t->n_sheets + k].block = lks_block_of_memory(t->targets, targets);
    t->n_put = 0;
    t->n_put_before = out->n_samples;
    LKS_TRY(lks_csv_walk(t, &t->sheets[k], put_row));
    if (t->n_put < n_rows || lks_block_is_cut(text))
        return refuse_change(&t->sheets[k]);
    out->n_samples += n_rows;
    out->files[k].end = out->files[t->n_sheets + k].end = out->n_samples;
    return LKS_OK;
}

/* ---- the format ---- */

/* Which rows the samples are, where some may be left out. */
static lks_status make_rows(lks_csv_table *t, lks_columns *out)
{
    uint64_t n = 0;

    if (t->options->missing != LKS_CSV_SKIP)
        return LKS_OK;
    for (int k = 0; k < t->n_sheets; k++)
        n += t->sheets[k].n_rows;
    t->rows = out->rows = lks_calloc(n + 1, sizeof *out->rows);
    return t->rows ? LKS_OK : LKS_NOMEM;
}

static lks_status read_table(lks_csv_table *t, lks_columns *out, lks_block *texts)
{
    LKS_TRY(lks_csv_open_sheets(t, out));
    LKS_TRY(lks_csv_scan(t, out));
    LKS_TRY(make_rows(t, out));
    t->fills = out->fills;
    for (int k = 0; k < t->n_sheets; k++) {
        texts[k] = out->files[k].block;
        out->files[k].block = (lks_block){0};
        LKS_TRY(put_sheet(t, k, &texts[k], out));
    }
    if (t->rows)
        t->rows[out->n_samples] = t->n_met;
    return LKS_OK;
}

static void set_columns(const lks_csv_table *t, lks_columns *out)
{
    const size_t input = t->n_inputs * lks_dtype_size_bytes(t->options->dtype);
    const lks_dtype kind = t->are_values ? LKS_F32 : LKS_I64;

    out->columns[0] = (lks_column){.field = {.name = "inputs",
                                             .dtype = t->options->dtype,
                                             .n_dims = 1,
                                             .sizes = {(int64_t)t->n_inputs}},
                                   .stored = t->options->dtype,
                                   .n_blocks = t->n_sheets,
                                   .stride = input};
    out->columns[1] = (lks_column){.field = {.name = "targets",
                                             .dtype = kind,
                                             .n_dims = t->n_targets > 1,
                                             .sizes = {(int64_t)t->n_targets}},
                                   .stored = kind,
                                   .first_block = t->n_sheets,
                                   .n_blocks = t->n_sheets,
                                   .stride = bytes_of_target(t)};
    out->n_columns = t->n_targets > 0 ? 2 : 1;
}

/* A second name of each file, for the block of its targets. */
static lks_status name_targets(lks_columns *out)
{
    const int n = out->n_files;

    for (int k = 0; k < n; k++) {
        if (!(out->files[n + k].path = lks_strdup(out->files[k].path)))
            return LKS_NOMEM;
        out->n_files++;
    }
    return LKS_OK;
}

static lks_status check_options(const lks_csv_options *o)
{
    if (o->dtype != LKS_F32 && o->dtype != LKS_F64 && o->dtype != LKS_I64)
        return lks_fail(LKS_INVALID, "csv: inputs are float32, float64 or int64, not %s",
                        lks_dtype_name(o->dtype));
    if (o->delimiter == '"' || o->delimiter == '\n' || o->delimiter == '\r')
        return lks_fail(LKS_INVALID, "csv: a quote or the end of a line is no delimiter");
    if (o->dtype == LKS_I64 &&
        (o->missing == LKS_CSV_MEAN ||
         (o->missing == LKS_CSV_FILL && o->fill != trunc(o->fill))))
        return lks_fail(LKS_INVALID,
                        "csv: whole numbers that are missing are filled with one, not "
                        "with a mean or a fraction");
    return LKS_OK;
}

static void release_table(lks_csv_table *t)
{
    for (int k = 0; t->sheets && k < t->n_sheets; k++) {
        lks_free(t->sheets[k].header);
        lks_free(t->sheets[k].used);
    }
    lks_free(t->sheets);
    lks_free(t->sums);
    lks_free(t->counts);
    lks_free(t->fields);
}

lks_status lks_csv_read(lks_columns *out)
{
    const lks_dataset_source *source = out->source;
    lks_csv_table t = {
        .options = &source->csv, .like = source->like, .n_sheets = out->n_files};
    lks_block texts[LKS_DATASET_MAX_FILES] = {{0}};
    lks_status st;

    LKS_GO(check_options(t.options));
    if (!(t.sheets = lks_calloc((size_t)t.n_sheets, sizeof *t.sheets)))
        LKS_GO(LKS_NOMEM);
    LKS_GO(name_targets(out));
    st = read_table(&t, out, texts);
    out->class_names = t.classes; /* after a failure too */
    out->n_class_names = (int64_t)t.n_classes;
    LKS_GO(st);
    set_columns(&t, out);
cleanup:
    for (int k = 0; k < t.n_sheets; k++)
        lks_block_release(&texts[k]);
    release_table(&t);
    return st;
}

static lks_status open_csv(lks_columns *out)
{
    for (int k = 0; k < out->n_files; k++) {
        lks_reader *reader;
        lks_status st;

        LKS_TRY(lks_reader_open(out->files[k].path, &reader));
        st = lks_reader_take_rest(reader, &out->files[k].block);
        lks_reader_destroy(reader);
        LKS_TRY(st);
    }
    return lks_csv_read(out);
}

const lks_dataset_format lks_dataset_csv = {
    .name = "csv",
    .wants = "1 to 8 files",
    .min_files = 1,
    .max_files = LKS_DATASET_MAX_FILES / 2,
    .open = open_csv,
};
