#include "autograd/hook.h"

#include <stdio.h>

#include "autograd/node.h"
#include "base/small.h"
#include "base/try.h"

/* A hole where `call` is NULL: one that was removed while hooks run. */
typedef struct hook {
    int64_t number;
    lks_hook call;
    void *context;
} hook;

struct lks_watch {
    hook *hooks; /* in the order they came in */
    int n, capacity;
    int n_running; /* sweeps that are calling them */
    int64_t last_number;
    bool retains, has_grad;
    lks_tensor *grad; /* that stays; what stands in it counts if has_grad */
};

/* ---- what there is to watch ---- */

static lks_watch *watch_of(lks_node *node)
{
    if (!node->watch && (node->watch = lks_small_alloc(sizeof *node->watch)))
        *node->watch = (lks_watch){.n = 0};
    return node->watch;
}

static lks_status check(const lks_tensor *t, const char *what)
{
    if (!t)
        return lks_refuse_null(what);
    LKS_TRY(lks_check_history(t, what));
    if (!t->node)
        return lks_fail(LKS_STATE, "%s: the tensor %s requires no gradient", what,
                        LKS_TEXT(t));
    return LKS_OK;
}

static void close_holes(lks_watch *w)
{
    int n = 0;

    for (int i = 0; i < w->n && w->n_running == 0; i++)
        if (w->hooks[i].call)
            w->hooks[n++] = w->hooks[i];
    if (w->n_running == 0)
        w->n = n;
}

static lks_status add_hook(lks_watch *w, lks_hook call, void *context)
{
    if (w->n == w->capacity) {
        const int capacity = w->capacity ? 2 * w->capacity : 4;
        hook *hooks = lks_small_grow(w->hooks, (size_t)w->n * sizeof *hooks,
                                     (size_t)capacity * sizeof *hooks);

        if (!hooks)
            return LKS_NOMEM;
        w->hooks = hooks;
        w->capacity = capacity;
    }
    w->hooks[w->n++] = (hook){++w->last_number, call, context};
    return LKS_OK;
}

int64_t lks_register_hook(lks_tensor *t, lks_hook call, void *context)
{
    lks_watch *w;

    if (check(t, "register_hook") != LKS_OK || !(w = watch_of(t->node)))
        return 0;
    return add_hook(w, call, context) == LKS_OK ? w->last_number : 0;
}

bool lks_remove_hook(lks_tensor *t, int64_t number)
{
    lks_watch *w = t && t->node ? t->node->watch : NULL;

    for (int i = 0; w && i < w->n; i++)
        if (w->hooks[i].number == number && w->hooks[i].call) {
            w->hooks[i].call = NULL;
            close_holes(w);
            return true;
        }
    return false;
}

lks_status lks_retain_grad(lks_tensor *t)
{
    lks_watch *w;

    LKS_TRY(check(t, "retain_grad"));
    if (lks_node_leaf(t->node))
        return LKS_OK;
    if (!(w = watch_of(t->node)))
        return LKS_NOMEM;
    w->retains = true;
    return LKS_OK;
}

bool lks_retains_grad(const lks_tensor *t)
{
    return t && t->node && t->node->watch && t->node->watch->retains;
}

/* ---- in a sweep ---- */

bool lks_watch_has_hooks(const lks_watch *w)
{
    return w && w->n > 0;
}

static lks_status check_given(const lks_node *node, const hook *h,
                              const lks_tensor *given)
{
    const lks_shape want = lks_sizes(node->grad), have = lks_sizes(given);
    char what[96];

    if (!lks_shape_equal(&want, &have) || node->grad->view.dtype != given->view.dtype)
        return lks_fail(LKS_SHAPE,
                        "backward: hook %lld of %s gave %s %s for a gradient %s %s",
                        (long long)h->number, node->op ? lks_node_name(node) : "a leaf",
                        lks_dtype_name(given->view.dtype), LKS_TEXT(given),
                        lks_dtype_name(node->grad->view.dtype), LKS_TEXT(node->grad));
    snprintf(what, sizeof what, "backward: hook %lld", (long long)h->number);
    return lks_same_device(node->grad, given, what);
}

static lks_status call_hook(lks_node *node, hook h)
{
    lks_tensor *given;

    if (!h.call)
        return LKS_OK;
    if (!(given = h.call(h.context, node->grad)))
        return lks_error_status();
    LKS_TRY(check_given(node, &h, given));
    lks_ref(given);
    lks_unref(node->grad);
    node->grad = given;
    return LKS_OK;
}

/* The gradient that stays is never another tensor's memory. */
static lks_status let_stay(lks_watch *w, const lks_node *node)
{
    const lks_view *from = &node->grad->view;
    const lks_shape shape = lks_sizes(node->grad);

    if (!w->grad && !(w->grad = lks_tensor_create(&shape, from->dtype, node->device)))
        return LKS_NOMEM;
    LKS_TRY(w->has_grad ? node->kernels->binary(LKS_BINARY_add, &w->grad->view, from,
                                                &w->grad->view)
                        : node->kernels->copy(from, &w->grad->view));
    w->has_grad = true;
    lks_bump_version(w->grad);
    return LKS_OK;
}

lks_status lks_watch_run(lks_node *node)
{
    lks_watch *w = node->watch;
    lks_status st;

    LKS_TRY(lks_scope_open());
    st = LKS_OK;
    w->n_running++;
    for (int i = 0; st == LKS_OK && i < w->n; i++)
        st = call_hook(node, w->hooks[i]);
    w->n_running--;
    close_holes(w);
    lks_scope_close();
    return st == LKS_OK && w->retains ? let_stay(w, node) : st;
}

/* ---- the gradient that stays ---- */

lks_tensor *lks_watch_grad(const lks_watch *w)
{
    return w->has_grad ? w->grad : NULL;
}

void lks_watch_zero_grad(lks_watch *w)
{
    w->has_grad = false;
}

lks_status lks_watch_prepare(const lks_node *from, lks_node *to)
{
    if (!from || !from->watch || !from->watch->retains)
        return LKS_OK;
    return watch_of(to) ? LKS_OK : LKS_NOMEM;
}

void lks_watch_pass_on(lks_node *from, lks_node *to)
{
    lks_watch *old = from ? from->watch : NULL, *new = to->watch;

    if (!old || !old->retains)
        return;
    new->retains = true;
    new->has_grad = old->has_grad;
    new->grad = old->grad;
    old->retains = old->has_grad = false;
    old->grad = NULL;
}

void lks_watch_destroy(lks_watch *w)
{
    if (!w)
        return;
    lks_unref(w->grad);
    lks_small_free(w->hooks, (size_t)w->capacity * sizeof(hook));
    lks_small_free(w, sizeof *w);
}
