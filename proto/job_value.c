#include "proto/job_value.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"
#include "proto/job_item.h"
#include "proto/job_node.h"
#include "proto/job_pace.h"
#include "proto/nearest.h"
#include "proto/path_text.h"
#include "proto/scalar.h"

static void *member(lks_job_build *build, const lks_job_key *key)
{
    return (char *)&build->job + key->offset;
}

static lks_status read_whole(const lks_job_key *key, const lks_node *node,
                             const char *or_else, uint64_t *out)
{
    return lks_node_whole(node, lks_job_leaf(key->path), or_else, key->min, key->max,
                          out);
}

static lks_status set_whole64(lks_job_build *build, const lks_job_key *key,
                              const lks_node *node)
{
    return read_whole(key, node, "", member(build, key));
}

static lks_status set_whole32(lks_job_build *build, const lks_job_key *key,
                              const lks_node *node)
{
    uint64_t value = 0;

    LKS_TRY(read_whole(key, node, "", &value));
    *(uint32_t *)member(build, key) = (uint32_t)value;
    return LKS_OK;
}

static lks_status set_auto32(lks_job_build *build, const lks_job_key *key,
                             const lks_node *node)
{
    const char *word = key->kind == LKS_JOB_ALL32 ? "all" : "auto";
    char or_else[16];
    uint64_t value = 0;

    snprintf(or_else, sizeof or_else, "%s or ", word);
    if (node->kind != LKS_NODE_SCALAR || strcmp(node->text, word) != 0)
        LKS_TRY(read_whole(key, node, or_else, &value));
    *(uint32_t *)member(build, key) = (uint32_t)value;
    return LKS_OK;
}

static lks_status set_flag(lks_job_build *build, const lks_job_key *key,
                           const lks_node *node)
{
    return lks_node_flag(node, lks_job_leaf(key->path), member(build, key));
}

static lks_status set_text(lks_job_build *build, const lks_job_key *key,
                           const lks_node *node)
{
    const char *text = NULL;

    LKS_TRY(lks_node_text(node, lks_job_leaf(key->path), &text));
    return (*(char **)member(build, key) = lks_strdup(text)) ? LKS_OK : LKS_NOMEM;
}

/* It names a folder and a metric's label, so it must be harmless in both. */
static lks_status set_name(lks_job_build *build, const lks_job_key *key,
                           const lks_node *node)
{
    const char *text = NULL;
    size_t n = 0;

    LKS_TRY(lks_node_text(node, lks_job_leaf(key->path), &text));
    while (isalnum((unsigned char)text[n]) || (text[n] && strchr("._-", text[n])))
        n++;
    if (text[n] != '\0' || n > 64 || !isalnum((unsigned char)text[0]))
        return lks_node_expected(node, key->path,
                                 "at most 64 letters, digits, '.', '_' and '-', the "
                                 "first a letter or digit");
    return set_text(build, key, node);
}

static lks_status set_path(lks_job_build *build, const lks_job_key *key,
                           const lks_node *node)
{
    const char *base = node->source->is_file ? build->folder : build->cwd;
    char **path = member(build, key), *relative;

    LKS_TRY(lks_path_read(node, lks_job_leaf(key->path), path));
    if (**path == '/' || !base)
        return LKS_OK;
    relative = *path;
    *path = lks_asprintf("%s/%s", strcmp(base, "/") == 0 ? "" : base, relative);
    lks_free(relative);
    return *path ? LKS_OK : LKS_NOMEM;
}

/* The index of a word among the key's, or the error that lists them. */
static lks_status read_word(const lks_job_key *key, const lks_node *node, size_t *out)
{
    char expected[192] = "one of ";
    const char *near;
    size_t n = 0;

    for (; key->words[n]; n++) {
        if (node->kind == LKS_NODE_SCALAR && strcmp(node->text, key->words[n]) == 0) {
            *out = n;
            return LKS_OK;
        }
        lks_append(expected, sizeof expected, "%s%s", n ? ", " : "", key->words[n]);
    }
    near = lks_nearest(node->text, key->words, n);
    if (near)
        lks_append(expected, sizeof expected, "; did you mean '%s'?", near);
    return lks_node_expected(node, lks_job_leaf(key->path), expected);
}

