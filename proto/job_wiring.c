/* Whether there are such layers is for whoever builds the model. */
#include "proto/job_wiring.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "proto/job_node.h"
#include "proto/yaml_write.h"

static const char *const keys[] = {"name", "from", "weight_of", "init"};

const lks_job_words lks_job_layer_keys = {keys, sizeof keys / sizeof *keys};

static lks_status copy_text(const lks_node *node, const char *key, char **out)
{
    const char *text = NULL;

    LKS_TRY(lks_node_text(node, key, &text));
    return (*out = lks_strdup(text)) ? LKS_OK : LKS_NOMEM;
}

static lks_status read_from(const lks_node *node, lks_job_item *out)
{
    const bool is_list = node->kind == LKS_NODE_LIST;
    const size_t n = is_list ? node->n_entries : 1;
    const lks_node *entry = is_list ? node->first : node;

    if (n == 0 || node->kind == LKS_NODE_MAP)
        return lks_node_expected(node, "from",
                                 "a layer's name or number, or a list of them");
    if (!(out->from = lks_calloc(n, sizeof *out->from)))
        return LKS_NOMEM;
    for (; entry && out->n_from < n; entry = entry->next)
        LKS_TRY(copy_text(entry, "from", &out->from[out->n_from++]));
    return LKS_OK;
}

lks_status lks_job_wiring_read(const lks_node *map, lks_job_item *out)
{
    const lks_node *name = lks_node_find(map, "name"), *from = lks_node_find(map, "from");
    const lks_node *weight_of = lks_node_find(map, "weight_of");

    if (name && !lks_node_is_null(name))
        LKS_TRY(copy_text(name, "name", &out->name));
    if (weight_of && !lks_node_is_null(weight_of))
        LKS_TRY(copy_text(weight_of, "weight_of", &out->weight_of));
    return from && !lks_node_is_null(from) ? read_from(from, out) : LKS_OK;
}

/* A layer's number stands without quotes. */
static void write_source(lks_text *out, const char *from)
{
    if (strspn(from, "0123456789") == strlen(from) && strlen(from) < 9)
        lks_text_add(out, "%s", from);
    else
        lks_yaml_add_text(out, from);
}

void lks_job_wiring_write(lks_text *out, const lks_job_item *item)
{
    const char *between = item->n_options > 0 ? ", " : "";

    if (item->name) {
        lks_text_add(out, "%sname: ", between);
        lks_yaml_add_text(out, item->name);
        between = ", ";
    }
    if (item->weight_of) {
        lks_text_add(out, "%sweight_of: ", between);
        write_source(out, item->weight_of);
        between = ", ";
    }
    if (item->n_from > 0)
        lks_text_add(out, "%sfrom: [", between);
    for (size_t i = 0; i < item->n_from; i++) {
        lks_text_add(out, "%s", i ? ", " : "");
        write_source(out, item->from[i]);
    }
    lks_text_add(out, "%s", item->n_from > 0 ? "]" : "");
}
