#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "base/try.h"
#include "proto/job_pace.h"
#include "proto/job_groups.h"
#include "proto/job_option.h"
#include "proto/job_wiring.h"
#include "proto/job_schema.h"
#include "proto/job_yaml.h"
#include "proto/path_text.h"
#include "proto/yaml_write.h"

static lks_status write_whole64(lks_text *out, const lks_job *job, const void *member)
{
    (void)job;
    lks_text_add(out, "%" PRIu64, *(const uint64_t *)member);
    return LKS_OK;
}

static lks_status write_whole32(lks_text *out, const lks_job *job, const void *member)
{
    (void)job;
    lks_text_add(out, "%" PRIu32, *(const uint32_t *)member);
    return LKS_OK;
}

static lks_status write_auto32(lks_text *out, const lks_job *job, const void *member)
{
    if (*(const uint32_t *)member != LKS_JOB_AUTO)
        return write_whole32(out, job, member);
    lks_text_add(out, "auto");
    return LKS_OK;
}

static lks_status write_all32(lks_text *out, const lks_job *job, const void *member)
{
    if (*(const uint32_t *)member != LKS_JOB_ALL)
        return write_whole32(out, job, member);
    lks_text_add(out, "all");
    return LKS_OK;
}

static lks_status write_flag(lks_text *out, const lks_job *job, const void *member)
{
    (void)job;
    lks_text_add(out, "%s", *(const bool *)member ? "true" : "false");
    return LKS_OK;
}

static lks_status write_text(lks_text *out, const lks_job *job, const void *member)
{
    (void)job;
    lks_yaml_add_text(out, *(const char *const *)member);
    return LKS_OK;
}

static lks_status write_path(lks_text *out, const lks_job *job, const void *member)
{
    (void)job;
    lks_path_write(out, *(const char *const *)member);
    return LKS_OK;
}

static lks_status write_reduction(lks_text *out, const lks_job *job, const void *member)
{
    const lks_job_key *key = &lks_job_keys[lks_job_key_find("train.reduction")];

    (void)job;
    lks_text_add(out, "%s", key->words[*(const lks_job_reduction *)member]);
    return LKS_OK;
}

static lks_status write_numbers(lks_text *out, const lks_job *job, const void *member)
{
    for (size_t i = 0; i < job->data.n_channels; i++) {
        lks_text_add(out, i ? ", " : "[");
        lks_yaml_add_real(out, ((const double *)member)[i]);
    }
    lks_text_add(out, "]");
    return LKS_OK;
}

static lks_status write_files(lks_text *out, const lks_job *job, const void *member)
{
    const lks_job_split *split = member;
    const lks_job_format_type *format = lks_job_format_find(job->data.format);
    bool has_parts = format && format->n_parts == split->n_files + format->n_arrays;

    lks_text_add(out, has_parts ? "{" : "[");
    for (size_t i = 0; i < split->n_files; i++) {
        lks_text_add(out, "%s", i ? ", " : "");
        if (has_parts)
            lks_text_add(out, "%s: ", format->parts[i]);
        lks_path_write(out, split->files[i]);
    }
    for (size_t i = 0; has_parts && i < format->n_arrays; i++) {
        if (!split->arrays[i])
            continue;
        lks_text_add(out, ", %s: ", format->parts[split->n_files + i]);
        lks_yaml_add_text(out, split->arrays[i]);
    }
    lks_text_add(out, has_parts ? "}" : "]");
    return LKS_OK;
}

static lks_status add_item(lks_text *out, const lks_job_type *types,
                           const lks_job_item *item);

/* ", init: {weight: zeros}", behind what `item` has else. */
static lks_status add_inits(lks_text *out, const lks_job_item *item)
{
    const bool is_first =
        item->n_options == 0 && !item->name && !item->weight_of && item->n_from == 0;

    if (item->n_inits == 0)
        return LKS_OK;
    lks_text_add(out, "%sinit: {", is_first ? "" : ", ");
    for (size_t i = 0; i < item->n_inits; i++) {
        const lks_job_item *init = &item->inits[i];

        lks_text_add(out, "%s", i ? ", " : "");
        lks_yaml_add_text(out, init->name);
        lks_text_add(out, ": %s", init->n_options > 0 ? "{" : "");
        LKS_TRY(add_item(out, lks_job_init_types, init));
        lks_text_add(out, "%s", init->n_options > 0 ? "}" : "");
    }
    lks_text_add(out, "}");
    return LKS_OK;
}

