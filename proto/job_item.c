#include "proto/job_item.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/try.h"
#include "proto/job_groups.h"
#include "proto/job_init.h"
#include "proto/job_node.h"
#include "proto/job_option.h"
#include "proto/job_pace.h"
#include "proto/job_wiring.h"

static lks_status refuse_type(const lks_job_type *types, const char *what,
                              const lks_node *node, const char *name)
{
    const char *known[LKS_JOB_MAX_OPTIONS * 8];
    char shown[LKS_SHOWN_TEXT], hint[1024];
    size_t n = 0;

    for (; types[n].name && n < sizeof known / sizeof *known; n++)
        known[n] = types[n].name;
    return lks_node_fail_at_key(
        node, "unknown %s %s%s", what, lks_text_shown(name, shown),
        lks_job_hint(name, known, n, "known are", hint, sizeof hint));
}

/* The name may stand among the options: {type: mse_loss, reduction: sum}. */
static const lks_node *find_type(const lks_node *node)
{
    return node->kind == LKS_NODE_MAP ? lks_node_find(node, "type") : NULL;
}

/* What may stand beside a type's own options and its name. */
static const lks_job_words *keys_beside(const lks_job_type *types)
{
    static const lks_job_words none = {NULL, 0};

    return types == lks_job_layer_types       ? &lks_job_layer_keys
           : types == lks_job_schedule_types  ? &lks_job_schedule_keys
           : types == lks_job_optimizer_types ? &lks_job_optimizer_keys
                                              : &none;
}

static lks_status read_beside(lks_tree *tree, const lks_job_type *types,
                              const lks_job_type *type, const lks_node *name,
                              const lks_node *map, lks_job_item *out)
{
    const lks_job_words *beside = keys_beside(types);

    for (const lks_node *entry = map->first; entry; entry = entry->next)
        if (entry != name && !lks_job_option_find(type, entry->key) &&
            !lks_job_has_word(beside, entry->key))
            return lks_job_option_refuse(type, beside, entry);
    if (types == lks_job_init_types || types == lks_job_loss_types ||
        types == lks_job_transform_types)
        return LKS_OK;
    if (types == lks_job_layer_types)
        LKS_TRY(lks_job_init_read(tree, type, map, out));
    return types == lks_job_layer_types      ? lks_job_wiring_read(map, out)
           : types == lks_job_schedule_types ? lks_job_pace_read(map, out)
                                             : lks_job_groups_read(type, map, out);
}

/* The options that the file sets or that have a default, in the schema's order. */
static lks_status read_options(lks_tree *tree, const lks_job_type *types,
                               const lks_job_type *type, const lks_node *name,
                               const lks_node *map, lks_job_item *out)
{
    static const lks_source schema = {.name = "job_schema.def"};

    if (map)
        LKS_TRY(read_beside(tree, types, type, name, map, out));
    for (const lks_job_option *option = type->options; option->key; option++) {
        lks_node *value = map ? lks_node_find(map, option->key) : NULL;

        if (value && lks_node_is_null(value) && !(option->or_null && option->fallback))
            value = NULL;
        if (!value && (option->is_required || (option->is_lent && !out->weight_of)))
            return lks_node_fail_at_key(name, "%s needs the option '%s'", type->name,
                                        option->key);
        if (!value && option->fallback)
            LKS_TRY(lks_tree_parse(tree, option->fallback, strlen(option->fallback),
                                   &schema, &value));
        if (value)
            LKS_TRY(lks_job_option_read(option, value, &out->options[out->n_options++]));
    }
    return LKS_OK;
}

/* The node that carries the type's name: "relu" itself, or the entry of
 * {conv2d: {out_channels: 6}}, whose options are its value. */
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
    const lks_node *name = find_type(node), *options = name ? node : NULL;
    const lks_job_type *type;
    const char *word;
    bool is_text = name != NULL;

    if (name)
        LKS_TRY(lks_node_text(name, "type", &word));
    else
        LKS_TRY(find_name(node, what, &name));
    is_text = is_text || name == node;
    word = is_text ? name->text : name->key;
    if (!(type = lks_job_type_find(types, word)))
        return refuse_type(types, what, name, word);
    if (!is_text && !lks_node_is_null(name)) {
        if (name->kind != LKS_NODE_MAP)
            return lks_node_expected(name, type->name, "a map of options");
        options = name;
    }
    out->type = type->name;
    out->line = is_text ? name->line : name->key_line;
    out->column = is_text ? name->column : name->key_column;
    return read_options(tree, types, type, name, options, out);
}
