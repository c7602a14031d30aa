/* Custom functions of several outputs.
 *
 *     output 0 --> its node --+
 *     output 1 --> its node --+--> the function's node --> the inputs' nodes
 *
 * An output's node comes after all that use the output, and before the function's: its
 * backward puts the output's cotangent where the function's finds it. */
#include "autograd/backprop.h"
#include "autograd/function.h"
#include "base/alloc.h"
#include "base/try.h"

/* Of an output, for the cotangent to come. */
typedef struct slot {
    bool is_float;
    lks_device device;
    lks_dtype dtype;
    lks_shape shape;
    lks_tensor *cotangent; /* NULL: none came yet */
} slot;

typedef struct many {
    const lks_function_many *function;
    void *context;
    slot *slots; /* one an output; NULL before there is a node */
} many;

static void release_many(void *params)
{
    const many *m = params;

    for (int i = 0; m->slots && i < m->function->n_outputs; i++)
        lks_unref(m->slots[i].cotangent);
    lks_free(m->slots);
    if (m->function->release)
        m->function->release(m->context);
}

static const char *name_of_many(const void *params)
{
    return ((const many *)params)->function->name;
}

/* ---- backward ---- */

/* What the function's backward works on: four lists in one block. */
typedef struct lists {
    lks_tensor **inputs, **outputs, **cotangents, **grads;
    bool *needs;
} lists;

static lks_status make_lists(int n_in, int n_out, lists *out)
{
    const size_t in = (size_t)n_in, outs = (size_t)n_out;
    char *block =
        lks_calloc(1, 2 * (in + outs) * sizeof(lks_tensor *) + in * sizeof(bool));

    if (!block)
        return LKS_NOMEM;
    out->inputs = (lks_tensor **)block;
    out->grads = out->inputs + in;
    out->outputs = out->grads + in;
    out->cotangents = out->outputs + outs;
    out->needs = (bool *)(out->cotangents + outs);
    return LKS_OK;
}

static lks_tensor *saved_at(const lks_node *node, int i)
{
    const lks_saved *saved = &node->saved[i];
    return lks_scope_own(lks_tensor_from_storage(saved->storage, &saved->view));
}

static lks_status find_kept(const lks_node *node, int n_out, lists *l)
{
    for (int i = 0; i < node->n_edges; i++)
        if (!(l->inputs[i] = saved_at(node, i)))
            return LKS_NOMEM;
    for (int i = 0; i < n_out; i++)
        if (!(l->outputs[i] = saved_at(node, node->n_edges + i)))
            return LKS_NOMEM;
    return LKS_OK;
}

/* Each cotangent to the scope; the slots are free for the next sweep. */
static lks_status take_cotangents(const many *m, lists *l)
{
    for (int i = 0; i < m->function->n_outputs; i++) {
        slot *s = &m->slots[i];

        if (!s->is_float)
            continue;
        if (s->cotangent) {
            l->cotangents[i] = lks_scope_own(s->cotangent);
            s->cotangent = NULL;
        } else {
            l->cotangents[i] = lks_zeros(s->shape, s->dtype, s->device);
        }
        if (!l->cotangents[i])
            return LKS_NOMEM;
    }
    return LKS_OK;
}

/* One came, or the node would not have been run. */
static const lks_tensor *first_of(const lks_function_call *call)
{
    int i = 0;

    while (!call->cotangents[i])
        i++;
    return call->cotangents[i];
}

static lks_status many_backward(lks_backprop *bp)
{
    const many *m = bp->params;
    const lks_function_many *function = m->function;
    const bool keeps = !function->keeps_nothing;
    lists l;
    lks_status st;

    LKS_TRY(make_lists(bp->node->n_edges, function->n_outputs, &l));
    for (int i = 0; i < bp->node->n_edges; i++)
        l.needs[i] = lks_wants(bp, i);
    LKS_GO(take_cotangents(m, &l));
    if (keeps)
        LKS_GO(find_kept(bp->node, function->n_outputs, &l));
    const lks_function_call call = {
        .context = m->context,
        .inputs = keeps ? l.inputs : NULL,
        .n_inputs = bp->node->n_edges,
        .outputs = keeps ? l.outputs : NULL,
        .cotangents = l.cotangents,
        .n_outputs = function->n_outputs,
        .needs_input_grad = l.needs,
        .backprop = bp,
    };
    if ((st = function->backward(&call, l.grads)) != LKS_OK)
        LKS_GO(lks_custom_failed(function->name, "backward", st));
    LKS_GO(lks_give_custom(bp, function->name, first_of(&call), l.grads));
cleanup:
    lks_free(l.inputs);
    return st;
}

static const lks_operation many_op = {
    .name = "custom function",
    .params_size = sizeof(many),
    .backward = many_backward,
    .release = release_many,
    .name_of = name_of_many,
};

/* Which output of which function. */
typedef struct output {
    const lks_function_many *function;
    int index;
} output;

static const char *name_of_output(const void *params)
{
    return ((const output *)params)->function->name;
}

/* The first of a sweep finds what a sweep that failed left, and lets go of it. */
static void clear_slots(const many *m)
{
    for (int i = 0; i < m->function->n_outputs; i++) {
        lks_unref(m->slots[i].cotangent);
        m->slots[i].cotangent = NULL;
    }
}

static lks_status output_backward(lks_backprop *bp)
{
    lks_node *function = bp->node->edges[0].to;
    const many *m = function->params;

    if (!function->has_grad)
        clear_slots(m);
    m->slots[((const output *)bp->params)->index].cotangent = lks_ref(bp->dy);
    function->has_grad = true;
    return LKS_OK;
}

