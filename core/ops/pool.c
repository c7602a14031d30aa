/* Pooling, as torch.nn.functional.max_pool2d. */
#include "base/try.h"
#include "ops/op.h"
#include "ops/window.h"

typedef struct max_pool2d {
    lks_pool2d_params window;
    lks_view index; /* i64, like the result: where to put the places; no data: nowhere */
} max_pool2d;

static lks_status check_places(const lks_tensor *x, const lks_pool2d_params *p, int d,
                               int64_t n)
{
    if (n < 0)
        return lks_fail(LKS_SHAPE,
                        "max_pool2d: input %s has no room for a window of %lld x %lld",
                        LKS_TEXT(x), (long long)p->kernel[0], (long long)p->kernel[1]);
    if (lks_window_misses(x->view.sizes[2 + d], n, p->stride[d], p->padding[d],
                          p->dilation[d]))
        return lks_fail(LKS_SHAPE,
                        "max_pool2d: input %s: with padding %lld x %lld and dilation "
                        "%lld x %lld a window would lie in the padding alone",
                        LKS_TEXT(x), (long long)p->padding[0], (long long)p->padding[1],
                        (long long)p->dilation[0], (long long)p->dilation[1]);
    return LKS_OK;
}

static lks_status shape_of_result(const lks_tensor *x, const lks_pool2d_params *p,
                                  lks_shape *shape)
{
    int32_t n_places; /* which an index of the kernel's counts */

    if (x->view.ndim != 4)
        return lks_fail(LKS_SHAPE,
                        "max_pool2d: input %s: takes (N, C, H, W) or "
                        "(C, H, W)",
                        LKS_TEXT(x));
    if (__builtin_mul_overflow(x->view.sizes[2], x->view.sizes[3], &n_places))
        return lks_fail(LKS_SHAPE,
                        "max_pool2d: input %s has more than 2^31 - 1 places in a plane",
                        LKS_TEXT(x));
    *shape = lks_sizes(x);
    for (int d = 0; d < 2; d++) {
        const int64_t n = (p->ceil_mode ? lks_window_count_up : lks_window_count)(
            x->view.sizes[2 + d], p->kernel[d], p->stride[d], p->padding[d],
            p->dilation[d]);

        LKS_TRY(check_places(x, p, d, n));
        shape->sizes[2 + d] = n;
    }
    return LKS_OK;
}

static lks_status max_pool2d_infer(const lks_call *call, lks_shape *shape,
                                   lks_dtype *dtype)
{
    const max_pool2d *p = call->params;

    *dtype = call->in[0]->view.dtype;
    return shape_of_result(call->in[0], &p->window, shape);
}

static lks_status max_pool2d_forward(lks_call *call)
{
    const max_pool2d *p = call->params;
    const lks_shape shape = lks_sizes(call->out);

    call->aux = lks_tensor_create(&shape, LKS_I32, call->device);
    if (!call->aux)
        return LKS_NOMEM;
    LKS_TRY(call->kernels->max_pool2d(&call->in[0]->view, &p->window, &call->out->view,
                                      &call->aux->view));
    return p->index.data ? call->kernels->copy(&call->aux->view, &p->index) : LKS_OK;
}

static lks_status max_pool2d_backward(lks_backprop *bp)
{
    const max_pool2d *p = bp->params;
    lks_tensor *dy = lks_contiguous(bp->dy);
    lks_landing dx;

    if (!dy)
        return LKS_NOMEM;
    LKS_TRY(lks_land_open(bp, 0, false, &dx));
    return lks_land_close(bp, &dx,
                          bp->kernels->max_pool2d_backward(&dy->view,
                                                           lks_saved_view(bp, LKS_AUX),
                                                           &p->window, &dx.view));
}

const lks_op lks_op_max_pool2d = {
    .name = "max_pool2d",
    .params_size = sizeof(max_pool2d),
    .needs = {LKS_AUX},
    .infer = max_pool2d_infer,
    .forward = max_pool2d_forward,
    .backward = max_pool2d_backward,
};

static lks_status fill_in(const lks_pool2d_params *given, lks_pool2d_params *out)
{
    *out = *given;
    for (int i = 0; i < 2; i++) {
        out->stride[i] = out->stride[i] ? out->stride[i] : out->kernel[i];
        out->dilation[i] = out->dilation[i] ? out->dilation[i] : 1;
        if (out->kernel[i] < 1 || out->stride[i] < 0 || out->dilation[i] < 0)
            return lks_fail(LKS_INVALID,
                            "max_pool2d: a window of %lld x %lld, stride %lld x %lld, "
                            "dilation %lld x %lld: all must be positive",
                            (long long)out->kernel[0], (long long)out->kernel[1],
                            (long long)out->stride[0], (long long)out->stride[1],
                            (long long)out->dilation[0], (long long)out->dilation[1]);
        /* PyTorch's limit: more makes windows of padding only, whatever the input. */
        if (out->padding[i] < 0 || out->padding[i] > out->kernel[i] / 2)
            return lks_fail(LKS_INVALID,
                            "max_pool2d: padding %lld is not between 0 and half the "
                            "window of %lld",
                            (long long)out->padding[i], (long long)out->kernel[i]);
    }
    return LKS_OK;
}

/* x (N, C, H, W), dense. `index`, if asked for, is the scope's. */
static lks_tensor *apply(lks_tensor *x, max_pool2d *p, lks_tensor **index)
{
    lks_shape shape;

    if (!x || shape_of_result(x, &p->window, &shape) != LKS_OK)
        return NULL;
    if (index) {
        if (!(*index = lks_empty(shape, LKS_I64, x->storage->device)))
            return NULL;
        p->index = (*index)->view;
    }
    return lks_op_apply(&lks_op_max_pool2d, &x, 1, p);
}

lks_tensor *lks_max_pool2d_with_indices(lks_tensor *x, const lks_pool2d_params *params,
                                        lks_tensor **index)
{
    max_pool2d p = {0};
    lks_tensor *y;

    if (index)
        *index = NULL;
    if (!x || fill_in(params, &p.window) != LKS_OK || lks_scope_open() != LKS_OK)
        return NULL;
    const bool single = x->view.ndim == 3;
    y = apply(lks_contiguous(single ? lks_unsqueeze(x, 0) : x), &p, index);
    if (single) {
        y = lks_squeeze(y, 0);
        if (index)
            *index = y ? lks_squeeze(*index, 0) : NULL;
    }
    lks_scope_return(y);
    if (index)
        *index = lks_scope_return(y ? *index : NULL);
    lks_scope_close();
    return y;
}

lks_tensor *lks_max_pool2d(lks_tensor *x, const lks_pool2d_params *params)
{
    return lks_max_pool2d_with_indices(x, params, NULL);
}
