#include "nn/data_parallel.h"

#include <pthread.h>
#include <stdio.h>

#include "autograd/backward.h"
#include "autograd/function.h"
#include "base/alloc.h"
#include "base/thread.h"
#include "base/try.h"
#include "kernels.h"
#include "nn/model_internal.h"
#include "ops/ops.h"
#include "tensor/scope.h"

struct lks_data_parallel {
    lks_param_block *params;
    lks_model *model; /* NULL: of a program's own forward */
    lks_replica_forward forward;
    void *context;
    const lks_kernels *kernels;
    lks_device *devices; /* [n_devices] */
    int n_devices;
};

typedef struct call call;

/* A replica's part in a call, and what its thread is told and tells. */
typedef struct part {
    call *of;
    int replica;
    lks_device device;
    int64_t first, n; /* samples of the batch */
    lks_param_block *params;
    lks_buffer_block *buffers; /* of a model: these two */
    lks_state *state;
    lks_tensor *x, *y; /* its own */
    lks_mark before;   /* behind what the caller has queued on the first device */
    pthread_t thread;
    bool has_thread;
    lks_status st;
    char text[512];
} part;

/* One forward, until its graph is gone. */
struct call {
    const lks_data_parallel *parallel;
    bool records, wants_dx;
    lks_tensor *batch; /* dense, on the first device: x, then the cotangent of y */
    int n_parts;
    part parts[];
};

/* ---- threads ---- */

typedef lks_status (*part_work)(part *p);

typedef struct job {
    part *p;
    part_work work;
} job;

static void do_part(part *p, part_work work)
{
    const lks_kernels *kernels = p->of->parallel->kernels;
    const int index = p->device.index;
    lks_status finished;

    p->st = kernels->await(index, &p->before);
    if (p->st == LKS_OK)
        p->st = work(p);
    finished = kernels->finish(index); /* its queue ends with the thread */
    p->st = p->st == LKS_OK ? finished : p->st;
    if (p->st != LKS_OK)
        snprintf(p->text, sizeof p->text, "%s", lks_error_text());
}

static void *thread_main(void *context)
{
    const job *j = context;

    do_part(j->p, j->work);
    return NULL;
}

/* With no thread to be had the part is done here. */
static void start_part(job *j)
{
    j->p->has_thread = lks_thread_try(&j->p->thread, thread_main, j) == 0;
    if (!j->p->has_thread)
        do_part(j->p, j->work);
}

/* All parts at once; the first failure is the caller's. */
static lks_status run_parts(call *c, part_work work)
{
    const lks_data_parallel *parallel = c->parallel;
    const int first = parallel->devices[0].index;
    job *jobs = lks_calloc((size_t)c->n_parts, sizeof *jobs);
    lks_mark before;
    lks_status st = jobs ? parallel->kernels->mark(first, &before) : LKS_NOMEM;

    for (int i = 0; st == LKS_OK && i < c->n_parts; i++) {
        jobs[i] = (job){&c->parts[i], work};
        c->parts[i].before = before;
        start_part(&jobs[i]);
    }
    for (int i = 0; st == LKS_OK && i < c->n_parts; i++)
        if (c->parts[i].has_thread)
            pthread_join(c->parts[i].thread, NULL);
    lks_free(jobs);
    for (int i = 0; st == LKS_OK && i < c->n_parts; i++) {
        const part *p = &c->parts[i];
        char device[LKS_DEVICE_TEXT];

        if (p->st != LKS_OK)
            return lks_fail(p->st, "on %s: %s",
                            lks_device_text(p->device, device, sizeof device), p->text);
    }
    return st;
}

/* What the first device's queue reads of the others' memory it has read before that is
 * freed, which their queues do. */
static lks_status let_go(const call *c)
{
    const lks_kernels *kernels = c->parallel->kernels;
    lks_mark mark;

    LKS_TRY(kernels->mark(c->parallel->devices[0].index, &mark));
    for (int i = 1; i < c->n_parts; i++)
        LKS_TRY(kernels->await(c->parts[i].device.index, &mark));
    return LKS_OK;
}

/* ---- copies ---- */

static size_t size_bytes(const lks_tensor *t)
{
    return (size_t)lks_numel(t) * lks_dtype_size_bytes(lks_tensor_dtype(t));
}

/* From the `row`-th sample of one tensor to the `to_row`-th of another, n samples; both
 * dense and alike but for their number of samples. */