static lks_status set_choice(lks_job_build *build, const lks_job_key *key,
                             const lks_node *node)
{
    size_t i = 0;

    LKS_TRY(read_word(key, node, &i));
    *(const char **)member(build, key) = key->words[i];
    return LKS_OK;
}

static lks_status set_reduction(lks_job_build *build, const lks_job_key *key,
                                const lks_node *node)
{
    size_t i = 0;

    LKS_TRY(read_word(key, node, &i));
    *(lks_job_reduction *)member(build, key) = (lks_job_reduction)i;
    return LKS_OK;
}

static lks_status set_numbers(lks_job_build *build, const lks_job_key *key,
                              const lks_node *node)
{
    const char *name = lks_job_leaf(key->path);
    double *values = member(build, key);
    size_t n = 0;

    if (node->kind == LKS_NODE_SCALAR) {
        build->job.data.n_channels = 1;
        return lks_node_real(node, name, "a number or a list of numbers", values);
    }
    if (node->kind != LKS_NODE_LIST || node->n_entries == 0)
        return lks_node_expected(node, name, "a number or a list of numbers");
    if (node->n_entries > LKS_JOB_MAX_CHANNELS)
        return lks_node_fail(node, "%s has %zu numbers, at most %d channels are possible",
                             name, node->n_entries, LKS_JOB_MAX_CHANNELS);
    for (const lks_node *entry = node->first; entry; entry = entry->next)
        LKS_TRY(lks_node_real(entry, name, "a list of numbers", &values[n++]));
    build->job.data.n_channels = n;
    return LKS_OK;
}

static lks_status add_file(lks_job_split *split, const lks_node *node, const char *name)
{
    if (split->n_files == LKS_JOB_MAX_FILES)
        return lks_node_fail(node, "%s has more than %d files", name, LKS_JOB_MAX_FILES);
    LKS_TRY(lks_path_read(node, name, &split->files[split->n_files]));
    split->n_files++;
    return LKS_OK;
}

static lks_status set_file_list(lks_job_split *split, const lks_node *node,
                                const char *name)
{
    if (node->kind == LKS_NODE_SCALAR)
        return add_file(split, node, name);
    if (node->kind != LKS_NODE_LIST || node->n_entries == 0)
        return lks_node_expected(node, name, "a file or a list of files");
    for (const lks_node *entry = node->first; entry; entry = entry->next)
        LKS_TRY(add_file(split, entry, name));
    return LKS_OK;
}

/* "a map {images: FILE, labels: FILE} (format idx)" */
static void expect_parts(const lks_job_format_type *format, char *out, size_t size)
{
    const size_t n_files = format->n_parts - format->n_arrays;

    snprintf(out, size, "a map ");
    for (size_t i = 0; i < format->n_parts; i++)
        lks_append(out, size, "%s%s: %s", i ? ", " : "{", format->parts[i],
                   i < n_files ? "FILE" : "NAME");
    lks_append(out, size, "} (format %s)", format->name);
}

static lks_status set_arrays(lks_job_split *split, const lks_node *node,
                             const lks_job_format_type *format)
{
    const size_t n_files = format->n_parts - format->n_arrays;

    for (size_t i = 0; i < format->n_arrays; i++) {
        const char *key = format->parts[n_files + i], *name = format->arrays[i];
        const lks_node *part = lks_node_find(node, key);

        if (part && !lks_node_is_null(part))
            LKS_TRY(lks_node_text(part, key, &name));
        if (!(split->arrays[i] = lks_strdup(name)))
            return LKS_NOMEM;
    }
    return LKS_OK;
}

static lks_status set_file_parts(lks_job_split *split, const lks_node *node,
                                 const char *name, const lks_job_format_type *format)
{
    const size_t n_files = format->n_parts - format->n_arrays;
    char expected[128], hint[128];

    expect_parts(format, expected, sizeof expected);
    if (node->kind != LKS_NODE_MAP)
        return lks_node_expected(node, name, expected);
    for (const lks_node *entry = node->first; entry; entry = entry->next) {
        size_t i = 0;

        while (i < format->n_parts && strcmp(format->parts[i], entry->key) != 0)
            i++;
        if (i == format->n_parts) {
            char shown[LKS_SHOWN_TEXT];

            return lks_node_fail_at_key(
                entry, "unknown key %s in %s%s", lks_text_shown(entry->key, shown), name,
                lks_job_hint(entry->key, format->parts, format->n_parts, "it knows", hint,
                             sizeof hint));
        }
    }
    for (size_t i = 0; i < n_files; i++) {
        const lks_node *part = lks_node_find(node, format->parts[i]);

        if (!part || lks_node_is_null(part))
            return lks_node_fail_at_key(node, "'%s' is missing in %s, it must be %s",
                                        format->parts[i], name, expected);
        LKS_TRY(add_file(split, part, format->parts[i]));
    }
    return set_arrays(split, node, format);
}

