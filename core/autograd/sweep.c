#include "autograd/sweep.h"

#include <stdio.h>
#include <stdlib.h>

#include "autograd/anomaly.h"
#include "autograd/backprop.h"
#include "base/small.h"
#include "base/try.h"

/* The nodes one sweep visits. Every edge leads to a lower sequence number, so highest
 * first is an order in which a node comes after all that add to its cotangent: reverse
 * program order, the same each time. */
typedef struct lks_sweep {
    const lks_sweep_plan *plan;
    lks_node **nodes;
    size_t n, capacity;
    bool finds_nans;
} sweep;

static bool captures(const sweep *s, const lks_node *node)
{
    return s->plan->n_captures > 0 && node->is_captured && node->sweep == s;
}

/* ---- which nodes ---- */

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

/* A leaf's hooks see what this sweep has for it, apart from what stood there before. */
static void set_aside(lks_leaf *leaf)
{
    if (leaf->is_aside)
        return;
    leaf->is_aside = true;
    leaf->aside = leaf->node.grad;
    leaf->had_grad = leaf->node.has_grad;
    leaf->node.grad = NULL;
    leaf->node.has_grad = false;
}

static void bring_back(lks_leaf *leaf)
{
    leaf->is_aside = false;
    leaf->node.grad = leaf->aside;
    leaf->node.has_grad = leaf->had_grad;
    leaf->aside = NULL;
}

/* First sight of a leaf; or one more contribution to wait for. It may be in two sweeps at
 * once: a custom backward may run one of its own over the same weights. */
static lks_status visit_leaf(sweep *s, lks_leaf *leaf)
{
    lks_node *node = &leaf->node;

    if (s->plan->n_captures > 0 && !captures(s, node))
        return LKS_OK;
    if (!node->sweep)
        LKS_TRY(push(s, node));
    if (lks_watch_has_hooks(node->watch) && !captures(s, node))
        set_aside(leaf);
    leaf->n_pending++;
    return LKS_OK;
}

static lks_status visit(sweep *s, lks_node *node)
{
    if (!node->op)
        return visit_leaf(s, (lks_leaf *)node);
    if (node->released)
        return lks_fail(LKS_STATE,
                        "%s: the graph of %s was freed by an earlier sweep; let that one "
                        "retain_graph",
                        s->plan->name, lks_node_name(node));
    if (node->sweep && node->sweep != s)
        return lks_fail(LKS_STATE, "%s: a sweep over the graph of %s is under way",
                        s->plan->name, lks_node_name(node));
    return node->sweep ? LKS_OK : push(s, node);
}

static int by_sequence_falling(const void *a, const void *b)
{
    uint64_t x = (*(lks_node *const *)a)->sequence, y = (*(lks_node *const *)b)->sequence;
    return (x < y) - (x > y);
}

/* Of gradients that are asked for: go no way that leads to none of them. */
static void cut_edges(sweep *s)
{
    for (size_t i = s->n; i-- > 0;) {
        lks_node *node = s->nodes[i];

        node->is_needed = captures(s, node);
        for (int e = 0; e < node->n_edges; e++) {
            lks_edge *edge = &node->edges[e];

            if (!edge->to)
                continue;
            edge->is_cut = edge->to->op ? !edge->to->is_needed : !captures(s, edge->to);
            node->is_needed |= !edge->is_cut;
        }
    }
}

static lks_status collect(sweep *s)
{
    uint64_t lowest = UINT64_MAX;
    bool sorted = true;

    for (int i = 0; i < s->plan->n_captures; i++)
        if (!s->plan->captures[i].node->op && !s->plan->captures[i].node->sweep)
            LKS_TRY(push(s, s->plan->captures[i].node));
    for (int i = 0; i < s->plan->n_roots; i++)
        LKS_TRY(visit(s, s->plan->roots[i]->node));
    for (size_t i = 0; i < s->n; i++) {
        const lks_node *node = s->nodes[i];

        if (!node->op) /* leaves stand anywhere */
            continue;
        sorted &= node->sequence < lowest;
        lowest = node->sequence;
        for (int e = 0; e < node->n_edges; e++)
            if (node->edges[e].to)
                LKS_TRY(visit(s, node->edges[e].to));
    }
    if (!sorted)
        qsort(s->nodes, s->n, sizeof *s->nodes, by_sequence_falling);
    if (s->plan->n_captures > 0)
        cut_edges(s);
    return LKS_OK;
}

/* ---- one after the other ---- */

/* What landed in a node, whole and seen by its hooks, is an answer. */
static void answer(sweep *s, const lks_node *node)
{
    for (int i = 0; i < s->plan->n_captures; i++) {
        lks_capture *capture = &s->plan->captures[i];

        if (capture->node == node && !capture->grad)
            capture->grad = lks_ref(node->grad);
    }
}

/* The hooks of a leaf, before its gradient is added to what stood there. */
static lks_status add_aside(lks_leaf *leaf)
{
    lks_status st = lks_watch_run(&leaf->node);
    lks_tensor *grad = leaf->node.grad;

    bring_back(leaf);
    if (st == LKS_OK)
        st = lks_node_land(&leaf->node, grad);
    lks_unref(grad);
    return st;
}

