#include "proto/job_pace.h"

#include <inttypes.h>
#include <string.h>

#include "base/try.h"
#include "proto/job_node.h"

static const char *const keys[] = {"every", "until"};

const lks_job_words lks_job_schedule_keys = {keys, sizeof keys / sizeof *keys};

static const char *const units[] = {"epoch", "step"};

static lks_status read_every(const lks_node *node, lks_job_item *out)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (node->kind == LKS_NODE_SCALAR && strcmp(node->text, units[i]) == 0)
            out->every = units[i];
    return out->every ? LKS_OK : lks_node_expected(node, "every", "one of epoch, step");
}

lks_status lks_job_pace_read(const lks_node *map, lks_job_item *out)
{
    const lks_node *every = lks_node_find(map, "every");
    const lks_node *until = lks_node_find(map, "until");

    if (every && !lks_node_is_null(every))
        LKS_TRY(read_every(every, out));
    if (until && !lks_node_is_null(until))
        LKS_TRY(lks_node_whole(until, "until", "", 1, UINT32_MAX, &out->until));
    return LKS_OK;
}

lks_status lks_job_pace_agree(const lks_node *node, lks_job_item *items, size_t n)
{
    const char *every = NULL;

    for (size_t i = 0; i < n; i++) {
        if (every && items[i].every && items[i].every != every)
            return lks_node_fail_at_key(node,
                                        "%s moves every %s, one before it every %s: "
                                        "schedules of a list move alike",
                                        items[i].type, items[i].every, every);
        every = every ? every : items[i].every;
    }
    for (size_t i = 0; i < n; i++) {
        items[i].every = every ? every : units[0];
        if (i + 1 < n && items[i].until == 0)
            return lks_node_fail_at_key(node,
                                        "%s needs 'until': the %ss after which %s "
                                        "begins",
                                        items[i].type, items[i].every, items[i + 1].type);
        if (i + 1 == n && items[i].until > 0)
            return lks_node_fail_at_key(
                node, "%s has 'until', but no schedule follows it", items[i].type);
        if (i > 0 && i + 1 < n && items[i].until <= items[i - 1].until)
            return lks_node_fail_at_key(node,
                                        "%s ends at %" PRIu64
                                        ", no later than it begins: 'until' counts "
                                        "from the start of the run",
                                        items[i].type, items[i].until);
    }
    return LKS_OK;
}

void lks_job_pace_write(lks_text *out, const lks_job_item *item)
{
    if (item->every)
        lks_text_add(out, "%severy: %s", item->n_options > 0 ? ", " : "", item->every);
    if (item->until > 0)
        lks_text_add(out, ", until: %" PRIu64, item->until);
}
