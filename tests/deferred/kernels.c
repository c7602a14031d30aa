/* The hostile device's table: each kernel is queued with copies of its parameters, and is
 * the reference's when it runs. What it can refuse without looking at memory, a dtype, it
 * refuses at once. */
#include "deferred/deferred.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"

static const lks_kernels *base(void)
{
    const lks_kernels *reference =
        lks_device_kernels((lks_device){.type = LKS_REFERENCE});

    return reference ? reference : lks_device_kernels(lks_cpu);
}

static const lks_view *view(const deferred_command *c, int i)
{
    return c->has >> i & 1 ? &c->views[i] : NULL;
}

/* What the kernel says to arrays of nothing, and to a number of the host's. */
static lks_status ask(const deferred_command *c)
{
    _Alignas(8) char number[DEFERRED_MAX_VIEWS][LKS_MAX_ELEMENT_BYTES] = {{0}};
    deferred_command empty = *c;

    for (int i = 0; i < DEFERRED_MAX_VIEWS; i++) {
        empty.views[i].data = number[i];
        for (int d = 0; d < empty.views[i].ndim; d++)
            empty.views[i].sizes[d] = 0;
    }
    return c->run(&empty);
}

typedef const lks_view *const views_of[DEFERRED_MAX_VIEWS];

static lks_status enqueue(deferred_command c, views_of views)
{
    int index = -1;

    for (int i = 0; i < DEFERRED_MAX_VIEWS; i++) {
        if (!views[i])
            continue;
        c.views[i] = *views[i];
        c.has |= 1u << i;
        index = views[i]->device.index;
    }
    LKS_TRY(ask(&c));
    return deferred_push(index, &c);
}

/* KERNEL(fill, (parameters), views, fields): queue it with these views and fields; it
 * runs as base()->fill(arguments). */
