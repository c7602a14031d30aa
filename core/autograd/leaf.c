/* Leaves: the tensors whose gradients the user wants, and where those land. */
#include "autograd/hook.h"
#include "autograd/node.h"
#include "base/small.h"
#include "base/try.h"

bool lks_requires_grad(const lks_tensor *t)
{
    return t && t->node;
}

lks_tensor *lks_requires_grad_(lks_tensor *t)
{
    lks_leaf *leaf;

    if (!t)
        return NULL;
    if (lks_node_leaf(t->node))
        return t;
    if (t->node) {
        lks_fail(LKS_STATE, "requires_grad_: the tensor is the result of an operation, "
                            "not a leaf; lks_detach it first");
        return NULL;
    }
    if (!lks_dtype_is_float(t->view.dtype)) {
        lks_fail(LKS_DTYPE,
                 "requires_grad_: %s has no gradients, only floating-point "
                 "dtypes do",
                 lks_dtype_name(t->view.dtype));
        return NULL;
    }
    if (!(leaf = lks_small_alloc(sizeof *leaf)))
        return NULL;
    *leaf = (lks_leaf){.node = {.n_bytes = sizeof *leaf,
                                .n_refs = 1,
                                .device = t->storage->device,
                                .kernels = t->storage->kernels},
                       .tensor = t};
    t->node = &leaf->node;
    return t;
}

bool lks_is_leaf(const lks_tensor *t)
{
    return t && (!t->node || !t->node->op);
}

const char *lks_grad_fn(const lks_tensor *t)
{
    return !t || lks_is_leaf(t) ? NULL : lks_node_name(t->node);
}

lks_tensor *lks_grad(const lks_tensor *t)
{
    if (!t)
        return NULL;
    if (lks_is_leaf(t))
        return lks_has_grad(t) ? t->node->grad : NULL;
    if (lks_retains_grad(t))
        return lks_watch_grad(t->node->watch);
    lks_fail(
        LKS_STATE,
        "grad: the tensor %s is the result of %s, not a leaf, and keeps no gradient; "
        "lks_retain_grad it before backward",
        LKS_TEXT(t), lks_node_name(t->node));
    return NULL;
}

bool lks_has_grad(const lks_tensor *t)
{
    if (lks_is_leaf(t))
        return t->node && t->node->has_grad;
    return lks_retains_grad(t) && lks_watch_grad(t->node->watch);
}

static lks_status check_grad(const lks_tensor *t, const lks_tensor *grad)
{
    const lks_shape want = lks_sizes(t), have = lks_sizes(grad);
    char want_text[LKS_SHAPE_TEXT], have_text[LKS_SHAPE_TEXT];

    if (!lks_shape_equal(&want, &have) || t->view.dtype != grad->view.dtype)
        return lks_fail(LKS_SHAPE, "set_grad: a %s gradient %s for a %s leaf %s",
                        lks_dtype_name(grad->view.dtype),
                        lks_shape_text(&have, have_text, sizeof have_text),
                        lks_dtype_name(t->view.dtype),
                        lks_shape_text(&want, want_text, sizeof want_text));
    if (!grad->dense)
        return lks_fail(LKS_SHAPE, "set_grad: the gradient is not dense");
    LKS_TRY(lks_check_writable(grad, "set_grad"));
    return lks_same_device(t, grad, "set_grad");
}

lks_status lks_set_grad(lks_tensor *t, lks_tensor *grad)
{
    if (!t)
        return lks_refuse_null("set_grad");
    if (!lks_node_leaf(t->node))
        return lks_fail(LKS_STATE, "set_grad: the tensor is no leaf that requires a "
                                   "gradient");
    if (grad)
        LKS_TRY(check_grad(t, grad));
    lks_ref(grad);
    lks_unref(t->node->grad);
    t->node->grad = grad;
    t->node->has_grad = false;
    return LKS_OK;
}

void lks_zero_grad(lks_tensor *t)
{
    if (t && lks_node_leaf(t->node))
        t->node->has_grad = false;
    else if (lks_retains_grad(t))
        lks_watch_zero_grad(t->node->watch);
}

void lks_on_grad_ready(lks_tensor *t, lks_grad_ready ready, void *context)
{
    lks_leaf *leaf = t ? lks_node_leaf(t->node) : NULL;

    if (!leaf)
        return;
    leaf->ready = ready;
    leaf->context = context;
}

lks_tensor *lks_detach(lks_tensor *t)
{
    return t ? lks_scope_own(lks_tensor_alias(t, &t->view)) : NULL;
}

lks_tensor *lks_detach_(lks_tensor *t)
{
    if (!t)
        return NULL;
    if (t->is_view) {
        lks_fail(LKS_STATE,
                 "detach_: a view, %s, cannot lose its history in place; "
                 "lks_detach gives one without",
                 LKS_TEXT(t));
        return NULL;
    }
    lks_node_forget_tensor(t->node, t);
    lks_node_unref(t->node);
    t->node = NULL;
    return t;
}
