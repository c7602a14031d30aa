/* Gradients that are asked for, instead of added to those of leaves. */
#include <stdio.h>

#include "autograd/sweep.h"
#include "base/alloc.h"
#include "base/try.h"

typedef struct request {
    lks_tensor *const *inputs;
    int n_inputs;
    const lks_grad_options *options;
    lks_capture *captures; /* one an input */
} request;

static lks_status check_inputs(const request *r)
{
    char what[48];

    for (int i = 0; i < r->n_inputs; i++) {
        const lks_tensor *x = r->inputs[i];

        snprintf(what, sizeof what, "grad: input %d", i);
        if (!x)
            return lks_refuse_null(what);
        LKS_TRY(lks_check_history(x, what));
        if (!x->node)
            return lks_fail(LKS_STATE, "%s, %s, requires no gradient", what, LKS_TEXT(x));
        r->captures[i].node = x->node;
    }
    return LKS_OK;
}

/* The gradient of input i, a reference or the scope's. */
static lks_status take(const request *r, int i, lks_tensor **out)
{
    const lks_tensor *x = r->inputs[i];

    *out = NULL;
    if (r->captures[i].grad) {
        *out = lks_scope_own(lks_ref(r->captures[i].grad));
        return *out ? LKS_OK : LKS_NOMEM;
    }
    if (r->options->materialize_grads) {
        *out = lks_zeros(lks_sizes(x), x->view.dtype, x->storage->device);
        return *out ? LKS_OK : lks_error_status();
    }
    if (r->options->allow_unused)
        return LKS_OK;
    return lks_fail(
        LKS_STATE,
        "grad: no output depends on input %d, %s; allow_unused gives NULL for "
        "it, materialize_grads zeros",
        i, LKS_TEXT(x));
}

static lks_status take_all(const request *r, lks_tensor **grads)
{
    for (int i = 0; i < r->n_inputs; i++)
        LKS_TRY(take(r, i, &grads[i]));
    return LKS_OK;
}

static void forget_all(const request *r, lks_tensor **grads)
{
    for (int i = 0; i < r->n_inputs; i++) {
        lks_scope_disown(grads[i]);
        grads[i] = NULL;
    }
}

static lks_status run(const request *r, const lks_sweep_plan *plan, lks_tensor **grads)
{
    lks_status st;

    LKS_TRY(check_inputs(r));
    for (int i = 0; i < plan->n_roots; i++)
        if (!plan->cotangents[i] && lks_error_status() != LKS_OK)
            return lks_error_status();
    st = lks_sweep_run(plan);
    if (st == LKS_OK && (st = take_all(r, grads)) != LKS_OK)
        forget_all(r, grads);
    for (int i = 0; i < r->n_inputs; i++)
        lks_unref(r->captures[i].grad);
    return st;
}

lks_status lks_autograd_grad(lks_tensor *const *outputs, int n_outputs,
                             lks_tensor *const *cotangents, lks_tensor *const *inputs,
                             int n_inputs, const lks_grad_options *options,
                             lks_tensor **grads)
{
    static const lks_grad_options none = {.retain_graph = false};
    const lks_grad_options *given = options ? options : &none;
    lks_tensor **ones = NULL;
    lks_capture *captures = NULL;
    lks_status st;

    for (int i = 0; i < n_inputs; i++)
        grads[i] = NULL;
    if (n_outputs < 1 || n_inputs < 1)
        return lks_fail(LKS_INVALID, "grad: of %d outputs to %d inputs", n_outputs,
                        n_inputs);
    captures = lks_calloc((size_t)n_inputs, sizeof *captures);
    ones = lks_calloc((size_t)n_outputs, sizeof *ones);
    if (!captures || !ones)
        LKS_GO(LKS_NOMEM);
    const request r = {inputs, n_inputs, given, captures};
    const lks_sweep_plan plan = {
        .name = "grad",
        .roots = outputs,
        .cotangents = cotangents ? cotangents : ones,
        .n_roots = n_outputs,
        .retain_graph = given->retain_graph,
        .create_graph = given->create_graph,
        .captures = captures,
        .n_captures = n_inputs,
    };
    st = run(&r, &plan, grads);
cleanup:
    lks_free(ones);
    lks_free(captures);
    return st;
}
