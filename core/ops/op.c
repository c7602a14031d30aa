#include "ops/op.h"

#include <stdio.h>
#include <string.h>

#include "base/try.h"

const lks_op *const lks_ops[LKS_N_OPS] = {
#define LKS_OP(name) [LKS_OP_##name] = &lks_op_##name,
#include "ops.def"
};

lks_status lks_infer_same(const lks_call *call, lks_shape *shape, lks_dtype *dtype)
{
    *shape = lks_sizes(call->in[0]);
    *dtype = call->in[0]->view.dtype;
    return LKS_OK;
}

/* An absent input is fine where it is optional, unless it is absent because its own
 * expression failed. */
static lks_status check_input(const lks_call *call, int i)
{
    const lks_tensor *t = call->in[i];
    const lks_tensor *first = call->in[0];

    if (!t && i < LKS_OP_MAX_NEEDS && (call->op->optional & LKS_IN(i)))
        return lks_error_status();
    if (!t)
        return LKS_INVALID;
    LKS_TRY(lks_same_device(first, t, call->op->name));
    return lks_check_history(t, call->op->name);
}

static lks_status start(lks_call *call)
{
    bool wanted = false;

    for (int i = 0; i < call->n; i++) {
        LKS_TRY(check_input(call, i));
        wanted |= call->in[i] && call->in[i]->node;
    }
    call->kernels = call->in[0]->storage->kernels;
    call->device = call->in[0]->storage->device;
    call->recording = wanted && call->op->backward && lks_grad_enabled();
    return LKS_OK;
}

static lks_status compute(lks_call *call)
{
    lks_shape shape;
    lks_dtype dtype;

    LKS_TRY(call->op->infer(call, &shape, &dtype));
    call->out = lks_tensor_create(&shape, dtype,
                                  call->op->place ? call->op->place(call) : call->device);
    return call->out ? call->op->forward(call) : LKS_NOMEM;
}

static lks_status take_view(lks_call *call)
{
    lks_view view;

    LKS_TRY(call->op->view(call, &view));
    if (!(call->out = lks_tensor_alias(call->in[0], &view)))
        return LKS_NOMEM;
    call->out->is_view = true;
    return LKS_OK;
}

/* What the wanted gradients are computed from. */
static unsigned what_to_save(const lks_call *call)
{
    unsigned what = 0;

    for (int i = 0; i < call->n && i < LKS_OP_MAX_NEEDS; i++)
        if (call->in[i] && call->in[i]->node)
            what |= call->op->needs[i];
    return what;
}

static const lks_tensor *saved_source(const lks_call *call, unsigned bit)
{
    if (bit == LKS_OUT)
        return call->out;
    return bit == LKS_AUX ? call->aux : call->in[__builtin_ctz(bit)];
}

/* The call's node, with edges but nothing saved yet; its cotangent will be where the
 * result, y, is. */
static lks_node *create_node(const lks_call *call, const lks_tensor *y, unsigned what)
{
    lks_node *node =
        lks_node_create(&call->op->graph, y->storage, call->n, __builtin_popcount(what));

    if (!node)
        return NULL;
    for (int i = 0; i < call->n; i++)
        if (call->in[i])
            lks_node_set_edge(node, i, call->in[i]);
    if (call->op->params_size)
        __builtin_memcpy(node->params, call->params, call->op->params_size);
    return node;
}

static void save(lks_node *node, const lks_call *call, unsigned what)
{
    int slot = 0;

    node->saved_what = what;
    for (; what; what &= what - 1)
        lks_node_save(node, slot++, saved_source(call, what & -what));
}

static lks_status record(lks_call *call)
{
    unsigned what = what_to_save(call);
    lks_node *node = create_node(call, call->out, what);

    if (!node)
        return LKS_NOMEM;
    save(node, call, what);
    call->out->node = node;
    return LKS_OK;
}

lks_tensor *lks_op_apply(const lks_op *op, lks_tensor *const *in, int n,
                         const void *params)
{
    lks_call call = {.op = op, .in = in, .n = n, .params = params};
    lks_status st = start(&call);

    if (st == LKS_OK)
        st = op->view ? take_view(&call) : compute(&call);
    if (st == LKS_OK && call.recording && lks_dtype_is_float(call.out->view.dtype))
        st = record(&call);
    lks_unref(call.aux);
    if (st == LKS_OK)
        return lks_scope_own(call.out);
    lks_unref(call.out);
    return NULL;
}

static bool is_view_op(const lks_operation *op)
{
    for (int i = 0; i < LKS_N_OPS; i++)
        if (op == &lks_ops[i]->graph)
            return lks_ops[i]->view != NULL;
    return false;
}

/* Whether views alone lead from a node to a leaf. */
static bool is_of_a_leaf(const lks_node *node)
{
    while (node && node->op && !node->released && is_view_op(node->op))
        node = node->edges[0].to;
    return node && !node->op;
}

