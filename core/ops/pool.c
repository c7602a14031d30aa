/* Pooling, as torch.nn.functional.max_pool2d. */
#include "base/try.h"
#include "ops/op.h"
#include "ops/window.h"

static lks_status max_pool2d_infer(const lks_call *call, lks_shape *shape,
                                   lks_dtype *dtype)
{
    const lks_pool2d_params *p = call->params;
    const lks_tensor *x = call->in[0];
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
    *dtype = x->view.dtype;
    for (int i = 0; i < 2; i++) {
        int64_t n = lks_window_count(x->view.sizes[2 + i], p->kernel[i], p->stride[i],
                                     p->padding[i], p->dilation[i]);
        if (n < 0)
            return lks_fail(LKS_SHAPE,
                            "max_pool2d: input %s has no room for a window of %lld x "
                            "%lld",
                            LKS_TEXT(x), (long long)p->kernel[0],
                            (long long)p->kernel[1]);
        if (lks_window_misses(x->view.sizes[2 + i], p->padding[i], p->dilation[i]))
            return lks_fail(LKS_SHAPE,
                            "max_pool2d: input %s: with padding %lld x %lld and dilation "
                            "%lld x %lld a window would lie in the padding alone",
                            LKS_TEXT(x), (long long)p->padding[0],
                            (long long)p->padding[1], (long long)p->dilation[0],
                            (long long)p->dilation[1]);
        shape->sizes[2 + i] = n;
    }
    return LKS_OK;
}

static lks_status max_pool2d_forward(lks_call *call)
{
    const lks_shape shape = lks_sizes(call->out);

    call->aux = lks_tensor_create(&shape, LKS_I32, call->device);
    if (!call->aux)
        return LKS_NOMEM;
    return call->kernels->max_pool2d(&call->in[0]->view, call->params, &call->out->view,
                                     &call->aux->view);
}

static lks_status max_pool2d_backward(lks_backprop *bp)
{
    lks_tensor *dy = lks_contiguous(bp->dy);
    lks_landing dx;

    if (!dy)
        return LKS_NOMEM;
    LKS_TRY(lks_land_open(bp, 0, false, &dx));
    return lks_land_close(bp, &dx,
                          bp->kernels->max_pool2d_backward(&dy->view,
                                                           lks_saved_view(bp, LKS_AUX),
                                                           bp->params, &dx.view));
}

const lks_op lks_op_max_pool2d = {
    .name = "max_pool2d",
    .params_size = sizeof(lks_pool2d_params),
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

lks_tensor *lks_max_pool2d(lks_tensor *x, const lks_pool2d_params *params)
{
    lks_pool2d_params p;
    lks_tensor *y;

    if (!x || fill_in(params, &p) != LKS_OK || lks_scope_open() != LKS_OK)
        return NULL;
    bool single = x->view.ndim == 3;
    x = lks_contiguous(single ? lks_unsqueeze(x, 0) : x);
    y = lks_op_apply(&lks_op_max_pool2d, &x, 1, &p);
    lks_scope_return(single ? (y = lks_squeeze(y, 0)) : y);
    lks_scope_close();
    return y;
}
