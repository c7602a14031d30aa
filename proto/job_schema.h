/* job_schema.def as tables. Private to proto. */
#ifndef LKS_PROTO_JOB_SCHEMA_H
#define LKS_PROTO_JOB_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "base/status.h"
#include "proto/job.h"

typedef enum lks_job_kind {
    LKS_JOB_WHOLE64,
    LKS_JOB_WHOLE32,
    LKS_JOB_AUTO32,
    LKS_JOB_ALL32,
    LKS_JOB_FLAG,
    LKS_JOB_NAME,
    LKS_JOB_PATH,
    LKS_JOB_CHOICE,
    LKS_JOB_REDUCTION,
    LKS_JOB_NUMBERS,
    LKS_JOB_FILES,
    LKS_JOB_LAYERS,
    LKS_JOB_LOSS_ITEM,
    LKS_JOB_OPTIMIZER,
    LKS_JOB_SCHEDULE,
    LKS_JOB_REAL,
    LKS_JOB_NAMES,
    LKS_JOB_MISSING,
    LKS_JOB_TRANSFORMS,
} lks_job_kind;

typedef struct lks_job_key {
    const char *path;
    lks_job_kind kind;
    size_t offset; /* of the member, in lks_job */
    bool is_required;
    const char *fallback; /* YAML; NULL: none */
    uint64_t min, max;
    const char *const *words; /* NULL-ended */
    const char *doc;
} lks_job_key;

#define LKS_JOB_KEY(path, kind, member, fallback, limits, doc) +1
enum {
    LKS_JOB_N_KEYS = 0
#include "proto/job_schema.def"
};
#undef LKS_JOB_KEY

extern const lks_job_key lks_job_keys[LKS_JOB_N_KEYS];

/* Exact; LKS_JOB_N_KEYS if there is none. */
size_t lks_job_key_find(const char *path);

/* The last part of a path. */
const char *lks_job_leaf(const char *path);

typedef struct lks_job_format_type {
    const char *name; /* NULL ends the table */
    const char *const *parts;
    size_t n_parts; /* 0: a list of files */
    /* The last of the parts are not files but names of arrays: [n_arrays], what each is
     * where it is left out. */
    const char *const *arrays;
    size_t n_arrays;
} lks_job_format_type;

extern const lks_job_format_type lks_job_formats[];

const lks_job_format_type *lks_job_format_find(const char *name);

typedef enum lks_job_option_kind {
    LKS_JOB_OPTION_WHOLE,
    LKS_JOB_OPTION_REAL,
    LKS_JOB_OPTION_TOGGLE,
    LKS_JOB_OPTION_WORD,    /* the value is its place in `words` */
    LKS_JOB_OPTION_NUMBERS, /* any number of them, in the option's list */
} lks_job_option_kind;

typedef struct lks_job_option {
    const char *key; /* NULL ends a list */
    lks_job_option_kind kind;
    int min_values, max_values;
    bool is_list; /* of any number of values between these */
    bool or_null; /* NaN is null */
    bool is_required;
    bool is_lent;             /* required without weight_of */
    const char *fallback;     /* YAML; NULL: none */
    double min, below;        /* min <= value < below */
    bool or_equal;            /* `below` itself, too */
    const char *const *words; /* NULL-ended; of a word */
} lks_job_option;

/* What a layer, a loss, an optimiser or a schedule may be told. */
typedef struct lks_job_type {
    const char *name; /* NULL ends a table */
    lks_job_option options[LKS_JOB_MAX_OPTIONS + 1];
} lks_job_type;

extern const lks_job_type lks_job_layer_types[];
extern const lks_job_type lks_job_loss_types[];
extern const lks_job_type lks_job_optimizer_types[];
extern const lks_job_type lks_job_schedule_types[];
extern const lks_job_type lks_job_init_types[];
extern const lks_job_type lks_job_transform_types[];

/* NULL if there is none. */
const lks_job_type *lks_job_type_find(const lks_job_type *table, const char *name);
const lks_job_option *lks_job_option_find(const lks_job_type *type, const char *key);

/* The schema for people, in Markdown; the caller lks_frees it. */
lks_status lks_job_reference(char **out);

#endif
