/* A list of layer_options.h or optim_options.h as the rules that fill a struct:
 *
 *     #define RULE(kind, ...) LKS_OPTION_RULE(linear, kind, __VA_ARGS__)
 *     static const lks_option_rule options[] = {LKS_OPTIONS_linear(RULE)};
 */
#ifndef LKS_BASE_OPTION_EXPAND_H
#define LKS_BASE_OPTION_EXPAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/option_rule.h"

/* Where nothing is said: whether it is required, then the value, or two. */
#define LKS_OPTION_REQUIRED    true, 0
#define LKS_OPTION_UNSET       false, 0
#define LKS_OPTION_LENT        false, 0
#define LKS_OPTION_ELSE(value) false, value
#define LKS_OPTION_ELSE2(a, b) false, a, b
#define LKS_OPTION_NULL        false, NAN

#define LKS_OPTION_RULE(config, kind, ...)  LKS_OPTION_RULE_(config, kind, __VA_ARGS__)
#define LKS_OPTION_RULE_(config, kind, ...) LKS_OPTION_RULE_##kind(config, __VA_ARGS__)

#define LKS_OPTION_RULE_OF(config, key_, kind_, n, member, required_, ...)               \
    .key = key_, .kind = LKS_OPTION_##kind_, .n_values = n,                              \
    .offset = offsetof(config, member), .required = required_, __VA_ARGS__

#define LKS_OPTION_RULE_WHOLE(config, key, member, min_, required, value)                \
    {LKS_OPTION_RULE_OF(config, key, INTEGER, 1, member, required, .fallback = {value},  \
                        .min = min_, .max = LKS_OPTION_MAX_SIZE)},
#define LKS_OPTION_RULE_WHOLES(config, key, member, min_, required, value)               \
    {LKS_OPTION_RULE_OF(config, key, INTEGER, LKS_OPTION_MAX_VALUES, member, required,   \
                        .fallback = {value}, .min = min_, .max = LKS_OPTION_MAX_SIZE,    \
                        .is_list = true)},
#define LKS_OPTION_RULE_PAIR(config, key, member, min_, required, value)                 \
    {LKS_OPTION_RULE_OF(config, key, INTEGER, 2, member, required,                       \
                        .fallback = {value, value}, .min = min_,                         \
                        .max = LKS_OPTION_MAX_SIZE)},
#define LKS_OPTION_RULE_REAL(config, key, member, min_, below, required, value)          \
    {LKS_OPTION_RULE_OF(config, key, REAL, 1, member, required, .fallback = {value},     \
                        .min = min_, .max = below, .max_excluded = true)},
#define LKS_OPTION_RULE_PART(config, key, member, required, value)                       \
    {LKS_OPTION_RULE_OF(config, key, REAL, 1, member, required, .fallback = {value},     \
                        .min = 0, .max = 1)},
#define LKS_OPTION_RULE_REALS2(config, key, member, min_, below, required, a, b)         \
    {LKS_OPTION_RULE_OF(config, key, REAL, 2, member, required, .fallback = {a, b},      \
                        .min = min_, .max = below, .max_excluded = true)},
#define LKS_OPTION_RULE_REALS(config, key, member, min_, below, required, value)         \
    {LKS_OPTION_RULE_OF(config, key, REAL, LKS_OPTION_MAX_VALUES, member, required,      \
                        .fallback = {value}, .min = min_, .max = below,                  \
                        .max_excluded = true, .is_list = true)},
#define LKS_OPTION_RULE_WHOLE_OR_NULL(config, key, member, min_, required, value)        \
    {LKS_OPTION_RULE_OF(config, key, INTEGER, 1, member, required, .fallback = {value},  \
                        .min = min_, .max = LKS_OPTION_MAX_SIZE, .or_null = true)},
#define LKS_OPTION_RULE_REAL_OR_NULL(config, key, member, min_, below, required, value)  \
    {LKS_OPTION_RULE_OF(config, key, REAL, 1, member, required, .fallback = {value},     \
                        .min = min_, .max = below, .max_excluded = true,                 \
                        .or_null = true)},
#define LKS_OPTION_RULE_WORD(config, key, member, ...)                                   \
    {LKS_OPTION_RULE_OF(                                                                 \
        config, key, WORD, 1, member, false, .fallback = {0},                            \
        .words = (const char *const[]){__VA_ARGS__, NULL}, .min = 0,                     \
        .max =                                                                           \
            (double)(sizeof(const char *const[]){__VA_ARGS__} / sizeof(char *)) - 1)},
#define LKS_OPTION_RULE_NUMBERS(config, key, member, min_)                               \
    {LKS_OPTION_RULE_OF(config, key, NUMBERS, 0, member, false, .min = min_,             \
                        .max = LKS_OPTION_NO_MAX)},
#define LKS_OPTION_RULE_TOGGLE(config, key, member, required, value)                     \
    {LKS_OPTION_RULE_OF(config, key, BOOL, 1, member, required, .fallback = {value})},

#endif