static lks_status set_files(lks_job_build *build, const lks_job_key *key,
                            const lks_node *node)
{
    /* data.format stands before the files in the schema, so it is known here */
    const lks_job_format_type *format = lks_job_format_find(build->job.data.format);
    lks_job_split *split = member(build, key);
    const char *name = lks_job_leaf(key->path);

    return format->n_parts > 0 ? set_file_parts(split, node, name, format)
                               : set_file_list(split, node, name);
}

static lks_status set_layers(lks_job_build *build, const lks_job_key *key,
                             const lks_node *node)
{
    lks_job *job = &build->job;

    (void)key;
    if (node->kind != LKS_NODE_LIST || node->n_entries == 0)
        return lks_node_expected(node, "model",
                                 "a list of layers, such as [flatten, "
                                 "linear: {out_features: 10}]");
    if (node->n_entries > LKS_JOB_MAX_LAYERS)
        return lks_node_fail(node, "model has %zu layers, at most %d are possible",
                             node->n_entries, LKS_JOB_MAX_LAYERS);
    if (!(job->layers = lks_calloc(node->n_entries, sizeof *job->layers)))
        return LKS_NOMEM;
    for (const lks_node *entry = node->first; entry; entry = entry->next)
        LKS_TRY(lks_job_item_build(build->tree, lks_job_layer_types, "layer", entry,
                                   &job->layers[job->n_layers++]));
    return LKS_OK;
}

static lks_status set_loss(lks_job_build *build, const lks_job_key *key,
                           const lks_node *node)
{
    return lks_job_item_build(build->tree, lks_job_loss_types, "loss", node,
                              member(build, key));
}

static lks_status set_transforms(lks_job_build *build, const lks_job_key *key,
                                 const lks_node *node)
{
    lks_job *job = &build->job;

    (void)key;
    if (node->kind != LKS_NODE_LIST || node->n_entries == 0)
        return lks_node_expected(node, "transforms",
                                 "a list of transforms, such as [random_crop: {size: 32, "
                                 "padding: 4}, random_horizontal_flip]");
    if (node->n_entries > LKS_JOB_MAX_TRANSFORMS)
        return lks_node_fail(node, "transforms are %zu, at most %d are possible",
                             node->n_entries, LKS_JOB_MAX_TRANSFORMS);
    for (const lks_node *entry = node->first; entry; entry = entry->next)
        LKS_TRY(lks_job_item_build(build->tree, lks_job_transform_types, "transform",
                                   entry,
                                   &job->data.transforms[job->data.n_transforms++]));
    return LKS_OK;
}

static lks_status set_optimizer(lks_job_build *build, const lks_job_key *key,
                                const lks_node *node)
{
    return lks_job_item_build(build->tree, lks_job_optimizer_types, "optimizer", node,
                              member(build, key));
}

/* One, or a list of those that follow each other. */
static lks_status set_schedule(lks_job_build *build, const lks_job_key *key,
                               const lks_node *node)
{
    const bool is_list = node->kind == LKS_NODE_LIST;
    const size_t n = is_list ? node->n_entries : 1;
    const lks_node *entry = is_list ? node->first : node;
    lks_job *job = &build->job;

    (void)key;
    if (n == 0)
        return lks_node_expected(node, "schedule", "a schedule or a list of them");
    if (n > LKS_JOB_MAX_SCHEDULES)
        return lks_node_fail(node, "schedule has %zu, at most %d are possible", n,
                             LKS_JOB_MAX_SCHEDULES);
    if (!(job->schedules = lks_calloc(n, sizeof *job->schedules)))
        return LKS_NOMEM;
    for (; job->n_schedules < n; entry = entry->next)
        LKS_TRY(lks_job_item_build(build->tree, lks_job_schedule_types, "schedule", entry,
                                   &job->schedules[job->n_schedules++]));
    return lks_job_pace_agree(node, job->schedules, n);
}

