#include "proto/job_option.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "proto/job_node.h"
#include "proto/nearest.h"
#include "proto/scalar.h"
#include "proto/yaml_write.h"

/* A list of whole numbers, which to its layer ends at a 0. */
static bool excludes_zero(const lks_job_option *option)
{
    return option->is_list && option->kind == LKS_JOB_OPTION_WHOLE;
}

/* What an option's value must be, in words. */
static void describe(const lks_job_option *option, bool exceeds, char *out, size_t size)
{
    bool are_two = option->min_values == 2;
    const char *number = option->kind == LKS_JOB_OPTION_WHOLE
                             ? (are_two ? "two whole numbers" : "a whole number")
                             : (are_two ? "two numbers" : "a number");
    bool has_min = isfinite(option->min);
    bool has_below =
        isfinite(option->below) && (option->kind != LKS_JOB_OPTION_WHOLE || exceeds);

    snprintf(out, size, "%s", number);
    if (has_min)
        lks_append(out, size, " of at least %.10g%s", option->min,
                   excludes_zero(option) && option->min < 0 ? " but 0" : "");
    if (has_below)
        lks_append(out, size, "%s %s %.10g", has_min ? " and" : "",
                   option->or_equal ? "at most" : "below", option->below);
    if (option->or_null)
        lks_append(out, size, " or null");
    if (option->max_values > option->min_values)
        lks_append(out, size, " or a list of %s%d", option->is_list ? "up to " : "",
                   option->max_values);
}

static bool is_too_large(const lks_job_option *option, double value)
{
    return value > option->below || (value == option->below && !option->or_equal);
}

static bool read_number(const lks_job_option *option, const lks_node *node, double *out)
{
    lks_whole whole;

    if (!lks_node_is_plain(node))
        return false;
    if (option->kind != LKS_JOB_OPTION_WHOLE)
        return lks_scalar_real(node->text, out);
    if (!lks_scalar_whole(node->text, &whole))
        return false;
    *out = whole.negative ? -(double)whole.magnitude : (double)whole.magnitude;
    return true;
}

static lks_status read_word(const lks_job_option *option, const lks_node *node,
                            double *out)
{
    char expected[256] = "one of ";
    const char *near;
    size_t n = 0;

    for (; option->words[n]; n++) {
        if (node->kind == LKS_NODE_SCALAR && strcmp(node->text, option->words[n]) == 0) {
            *out = (double)n;
            return LKS_OK;
        }
        lks_append(expected, sizeof expected, "%s%s", n ? ", " : "", option->words[n]);
    }
    near =
        node->kind == LKS_NODE_SCALAR ? lks_nearest(node->text, option->words, n) : NULL;
    if (near)
        lks_append(expected, sizeof expected, "; did you mean '%s'?", near);
    return lks_node_expected(node, option->key, expected);
}

static lks_status read_value(const lks_job_option *option, const lks_node *node,
                             double *out)
{
    char expected[128];
    double value = NAN;
    bool flag;

    if (option->kind == LKS_JOB_OPTION_TOGGLE) {
        LKS_TRY(lks_node_flag(node, option->key, &flag));
        *out = flag;
        return LKS_OK;
    }
    if (option->or_null && lks_node_is_null(node)) {
        *out = NAN;
        return LKS_OK;
    }
    if (!read_number(option, node, &value) || !(value >= option->min) ||
        is_too_large(option, value) || (excludes_zero(option) && value == 0)) {
        describe(option, is_too_large(option, value), expected, sizeof expected);
        if (option->kind == LKS_JOB_OPTION_WHOLE)
            lks_append(expected, sizeof expected, "%s", lks_node_digits_hint(node));
        return lks_node_expected(node, option->key, expected);
    }
    *out = value;
    return LKS_OK;
}

/* As many as there are, which may be one without a list. */
static lks_status read_numbers(const lks_job_option *option, const lks_node *node,
                               lks_option *out)
{
    const bool is_list = node->kind == LKS_NODE_LIST;
    const size_t n = is_list ? node->n_entries : 1;
    double *list;

    if (n == 0)
        return lks_node_expected(node, option->key, "a list of numbers");
    if (!(list = lks_calloc(n, sizeof *list)))
        return LKS_NOMEM;
    out->list = list;
    for (const lks_node *at = is_list ? node->first : node; at && out->n_values < (int)n;
         at = at->next)
        LKS_TRY(read_value(option, at, &list[out->n_values++]));
    return LKS_OK;
}

