/* An optimiser's parameter groups: {params: ["*.bias"], weight_decay: 0}. Which
 * parameters there are, whoever builds the model knows. */
#include "proto/job_groups.h"

#include "base/alloc.h"
#include "base/try.h"
#include "proto/job_node.h"
#include "proto/yaml_write.h"

static const char *const keys[] = {"groups"}, *const keys_of_group[] = {"params"};
static const lks_job_words group_keys = {keys_of_group, 1};

const lks_job_words lks_job_optimizer_keys = {keys, 1};

static const char shape[] =
    "a list of groups, such as [{params: [\"*.bias\"], weight_decay: 0}]";

static lks_status read_params(const lks_node *node, lks_job_group *out)
{
    const bool is_list = node->kind == LKS_NODE_LIST;
    const size_t n = is_list ? node->n_entries : 1;
    const lks_node *entry = is_list ? node->first : node;

    if (n == 0 || node->kind == LKS_NODE_MAP)
        return lks_node_expected(node, "params",
                                 "a parameter's name, a pattern such as \"*.bias\", or a "
                                 "list of them");
    if (!(out->params = lks_calloc(n, sizeof *out->params)))
        return LKS_NOMEM;
    for (; entry && out->n_params < n; entry = entry->next) {
        const char *text = NULL;

        LKS_TRY(lks_node_text(entry, "params", &text));
        if (!(out->params[out->n_params++] = lks_strdup(text)))
            return LKS_NOMEM;
    }
    return LKS_OK;
}

static lks_status read_group(const lks_job_type *type, const lks_node *node,
                             lks_job_group *out)
{
    const lks_node *params;

    if (node->kind != LKS_NODE_MAP)
        return lks_node_expected(node, "groups", shape);
    params = lks_node_find(node, "params");
    if (!params || lks_node_is_null(params))
        return lks_node_fail(node, "a group needs params, the names of its parameters");
    LKS_TRY(read_params(params, out));
    for (const lks_node *entry = node->first; entry; entry = entry->next) {
        const lks_job_option *option = lks_job_option_find(type, entry->key);

        if (entry == params || lks_node_is_null(entry))
            continue;
        if (!option)
            return lks_job_option_refuse(type, &group_keys, entry);
        LKS_TRY(lks_job_option_read(option, entry, &out->options[out->n_options++]));
    }
    return LKS_OK;
}

lks_status lks_job_groups_read(const lks_job_type *type, const lks_node *map,
                               lks_job_item *out)
{
    const lks_node *node = lks_node_find(map, "groups");

    if (!node || lks_node_is_null(node))
        return LKS_OK;
    if (node->kind != LKS_NODE_LIST)
        return lks_node_expected(node, "groups", shape);
    if (node->n_entries == 0)
        return LKS_OK;
    if (!(out->groups = lks_calloc(node->n_entries, sizeof *out->groups)))
        return LKS_NOMEM;
    for (const lks_node *entry = node->first; entry; entry = entry->next)
        LKS_TRY(read_group(type, entry, &out->groups[out->n_groups++]));
    return LKS_OK;
}

static lks_status write_group(lks_text *out, const lks_job_type *type,
                              const lks_job_group *group)
{
    lks_text_add(out, "{params: [");
    for (size_t i = 0; i < group->n_params; i++) {
        lks_text_add(out, "%s", i ? ", " : "");
        lks_yaml_add_text(out, group->params[i]);
    }
    lks_text_add(out, "]");
    if (group->n_options > 0)
        lks_text_add(out, ", ");
    LKS_TRY(lks_job_options_write(out, type, group->options, group->n_options));
    lks_text_add(out, "}");
    return LKS_OK;
}

lks_status lks_job_groups_write(lks_text *out, const lks_job_type *type,
                                const lks_job_item *item)
{
    for (size_t i = 0; i < item->n_groups; i++) {
        lks_text_add(out, "%s",
                     i > 0                 ? ", "
                     : item->n_options > 0 ? ", groups: ["
                                           : "groups: [");
        LKS_TRY(write_group(out, type, &item->groups[i]));
    }
    lks_text_add(out, "%s", item->n_groups > 0 ? "]" : "");
    return LKS_OK;
}
