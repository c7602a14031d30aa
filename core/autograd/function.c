#include "autograd/function.h"

#include "autograd/backprop.h"
#include "base/alloc.h"
#include "base/try.h"
#include "ops/op.h"

enum { MAX_INPUTS = 8 }; /* LKS_IN(7) is the last bit below LKS_OUT */

typedef struct custom {
    const lks_function *function;
    void *context;
} custom;

static void release_custom(void *params)
{
    const custom *c = params;

    if (c->function->release)
        c->function->release(c->context);
}

/* What the function's backward gave for input i. Nothing is "no gradient", unless an
 * expression of its failed. */
static lks_status give_custom(lks_backprop *bp, int i, const lks_tensor *input,
                              lks_tensor *grad)
{
    const custom *c = bp->params;
    lks_shape have;

    if (!grad)
        return lks_error_status();
    have = lks_sizes(grad);
    if (!lks_shape_equal(&have, lks_input_shape(bp, i)) ||
        grad->view.dtype != input->view.dtype)
        return lks_fail(
            LKS_SHAPE, "%s: its backward gave a %s gradient %s for input %d, %s %s",
            c->function->name, lks_dtype_name(grad->view.dtype), LKS_TEXT(grad), i,
            lks_dtype_name(input->view.dtype), LKS_TEXT(input));
    LKS_TRY(lks_same_device(input, grad, c->function->name));
    return lks_give(bp, i, grad);
}

static lks_status custom_backward(lks_backprop *bp)
{
    const custom *c = bp->params;
    lks_tensor *inputs[MAX_INPUTS], *grads[MAX_INPUTS] = {NULL}, *output;
    int n = bp->node->n_edges;

    for (int i = 0; i < n; i++)
        if (!(inputs[i] = lks_saved_tensor(bp, LKS_IN(i))))
            return LKS_NOMEM;
    if (!(output = lks_saved_tensor(bp, LKS_OUT)))
        return LKS_NOMEM;
    LKS_TRY(c->function->backward(c->context, inputs, n, output, bp->dy, grads));
    for (int i = 0; i < n; i++)
        if (lks_wants(bp, i))
            LKS_TRY(give_custom(bp, i, inputs[i], grads[i]));
    return LKS_OK;
}

static const lks_op custom_op = {
    .name = "custom function",
    .params_size = sizeof(custom),
    .backward = custom_backward,
    .release = release_custom,
};

static bool any_requires_grad(lks_tensor *const *inputs, int n)
{
    for (int i = 0; i < n; i++)
        if (inputs[i]->node)
            return lks_grad_enabled();
    return false;
}

/* The node that remembers all inputs and the output; takes over the context. */
static lks_status record(const custom *c, lks_tensor *const *inputs, int n,
                         lks_tensor *out)
{
    lks_node *node = lks_node_create(&custom_op, out->storage, n, n + 1);

    if (!node)
        return LKS_NOMEM;
    *(custom *)node->params = *c;
    for (int i = 0; i < n; i++) {
        lks_node_set_edge(node, i, inputs[i]);
        lks_node_save(node, i, inputs[i]);
        node->saved_what |= LKS_IN(i);
    }
    lks_node_save(node, n, out);
    node->saved_what |= LKS_OUT;
    out->node = node;
    return LKS_OK;
}

static lks_tensor *run_forward(const custom *c, lks_tensor *const *inputs, int n)
{
    bool was_enabled;
    lks_tensor *out = NULL;

    for (int i = 0; i < n; i++)
        if (!inputs[i] || lks_check_history(inputs[i], c->function->name) != LKS_OK)
            return NULL;
    if (n > MAX_INPUTS) {
        lks_fail(LKS_INVALID, "%s: %d inputs; a custom function takes at most %d",
                 c->function->name, n, MAX_INPUTS);
        return NULL;
    }
    was_enabled = lks_set_grad_enabled(false);
    if (lks_scope_open() == LKS_OK) {
        out = c->function->forward(c->context, inputs, n);
        /* Its own tensor, so that an input handed back keeps its own history. */
        out = lks_scope_return(lks_detach(out));
        lks_scope_close();
    }
    lks_set_grad_enabled(was_enabled);
    return out;
}

lks_tensor *lks_apply(const lks_function *function, void *context,
                      lks_tensor *const *inputs, int n)
{
    custom c = {function, context};
    lks_tensor *out = run_forward(&c, inputs, n);

    if (out && lks_dtype_is_float(out->view.dtype) && any_requires_grad(inputs, n)) {
        if (record(&c, inputs, n, out) == LKS_OK)
            return out;
        lks_unref(lks_keep(out));
        out = NULL;
    }
    release_custom(&c);
    return out;
}
