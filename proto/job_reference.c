#include "proto/job_schema.h"

#include <inttypes.h>
#include <math.h>

#include "base/option_rule.h"
#include "base/text.h"
#include "base/try.h"

static void add_words(lks_text *out, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        lks_text_add(out, "%s`%s`", i ? ", " : "", words[i]);
}

static void add_whole(lks_text *out, const lks_job_key *key)
{
    lks_text_add(out, "%swhole number, %" PRIu64 " to %" PRIu64,
                 key->kind == LKS_JOB_AUTO32  ? "`auto` or "
                 : key->kind == LKS_JOB_ALL32 ? "`all` or "
                                              : "",
                 key->min, key->max);
}

static void add_value(lks_text *out, const lks_job_key *key)
{
    static const char *const words[] = {
        [LKS_JOB_FLAG] = "`true` or `false`",
        [LKS_JOB_NAME] = "name",
        [LKS_JOB_PATH] = "path",
        [LKS_JOB_NUMBERS] = "list of numbers",
        [LKS_JOB_FILES] = "files",
        [LKS_JOB_LAYERS] = "list of layers",
        [LKS_JOB_LOSS_ITEM] = "loss",
        [LKS_JOB_OPTIMIZER] = "optimizer",
        [LKS_JOB_SCHEDULE] = "schedule",
        [LKS_JOB_REAL] = "number > 0",
        [LKS_JOB_TRANSFORMS] = "list of transforms",
        [LKS_JOB_NAMES] = "name or list of names",
    };

    if (key->words) {
        add_words(out, key->words);
        lks_text_add(out, "%s", key->kind == LKS_JOB_MISSING ? " or number" : "");
    } else if (key->max > 0)
        add_whole(out, key);
    else
        lks_text_add(out, "%s", words[key->kind]);
}

static void add_keys(lks_text *out)
{
    lks_text_add(out, "| key | value | if left out | |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < LKS_JOB_N_KEYS; i++) {
        const lks_job_key *key = &lks_job_keys[i];

        lks_text_add(out, "| `%s` | ", key->path);
        add_value(out, key);
        if (key->fallback)
            lks_text_add(out, " | `%s`", key->fallback);
        else
            lks_text_add(out, " | %s", key->is_required ? "an error" : "");
        lks_text_add(out, " | %s |\n", key->doc);
    }
}

static void add_formats(lks_text *out)
{
    lks_text_add(out, "\n| format | files |\n| --- | --- |\n");
    for (const lks_job_format_type *format = lks_job_formats; format->name; format++) {
        const size_t n_files = format->n_parts - format->n_arrays;

        lks_text_add(out, "| `%s` | ", format->name);
        for (size_t i = 0; i < n_files; i++)
            lks_text_add(out, "%s%s: FILE", i ? ", " : "`{", format->parts[i]);
        for (size_t i = 0; i < format->n_arrays; i++)
            lks_text_add(out, ", %s: %s", format->parts[n_files + i], format->arrays[i]);
        lks_text_add(out, format->n_parts ? "}`" : "`[FILE, …]`");
        lks_text_add(out, "%s |\n",
                     format->n_arrays ? ", names of arrays, else these" : "");
    }
}

static void add_words_of(lks_text *out, const lks_job_option *option)
{
    for (size_t i = 0; option->words[i]; i++)
        lks_text_add(out, "%s %s",
                     i == 0                 ? ""
                     : option->words[i + 1] ? ","
                                            : " or",
                     option->words[i]);
}

static void add_option(lks_text *out, const lks_job_option *option)
{
    bool is_toggle = option->kind == LKS_JOB_OPTION_TOGGLE;
    const char *kind = is_toggle                              ? "true or false"
                       : option->kind == LKS_JOB_OPTION_WHOLE ? "whole number"
                                                              : "number";

    lks_text_add(out, "`%s`", option->key);
    if (option->words)
        add_words_of(out, option);
    else
        lks_text_add(out, " %s", kind);
    if (!is_toggle && !option->words && option->min > -LKS_OPTION_MAX_SIZE)
        lks_text_add(out, " ≥ %g", option->min);
    if (option->kind == LKS_JOB_OPTION_REAL && isfinite(option->below))
        lks_text_add(out, " and %s %g", option->or_equal ? "≤" : "<", option->below);
    if (option->or_null)
        lks_text_add(out, " or null");
    if (option->max_values > 1)
        lks_text_add(out, ", %s list of %s%d", option->min_values > 1 ? "in a" : "or a",
                     option->is_list ? "up to " : "", option->max_values);
    if (option->kind == LKS_JOB_OPTION_NUMBERS)
        lks_text_add(out, ", or a list of them");
    if (option->is_required)
        lks_text_add(out, ", required");
    if (option->is_lent)
        lks_text_add(out, ", required without weight_of");
    if (option->fallback)
        lks_text_add(out, ", else %s", option->fallback);
}

static void add_types(lks_text *out, const char *heading, const lks_job_type *types)
{
    lks_text_add(out, "\n| %s | options |\n| --- | --- |\n", heading);
    for (const lks_job_type *type = types; type->name; type++) {
        lks_text_add(out, "| `%s` | ", type->name);
        for (const lks_job_option *option = type->options; option->key; option++) {
            lks_text_add(out, "%s", option == type->options ? "" : "; ");
            add_option(out, option);
        }
        lks_text_add(out, " |\n");
    }
}

lks_status lks_job_reference(char **out)
{
    lks_text text = {0};

    add_keys(&text);
    add_formats(&text);
    add_types(&text, "transform", lks_job_transform_types);
    add_types(&text, "layer", lks_job_layer_types);
    add_types(&text, "init", lks_job_init_types);
    add_types(&text, "loss", lks_job_loss_types);
    add_types(&text, "optimizer", lks_job_optimizer_types);
    add_types(&text, "schedule", lks_job_schedule_types);
    return lks_text_take(&text, out);
}