lks_status lks_job_option_read(const lks_job_option *option, const lks_node *node,
                               lks_option *out)
{
    size_t n = node->kind == LKS_NODE_LIST ? node->n_entries : 1;
    char expected[128];

    *out = (lks_option){.key = option->key};
    if (option->kind == LKS_JOB_OPTION_WORD) {
        out->n_values = 1;
        return read_word(option, node, &out->values[0]);
    }
    if (option->kind == LKS_JOB_OPTION_NUMBERS)
        return read_numbers(option, node, out);
    if (node->kind != LKS_NODE_LIST && option->min_values == 1) {
        out->n_values = 1;
        return read_value(option, node, &out->values[0]);
    }
    /* a list of one is refused where one value stands alone, as is a list of five */
    if (node->kind != LKS_NODE_LIST || option->max_values == 1 || n == 0 ||
        n > (size_t)option->max_values ||
        (n < (size_t)option->max_values && !option->is_list)) {
        describe(option, false, expected, sizeof expected);
        return lks_node_expected(node, option->key, expected);
    }
    for (const lks_node *entry = node->first; entry; entry = entry->next)
        LKS_TRY(read_value(option, entry, &out->values[out->n_values++]));
    return LKS_OK;
}

lks_status lks_job_option_refuse(const lks_job_type *type, const lks_job_words *beside,
                                 const lks_node *node)
{
    const bool means_beside = lks_nearest(node->key, beside->words, beside->n) != NULL;
    const char *known[LKS_JOB_MAX_OPTIONS];
    char shown[LKS_SHOWN_TEXT], hint[256];
    size_t n = 0;

    while (type->options[n].key) {
        known[n] = type->options[n].key;
        n++;
    }
    return lks_node_fail_at_key(
        node, "%s has no option %s%s", type->name, lks_text_shown(node->key, shown),
        lks_job_hint(node->key, means_beside ? beside->words : known,
                     means_beside ? beside->n : n, "it has", hint, sizeof hint));
}

static void add_numbers(lks_text *out, const lks_option *value)
{
    for (int v = 0; v < value->n_values; v++) {
        lks_text_add(out, "%s", v ? ", " : "[");
        lks_yaml_add_real(out, value->list[v]);
    }
    lks_text_add(out, "]");
}

static void add_option(lks_text *out, const lks_job_option *option,
                       const lks_option *value)
{
    if (option->kind == LKS_JOB_OPTION_NUMBERS) {
        lks_text_add(out, "%s: ", value->key);
        add_numbers(out, value);
        return;
    }
    lks_text_add(out, "%s: %s", value->key, value->n_values > 1 ? "[" : "");
    for (int v = 0; v < value->n_values; v++) {
        lks_text_add(out, "%s", v ? ", " : "");
        if (option->kind == LKS_JOB_OPTION_TOGGLE)
            lks_text_add(out, "%s", value->values[v] != 0 ? "true" : "false");
        else if (option->kind == LKS_JOB_OPTION_WORD)
            lks_text_add(out, "%s", option->words[(size_t)value->values[v]]);
        else if (isnan(value->values[v]))
            lks_text_add(out, "null");
        else if (option->kind == LKS_JOB_OPTION_WHOLE)
            lks_text_add(out, "%.0f", value->values[v]);
        else
            lks_yaml_add_real(out, value->values[v]);
    }
    lks_text_add(out, "%s", value->n_values > 1 ? "]" : "");
}

lks_status lks_job_options_write(lks_text *out, const lks_job_type *type,
                                 const lks_option *options, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const lks_job_option *option = lks_job_option_find(type, options[i].key);

        if (!option)
            return lks_fail(LKS_INVALID, "%s has no option '%s'", type->name,
                            options[i].key);
        lks_text_add(out, "%s", i ? ", " : "");
        add_option(out, option, &options[i]);
    }
    return LKS_OK;
}

bool lks_job_has_word(const lks_job_words *list, const char *word)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->words[i], word) == 0)
            return true;
    return false;
}