/* "relu" or "conv2d: {out_channels: 6, …}" */
static lks_status add_item(lks_text *out, const lks_job_type *types,
                           const lks_job_item *item)
{
    const lks_job_type *type = lks_job_type_find(types, item->type);
    const bool is_init = types == lks_job_init_types; /* its name is the parameter's */
    const bool has_map = item->n_options > 0 || (item->name && !is_init) ||
                         item->weight_of || item->n_from > 0 || item->n_inits > 0 ||
                         item->n_groups > 0 || item->every;

    if (!type)
        return lks_fail(LKS_INVALID, "a job file knows no '%s'", item->type);
    lks_text_add(out, has_map ? "%s: {" : "%s", item->type);
    LKS_TRY(lks_job_options_write(out, type, item->options, item->n_options));
    if (!is_init)
        lks_job_wiring_write(out, item);
    LKS_TRY(add_inits(out, item));
    LKS_TRY(lks_job_groups_write(out, type, item));
    lks_job_pace_write(out, item);
    lks_text_add(out, "%s", has_map ? "}" : "");
    return LKS_OK;
}

static lks_status write_layers(lks_text *out, const lks_job *job, const void *member)
{
    (void)member;
    for (size_t i = 0; i < job->n_layers; i++) {
        lks_text_add(out, "\n  - ");
        LKS_TRY(add_item(out, lks_job_layer_types, &job->layers[i]));
    }
    return LKS_OK;
}

/* "mse_loss", or in braces with its options. */
static lks_status write_loss(lks_text *out, const lks_job *job, const void *member)
{
    const lks_job_item *item = member;

    (void)job;
    lks_text_add(out, item->n_options > 0 ? "{" : "");
    LKS_TRY(add_item(out, lks_job_loss_types, item));
    lks_text_add(out, item->n_options > 0 ? "}" : "");
    return LKS_OK;
}

static lks_status write_transforms(lks_text *out, const lks_job *job, const void *member)
{
    (void)member;
    for (size_t i = 0; i < job->data.n_transforms; i++) {
        lks_text_add(out, "\n    - ");
        LKS_TRY(add_item(out, lks_job_transform_types, &job->data.transforms[i]));
    }
    return LKS_OK;
}

static lks_status write_optimizer(lks_text *out, const lks_job *job, const void *member)
{
    const lks_job_item *item = member;
    const bool is_map = item->n_options > 0 || item->n_groups > 0;

    (void)job;
    lks_text_add(out, is_map ? "{" : "");
    LKS_TRY(add_item(out, lks_job_optimizer_types, item));
    lks_text_add(out, is_map ? "}" : "");
    return LKS_OK;
}

static lks_status write_schedule(lks_text *out, const lks_job *job, const void *member)
{
    (void)member;
    lks_text_add(out, job->n_schedules > 1 ? "[" : "");
    for (size_t i = 0; i < job->n_schedules; i++) {
        lks_text_add(out, i > 0 ? ", {" : "{");
        LKS_TRY(add_item(out, lks_job_schedule_types, &job->schedules[i]));
        lks_text_add(out, "}");
    }
    lks_text_add(out, job->n_schedules > 1 ? "]" : "");
    return LKS_OK;
}

static lks_status write_real(lks_text *out, const lks_job *job, const void *member)
{
    (void)job;
    lks_yaml_add_real(out, *(const double *)member);
    return LKS_OK;
}

static lks_status write_names(lks_text *out, const lks_job *job, const void *member)
{
    const lks_job_names *list = member;

    (void)job;
    for (size_t i = 0; i < list->n; i++) {
        lks_text_add(out, i ? ", " : "[");
        lks_yaml_add_text(out, list->names[i]);
    }
    lks_text_add(out, "]");
    return LKS_OK;
}

static lks_status write_missing(lks_text *out, const lks_job *job, const void *member)
{
    const lks_job_key *key = &lks_job_keys[lks_job_key_find("data.missing")];
    const lks_job_missing *missing = member;

    if (missing->rule == LKS_JOB_MISSING_NUMBER)
        return write_real(out, job, &missing->number);
    lks_text_add(out, "%s", key->words[missing->rule]);
    return LKS_OK;
}

