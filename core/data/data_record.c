#include "data/data_record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/alloc.h"
#include "base/try.h"
#include "base/utf8.h"
#include "data/record_json.h"
#include "io/reader.h"

/* A program's own data may have a name for any number. */
enum { MAX_CLASSES = 1 << 16 };

/* ---- what is kept ---- */

static lks_status copy_texts(const char *const *texts, size_t n, const char *const **out,
                             size_t *n_out)
{
    char **copies = lks_calloc(n + 1, sizeof *copies);

    if (!copies)
        return LKS_NOMEM;
    *out = (const char *const *)copies;
    for (; *n_out < n; ++*n_out)
        if (!(copies[*n_out] = lks_strdup(texts[*n_out])))
            return LKS_NOMEM;
    return LKS_OK;
}

static lks_status copy_classes(const lks_dataset *training, lks_data_record *out)
{
    const char **names;
    int64_t n = 0;
    lks_status st;

    while (n < MAX_CLASSES && lks_dataset_class_name(training, n))
        n++;
    LKS_TRY(lks_dataset_class_names(training, n, &names));
    st = copy_texts(names, (size_t)n, &out->table.classes, &out->table.n_classes);
    lks_free(names);
    return st;
}

static lks_status copy_fills(const lks_table *table, lks_data_record *out)
{
    double *fills = lks_calloc(table->n_fills + 1, sizeof *fills);

    if (!fills)
        return LKS_NOMEM;
    if (table->n_fills > 0)
        memcpy(fills, table->fills, table->n_fills * sizeof *fills);
    out->table.fills = fills;
    out->table.n_fills = table->n_fills;
    return LKS_OK;
}

lks_status lks_data_record_init(const lks_dataset *training, const lks_input_scale *scale,
                                lks_data_record *out)
{
    const lks_table table = lks_dataset_table(training);

    LKS_TRY(copy_texts(table.columns, table.n_columns, &out->table.columns,
                       &out->table.n_columns));
    LKS_TRY(copy_fills(&table, out));
    LKS_TRY(copy_classes(training, out));
    for (int i = 0; i < LKS_DATASET_MAX_VOCABS; i++)
        out->table.vocabs[i] = table.vocabs[i] ? lks_vocab_ref(table.vocabs[i]) : NULL;
    if (!scale)
        return LKS_OK;
    return lks_input_scale_of(lks_input_scale_n(scale), lks_input_scale_numel(scale),
                              lks_input_scale_mean(scale), lks_input_scale_std(scale),
                              &out->scale);
}

bool lks_data_record_is_empty(const lks_data_record *record)
{
    return record->table.n_columns == 0 && record->table.n_classes == 0 &&
           !record->table.vocabs[0] && !record->scale;
}

static void free_texts(const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        lks_free((char *)texts[i]);
    lks_free((void *)texts);
}

void lks_data_record_release(lks_data_record *record)
{
    free_texts(record->table.columns, record->table.n_columns);
    free_texts(record->table.classes, record->table.n_classes);
    lks_free((void *)record->table.fills);
    lks_input_scale_destroy(record->scale);
    for (int i = 0; i < LKS_DATASET_MAX_VOCABS; i++)
        lks_vocab_unref((lks_vocab *)record->table.vocabs[i]); /* the record's own */
    *record = (lks_data_record){0};
}

/* ---- written ---- */

static json_t *bytes_of(const char *text)
{
    json_t *bytes = json_array();

    for (; *text; text++)
        if (json_array_append_new(bytes, json_integer((unsigned char)*text)) != 0) {
            json_decref(bytes);
            return NULL;
        }
    return bytes;
}

