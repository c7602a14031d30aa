#include "proto/job_init.h"

#include "base/alloc.h"
#include "base/try.h"
#include "proto/job_item.h"
#include "proto/job_node.h"

static const char shape[] = "a map of parameters, such as {weight: {xavier_normal: "
                            "{gain: 2}}, bias: zeros}";

lks_status lks_job_init_read(lks_tree *tree, const lks_job_type *type,
                             const lks_node *map, lks_job_item *out)
{
    const lks_node *node = lks_node_find(map, "init");

    if (!node || lks_node_is_null(node) || lks_job_option_find(type, "init"))
        return LKS_OK;
    if (node->kind != LKS_NODE_MAP)
        return lks_node_expected(node, "init", shape);
    if (node->n_entries == 0)
        return LKS_OK;
    if (!(out->inits = lks_calloc(node->n_entries, sizeof *out->inits)))
        return LKS_NOMEM;
    for (const lks_node *entry = node->first; entry; entry = entry->next) {
        lks_job_item *init = &out->inits[out->n_inits];

        if (lks_node_is_null(entry))
            continue;
        out->n_inits++;
        if (!(init->name = lks_strdup(entry->key)))
            return LKS_NOMEM;
        LKS_TRY(lks_job_item_build(tree, lks_job_init_types, "init", entry, init));
    }
    return LKS_OK;
}
