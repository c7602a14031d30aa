/* What options a layer or an optimiser takes, as a table: names, ranges, defaults, and
 * where in its own struct each value goes. So every range is checked, and every error
 * worded, in one place. */
#ifndef LKS_BASE_OPTION_RULE_H
#define LKS_BASE_OPTION_RULE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "base/status.h"

/* What an option's values are, and are stored as. */
typedef enum lks_option_kind {
    LKS_OPTION_REAL,    /* stored as double */
    LKS_OPTION_INTEGER, /* stored as int64_t */
    LKS_OPTION_BOOL,    /* stored as bool */
    LKS_OPTION_WORD,    /* stored as int: which of `words` */
    LKS_OPTION_NUMBERS, /* stored as lks_numbers; nothing given is none */
} lks_option_kind;

/* As many numbers as were given, borrowed from the options. */
typedef struct lks_numbers {
    const double *values;
    int n;
} lks_numbers;

/* `max` of an option without an upper bound. */
#define LKS_OPTION_NO_MAX INFINITY
/* The largest size that a job may ask for: products of two still fit an int64_t. */
#define LKS_OPTION_MAX_SIZE 2147483647.0
/* What a whole number that is null is stored as. */
#define LKS_OPTION_NO_INTEGER INT64_MIN

/* One option. */
typedef struct lks_option_rule {
    const char *key;
    lks_option_kind kind;
    int n_values; /* stored one after the other; a single given value stands for all */
    bool is_list; /* but of a list: up to n_values, those not given are stored as 0,
                      which no whole number that is given may be */
    bool or_null; /* NaN, too: stored as that, or as LKS_OPTION_NO_INTEGER */
    const char *const *words; /* NULL-ended; of a word */
    size_t offset;            /* of the first, in the reader's struct */
    bool required;            /* else `fallback`, which need not lie in the range */
    double fallback[LKS_OPTION_MAX_VALUES];
    double min, max;   /* what is allowed; booleans need neither */
    bool max_excluded; /* `max` itself is not */
} lks_option_rule;

/* Check `options` against the rules and store the values into the struct at `out`.
 *   owner   begins the error's text: "layer 3 (conv2d)"
 *   errors  LKS_INVALID: an option no rule has, one missing, a wrong number of values, a
 *           value out of range; the text says what is allowed */
lks_status lks_option_read(const lks_option_rule *rules, size_t n_rules,
                           lks_options options, const char *owner, void *out);

#endif
