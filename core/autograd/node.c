#include "autograd/node.h"

#include <string.h>

#include "base/small.h"

/* Counts what this thread records. Jumps ahead when it meets a graph from another thread,
 * so that along an edge the number always falls (a Lamport clock). */
static _Thread_local uint64_t last_sequence;

static size_t aligned(size_t n_bytes)
{
    return (n_bytes + 15) / 16 * 16;
}

/* One block:  node | edges | saved | params */
lks_node *lks_node_create(const lks_operation *op, const lks_storage *like, int n_edges,
                          int n_saved)
{
    size_t edges_at = aligned(sizeof(lks_node));
    size_t saved_at = edges_at + aligned((size_t)n_edges * sizeof(lks_edge));
    size_t params_at = saved_at + aligned((size_t)n_saved * sizeof(lks_saved));
    const size_t n_bytes = params_at + op->params_size;
    char *block = lks_small_alloc(n_bytes);
    lks_node *node = (lks_node *)block;

    if (!block)
        return NULL;
    *node = (lks_node){
        .sequence = ++last_sequence,
        .n_bytes = n_bytes,
        .n_refs = 1,
        .n_edges = n_edges,
        .n_saved = n_saved,
        .op = op,
        .device = like->device,
        .kernels = like->kernels,
        .edges = (lks_edge *)(block + edges_at),
        .saved = (lks_saved *)(block + saved_at),
        .params = block + params_at,
    };
    for (int i = 0; i < n_edges; i++) {
        node->edges[i].to = NULL;
        node->edges[i].is_cut = false;
    }
    for (int i = 0; i < n_saved; i++)
        node->saved[i].storage = NULL;
    return node;
}

void lks_node_set_edge(lks_node *node, int i, const lks_tensor *t)
{
    lks_edge *edge = &node->edges[i];

    edge->dtype = t->view.dtype;
    edge->shape.ndim = t->view.ndim;
    for (int d = 0; d < t->view.ndim; d++)
        edge->shape.sizes[d] = t->view.sizes[d];
    if (!t->node)
        return;
    edge->to = lks_node_ref(t->node);
    if (node->sequence <= t->node->sequence)
        node->sequence = last_sequence = t->node->sequence + 1;
}

void lks_node_save(lks_node *node, int slot, const lks_tensor *t)
{
    node->saved[slot] = (lks_saved){.storage = lks_storage_ref(t->storage),
                                    .version = t->storage->version,
                                    .view = t->view};
}

/* Nodes without references, waiting to be taken apart: a list instead of recursion, since
 * a graph may be a million nodes deep. */
static void unref_onto(lks_node *node, lks_node **dead)
{
    if (!node || --node->n_refs > 0)
        return;
    node->next_dead = *dead;
    *dead = node;
}

static void release_onto(lks_node *node, lks_node **dead)
{
    if (node->released)
        return;
    node->released = true;
    for (int i = 0; i < node->n_saved; i++)
        lks_storage_unref(node->saved[i].storage);
    for (int i = 0; i < node->n_edges; i++)
        unref_onto(node->edges[i].to, dead);
    if (node->op && node->op->release)
        node->op->release(node->params);
}

static void free_dead(lks_node *dead)
{
    while (dead) {
        lks_node *node = dead;

        dead = node->next_dead;
        release_onto(node, &dead);
        lks_unref(node->grad);
        lks_watch_destroy(node->watch);
        lks_small_free(node, node->n_bytes);
    }
}

void lks_node_release(lks_node *node)
{
    lks_node *dead = NULL;

    release_onto(node, &dead);
    free_dead(dead);
}

void lks_node_unref(lks_node *node)
{
    lks_node *dead = NULL;

    unref_onto(node, &dead);
    free_dead(dead);
}

const char *lks_node_name(const lks_node *node)
{
    return node->op->name_of ? node->op->name_of(node->params) : node->op->name;
}

lks_leaf *lks_node_leaf(lks_node *node)
{
    return node && !node->op ? (lks_leaf *)node : NULL;
}

void lks_node_forget_tensor(lks_node *node, const lks_tensor *t)
{
    lks_leaf *leaf = lks_node_leaf(node);

    if (leaf && leaf->tensor == t)
        leaf->tensor = NULL;
}