#define LIST(...) __VA_ARGS__
#define KERNEL(kernel, parameters, views, fields, arguments)                             \
    static lks_status run_##kernel(const deferred_command *c)                            \
    {                                                                                    \
        return base()->kernel arguments;                                                 \
    }                                                                                    \
    static lks_status kernel parameters                                                  \
    {                                                                                    \
        return enqueue((deferred_command){.name = #kernel, .run = run_##kernel, fields}, \
                       (views_of){views});                                               \
    }
#define V(i) view(c, i)

KERNEL(fill, (const lks_view *out, double value), LIST(out), LIST(.number = value),
       (V(0), c->number))
KERNEL(copy, (const lks_view *x, const lks_view *out), LIST(x, out), .op = 0,
       (V(0), V(1)))
/* A unary's p and q. */
#define NUMBERS                                                                          \
    {                                                                                    \
        numbers ? numbers[0] : 0, numbers ? numbers[1] : 0                               \
    }
KERNEL(unary,
       (lks_unary op, const double *numbers, const lks_view *x, const lks_view *out),
       LIST(x, out), LIST(.op = (int)op, .numbers = NUMBERS),
       ((lks_unary)c->op, c->numbers, V(0), V(1)))
KERNEL(unary_backward,
       (lks_unary op, const double *numbers, const lks_view *x, const lks_view *y,
        const lks_view *dy, const lks_view *dx),
       LIST(x, y, dy, dx), LIST(.op = (int)op, .numbers = NUMBERS),
       ((lks_unary)c->op, c->numbers, V(0), V(1), V(2), V(3)))
KERNEL(binary, (lks_binary op, const lks_view *a, const lks_view *b, const lks_view *out),
       LIST(a, b, out), LIST(.op = (int)op), ((lks_binary)c->op, V(0), V(1), V(2)))
KERNEL(binary_backward,
       (lks_binary op, const lks_view *a, const lks_view *b, const lks_view *y,
        const lks_view *dy, const lks_view *da, const lks_view *db),
       LIST(a, b, y, dy, da, db), LIST(.op = (int)op),
       ((lks_binary)c->op, V(0), V(1), V(2), V(3), V(4), V(5)))
KERNEL(reduce, (lks_reduce op, const lks_view *x, const lks_view *out), LIST(x, out),
       LIST(.op = (int)op), ((lks_reduce)c->op, V(0), V(1)))
KERNEL(compare,
       (lks_compare op, const lks_view *a, const lks_view *b, const lks_view *out),
       LIST(a, b, out), LIST(.op = (int)op), ((lks_compare)c->op, V(0), V(1), V(2)))
KERNEL(where,
       (const lks_view *condition, const lks_view *a, const lks_view *b,
        const lks_view *out),
       LIST(condition, a, b, out), .op = 0, (V(0), V(1), V(2), V(3)))
KERNEL(arg_reduce, (lks_reduce op, const lks_view *x, int dim, const lks_view *out),
       LIST(x, out), LIST(.op = (int)op, .dim = dim),
       ((lks_reduce)c->op, V(0), c->dim, V(1)))
KERNEL(scan, (lks_reduce op, const lks_view *x, int dim, const lks_view *out),
       LIST(x, out), LIST(.op = (int)op, .dim = dim),
       ((lks_reduce)c->op, V(0), c->dim, V(1)))
KERNEL(sort,
       (const lks_view *x, int dim, bool descending, const lks_view *values,
        const lks_view *index),
       LIST(x, values, index), LIST(.dim = dim, .flag = descending),
       (V(0), c->dim, c->flag, V(1), V(2)))
KERNEL(index_select,
       (const lks_view *x, int dim, const lks_view *index, const lks_view *out),
       LIST(x, index, out), LIST(.dim = dim), (V(0), c->dim, V(1), V(2)))
KERNEL(index_add,
       (const lks_view *x, int dim, const lks_view *index, const lks_view *out),
       LIST(x, index, out), LIST(.dim = dim), (V(0), c->dim, V(1), V(2)))
KERNEL(gather, (const lks_view *x, int dim, const lks_view *index, const lks_view *out),
       LIST(x, index, out), LIST(.dim = dim), (V(0), c->dim, V(1), V(2)))
KERNEL(scatter,
       (const lks_view *x, int dim, const lks_view *index, bool add, const lks_view *out),
       LIST(x, index, out), LIST(.dim = dim, .flag = add),
       (V(0), c->dim, V(1), c->flag, V(2)))
KERNEL(gemm,
       (const lks_view *a, const lks_view *b, const lks_view *bias, bool accumulate,
        const lks_view *c_),
       LIST(a, b, bias, c_), LIST(.flag = accumulate), (V(0), V(1), V(2), c->flag, V(3)))
KERNEL(conv2d,
       (const lks_view *x, const lks_view *w, const lks_view *bias,
        const lks_conv2d_params *params, const lks_view *y),
       LIST(x, w, bias, y), LIST(.params.conv = *params),
       (V(0), V(1), V(2), &c->params.conv, V(3)))
KERNEL(conv2d_backward_data,
       (const lks_view *dy, const lks_view *w, const lks_conv2d_params *params,
        const lks_view *dx),
       LIST(dy, w, dx), LIST(.params.conv = *params), (V(0), V(1), &c->params.conv, V(2)))
KERNEL(conv2d_backward_weight,
       (const lks_view *x, const lks_view *dy, const lks_conv2d_params *params,
        bool accumulate, const lks_view *dw, const lks_view *dbias),
       LIST(x, dy, dw, dbias), LIST(.params.conv = *params, .flag = accumulate),
       (V(0), V(1), &c->params.conv, c->flag, V(2), V(3)))
KERNEL(max_pool2d,
       (const lks_view *x, const lks_pool2d_params *params, const lks_view *y,
        const lks_view *index),
       LIST(x, y, index), LIST(.params.pool = *params),
       (V(0), &c->params.pool, V(1), V(2)))
KERNEL(max_pool2d_backward,
       (const lks_view *dy, const lks_view *index, const lks_pool2d_params *params,
        const lks_view *dx),
       LIST(dy, index, dx), LIST(.params.pool = *params),
       (V(0), V(1), &c->params.pool, V(2)))
KERNEL(avg_pool2d,
       (const lks_view *x, const lks_avg_pool2d_params *params, const lks_view *y),
       LIST(x, y), LIST(.params.mean = *params), (V(0), &c->params.mean, V(1)))
KERNEL(avg_pool2d_backward,
       (const lks_view *dy, const lks_avg_pool2d_params *params, const lks_view *dx),
       LIST(dy, dx), LIST(.params.mean = *params), (V(0), &c->params.mean, V(1)))
KERNEL(softmax, (const lks_view *x, bool log, const lks_view *y), LIST(x, y),
       LIST(.flag = log), (V(0), c->flag, V(1)))
KERNEL(softmax_backward,
       (const lks_view *y, const lks_view *dy, bool log, const lks_view *dx),
       LIST(y, dy, dx), LIST(.flag = log), (V(0), V(1), c->flag, V(2)))
KERNEL(cross_entropy,
       (const lks_view *x, const lks_view *target, int64_t ignored, const lks_view *log_p,
        const lks_view *loss, const lks_view *n_counted),
       LIST(x, target, log_p, loss, n_counted), LIST(.ignored = ignored),
       (V(0), V(1), c->ignored, V(2), V(3), V(4)))
KERNEL(cross_entropy_backward,
       (const lks_view *log_p, const lks_view *target, int64_t ignored,
        const lks_view *scale, const lks_view *dx),
       LIST(log_p, target, scale, dx), LIST(.ignored = ignored),
       (V(0), V(1), c->ignored, V(2), V(3)))
KERNEL(dropout, (const lks_view *x, double p, const lks_rng *rng, const lks_view *y),
       LIST(x, y), LIST(.number = p, .params.rng = *rng),
       (V(0), c->number, &c->params.rng, V(1)))

/* The views of a recurrent layer are in the order of their lists. */
typedef struct recurrent_call {
    lks_recurrent r;
    lks_recurrent_grads g;
} recurrent_call;

static recurrent_call recurrent_of(const deferred_command *c)
{
    recurrent_call call = {
        {.kind = c->params.recurrent.kind, .reverse = c->params.recurrent.reverse}, {0}};
    int i = 0;

#define TAKE(name) call.r.name = V(i++);
    LKS_RECURRENT_LIST(TAKE)
#undef TAKE
#define TAKE(name) call.g.name = V(i++);
    LKS_RECURRENT_GRADS_LIST(TAKE)
#undef TAKE
    return call;
}

static lks_status run_recurrent(const deferred_command *c)
{
    const recurrent_call call = recurrent_of(c);

    return base()->recurrent(&call.r);
}

static lks_status run_recurrent_backward(const deferred_command *c)
{
    const recurrent_call call = recurrent_of(c);

    return base()->recurrent_backward(&call.r, &call.g);
}

static lks_status recurrent_backward(const lks_recurrent *r, const lks_recurrent_grads *g)
{
    const lks_recurrent_grads none = {0};
    const lks_recurrent_grads *grads = g ? g : &none;
#define GIVE(name)      r->name,
#define GIVE_GRAD(name) grads->name,
    views_of views = {LKS_RECURRENT_LIST(GIVE) LKS_RECURRENT_GRADS_LIST(GIVE_GRAD)};

    return enqueue((deferred_command){.name = g ? "recurrent_backward" : "recurrent",
                                      .run = g ? run_recurrent_backward : run_recurrent,
                                      .params.recurrent = {r->kind, r->reverse}},
                   views);
}

static lks_status recurrent(const lks_recurrent *r)
{
    return recurrent_backward(r, NULL);
}

/* The states of a command are views from the third on, one after the other. */
#define STATE(update, states, i) (i) < n_states_of(update) ? &(states)[i] : NULL
static int n_states_of(lks_update update)
{
    static const int n[] = {
#define ENTRY(name, n_states) [LKS_UPDATE_##name] = n_states,
        LKS_UPDATE_LIST(ENTRY)};
#undef ENTRY

    return n[update];
}
KERNEL(optim,
       (lks_update update, const lks_rates *rates, const lks_view *grad,
        const lks_view *param, const lks_view *states),
       LIST(grad, param, STATE(update, states, 0), STATE(update, states, 1),
            STATE(update, states, 2)),
       LIST(.op = (int)update, .params.rates = *rates),
       ((lks_update)c->op, &c->params.rates, V(0), V(1), &c->views[2]))

/* ---- memory ---- */

static int count(void)
{
    return DEFERRED_MAX_DEVICES;
}

static void *alloc(int index, size_t n_bytes)
{
    void *block = deferred_alloc(index, n_bytes);

    if (block)
        deferred_note_block(index, block);
    return block;
}

static lks_status run_free(const deferred_command *c)
{
    deferred_end_block(c->dim, c->to);
    return LKS_OK;
}

static void queue_free(int index, void *block, size_t n_bytes)
{
    (void)n_bytes;
    if (block && !deferred_keep_block(index, block))
        deferred_push(index, &(deferred_command){.name = "free",
                                                 .run = run_free,
                                                 .always = true,
                                                 .dim = index,
                                                 .to = block});
}

static lks_status run_copy_in(const deferred_command *c)
{
    deferred_open_block(c->name, c->dim, c->to);
    memcpy(c->to, c->host, c->n_bytes);
    deferred_close_block(c->to);
    return LKS_OK;
}

static lks_status copy_in(int index, void *to, const void *from, size_t n_bytes)
{
    deferred_command c = {.name = "copy_in",
                          .run = run_copy_in,
                          .dim = index,
                          .to = to,
                          .n_bytes = n_bytes};

    LKS_TRY(deferred_check_plain(index, "a copy from the host"));
    if (n_bytes == 0)
        return LKS_OK;
    if (!(c.host = malloc(n_bytes)))
        deferred_die("no memory");
    memcpy(c.host, from, n_bytes);
    return deferred_push(index, &c);
}

static lks_status run_copy_out(const deferred_command *c)
{
    deferred_open_block(c->name, c->dim, c->from);
    memcpy(c->to, c->from, c->n_bytes);
    deferred_close_block(c->from);
    return LKS_OK;
}

static lks_status copy_out(int index, void *to, const void *from, size_t n_bytes)
{
    LKS_TRY(deferred_check_plain(index, "a copy to the host"));
    if (n_bytes > 0)
        deferred_push(index, &(deferred_command){.name = "copy_out",
                                                 .run = run_copy_out,
                                                 .dim = index,
                                                 .to = to,
                                                 .from = from,
                                                 .n_bytes = n_bytes});
    return deferred_drain(index);
}

static lks_status run_copy_across(const deferred_command *c)
{
    void *between = malloc(c->n_bytes); /* both may lie in one block */

    if (!between)
        deferred_die("no memory");
    deferred_open_block(c->name, c->op, c->from);
    memcpy(between, c->from, c->n_bytes);
    deferred_close_block(c->from);
    deferred_open_block(c->name, c->dim, c->to);
    memcpy(c->to, between, c->n_bytes);
    deferred_close_block(c->to);
    free(between);
    return LKS_OK;
}

static lks_status copy_across(int to_index, void *to, int from_index, const void *from,
                              size_t n_bytes)
{
    if (n_bytes == 0)
        return LKS_OK;
    return deferred_push(to_index, &(deferred_command){.name = "copy_across",
                                                       .run = run_copy_across,
                                                       .dim = to_index,
                                                       .op = from_index,
                                                       .to = to,
                                                       .from = from,
                                                       .n_bytes = n_bytes});
}

static lks_status await(int index, const lks_mark *mark)
{
    LKS_TRY(deferred_check_plain(index, "waiting for a mark"));
    return deferred_push(index, &(deferred_command){.name = "await", .mark = *mark});
}

/* clang-format off */
static const lks_kernels table = {
    .name = "deferred",
    .host_reads = false,
    .count = count,
    .alloc = alloc,
    .free = queue_free,
    .copy_in = copy_in,
    .copy_out = copy_out,
    .copy_across = copy_across,
    .mark = deferred_mark,
    .await = await,
    .finish = deferred_drain,
    .record = deferred_record,
    .recorded = deferred_recorded,
    .replay = deferred_replay,
    .forget = deferred_forget,
#define ENTRY(name) .name = name,
    LKS_KERNEL_LIST(ENTRY)
};
/* clang-format on */

const lks_kernels *lks_other_kernels(void)
{
    return &table;
}
