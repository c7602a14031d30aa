#include "proto/job_every.h"

#include <string.h>

#include "proto/job_node.h"

static const char *const keys[] = {"every"};

const lks_job_words lks_job_schedule_keys = {keys, 1};

lks_status lks_job_every_read(const lks_node *map, lks_job_item *out)
{
    const lks_node *node = map ? lks_node_find(map, "every") : NULL;

    out->every = "epoch";
    if (!node || lks_node_is_null(node))
        return LKS_OK;
    if (node->kind != LKS_NODE_SCALAR ||
        (strcmp(node->text, "epoch") != 0 && strcmp(node->text, "step") != 0))
        return lks_node_expected(node, "every", "one of epoch, step");
    if (strcmp(node->text, "step") == 0)
        out->every = "step";
    return LKS_OK;
}

void lks_job_every_write(lks_text *out, const lks_job_item *item)
{
    if (item->every)
        lks_text_add(out, "%severy: %s", item->n_options > 0 ? ", " : "", item->every);
}
