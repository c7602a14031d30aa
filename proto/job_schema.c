#include "proto/job_schema.h"

#include <math.h>
#include <string.h>

#include "base/layer_options.h"
#include "base/loss_options.h"
#include "base/optim_options.h"
#include "base/option_rule.h"
#include "base/transform_options.h"
#include "proto/job_yaml.h"

#define REQUIRED          .is_required = true
#define ABSENT            .is_required = false
#define DEFAULT(text)     .fallback = text
#define NO_LIMITS         .min = 0
#define BETWEEN(from, to) .min = (from), .max = (to)
#define WORDS(...)                                                                       \
    .words = (const char *const[])                                                       \
    {                                                                                    \
        __VA_ARGS__, NULL                                                                \
    }

const lks_job_key lks_job_keys[LKS_JOB_N_KEYS] = {
#define LKS_JOB_KEY(path_, kind_, member, fallback_, limits, doc_)                       \
    {.path = path_,                                                                      \
     .kind = LKS_JOB_##kind_,                                                            \
     .offset = offsetof(lks_job, member),                                                \
     fallback_,                                                                          \
     limits,                                                                             \
     .doc = doc_},
#include "proto/job_schema.def"
#undef LKS_JOB_KEY
};

#define NO_PARTS .n_parts = 0
#define PARTS(...)                                                                       \
    .parts = (const char *const[]){__VA_ARGS__},                                         \
    .n_parts = sizeof(const char *const[]){__VA_ARGS__} / sizeof(char *)
#define ARRAYS(...)                                                                      \
    .arrays = (const char *const[]){__VA_ARGS__},                                        \
    .n_arrays = sizeof(const char *const[]){__VA_ARGS__} / sizeof(char *)

const lks_job_format_type lks_job_formats[] = {
#define LKS_JOB_FORMAT(name_, ...) {.name = name_, __VA_ARGS__},
#include "proto/job_schema.def"
#undef LKS_JOB_FORMAT
    {.name = NULL},
};

/* ---- base/layer_options.h, loss_options.h and optim_options.h, as a file says it ---- */

#define LKS_OPTION_REQUIRED    .is_required = true
#define LKS_OPTION_UNSET       .is_required = false
#define LKS_OPTION_LENT        .is_lent = true
#define LKS_OPTION_ELSE(value) .fallback = #value
#define LKS_OPTION_ELSE2(a, b) .fallback = "[" #a ", " #b "]"
#define LKS_OPTION_NULL        .fallback = NULL

#define OPTION(kind, ...) OPTION_##kind(__VA_ARGS__)
#define OPTION_OF(key_, kind_, n_min, n_max, min_, below_, fallback_)                    \
    {.key = key_,                                                                        \
     .kind = LKS_JOB_OPTION_##kind_,                                                     \
     .min_values = n_min,                                                                \
     .max_values = n_max,                                                                \
     .min = min_,                                                                        \
     .below = below_,                                                                    \
     fallback_},
#define WHOLE_BELOW (LKS_OPTION_MAX_SIZE + 1)
#define OPTION_WHOLE(key, member, min, fallback)                                         \
    OPTION_OF(key, WHOLE, 1, 1, min, WHOLE_BELOW, fallback)
#define OPTION_WHOLES(key_, member, min_, fallback_)                                     \
    {.key = key_,                                                                        \
     .kind = LKS_JOB_OPTION_WHOLE,                                                       \
     .min_values = 1,                                                                    \
     .max_values = LKS_OPTION_MAX_VALUES,                                                \
     .is_list = true,                                                                    \
     .min = min_,                                                                        \
     .below = WHOLE_BELOW,                                                               \
     fallback_},
#define OPTION_PAIR(key, member, min, fallback)                                          \
    OPTION_OF(key, WHOLE, 1, 2, min, WHOLE_BELOW, fallback)
#define OPTION_REAL(key, member, min, below, fallback)                                   \
    OPTION_OF(key, REAL, 1, 1, min, below, fallback)
#define OPTION_PART(key_, member, fallback_)                                             \
    {.key = key_,                                                                        \
     .kind = LKS_JOB_OPTION_REAL,                                                        \
     .min_values = 1,                                                                    \
     .max_values = 1,                                                                    \
     .min = 0,                                                                           \
     .below = 1,                                                                         \
     .or_equal = true,                                                                   \
     fallback_},