static lks_status copy_rows(const lks_kernels *kernels, lks_tensor *to, int64_t to_row,
                            const lks_tensor *from, int64_t row, int64_t n)
{
    const int64_t n_rows = lks_size(from, 0);
    const size_t row_bytes = n_rows > 0 ? size_bytes(from) / (size_t)n_rows : 0;

    if (n == 0 || row_bytes == 0)
        return LKS_OK;
    return kernels->copy_across(
        lks_tensor_device(to).index, (char *)lks_data(to) + (size_t)to_row * row_bytes,
        lks_tensor_device(from).index,
        (const char *)lks_data(from) + (size_t)row * row_bytes, (size_t)n * row_bytes);
}

/* The part's samples of the batch, on its device. */
static lks_tensor *scatter(part *p)
{
    const call *c = p->of;
    lks_shape shape = lks_sizes(c->batch);
    lks_tensor *t;

    shape.sizes[0] = p->n;
    t = lks_empty(shape, lks_tensor_dtype(c->batch), p->device);
    if (!t || copy_rows(c->parallel->kernels, t, 0, c->batch, p->first, p->n) != LKS_OK)
        return NULL;
    return t;
}

/* ---- forward ---- */

static lks_status copy_params(part *p)
{
    const lks_data_parallel *parallel = p->of->parallel;
    const lks_param_block *from = parallel->params;

    LKS_TRY(lks_param_block_create_like(from, p->device, &p->params));
    LKS_TRY(parallel->kernels->copy_across(
        p->device.index, lks_param_block_values(p->params)->data,
        parallel->devices[0].index, lks_param_block_values(from)->data,
        lks_param_block_numel(from) * sizeof(float)));
    lks_param_block_touch(p->params);
    return LKS_OK;
}

static lks_status copy_state(part *p)
{
    const lks_model *model = p->of->parallel->model;

    LKS_TRY(copy_params(p));
    if (!model)
        return LKS_OK;
    LKS_TRY(lks_buffer_block_copy(lks_model_buffers(model), p->device, &p->buffers));
    return lks_state_create_of(model->plan, p->params, p->buffers, &p->state);
}

static lks_tensor *run_model(part *p)
{
    const lks_data_parallel *parallel = p->of->parallel;
    lks_tensor *x = scatter(p), *y;

    if (!x || (p->of->wants_dx && !lks_requires_grad_(x)))
        return NULL;
    p->x = lks_keep(x);
    lks_set_grad_enabled(p->of->records);
    y = parallel->model
            ? lks_model_forward_with(parallel->model, p->state, (uint32_t)p->replica, x)
            : parallel->forward(parallel->context, p->replica, p->params, x);
    return lks_contiguous(y);
}

static lks_status check_output(const part *p)
{
    if (lks_ndim(p->y) > 0 && lks_size(p->y, 0) == p->n)
        return LKS_OK;
    return lks_fail(LKS_SHAPE, "the output of %lld samples is not of as many",
                    (long long)p->n);
}

static lks_status forward_part(part *p)
{
    const bool was = lks_grad_enabled();
    lks_status st;

    LKS_TRY(copy_state(p));
    LKS_TRY(lks_scope_open());
    p->y = lks_keep(run_model(p));
    lks_set_grad_enabled(was);
    st = p->y ? check_output(p) : lks_error_status();
    lks_scope_close();
    return st == LKS_OK && !p->y ? LKS_INVALID : st;
}

static bool fit_each_other(const lks_tensor *a, const lks_tensor *b)
{
    lks_shape shapes[2] = {lks_sizes(a), lks_sizes(b)};

    shapes[0].sizes[0] = shapes[1].sizes[0];
    return lks_tensor_dtype(a) == lks_tensor_dtype(b) &&
           lks_shape_equal(&shapes[0], &shapes[1]);
}

/* Rows of all parts in one tensor on the first device; `of` gives a part's. */
static lks_tensor *gather(const call *c, lks_tensor *(*of)(const part *p))
{
    const lks_tensor *like = of(&c->parts[0]);
    const part *last = &c->parts[c->n_parts - 1];
    lks_shape shape = lks_sizes(like);
    lks_tensor *out;

    shape.sizes[0] = last->first + last->n;
    out = lks_empty(shape, lks_tensor_dtype(like), c->parallel->devices[0]);
    for (int i = 0; out && i < c->n_parts; i++) {
        const part *p = &c->parts[i];

        if (!fit_each_other(of(p), like)) {
            lks_fail(LKS_SHAPE, "data_parallel: the replicas' outputs are not alike");
            return NULL;
        }
        if (copy_rows(c->parallel->kernels, out, p->first, of(p), 0, p->n) != LKS_OK)
            return NULL;
    }
    return out;
}