static lks_status set_real(lks_job_build *build, const lks_job_key *key,
                           const lks_node *node)
{
    const char *name = lks_job_leaf(key->path);
    double *value = member(build, key);

    LKS_TRY(lks_node_real(node, name, "a number above 0", value));
    return *value > 0 ? LKS_OK : lks_node_expected(node, name, "a number above 0");
}

static lks_status set_names(lks_job_build *build, const lks_job_key *key,
                            const lks_node *node)
{
    const char *name = lks_job_leaf(key->path);
    const bool is_list = node->kind == LKS_NODE_LIST;
    const size_t n = is_list ? node->n_entries : 1;
    lks_job_names *list = member(build, key);
    char shown[LKS_SHOWN_TEXT];

    if (n == 0 || node->kind == LKS_NODE_MAP)
        return lks_node_expected(node, name, "a name or a list of names");
    if (!(list->names = lks_calloc(n, sizeof *list->names)))
        return LKS_NOMEM;
    for (const lks_node *entry = is_list ? node->first : node; entry && list->n < n;
         entry = entry->next) {
        const char *text = NULL;

        LKS_TRY(lks_node_text(entry, name, &text));
        for (size_t i = 0; i < list->n; i++)
            if (strcmp(list->names[i], text) == 0)
                return lks_node_fail(entry, "%s has %s twice", name,
                                     lks_text_shown(text, shown));
        if (!(list->names[list->n++] = lks_strdup(text)))
            return LKS_NOMEM;
    }
    return LKS_OK;
}

/* Do inputs of that dtype (NULL: float32) hold the number? */
static bool holds(const char *dtype, double number)
{
    const bool is_double = dtype && strcmp(dtype, "float64") == 0;
    const bool is_whole = dtype && strcmp(dtype, "int64") == 0;

    return is_double || fabs(number) < (is_whole ? 0x1p63 : 0x1p128);
}

static lks_status set_missing(lks_job_build *build, const lks_job_key *key,
                              const lks_node *node)
{
    lks_job_missing *missing = member(build, key);

    if (lks_node_is_plain(node) && lks_scalar_real(node->text, &missing->number)) {
        missing->rule = LKS_JOB_MISSING_NUMBER;
        return holds(build->job.data.dtype, missing->number)
                   ? LKS_OK
                   : lks_node_expected(node, "missing", "a number that the inputs hold");
    }
    for (size_t i = 0; key->words[i]; i++)
        if (node->kind == LKS_NODE_SCALAR && strcmp(node->text, key->words[i]) == 0) {
            missing->rule = (lks_job_missing_rule)i;
            return LKS_OK;
        }
    return lks_node_expected(node, "missing", "error, skip, mean or a number");
}

lks_status lks_job_value(lks_job_build *build, const lks_job_key *key,
                         const lks_node *node)
{
    static lks_status (*const setters[])(lks_job_build *, const lks_job_key *,
                                         const lks_node *) = {
        [LKS_JOB_WHOLE64] = set_whole64,
        [LKS_JOB_WHOLE32] = set_whole32,
        [LKS_JOB_AUTO32] = set_auto32,
        [LKS_JOB_ALL32] = set_auto32,
        [LKS_JOB_FLAG] = set_flag,
        [LKS_JOB_NAME] = set_name,
        [LKS_JOB_PATH] = set_path,
        [LKS_JOB_CHOICE] = set_choice,
        [LKS_JOB_REDUCTION] = set_reduction,
        [LKS_JOB_NUMBERS] = set_numbers,
        [LKS_JOB_FILES] = set_files,
        [LKS_JOB_LAYERS] = set_layers,
        [LKS_JOB_OPTIMIZER] = set_optimizer,
        [LKS_JOB_SCHEDULE] = set_schedule,
        [LKS_JOB_REAL] = set_real,
        [LKS_JOB_LOSS_ITEM] = set_loss,
        [LKS_JOB_NAMES] = set_names,
        [LKS_JOB_MISSING] = set_missing,
        [LKS_JOB_TRANSFORMS] = set_transforms,
    };

    return setters[key->kind](build, key, node);
}