static lks_status (*const writers[])(lks_text *, const lks_job *, const void *) = {
    [LKS_JOB_WHOLE64] = write_whole64,
    [LKS_JOB_WHOLE32] = write_whole32,
    [LKS_JOB_AUTO32] = write_auto32,
    [LKS_JOB_ALL32] = write_all32,
    [LKS_JOB_FLAG] = write_flag,
    [LKS_JOB_NAME] = write_text,
    [LKS_JOB_PATH] = write_path,
    [LKS_JOB_CHOICE] = write_text,
    [LKS_JOB_REDUCTION] = write_reduction,
    [LKS_JOB_NUMBERS] = write_numbers,
    [LKS_JOB_FILES] = write_files,
    [LKS_JOB_LAYERS] = write_layers,
    [LKS_JOB_OPTIMIZER] = write_optimizer,
    [LKS_JOB_SCHEDULE] = write_schedule,
    [LKS_JOB_REAL] = write_real,
    [LKS_JOB_LOSS_ITEM] = write_loss,
    [LKS_JOB_NAMES] = write_names,
    [LKS_JOB_MISSING] = write_missing,
    [LKS_JOB_TRANSFORMS] = write_transforms,
};

/* A key without fallback that nothing was said for, or that a program brings. */
static bool is_absent(const lks_job *job, const lks_job_key *key, const void *member)
{
    if (key->fallback)
        return false;
    switch (key->kind) {
    case LKS_JOB_PATH:
    case LKS_JOB_CHOICE:
        return !*(char *const *)member;
    case LKS_JOB_FILES:
        return ((const lks_job_split *)member)->n_files == 0;
    case LKS_JOB_LAYERS:
        return job->n_layers == 0;
    case LKS_JOB_TRANSFORMS:
        return job->data.n_transforms == 0;
    case LKS_JOB_NUMBERS:
        return job->data.n_channels == 0;
    case LKS_JOB_WHOLE64:
        return *(const uint64_t *)member == 0;
    case LKS_JOB_LOSS_ITEM:
        return !((const lks_job_item *)member)->type;
    case LKS_JOB_SCHEDULE:
        return job->n_schedules == 0;
    case LKS_JOB_REAL:
        return *(const double *)member == 0;
    case LKS_JOB_FLAG:
        return !*(const bool *)member;
    case LKS_JOB_NAMES:
        return ((const lks_job_names *)member)->n == 0;
    case LKS_JOB_MISSING:
        return ((const lks_job_missing *)member)->rule == LKS_JOB_MISSING_ERROR;
    default:
        return false;
    }
}

/* The headings of the sections that path is in and the key written before it was not,
 * then the key's name, indented: "train:\n  batch_size:". */
static void write_name(lks_text *out, const char *path, const char *before)
{
    int depth = 0;
    bool is_shared = true;
    const char *dot;

    for (const char *part = path; (dot = strchr(part, '.')) != NULL; part = dot + 1) {
        is_shared = is_shared && strncmp(path, before, (size_t)(dot - path) + 1) == 0;
        if (!is_shared)
            lks_text_add(out, "%*s%.*s:\n", depth, "", (int)(dot - part), part);
        depth += 2;
    }
    lks_text_add(out, "%*s%s:", depth, "", lks_job_leaf(path));
}

/* An item a line, below the key's name. */
static bool begins_lines(const lks_job_key *key)
{
    return key->kind == LKS_JOB_LAYERS || key->kind == LKS_JOB_TRANSFORMS;
}

lks_status lks_job_format(const lks_job *job, char **out)
{
    lks_text text = {0};
    const char *before = "";
    lks_status st;

    for (size_t i = 0; i < LKS_JOB_N_KEYS; i++) {
        const lks_job_key *key = &lks_job_keys[i];
        const void *member = (const char *)job + key->offset;

        if (is_absent(job, key, member))
            continue;
        write_name(&text, key->path, before);
        lks_text_add(&text, "%s", begins_lines(key) ? "" : " ");
        LKS_GO(writers[key->kind](&text, job, member));
        lks_text_add(&text, "\n");
        before = key->path;
    }
    LKS_GO(lks_text_take(&text, out));
cleanup:
    lks_text_release(&text);
    return st;
}
