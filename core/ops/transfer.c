/* From a device to another. */
#include "base/alloc.h"
#include "base/try.h"
#include "ops/op.h"

typedef struct journey {
    lks_device from, to;
} journey;

static bool same_device(lks_device a, lks_device b)
{
    return a.type == b.type && a.index == b.index;
}

/* Between two devices of a table: each queue goes on once the other has done its part,
 * the source's memory may be freed. */
static lks_status copy_across(const lks_kernels *kernels, const journey *j, void *to,
                              const void *from, size_t n_bytes)
{
    lks_mark mark;

    LKS_TRY(kernels->mark(j->from.index, &mark));
    LKS_TRY(kernels->await(j->to.index, &mark));
    LKS_TRY(kernels->copy_across(j->to.index, to, j->from.index, from, n_bytes));
    LKS_TRY(kernels->mark(j->to.index, &mark));
    return kernels->await(j->from.index, &mark);
}

/* Between two that know nothing of each other: by way of the host. */
static lks_status copy_by_host(const lks_kernels *target, const lks_kernels *source,
                               const journey *j, void *to, const void *from,
                               size_t n_bytes)
{
    void *host;
    lks_status st;

    if (target->host_reads)
        return source->copy_out(j->from.index, to, from, n_bytes);
    if (source->host_reads)
        return target->copy_in(j->to.index, to, from, n_bytes);
    if (!(host = lks_malloc(n_bytes + 1)))
        return LKS_NOMEM;
    LKS_GO(source->copy_out(j->from.index, host, from, n_bytes));
    LKS_GO(target->copy_in(j->to.index, to, host, n_bytes));
cleanup:
    lks_free(host);
    return st;
}

static lks_device to_device_place(const lks_call *call)
{
    return ((const journey *)call->params)->to;
}

/* The input is dense. */
static lks_status to_device_forward(lks_call *call)
{
    const journey *j = call->params;
    const lks_kernels *target = call->out->storage->kernels, *source = call->kernels;
    const lks_view *x = &call->in[0]->view, *out = &call->out->view;
    const size_t n_bytes =
        (size_t)call->out->numel * lks_dtype_size_bytes(call->out->view.dtype);

    if (target == source)
        return copy_across(source, j, out->data, x->data, n_bytes);
    return copy_by_host(target, source, j, out->data, x->data, n_bytes);
}

static lks_status to_device_backward(lks_backprop *bp)
{
    return lks_give(bp, 0, lks_to_device(bp->dy, ((const journey *)bp->params)->from));
}

const lks_op lks_op_to_device = {
    .name = "to_device",
    .params_size = sizeof(journey),
    .place = to_device_place,
    .infer = lks_infer_same,
    .forward = to_device_forward,
    .backward = to_device_backward,
};

lks_tensor *lks_to_device(lks_tensor *x, lks_device device)
{
    journey j = {.to = device};
    lks_tensor *y;

    if (!x)
        return NULL;
    j.from = x->storage->device;
    if (same_device(j.from, device))
        return lks_same(x);
    if (lks_scope_open() != LKS_OK)
        return NULL;
    x = lks_contiguous(x);
    y = lks_scope_return(lks_op_apply(&lks_op_to_device, &x, 1, &j));
    lks_scope_close();
    return y;
}