#define OPTION_REALS2(key, member, min, below, fallback)                                 \
    OPTION_OF(key, REAL, 2, 2, min, below, fallback)
#define OPTION_REALS(key_, member, min_, below_, fallback_)                              \
    {.key = key_,                                                                        \
     .kind = LKS_JOB_OPTION_REAL,                                                        \
     .min_values = 1,                                                                    \
     .max_values = LKS_OPTION_MAX_VALUES,                                                \
     .is_list = true,                                                                    \
     .min = min_,                                                                        \
     .below = below_,                                                                    \
     fallback_},
#define OPTION_NULLABLE(key_, kind_, min_, below_, fallback_)                            \
    {.key = key_,                                                                        \
     .kind = LKS_JOB_OPTION_##kind_,                                                     \
     .min_values = 1,                                                                    \
     .max_values = 1,                                                                    \
     .or_null = true,                                                                    \
     .min = min_,                                                                        \
     .below = below_,                                                                    \
     fallback_},
#define OPTION_WHOLE_OR_NULL(key, member, min, fallback)                                 \
    OPTION_NULLABLE(key, WHOLE, min, WHOLE_BELOW, fallback)
#define OPTION_REAL_OR_NULL(key, member, min, below, fallback)                           \
    OPTION_NULLABLE(key, REAL, min, below, fallback)
#define FIRST(first, ...) first
#define OPTION_WORD(key_, member, ...)                                                   \
    {.key = key_,                                                                        \
     .kind = LKS_JOB_OPTION_WORD,                                                        \
     .min_values = 1,                                                                    \
     .max_values = 1,                                                                    \
     .fallback = FIRST(__VA_ARGS__, ),                                                   \
     WORDS(__VA_ARGS__)},
#define OPTION_NUMBERS(key, member, min)                                                 \
    OPTION_OF(key, NUMBERS, 0, 0, min, LKS_OPTION_NO_MAX, LKS_OPTION_UNSET)
#define OPTION_TOGGLE(key, member, fallback) OPTION_OF(key, TOGGLE, 1, 1, 0, 2, fallback)
#define TYPE(name_)                                                                      \
    {.name = #name_, .options = {LKS_OPTIONS_##name_(OPTION){.key = NULL}}},

const lks_job_type lks_job_layer_types[] = {LKS_LAYER_LIST(TYPE){.name = NULL}};
const lks_job_type lks_job_loss_types[] = {LKS_LOSS_LIST(TYPE){.name = NULL}};
const lks_job_type lks_job_optimizer_types[] = {LKS_OPTIM_LIST(TYPE){.name = NULL}};
const lks_job_type lks_job_transform_types[] = {LKS_TRANSFORM_LIST(TYPE){.name = NULL}};
const lks_job_type lks_job_schedule_types[] = {LKS_SCHEDULE_LIST(TYPE){.name = NULL}};
#define INIT(name_, of_matrices) TYPE(name_)
const lks_job_type lks_job_init_types[] = {LKS_INIT_LIST(INIT){.name = NULL}};

size_t lks_job_key_find(const char *path)
{
    size_t i = 0;

    while (i < LKS_JOB_N_KEYS && strcmp(lks_job_keys[i].path, path) != 0)
        i++;
    return i;
}

const char *lks_job_key_name(size_t i)
{
    return i < LKS_JOB_N_KEYS ? lks_job_keys[i].path : NULL;
}

const char *const *lks_job_key_words(size_t i)
{
    static const char *const flags[] = {"true", "false", NULL};
#define NAME(name) #name,
    static const char *const losses[] = {LKS_LOSS_LIST(NAME) NULL};
#undef NAME

    return lks_job_keys[i].kind == LKS_JOB_FLAG        ? flags
           : lks_job_keys[i].kind == LKS_JOB_LOSS_ITEM ? losses
                                                       : lks_job_keys[i].words;
}

const char *lks_job_leaf(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

const lks_job_format_type *lks_job_format_find(const char *name)
{
    for (const lks_job_format_type *format = lks_job_formats; format->name; format++)
        if (strcmp(format->name, name) == 0)
            return format;
    return NULL;
}

const lks_job_type *lks_job_type_find(const lks_job_type *table, const char *name)
{
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

const lks_job_option *lks_job_option_find(const lks_job_type *type, const char *key)
{
    for (const lks_job_option *option = type->options; option->key; option++)
        if (strcmp(option->key, key) == 0)
            return option;
    return NULL;
}