static lks_status complete(sweep *s, lks_leaf *leaf)
{
    if (captures(s, &leaf->node)) {
        if (leaf->node.watch)
            LKS_TRY(lks_watch_run(&leaf->node));
        answer(s, &leaf->node);
        return LKS_OK;
    }
    if (leaf->is_aside)
        LKS_TRY(add_aside(leaf));
    if (leaf->ready && leaf->tensor)
        leaf->ready(leaf->context, leaf->tensor);
    return LKS_OK;
}

/* Of what one contribution less is to come. */
static lks_status settle(sweep *s, lks_node *node)
{
    lks_leaf *leaf = lks_node_leaf(node);

    if (leaf && --leaf->n_pending == 0 && leaf->landed)
        return complete(s, leaf);
    return LKS_OK;
}

/* What stands in saved[slot]: LKS_IN(i), LKS_OUT and LKS_AUX in this order, or a custom
 * function's inputs and then its outputs. */
static void describe_saved(const lks_node *node, int slot, char *text, size_t size)
{
    unsigned what = node->saved_what;

    for (int i = 0; i < slot; i++)
        what &= what - 1;
    what &= -what;
    if (node->saved_what == 0 && slot >= node->n_edges)
        snprintf(text, size, "output %d", slot - node->n_edges);
    else if (what < LKS_OUT)
        snprintf(text, size, "input %d", what ? __builtin_ctz(what) : slot);
    else
        snprintf(text, size, what == LKS_OUT ? "result" : "record");
}

static lks_status refuse_changed(const lks_node *node, int slot)
{
    const lks_saved *saved = &node->saved[slot];
    lks_sizes_text shape;
    char what[32];

    describe_saved(node, slot, what, sizeof what);
    return lks_fail(LKS_STATE,
                    "backward: a tensor that %s needs for its gradient was changed in "
                    "place since: its %s, %s %s, saved at version %u, is at version %u",
                    lks_node_name(node), what, lks_dtype_name(saved->view.dtype),
                    lks_view_text(&saved->view, &shape), saved->version,
                    saved->storage->version);
}

static lks_status check_saved(const lks_node *node)
{
    for (int i = 0; i < node->n_saved; i++)
        if (node->saved[i].version != node->saved[i].storage->version)
            return refuse_changed(node, i);
    return LKS_OK;
}

/* One node: its cotangent in, contributions to its inputs out. */
static lks_status run_node(const sweep *s, lks_node *node)
{
    lks_backprop bp = {node, node->kernels, node->params, node->grad};
    lks_status st = check_saved(node);

    if (st == LKS_OK && (st = lks_scope_open()) == LKS_OK) {
        st = s->finds_nans ? lks_anomaly_backward(&bp) : node->op->backward(&bp);
        lks_scope_close();
    }
    return st;
}

static bool leads_on(const lks_node *node)
{
    for (int e = 0; e < node->n_edges; e++)
        if (node->edges[e].to && !node->edges[e].is_cut)
            return true;
    return false;
}

/* A node that a gradient came to. */
static lks_status take_turn(sweep *s, lks_node *node)
{
    if (node->watch)
        LKS_TRY(lks_watch_run(node));
    if (s->plan->n_captures > 0) {
        if (captures(s, node))
            answer(s, node);
        if (!leads_on(node))
            return LKS_OK;
    }
    return run_node(s, node);
}

/* All nodes in order, each freed of what it held as soon as it is done. */
static lks_status walk(sweep *s)
{
    for (size_t i = 0; i < s->n; i++) {
        lks_node *node = s->nodes[i];

        if (!node->op)
            continue;
        if (node->has_grad)
            LKS_TRY(take_turn(s, node));
        lks_unref(node->grad);
        node->grad = NULL;
        node->has_grad = false;
        for (int e = 0; e < node->n_edges; e++)
            if (node->edges[e].to && !node->edges[e].is_cut)
                LKS_TRY(settle(s, node->edges[e].to));
        if (!s->plan->retain_graph)
            lks_node_release(node);
    }
    return LKS_OK;
}

/* ---- begin and end ---- */

static void finish_leaf(lks_leaf *leaf)
{
    leaf->n_pending = 0;
    leaf->landed = false;
    if (leaf->is_aside) { /* the sweep failed */
        lks_unref(leaf->node.grad);
        bring_back(leaf);
    }
}

static void finish_node(const sweep *s, lks_node *node)
{
    lks_unref(node->grad);
    node->grad = NULL;
    node->has_grad = false;
    for (int e = 0; e < node->n_edges && s->plan->n_captures > 0; e++)
        node->edges[e].is_cut = false;
}

/* Leave no trace in the nodes, whether the sweep went well or not. */
static void finish(sweep *s)
{
    for (size_t i = 0; i < s->n; i++) {
        lks_node *node = s->nodes[i];

        node->sweep = NULL;
        if (node->op)
            finish_node(s, node);
        else
            finish_leaf((lks_leaf *)node);
        lks_node_unref(node);
    }
    lks_small_free(s->nodes, s->capacity * sizeof(lks_node *));
}