static const lks_operation output_op = {
    .name = "output",
    .params_size = sizeof(output),
    .backward = output_backward,
    .name_of = name_of_output,
};

/* ---- forward ---- */

static slot slot_of(const lks_tensor *out)
{
    return (slot){.is_float = lks_dtype_is_float(out->view.dtype),
                  .device = out->storage->device,
                  .dtype = out->view.dtype,
                  .shape = lks_sizes(out)};
}

/* The function's node, which takes over the context once it is there. */
static lks_node *create_node(const many *m, lks_tensor *const *in, int n,
                             lks_tensor *const *out)
{
    const int n_out = m->function->n_outputs;
    const bool saves = !m->function->keeps_nothing;
    slot *slots = lks_calloc((size_t)n_out, sizeof *slots);
    lks_node *node = NULL;

    if (slots)
        node = lks_node_create(&many_op, out[0]->storage, n, saves ? n + n_out : 0);
    if (!node) {
        lks_free(slots);
        return NULL;
    }
    for (int i = 0; i < n_out; i++)
        slots[i] = slot_of(out[i]);
    *(many *)node->params = (many){m->function, m->context, slots};
    for (int i = 0; i < n; i++)
        lks_node_set_edge(node, i, in[i]);
    for (int i = 0; i < n && saves; i++)
        lks_node_save(node, i, in[i]);
    for (int i = 0; i < n_out && saves; i++)
        lks_node_save(node, n + i, out[i]);
    return node;
}

static lks_status connect(const lks_function_many *function, int i, lks_tensor *out,
                          lks_node *to)
{
    lks_node *node;

    if (!lks_dtype_is_float(out->view.dtype))
        return LKS_OK;
    if (!(node = lks_node_create(&output_op, out->storage, 1, 0)))
        return LKS_NOMEM;
    *(output *)node->params = (output){function, i};
    lks_node_set_edge(node, 0, out);
    node->edges[0].to = lks_node_ref(to);
    out->node = node;
    return LKS_OK;
}

static lks_status record(const many *m, lks_tensor *const *in, int n,
                         lks_tensor *const *out, bool *took_over)
{
    lks_node *node = create_node(m, in, n, out);
    lks_status st = node ? LKS_OK : LKS_NOMEM;

    *took_over = node != NULL;
    for (int i = 0; st == LKS_OK && i < m->function->n_outputs; i++)
        st = connect(m->function, i, out[i], node);
    lks_node_unref(node);
    return st;
}

static lks_status check_inputs(const lks_function_many *function, lks_tensor *const *in,
                               int n)
{
    for (int i = 0; i < n; i++) {
        if (!in[i])
            return lks_refuse_null(function->name);
        LKS_TRY(lks_check_history(in[i], function->name));
        LKS_TRY(lks_same_device(in[0], in[i], function->name));
    }
    return LKS_OK;
}

static lks_status check_outputs(const lks_function_many *function,
                                lks_tensor *const *given)
{
    for (int i = 0; i < function->n_outputs; i++) {
        if (!given[i] && lks_error_status() != LKS_OK)
            return lks_error_status();
        if (!given[i])
            return lks_fail(LKS_INVALID, "%s: its forward gave no output %d",
                            function->name, i);
        LKS_TRY(lks_same_device(given[0], given[i], function->name));
    }
    return LKS_OK;
}

/* Each output a tensor of its own, so that an input handed back keeps its own history. */
static lks_status run_forward(const many *m, lks_tensor *const *in, int n,
                              lks_tensor **out)
{
    const int n_out = m->function->n_outputs;
    lks_tensor **given = lks_calloc((size_t)n_out, sizeof *given);
    lks_status st;

    if (!given)
        return LKS_NOMEM;
    if ((st = m->function->forward(m->context, in, n, given)) != LKS_OK)
        LKS_GO(lks_custom_failed(m->function->name, "forward", st));
    LKS_GO(check_outputs(m->function, given));
    for (int i = 0; i < n_out; i++)
        if (!(out[i] = lks_scope_return(lks_detach(given[i]))))
            LKS_GO(LKS_NOMEM);
cleanup:
    lks_free(given);
    return st;
}

static lks_status run_unrecorded(const many *m, lks_tensor *const *in, int n,
                                 lks_tensor **out)
{
    const bool was_enabled = lks_set_grad_enabled(false);
    lks_status st = lks_scope_open();

    if (st == LKS_OK) {
        st = run_forward(m, in, n, out);
        lks_scope_close();
    }
    lks_set_grad_enabled(was_enabled);
    return st;
}

static bool is_recorded(lks_tensor *const *in, int n)
{
    bool wanted = false;

    for (int i = 0; i < n; i++)
        wanted |= in[i]->node != NULL;
    return wanted && lks_grad_enabled();
}

lks_status lks_apply_many(const lks_function_many *function, void *context,
                          lks_tensor *const *in, int n, lks_tensor **out)
{
    const many m = {function, context, NULL};
    bool took_over = false;
    lks_status st;

    for (int i = 0; i < function->n_outputs; i++)
        out[i] = NULL;
    LKS_GO(check_inputs(function, in, n));
    LKS_GO(run_unrecorded(&m, in, n, out));
    if (is_recorded(in, n))
        LKS_GO(record(&m, in, n, out, &took_over));
cleanup:
    if (!took_over && function->release)
        function->release(context);
    for (int i = 0; i < function->n_outputs && st != LKS_OK; i++) {
        lks_scope_disown(out[i]);
        out[i] = NULL;
    }
    return st;
}