static lks_tensor *output_of(const part *p)
{
    return p->y;
}

/* ---- what replicas observe ---- */

/* The model's buffers follow what all replicas have seen, added in their order; PyTorch
 * takes the first replica's. */
static lks_status update_buffers(const call *c)
{
    lks_model *model = c->parallel->model;

    if (!model || !model->mode.training || model->plan->n_observed == 0)
        return LKS_OK;
    if (!model->defers_buffers)
        lks_param_block_forget_observed(c->parallel->params);
    for (int i = 0; i < c->n_parts; i++)
        LKS_TRY(lks_param_block_add_observed(c->parallel->params, c->parts[i].params));
    return model->defers_buffers ? LKS_OK : lks_model_update_buffers(model);
}

static lks_tensor *run_forward(void *context, lks_tensor *const *inputs, int n)
{
    call *c = context;
    lks_tensor *out;

    (void)n;
    if (!(c->batch = lks_contiguous(inputs[0])))
        return NULL;
    out = run_parts(c, forward_part) == LKS_OK ? gather(c, output_of) : NULL;
    if (out && update_buffers(c) != LKS_OK)
        out = NULL;
    c->batch = NULL;
    return let_go(c) == LKS_OK ? out : NULL;
}

/* ---- backward ---- */

static lks_status backward_part(part *p)
{
    lks_status st = LKS_OK;

    if (!lks_requires_grad(p->y)) /* of nothing that wants a gradient */
        return LKS_OK;
    LKS_TRY(lks_scope_open());
    st = lks_backward_from(p->y, scatter(p));
    lks_scope_close();
    return st;
}

/* The sum of what the replicas have for a parameter, in their order; NULL if none has. */
static lks_status add_up(const call *c, size_t param, lks_tensor **out)
{
    const lks_device first = c->parallel->devices[0];
    lks_tensor *sum = NULL;

    for (int i = 0; i < c->n_parts; i++) {
        lks_tensor *leaf = lks_param_block_at(c->parts[i].params, param)->tensor, *next;

        if (!lks_has_grad(leaf))
            continue;
        next = lks_empty(lks_sizes(leaf), LKS_F32, first);
        if (!next)
            return LKS_NOMEM;
        LKS_TRY(c->parallel->kernels->copy_across(
            first.index, lks_data(next), c->parts[i].device.index,
            lks_data(lks_grad(leaf)), size_bytes(leaf)));
        sum = sum ? lks_add_(sum, next) : next;
        if (!sum)
            return lks_error_status();
    }
    *out = sum;
    return LKS_OK;
}

static lks_tensor *input_grad_of(const part *p)
{
    return lks_grad(p->x);
}

static lks_status gather_dx(const call *c, lks_tensor **out)
{
    for (int i = 0; i < c->n_parts; i++)
        if (!lks_has_grad(c->parts[i].x)) /* no output depends on it */
            return LKS_OK;
    return (*out = gather(c, input_grad_of)) ? LKS_OK : lks_error_status();
}

static lks_status run_backward(void *context, lks_tensor *const *inputs, int n,
                               lks_tensor *output, lks_tensor *cotangent,
                               lks_tensor **grads)
{
    call *c = context;
    const bool was = lks_set_grad_enabled(false);
    lks_status st, gone;

    (void)inputs, (void)output;
    c->batch = lks_contiguous(cotangent);
    LKS_GO(c->batch ? run_parts(c, backward_part) : lks_error_status());
    if (c->wants_dx)
        LKS_GO(gather_dx(c, &grads[0]));
    for (int i = 1; i < n; i++)
        LKS_GO(add_up(c, (size_t)i - 1, &grads[i]));
cleanup:
    c->batch = NULL;
    lks_set_grad_enabled(was);
    gone = let_go(c); /* after a failure, too, the first device reads what was made */
    return st != LKS_OK ? st : gone;
}

static void release(void *context)
{
    call *c = context;

    for (int i = 0; i < c->n_parts; i++) {
        lks_unref(c->parts[i].y);
        lks_unref(c->parts[i].x);
        lks_state_destroy(c->parts[i].state);
        lks_buffer_block_destroy(c->parts[i].buffers);
        lks_param_block_destroy(c->parts[i].params);
    }
    lks_free(c);
}

static const lks_function data_parallel_function = {
    .name = "data_parallel",
    .forward = run_forward,
    .backward = run_backward,
    .release = release,
    .keeps_nothing = true,
};

/* ---- a call ---- */

/* source: torch.chunk: pieces of ceil(N / n), the last one smaller, perhaps fewer than n
 */
