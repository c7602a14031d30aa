#include "autograd/sweep.h"

#include <stdlib.h>

#include "autograd/backprop.h"
#include "base/small.h"
#include "base/try.h"

/* The nodes one sweep visits. Every edge leads to a lower sequence number, so highest
 * first is an order in which a node comes after all that add to its cotangent: reverse
 * program order, the same each time. */
typedef struct lks_sweep {
    lks_node **nodes;
    size_t n, capacity;
} sweep;

static lks_status push(sweep *s, lks_node *node)
{
    if (s->n == s->capacity) {
        size_t capacity = s->capacity ? 2 * s->capacity : 64;
        lks_node **nodes = lks_small_grow(s->nodes, s->n * sizeof(lks_node *),
                                          capacity * sizeof(lks_node *));

        if (!nodes)
            return LKS_NOMEM;
        s->nodes = nodes;
        s->capacity = capacity;
    }
    s->nodes[s->n++] = lks_node_ref(node);
    node->sweep = s;
    return LKS_OK;
}

/* First sight of a node; of a leaf, one more contribution to wait for. A leaf may be in
 * two sweeps at once: a custom backward may run one of its own over the same weights. */
static lks_status visit(sweep *s, lks_node *node)
{
    lks_leaf *leaf = lks_node_leaf(node);

    if (node->released)
        return lks_fail(LKS_STATE,
                        "backward: the graph of %s was freed by an earlier sweep",
                        node->op->name);
    if (!leaf && node->sweep && node->sweep != s)
        return lks_fail(LKS_STATE, "backward: a sweep over the graph of %s is under way",
                        node->op->name);
    if (!node->sweep)
        LKS_TRY(push(s, node));
    if (leaf)
        leaf->n_pending++;
    return LKS_OK;
}

static int by_sequence_falling(const void *a, const void *b)
{
    uint64_t x = (*(lks_node *const *)a)->sequence, y = (*(lks_node *const *)b)->sequence;
    return (x < y) - (x > y);
}

static lks_status collect(sweep *s, lks_node *root)
{
    bool sorted = true;

    LKS_TRY(visit(s, root));
    for (size_t i = 0; i < s->n; i++) {
        const lks_node *node = s->nodes[i];

        sorted &= i == 0 || s->nodes[i - 1]->sequence >= node->sequence;
        for (int e = 0; e < node->n_edges; e++)
            if (node->edges[e].to)
                LKS_TRY(visit(s, node->edges[e].to));
    }
    if (!sorted)
        qsort(s->nodes, s->n, sizeof *s->nodes, by_sequence_falling);
    return LKS_OK;
}

/* Of what one contribution less is to come. */
static void settle(lks_node *node)
{
    lks_leaf *leaf = lks_node_leaf(node);

    if (leaf && --leaf->n_pending == 0 && leaf->landed && leaf->ready && leaf->tensor)
        leaf->ready(leaf->context, leaf->tensor);
}

static lks_status check_saved(const lks_node *node)
{
    for (int i = 0; i < node->n_saved; i++)
        if (node->saved[i].version != node->saved[i].storage->version)
            return lks_fail(LKS_STATE,
                            "backward: a tensor that %s needs for its gradient was "
                            "changed in place since",
                            node->op->name);
    return LKS_OK;
}

/* One node: its cotangent in, contributions to its inputs out. */
static lks_status run_node(lks_node *node)
{
    lks_backprop bp = {node, node->kernels, node->params, lks_ref(node->grad)};
    lks_status st = check_saved(node);

    if (st == LKS_OK && (st = lks_scope_open()) == LKS_OK) {
        st = node->op->backward(&bp);
        lks_scope_close();
    }
    lks_unref(bp.dy);
    return st;
}

/* All nodes in order, each freed of what it held as soon as it is done. */
static lks_status walk(sweep *s)
{
    for (size_t i = 0; i < s->n; i++) {
        lks_node *node = s->nodes[i];

        if (!node->op)
            break; /* only leaves are left */
        if (node->has_grad)
            LKS_TRY(run_node(node));
        lks_unref(node->grad);
        node->grad = NULL;
        node->has_grad = false;
        for (int e = 0; e < node->n_edges; e++)
            if (node->edges[e].to)
                settle(node->edges[e].to);
        lks_node_release(node);
    }
    return LKS_OK;
}

/* Leave no trace in the nodes, whether the sweep went well or not. */
static void finish(sweep *s)
{
    for (size_t i = 0; i < s->n; i++) {
        lks_node *node = s->nodes[i];
        lks_leaf *leaf = lks_node_leaf(node);

        node->sweep = NULL;
        if (leaf) {
            leaf->n_pending = 0;
            leaf->landed = false;
        } else {
            lks_unref(node->grad);
            node->grad = NULL;
            node->has_grad = false;
        }
        lks_node_unref(node);
    }
    lks_small_free(s->nodes, s->capacity * sizeof(lks_node *));
}

lks_status lks_sweep_run(lks_node *root, lks_tensor *cotangent)
{
    sweep s = {NULL, 0, 0};
    bool was_enabled = lks_set_grad_enabled(false);
    lks_status st = LKS_OK;

    LKS_GO(collect(&s, root));
    LKS_GO(lks_node_land(root, cotangent));
    settle(root);
    LKS_GO(walk(&s));
cleanup:
    finish(&s);
    lks_set_grad_enabled(was_enabled);
    return st;
}