/* NULL: no memory. */
static json_t *list_of_texts(const char *const *texts, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        const bool is_text = lks_utf8_is_valid(texts[i]);

        if (json_array_append_new(list, is_text ? json_string(texts[i])
                                                : bytes_of(texts[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *list_of_doubles(const double *numbers, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(list, json_real(numbers[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *list_of_floats(const float *numbers, int64_t n)
{
    json_t *list = json_array();

    for (int64_t i = 0; i < n; i++)
        if (json_array_append_new(list, json_real((double)numbers[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static bool put_table(json_t *root, const lks_table *table)
{
    return json_object_set_new(root, "columns",
                               list_of_texts(table->columns, table->n_columns)) == 0 &&
           json_object_set_new(root, "fills",
                               list_of_doubles(table->fills, table->n_fills)) == 0 &&
           json_object_set_new(root, "classes",
                               list_of_texts(table->classes, table->n_classes)) == 0 &&
           lks_record_put_vocabs(root, table->vocabs);
}

static bool put_scale(json_t *root, const lks_input_scale *scale)
{
    const int64_t n = scale ? lks_input_scale_n(scale) : 0;

    if (!scale)
        return true;
    return json_object_set_new(root, "numbers_a_channel",
                               json_integer((json_int_t)lks_input_scale_numel(scale))) ==
               0 &&
           json_object_set_new(root, "mean",
                               list_of_floats(lks_input_scale_mean(scale), n)) == 0 &&
           json_object_set_new(root, "std",
                               list_of_floats(lks_input_scale_std(scale), n)) == 0;
}

/* Dumped into memory of ours: jansson's own text may lack what it had no memory for. */
static lks_status dump(const json_t *root, char **out)
{
    const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(17);
    const size_t n = json_dumpb(root, NULL, 0, flags);
    char *text = lks_malloc(n + 2);

    if (!text)
        return LKS_NOMEM;
    if (n == 0 || json_dumpb(root, text, n, flags) != n) {
        lks_free(text);
        return lks_fail(LKS_NOMEM, "no memory for what is kept of the training data");
    }
    memcpy(text + n, "\n", 2);
    *out = text;
    return LKS_OK;
}

lks_status lks_data_record_text(const lks_data_record *record, char **out)
{
    json_t *root = json_object();
    lks_status st;

    for (size_t i = 0; i < record->table.n_fills; i++)
        if (!isfinite(record->table.fills[i]))
            LKS_FAIL(LKS_NUMERIC, "data.missing: the mean of column '%s' is not finite",
                     record->table.columns[i]);
    if (!put_table(root, &record->table) || !put_scale(root, record->scale))
        LKS_FAIL(LKS_NOMEM, "no memory for what is kept of the training data");
    LKS_GO(dump(root, out));
cleanup:
    json_decref(root);
    return st;
}

/* ---- read ---- */

static lks_status refuse(const char *path, const char *key)
{
    return lks_fail(LKS_FORMAT, "%s: '%s' is not what a run writes there", path, key);
}

/* NULL: it is neither a text nor a list of bytes, or there is no memory. */
static char *text_of(const json_t *value)
{
    const size_t n = json_array_size(value);
    char *text;

    if (json_is_string(value))
        return lks_strdup(json_string_value(value));
    if (!json_is_array(value) || !(text = lks_calloc(n + 1, 1)))
        return NULL;
    for (size_t i = 0; i < n; i++)
        text[i] = (char)json_integer_value(json_array_get(value, i));
    return text;
}

static lks_status read_texts(const json_t *root, const char *key, const char *path,
                             const char *const **out, size_t *n_out)
{
    const json_t *list = json_object_get(root, key);
    const size_t n = json_array_size(list);
    char **texts;

    if (!json_is_array(list))
        return refuse(path, key);
    if (!(texts = lks_calloc(n + 1, sizeof *texts)))
        return LKS_NOMEM;
    *out = (const char *const *)texts;
    for (; *n_out < n; ++*n_out)
        if (!(texts[*n_out] = text_of(json_array_get(list, *n_out))))
            return lks_error_status() == LKS_NOMEM ? LKS_NOMEM : refuse(path, key);
    return LKS_OK;
}

static lks_status read_numbers(const json_t *root, const char *key, const char *path,
                               double **out, size_t *n_out)
{
    const json_t *list = json_object_get(root, key);
    const size_t n = json_array_size(list);

    if (!json_is_array(list))
        return refuse(path, key);
    if (!(*out = lks_calloc(n + 1, sizeof **out)))
        return LKS_NOMEM;
    for (size_t i = 0; i < n; i++)
        if (!json_is_number(json_array_get(list, i)))
            return refuse(path, key);
    for (size_t i = 0; i < n; i++)
        (*out)[i] = json_number_value(json_array_get(list, i));
    *n_out = n;
    return LKS_OK;
}

static lks_status read_table(const json_t *root, const char *path, lks_table *out)
{
    lks_vocab *vocabs[LKS_DATASET_MAX_VOCABS] = {NULL};
    double *fills = NULL;
    lks_status st;

    LKS_TRY(read_texts(root, "columns", path, &out->columns, &out->n_columns));
    LKS_TRY(read_texts(root, "classes", path, &out->classes, &out->n_classes));
    st = read_numbers(root, "fills", path, &fills, &out->n_fills);
    out->fills = fills;
    LKS_TRY(st);
    st = lks_record_read_vocabs(root, path, vocabs);
    for (int i = 0; i < LKS_DATASET_MAX_VOCABS; i++)
        out->vocabs[i] = vocabs[i];
    LKS_TRY(st);
    return out->n_fills <= out->n_columns ? LKS_OK : refuse(path, "fills");
}

/* [n] floats of as many doubles. */
static float *narrow(const double *numbers, size_t n)
{
    float *floats = lks_calloc(n + 1, sizeof *floats);

    for (size_t i = 0; floats && i < n; i++)
        floats[i] = (float)numbers[i];
    return floats;
}

static lks_status read_scale(const json_t *root, const char *path, lks_input_scale **out)
{
    const json_int_t numel =
        json_integer_value(json_object_get(root, "numbers_a_channel"));
    double *wide[2] = {NULL, NULL};
    float *mean = NULL, *std = NULL;
    size_t n = 0, n_std = 0;
    lks_status st = LKS_OK;

    if (!json_object_get(root, "mean"))
        return LKS_OK;
    LKS_GO(read_numbers(root, "mean", path, &wide[0], &n));
    LKS_GO(read_numbers(root, "std", path, &wide[1], &n_std));
    if (n == 0 || n_std != n || numel < 1)
        LKS_GO(refuse(path, n_std != n ? "std" : "mean"));
    mean = narrow(wide[0], n);
    std = narrow(wide[1], n);
    LKS_GO(mean && std ? LKS_OK : LKS_NOMEM);
    LKS_GO(lks_input_scale_of((int64_t)n, (size_t)numel, mean, std, out));
cleanup:
    lks_free(mean);
    lks_free(std);
    lks_free(wide[0]);
    lks_free(wide[1]);
    return st;
}

static lks_status load(const char *path, json_t **out)
{
    lks_reader *reader;
    lks_block text = {0};
    json_error_t error;
    lks_status st;

    LKS_TRY(lks_reader_open(path, &reader));
    st = lks_reader_take_rest(reader, &text);
    lks_reader_destroy(reader);
    LKS_TRY(st);
    *out = json_loadb((const char *)text.data, text.size,
                      JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    lks_block_release(&text);
    return json_is_object(*out)
               ? LKS_OK
               : lks_fail(LKS_FORMAT, "%s: it is not what a run writes", path);
}

lks_status lks_data_record_read(const char *path, lks_data_record *out)
{
    json_t *root = NULL;
    lks_status st;

    LKS_GO(load(path, &root));
    LKS_GO(read_table(root, path, &out->table));
    LKS_GO(read_scale(root, path, &out->scale));
cleanup:
    json_decref(root);
    return st;
}
