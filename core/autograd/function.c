#include "autograd/function.h"

#include "autograd/backprop.h"
#include "base/alloc.h"
#include "base/try.h"

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

static const char *name_of_custom(const void *params)
{
    return ((const custom *)params)->function->name;
}

/* What the backward of the custom function `name` gave for input i. Nothing is "no
 * gradient", unless an expression of its failed. */
static lks_status give_custom(lks_backprop *bp, const char *name,
                              const lks_tensor *beside, int i, lks_tensor *grad)
{
    const lks_edge *input = &bp->node->edges[i];
    char want[LKS_SHAPE_TEXT];
    lks_shape have;

    if (!grad)
        return lks_error_status();
    have = lks_sizes(grad);
    if (!lks_shape_equal(&have, &input->shape) || grad->view.dtype != input->dtype)
        return lks_fail(LKS_SHAPE,
                        "%s: its backward gave a %s gradient %s for input %d, %s %s",
                        name, lks_dtype_name(grad->view.dtype), LKS_TEXT(grad), i,
                        lks_dtype_name(input->dtype),
                        lks_shape_text(&input->shape, want, sizeof want));
    LKS_TRY(lks_same_device(beside, grad, name));
    return lks_give(bp, i, grad);
}

lks_status lks_give_custom(lks_backprop *bp, const char *name, const lks_tensor *beside,
                           lks_tensor *const *grads)
{
    for (int i = 0; i < bp->node->n_edges; i++)
        if (lks_wants(bp, i))
            LKS_TRY(give_custom(bp, name, beside, i, grads[i]));
    return LKS_OK;
}

lks_status lks_custom_failed(const char *name, const char *half, lks_status st)
{
    return lks_fail(st, "%s: its %s failed: %s", name, half, lks_status_text(st));
}

/* The inputs and the output as they were, for a function that has not its own. */
static lks_status find_saved(lks_backprop *bp, lks_tensor **inputs, lks_tensor **output)
{
    for (int i = 0; i < bp->node->n_edges; i++)
        if (!(inputs[i] = lks_saved_tensor(bp, LKS_IN(i))))
            return LKS_NOMEM;
    return (*output = lks_saved_tensor(bp, LKS_OUT)) ? LKS_OK : LKS_NOMEM;
}

static lks_status call_backward(const custom *c, const lks_backprop *bp,
                                lks_tensor *const *inputs, lks_tensor *output,
                                lks_tensor **grads)
{
    const lks_function *function = c->function;
    const lks_status st =
        function->backward(c->context, inputs, bp->node->n_edges, output, bp->dy, grads);

    return st == LKS_OK ? LKS_OK : lks_custom_failed(function->name, "backward", st);
}

static lks_status custom_backward(lks_backprop *bp)
{
    const custom *c = bp->params;
    const int n = bp->node->n_edges;
    const bool keeps_nothing = c->function->keeps_nothing;
    lks_tensor *inputs[MAX_INPUTS], *output = NULL;
    lks_tensor **grads = lks_calloc((size_t)n, sizeof *grads);
    lks_status st = grads ? LKS_OK : LKS_NOMEM;

    if (st == LKS_OK && !keeps_nothing)
        st = find_saved(bp, inputs, &output);
    if (st == LKS_OK)
        st = call_backward(c, bp, keeps_nothing ? NULL : inputs, output, grads);
    if (st == LKS_OK)
        st = lks_give_custom(bp, c->function->name, bp->dy, grads);
    lks_free(grads);
    return st;
}

static const lks_operation custom_op = {
    .name = "custom function",
    .params_size = sizeof(custom),
    .backward = custom_backward,
    .release = release_custom,
    .name_of = name_of_custom,
};

static bool any_requires_grad(lks_tensor *const *inputs, int n)
{
    for (int i = 0; i < n; i++)
        if (inputs[i]->node)
            return lks_grad_enabled();
    return false;
}

static void save(lks_node *node, lks_tensor *const *inputs, int n, lks_tensor *out)
{
    for (int i = 0; i < n; i++) {
        lks_node_save(node, i, inputs[i]);
        node->saved_what |= LKS_IN(i);
    }
    lks_node_save(node, n, out);
    node->saved_what |= LKS_OUT;
}

/* The node that remembers all inputs and the output, if the function does not; takes over
 * the context. */
static lks_status record(const custom *c, lks_tensor *const *inputs, int n,
                         lks_tensor *out)
{
    const bool saves = !c->function->keeps_nothing;
    lks_node *node = lks_node_create(&custom_op, out->storage, n, saves ? n + 1 : 0);

    if (!node)
        return LKS_NOMEM;
    *(custom *)node->params = *c;
    for (int i = 0; i < n; i++)
        lks_node_set_edge(node, i, inputs[i]);
    if (saves)
        save(node, inputs, n, out);
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
    if (n > MAX_INPUTS && !c->function->keeps_nothing) {
        lks_fail(LKS_INVALID, "%s: %d inputs; a custom function takes at most %d",
                 c->function->name, n, MAX_INPUTS);
        return NULL;
    }
    was_enabled = lks_set_grad_enabled(false);
    if (lks_scope_open() == LKS_OK) {
        out = c->function->forward(c->context, inputs, n);
        if (!out)
            lks_fail(LKS_INVALID, "%s: its forward gave no output", c->function->name);
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
        lks_scope_disown(out);
        out = NULL;
    }
    release_custom(&c);
    return out;
}