static void cut(call *c, int64_t n_samples)
{
    const int64_t n_devices = c->parallel->n_devices;
    const int64_t each = (n_samples + n_devices - 1) / n_devices;
    int64_t first = 0;

    do {
        part *p = &c->parts[c->n_parts];
        const int64_t left = n_samples - first;

        *p = (part){.of = c,
                    .replica = c->n_parts,
                    .device = c->parallel->devices[c->n_parts],
                    .first = first,
                    .n = left < each ? left : each};
        first += p->n;
        c->n_parts++;
    } while (first < n_samples);
}

static lks_status check_input(const lks_data_parallel *self, const lks_tensor *x)
{
    const lks_device device = lks_tensor_device(x), first = self->devices[0];
    char texts[2][LKS_DEVICE_TEXT];

    if (lks_ndim(x) == 0)
        return lks_fail(LKS_SHAPE, "data_parallel: a number is no batch of samples");
    if (device.type != first.type || device.index != first.index)
        return lks_fail(LKS_DEVICE,
                        "data_parallel: the batch is on %s, the first device is %s",
                        lks_device_text(device, texts[0], sizeof texts[0]),
                        lks_device_text(first, texts[1], sizeof texts[1]));
    return LKS_OK;
}

lks_tensor *lks_data_parallel_forward(lks_data_parallel *self, lks_tensor *x)
{
    const size_t n_params = lks_param_block_count(self->params);
    lks_tensor **inputs = NULL, *y;
    call *c = NULL;

    if (!x || check_input(self, x) != LKS_OK)
        return NULL;
    inputs = lks_calloc(1 + n_params, sizeof *inputs);
    c = lks_calloc(1, sizeof *c + (size_t)self->n_devices * sizeof(part));
    if (!inputs || !c) {
        lks_free(inputs);
        lks_free(c);
        return NULL;
    }
    c->parallel = self;
    c->records = lks_grad_enabled();
    c->wants_dx = c->records && lks_requires_grad(x);
    cut(c, lks_size(x, 0));
    inputs[0] = x;
    for (size_t i = 0; i < n_params; i++)
        inputs[1 + i] = lks_param_block_at(self->params, i)->tensor;
    y = lks_apply(&data_parallel_function, c, inputs, (int)(1 + n_params));
    lks_free(inputs);
    return y;
}

/* ---- what calls have in common ---- */

static lks_status check_devices(const lks_param_block *params, const lks_device *devices,
                                int n)
{
    const lks_device home = lks_param_block_device(params);

    if (n < 1)
        return lks_fail(LKS_INVALID, "data_parallel: no devices");
    if (home.type != devices[0].type || home.index != devices[0].index)
        return lks_fail(LKS_DEVICE,
                        "data_parallel: the parameters are not on the first device");
    for (int i = 1; i < n; i++) {
        if (devices[i].type != home.type)
            return lks_fail(LKS_INVALID, "data_parallel: devices of two types");
        for (int k = 0; k < i; k++)
            if (devices[k].index == devices[i].index)
                return lks_fail(LKS_INVALID,
                                "data_parallel: a device stands there twice");
    }
    return LKS_OK;
}

lks_status lks_data_parallel_create(lks_param_block *params, lks_replica_forward forward,
                                    void *context, const lks_device *devices,
                                    int n_devices, lks_data_parallel **out)
{
    lks_data_parallel *self;

    LKS_TRY(check_devices(params, devices, n_devices));
    if (!(self = lks_calloc(1, sizeof *self)))
        return LKS_NOMEM;
    *self = (lks_data_parallel){.params = params,
                                .forward = forward,
                                .context = context,
                                .kernels = lks_device_kernels(devices[0]),
                                .n_devices = n_devices};
    self->devices = lks_calloc((size_t)n_devices, sizeof *self->devices);
    if (!self->devices) {
        lks_free(self);
        return LKS_NOMEM;
    }
    for (int i = 0; i < n_devices; i++)
        self->devices[i] = devices[i];
    *out = self;
    return LKS_OK;
}

lks_status lks_data_parallel_create_of(lks_model *model, const lks_device *devices,
                                       int n_devices, lks_data_parallel **out)
{
    LKS_TRY(lks_data_parallel_create(lks_model_params(model), NULL, NULL, devices,
                                     n_devices, out));
    (*out)->model = model;
    return LKS_OK;
}

void lks_data_parallel_destroy(lks_data_parallel *self)
{
    if (!self)
        return;
    lks_free(self->devices);
    lks_free(self);
}