lks_status lks_check_in_place(const char *name, const lks_tensor *x, bool recording)
{
    if (x->storage->read_only)
        return lks_fail(LKS_STATE,
                        "%s_: the tensor's memory may only be read; lks_clone it", name);
    if (lks_view_repeats(&x->view))
        return lks_fail(LKS_INVALID,
                        "%s_: several elements of the tensor share memory; lks_clone it",
                        name);
    if (recording && lks_node_leaf(x->node))
        return lks_fail(
            LKS_STATE,
            "%s_: a leaf that requires a gradient cannot be changed in place "
            "while operations are recorded; lks_set_grad_enabled(false) first",
            name);
    if (recording && x->is_view && is_of_a_leaf(x->node))
        return lks_fail(
            LKS_STATE,
            "%s_: a view of a leaf that requires a gradient cannot be changed "
            "in place while operations are recorded; "
            "lks_set_grad_enabled(false) first",
            name);
    if (recording && x->is_view)
        return lks_fail(LKS_STATE,
                        "%s_: a view cannot be changed in place while operations are "
                        "recorded; work on its base or on a lks_clone",
                        name);
    return LKS_OK;
}

static bool same_view(const lks_view *a, const lks_view *b)
{
    bool same = a->data == b->data && a->ndim == b->ndim;

    for (int i = 0; same && i < a->ndim; i++)
        same = a->sizes[i] == b->sizes[i] && a->strides[i] == b->strides[i];
    return same;
}

/* A copy without history where t shares x's storage and must keep its values: because it
 * is another view of it, read while x is written, or because backward needs them. */
static lks_tensor *set_aside(lks_tensor *t, const lks_tensor *x, bool needed)
{
    if (!t || t->storage != x->storage || (!needed && same_view(&t->view, &x->view)))
        return t;
    return lks_clone(lks_detach(t));
}

static lks_status change(lks_call *call)
{
    lks_tensor *x = call->in[0], *in[2] = {NULL, NULL};
    unsigned what = call->recording ? what_to_save(call) : 0;
    lks_node *node = NULL;
    lks_status st;

    LKS_GO(lks_check_in_place(call->op->name, x, call->recording));
    for (int i = 0; i < call->n; i++) {
        in[i] = set_aside(call->in[i], x, what & LKS_IN(i));
        if (!in[i])
            LKS_GO(LKS_NOMEM);
    }
    /* All memory is taken before x changes, so that a failure leaves it as it was. */
    if (call->recording && !(node = create_node(call, x, what)))
        LKS_GO(LKS_NOMEM);
    if (node)
        LKS_GO(lks_watch_prepare(x->node, node));
    call->in = in;
    call->out = x;
    LKS_GO(call->op->forward(call));
    x->storage->version++;
    if (node) {
        save(node, call, what);
        lks_watch_pass_on(x->node, node);
        lks_node_unref(x->node);
        x->node = node;
        x->storage->recorded_version = x->storage->version;
        node = NULL;
    }
cleanup:
    lks_node_unref(node);
    return st;
}

lks_tensor *lks_op_apply_(const lks_op *op, lks_tensor *const *in, int n,
                          const void *params)
{
    lks_call call = {.op = op, .in = in, .n = n, .params = params};

    if (start(&call) != LKS_OK || lks_scope_open() != LKS_OK)
        return NULL;
    call.recording &= lks_dtype_is_float(in[0]->view.dtype);
    lks_status st = change(&call);
    lks_scope_close();
    return st == LKS_OK ? in[0] : NULL;
}

lks_tensor *lks_named(const char *name, lks_status before, lks_tensor *y)
{
    const lks_status st = lks_error_status();
    char text[1024];
    size_t n;

    if (y || before != LKS_OK || st == LKS_OK)
        return y;
    snprintf(text, sizeof text, "%s", lks_error_text());
    n = strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789");
    if (n > 0 && strncmp(text + n, ": ", 2) == 0)
        lks_fail(st, "%s%s", name, text + n);
    else
        lks_fail(st, "%s", text);
    return NULL;
}

lks_tensor *lks_same(lks_tensor *t)
{
    return lks_scope_own(lks_ref(t));
}

lks_status lks_scale_view(const lks_call *call, const lks_view *view, lks_binary op,
                          double number)
{
    const lks_shape shape = lks_view_shape(view);
    lks_tensor *scalar = lks_tensor_create(&LKS_SCALAR, view->dtype, call->device);
    lks_view repeated;
    lks_status st;

    if (!scalar)
        return LKS_NOMEM;
    repeated = lks_view_expand(&scalar->view, &shape);
    LKS_GO(call->kernels->fill(&scalar->view, number));
    LKS_GO(call->kernels->binary(op, view, &repeated, view));
cleanup:
    lks_unref(scalar);
    return st;
}
