#include "proto/job_item.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/try.h"
#include "proto/job_node.h"
#include "proto/job_wiring.h"
#include "proto/nearest.h"
#include "proto/scalar.h"

/* What an option's value must be, in words. */
static void describe(const lks_job_option *option, bool is_too_large, char *out,
                     size_t size)
{
    bool are_two = option->min_values == 2;
    const char *number = option->kind == LKS_JOB_OPTION_WHOLE
                             ? (are_two ? "two whole numbers" : "a whole number")
                             : (are_two ? "two numbers" : "a number");
    bool has_min = isfinite(option->min);
    bool has_below =
        isfinite(option->below) && (option->kind != LKS_JOB_OPTION_WHOLE || is_too_large);

    snprintf(out, size, "%s", number);
    if (has_min)
        lks_append(out, size, " of at least %g", option->min);
    if (has_below)
        lks_append(out, size, "%s below %.10g", has_min ? " and" : "", option->below);
    if (option->max_values > option->min_values)
        lks_append(out, size, " or a list of %d", option->max_values);
}

static bool read_number(const lks_job_option *option, const lks_node *node, double *out)
{
    lks_whole whole;

    if (!lks_node_is_plain(node))
        return false;
    if (option->kind == LKS_JOB_OPTION_REAL)
        return lks_scalar_real(node->text, out);
    if (!lks_scalar_whole(node->text, &whole))
        return false;
    *out = whole.negative ? -(double)whole.magnitude : (double)whole.magnitude;
    return true;
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
    if (!read_number(option, node, &value) ||
        !(value >= option->min && value < option->below)) {
        describe(option, value >= option->below, expected, sizeof expected);
        if (option->kind == LKS_JOB_OPTION_WHOLE)
            lks_append(expected, sizeof expected, "%s", lks_node_digits_hint(node));
        return lks_node_expected(node, option->key, expected);
    }
    *out = value;
    return LKS_OK;
}

static lks_status read_option(const lks_job_option *option, const lks_node *node,
                              lks_option *out)
{
    size_t n = node->kind == LKS_NODE_LIST ? node->n_entries : 1;
    char expected[128];

    *out = (lks_option){.key = option->key};
    if (node->kind != LKS_NODE_LIST && option->min_values == 1) {
        out->n_values = 1;
        return read_value(option, node, &out->values[0]);
    }
    /* a list of one is refused where one value stands alone, as is a list of five */
    if (node->kind != LKS_NODE_LIST || option->max_values == 1 ||
        n != (size_t)option->max_values) {
        describe(option, false, expected, sizeof expected);
        return lks_node_expected(node, option->key, expected);
    }
    for (const lks_node *entry = node->first; entry; entry = entry->next)
        LKS_TRY(read_value(option, entry, &out->values[out->n_values++]));
    return LKS_OK;
}

static lks_status refuse_option(const lks_job_type *types, const lks_job_type *type,
                                const lks_node *node)
{
    static const char *const wiring[] = {"name", "from"};
    const bool means_wiring =
        types == lks_job_layer_types && lks_nearest(node->key, wiring, 2);
    const char *known[LKS_JOB_MAX_OPTIONS];
    char shown[LKS_SHOWN_TEXT], hint[256];
    size_t n = 0;

    while (type->options[n].key) {
        known[n] = type->options[n].key;
        n++;
    }
    return lks_node_fail_at_key(
        node, "%s has no option %s%s", type->name, lks_text_shown(node->key, shown),
        lks_job_hint(node->key, means_wiring ? wiring : known, means_wiring ? 2 : n,
                     "it has", hint, sizeof hint));
}

static lks_status refuse_type(const lks_job_type *types, const char *what,
                              const lks_node *node, const char *name)
{
    const char *known[LKS_JOB_MAX_OPTIONS * 8];
    char shown[LKS_SHOWN_TEXT], hint[512];
    size_t n = 0;

    for (; types[n].name && n < sizeof known / sizeof *known; n++)
        known[n] = types[n].name;
    return lks_node_fail_at_key(
        node, "unknown %s %s%s", what, lks_text_shown(name, shown),
        lks_job_hint(name, known, n, "known are", hint, sizeof hint));
}

/* The options that the file sets or that have a default, in the schema's order. */
static lks_status read_options(lks_tree *tree, const lks_job_type *types,
                               const lks_job_type *type, const lks_node *name,
                               const lks_node *map, lks_job_item *out)
{
    static const lks_source schema = {.name = "job_schema.def"};

    for (const lks_node *entry = map ? map->first : NULL; entry; entry = entry->next)
        if (!lks_job_option_find(type, entry->key) &&
            !lks_job_is_wiring(types, entry->key))
            return refuse_option(types, type, entry);
    if (map && types == lks_job_layer_types)
        LKS_TRY(lks_job_wiring_read(map, out));
    for (const lks_job_option *option = type->options; option->key; option++) {
        lks_node *value = map ? lks_node_find(map, option->key) : NULL;

        if (value && lks_node_is_null(value))
            value = NULL;
        if (!value && option->is_required)
            return lks_node_fail_at_key(name, "%s needs the option '%s'", type->name,
                                        option->key);
        if (!value && option->fallback)
            LKS_TRY(lks_tree_parse(tree, option->fallback, strlen(option->fallback),
                                   &schema, &value));
        if (value)
            LKS_TRY(read_option(option, value, &out->options[out->n_options++]));
    }
    return LKS_OK;
}

/* The node that carries the type's name: "relu" itself, or the entry of
 * {conv2d: {out_channels: 6}}. */
static lks_status find_name(const lks_node *node, const char *what, const lks_node **out)
{
    char a[LKS_SHOWN_TEXT], b[LKS_SHOWN_TEXT];

    if (node->kind == LKS_NODE_SCALAR && !lks_node_is_null(node)) {
        *out = node;
        return LKS_OK;
    }
    if (node->kind != LKS_NODE_MAP || node->n_entries == 0)
        return lks_node_expected(node, what, "a name or {NAME: {OPTION: VALUE, …}}");
    if (node->n_entries > 1)
        return lks_node_fail_at_key(
            node->first->next,
            "%s stands beside %s: one name to each %s, its options indented below it",
            lks_text_shown(node->first->next->key, a),
            lks_text_shown(node->first->key, b), what);
    *out = node->first;
    return LKS_OK;
}

lks_status lks_job_item_build(lks_tree *tree, const lks_job_type *types, const char *what,
                              const lks_node *node, lks_job_item *out)
{
    const lks_node *name = NULL, *options = NULL;
    const lks_job_type *type;
    const char *word;

    LKS_TRY(find_name(node, what, &name));
    word = name == node ? node->text : name->key;
    if (!(type = lks_job_type_find(types, word)))
        return refuse_type(types, what, name, word);
    if (name != node && !lks_node_is_null(name)) {
        if (name->kind != LKS_NODE_MAP)
            return lks_node_expected(name, type->name, "a map of options");
        options = name;
    }
    out->type = type->name;
    out->line = name == node ? node->line : name->key_line;
    out->column = name == node ? node->column : name->key_column;
    return read_options(tree, types, type, name, options, out);
}