/* A leaf that is asked for is as if no sweep had seen it, and has no gradient. */
static void begin_capture(lks_capture *capture)
{
    lks_leaf *leaf = lks_node_leaf(capture->node);

    capture->was_captured = capture->node->is_captured;
    capture->node->is_captured = true;
    if (!leaf)
        return;
    capture->was = *leaf;
    leaf->node.grad = leaf->aside = NULL;
    leaf->node.has_grad = leaf->is_aside = leaf->landed = false;
    leaf->node.sweep = NULL;
    leaf->n_pending = 0;
}

static void end_capture(lks_capture *capture)
{
    lks_leaf *leaf = lks_node_leaf(capture->node);
    const lks_leaf *was = &capture->was;

    capture->node->is_captured = capture->was_captured;
    if (!leaf)
        return;
    lks_unref(leaf->node.grad);
    leaf->node.grad = was->node.grad;
    leaf->node.has_grad = was->node.has_grad;
    leaf->node.sweep = was->node.sweep;
    leaf->n_pending = was->n_pending;
    leaf->landed = was->landed;
    leaf->is_aside = was->is_aside;
    leaf->had_grad = was->had_grad;
    leaf->aside = was->aside;
}

/* NULL stands for 1. */
static lks_status land_root(const lks_tensor *root, lks_tensor *cotangent)
{
    const lks_shape shape = lks_sizes(root);
    lks_tensor *one;
    lks_status st;

    if (cotangent)
        return lks_node_land(root->node, cotangent);
    if (!(one = lks_tensor_create(&shape, root->view.dtype, root->storage->device)))
        return LKS_NOMEM;
    st = root->storage->kernels->fill(&one->view, 1);
    if (st == LKS_OK)
        st = lks_node_land(root->node, one);
    lks_unref(one);
    return st;
}

static lks_status land_roots(sweep *s)
{
    const lks_sweep_plan *plan = s->plan;

    for (int i = 0; i < plan->n_roots; i++) {
        lks_node *root = plan->roots[i]->node;

        if (!root->op && plan->n_captures > 0 && !captures(s, root))
            continue;
        LKS_TRY(land_root(plan->roots[i], plan->cotangents[i]));
        LKS_TRY(settle(s, root));
    }
    return LKS_OK;
}

static lks_status check_cotangent(const char *what, const lks_tensor *root,
                                  const lks_tensor *cotangent)
{
    const lks_shape want = lks_sizes(root);
    lks_shape have;

    if (!cotangent && root->numel != 1)
        return lks_fail(LKS_SHAPE,
                        "%s: starts from one element, not from shape %s; sum it or give "
                        "a cotangent (lks_backward_from)",
                        what, LKS_TEXT(root));
    if (!cotangent)
        return LKS_OK;
    have = lks_sizes(cotangent);
    if (!lks_shape_equal(&want, &have) || root->view.dtype != cotangent->view.dtype)
        return lks_fail(LKS_SHAPE, "%s: cotangent %s %s for a tensor %s %s", what,
                        lks_dtype_name(cotangent->view.dtype), LKS_TEXT(cotangent),
                        lks_dtype_name(root->view.dtype), LKS_TEXT(root));
    return lks_same_device(root, cotangent, what);
}

static lks_status check_root(const lks_sweep_plan *plan, int i)
{
    const lks_tensor *root = plan->roots[i];
    char what[48];

    snprintf(what, sizeof what, plan->n_roots == 1 ? "%s" : "%s: tensor %d", plan->name,
             i);
    if (!root)
        return lks_refuse_null(what);
    LKS_TRY(check_cotangent(what, root, plan->cotangents[i]));
    LKS_TRY(lks_check_history(root, what));
    if (!root->node)
        return lks_fail(LKS_INVALID,
                        "%s: nothing in the history of the tensor requires a gradient",
                        what);
    return LKS_OK;
}

static lks_status check_plan(const lks_sweep_plan *plan)
{
    if (plan->create_graph)
        return lks_fail(LKS_INVALID,
                        "%s: create_graph: gradients have no history here, so that there "
                        "are none of a higher order",
                        plan->name);
    for (int i = 0; i < plan->n_roots; i++)
        LKS_TRY(check_root(plan, i));
    return LKS_OK;
}

lks_status lks_sweep_run(const lks_sweep_plan *plan)
{
    sweep s = {.plan = plan, .finds_nans = lks_detect_anomaly()};
    bool was_enabled;
    lks_status st = LKS_OK;

    LKS_TRY(check_plan(plan));
    was_enabled = lks_set_grad_enabled(false);
    for (int i = 0; i < plan->n_captures; i++)
        begin_capture(&plan->captures[i]);
    LKS_GO(collect(&s));
    LKS_GO(land_roots(&s));
    LKS_GO(walk(&s));
cleanup:
    finish(&s);
    for (int i = plan->n_captures; i-- > 0;)
        end_capture(&plan->captures[i]);
    lks_set_grad_enabled(was_enabled);
    return st;
}
