#include "base/option_rule.h"

#include <stdio.h>
#include <string.h>

#include "base/try.h"

enum { TEXT_SIZE = 256 };

static bool has_rule(const lks_option_rule *rules, size_t n_rules, const char *key)
{
    for (size_t i = 0; i < n_rules; i++)
        if (strcmp(rules[i].key, key) == 0)
            return true;
    return false;
}

/* "out_features, bias" */
static const char *list_keys(const lks_option_rule *rules, size_t n_rules,
                             char text[TEXT_SIZE])
{
    size_t n = 0;

    strcpy(text, "none");
    for (size_t i = 0; i < n_rules && n < TEXT_SIZE; i++)
        n += (size_t)snprintf(text + n, TEXT_SIZE - n, "%s%s", i ? ", " : "",
                              rules[i].key);
    return text;
}

static lks_status refuse_unknown(const lks_option_rule *rules, size_t n_rules,
                                 lks_options options, const char *owner)
{
    for (size_t i = 0; i < options.n_items; i++) {
        char keys[TEXT_SIZE];

        if (!has_rule(rules, n_rules, options.items[i].key))
            return lks_fail(LKS_INVALID, "%s has no option '%s'; its options are: %s",
                            owner, options.items[i].key, list_keys(rules, n_rules, keys));
    }
    return LKS_OK;
}

static bool in_range(const lks_option_rule *rule, double value)
{
    if (rule->kind == LKS_OPTION_BOOL)
        return value == 0 || value == 1;
    if (rule->or_null && isnan(value))
        return true;
    if (rule->is_list && rule->kind == LKS_OPTION_INTEGER && value == 0)
        return false;
    if (!isfinite(value) || value < rule->min || value > rule->max)
        return false;
    if (rule->max_excluded && value == rule->max)
        return false;
    return rule->kind == LKS_OPTION_REAL || rule->kind == LKS_OPTION_NUMBERS ||
           value == floor(value);
}

/* "the number, from 0, of none or tanh" */
static const char *words_text(const lks_option_rule *rule, char text[TEXT_SIZE])
{
    size_t n = (size_t)snprintf(text, TEXT_SIZE, "the number, from 0, of");

    for (size_t i = 0; rule->words[i] && n < TEXT_SIZE; i++)
        n += (size_t)snprintf(text + n, TEXT_SIZE - n, "%s %s",
                              i == 0               ? ""
                              : rule->words[i + 1] ? ","
                                                   : " or",
                              rule->words[i]);
    return text;
}

/* "a whole number of at least 1", "a finite number from 0 to below 1", "true or false". A
 * maximum that only keeps sizes from overflow is named to what is above it. */
static const char *allowed_text(const lks_option_rule *rule, double value,
                                char text[TEXT_SIZE])
{
    const char *kind =
        rule->kind == LKS_OPTION_INTEGER ? "a whole number" : "a finite number";

    if (rule->kind == LKS_OPTION_WORD)
        return words_text(rule, text);
    if (rule->kind == LKS_OPTION_BOOL)
        snprintf(text, TEXT_SIZE, "true or false");
    else if (rule->max < LKS_OPTION_MAX_SIZE ||
             (isfinite(rule->max) && value > rule->max))
        snprintf(text, TEXT_SIZE, "%s from %.10g to %s%.15g", kind, rule->min,
                 rule->max_excluded ? "below " : "", rule->max);
    else if (isfinite(rule->min))
        snprintf(text, TEXT_SIZE, "%s of at least %.10g%s", kind, rule->min,
                 rule->is_list && rule->kind == LKS_OPTION_INTEGER && rule->min < 0
                     ? " but 0"
                     : "");
    else
        snprintf(text, TEXT_SIZE, "%s", kind);
    return text;
}

static void store(const lks_option_rule *rule, int i, double value, void *out)
{
    char *first = (char *)out + rule->offset;

    if (rule->kind == LKS_OPTION_REAL)
        ((double *)(void *)first)[i] = value;
    else if (rule->kind == LKS_OPTION_INTEGER)
        ((int64_t *)(void *)first)[i] =
            isnan(value) ? LKS_OPTION_NO_INTEGER : (int64_t)value;
    else if (rule->kind == LKS_OPTION_WORD)
        ((int *)(void *)first)[i] = (int)value;
    else
        ((bool *)first)[i] = value != 0;
}

static bool takes(const lks_option_rule *rule, int n)
{
    return n == 1 || n == rule->n_values ||
           (rule->is_list && n > 0 && n < rule->n_values);
}

/* Numbers as they were given. */
static lks_status read_numbers(const lks_option_rule *rule, const lks_option *option,
                               const char *owner, void *out)
{
    lks_numbers *numbers = (lks_numbers *)(void *)((char *)out + rule->offset);
    char allowed[TEXT_SIZE];

    *numbers = (lks_numbers){0};
    if (!option)
        return LKS_OK;
    if (!option->list && option->n_values > LKS_OPTION_MAX_VALUES)
        return lks_fail(LKS_INVALID, "%s: %s has %d values; more than %d need a list",
                        owner, rule->key, option->n_values, LKS_OPTION_MAX_VALUES);
    *numbers =
        (lks_numbers){option->list ? option->list : option->values, option->n_values};
    for (int i = 0; i < numbers->n; i++)
        if (!in_range(rule, numbers->values[i]))
            return lks_fail(LKS_INVALID, "%s: %s has %.15g; each must be %s", owner,
                            rule->key, numbers->values[i],
                            allowed_text(rule, numbers->values[i], allowed));
    return LKS_OK;
}

static lks_status read_one(const lks_option_rule *rule, const lks_option *option,
                           const char *owner, void *out)
{
    if (!option && rule->required)
        return lks_fail(LKS_INVALID, "%s needs %s", owner, rule->key);
    if (rule->kind == LKS_OPTION_NUMBERS)
        return read_numbers(rule, option, owner, out);
    if (option && !takes(rule, option->n_values))
        return lks_fail(LKS_INVALID, "%s: %s has %d values; it takes %s%d", owner,
                        rule->key, option->n_values,
                        rule->is_list        ? "1 to "
                        : rule->n_values > 1 ? "1 or "
                                             : "",
                        rule->n_values);
    for (int i = 0; i < rule->n_values; i++) {
        double value = rule->fallback[i];
        char allowed[TEXT_SIZE];

        if (option && rule->is_list && i >= option->n_values) {
            value = 0;
        } else if (option) {
            value = option->values[option->n_values > 1 ? i : 0];
            if (!in_range(rule, value))
                return lks_fail(LKS_INVALID, "%s: %s is %.15g; it must be %s", owner,
                                rule->key, value, allowed_text(rule, value, allowed));
        }
        store(rule, i, value, out);
    }
    return LKS_OK;
}

lks_status lks_option_read(const lks_option_rule *rules, size_t n_rules,
                           lks_options options, const char *owner, void *out)
{
    LKS_TRY(refuse_unknown(rules, n_rules, options, owner));
    for (size_t i = 0; i < n_rules; i++)
        LKS_TRY(read_one(&rules[i], lks_option_find(options, rules[i].key), owner, out));
    return LKS_OK;
}
