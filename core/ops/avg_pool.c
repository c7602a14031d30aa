/* Average pooling, as torch.nn.functional.avg_pool2d and adaptive_avg_pool2d. */
#include "base/try.h"
#include "ops/op.h"
#include "ops/window.h"

/* Params with, for adaptive ones, how many windows there are. */
typedef struct avg_pool2d {
    lks_avg_pool2d_params window;
    int64_t n[2];
} avg_pool2d;

/* source: torch.nn.functional.avg_pool2d */
static lks_status count_windows(const lks_tensor *x, const lks_avg_pool2d_params *p,
                                int64_t *out)
{
    for (int d = 0; d < 2; d++) {
        out[d] = (p->ceil_mode ? lks_window_count_up : lks_window_count)(
            x->view.sizes[2 + d], p->kernel[d], p->stride[d], p->padding[d], 1);
        if (out[d] < 0)
            return lks_fail(LKS_SHAPE,
                            "avg_pool2d: input %s has no room for a window of %lld x "
                            "%lld",
                            LKS_TEXT(x), (long long)p->kernel[0],
                            (long long)p->kernel[1]);
    }
    return LKS_OK;
}

static lks_status avg_pool2d_infer(const lks_call *call, lks_shape *shape,
                                   lks_dtype *dtype)
{
    const avg_pool2d *p = call->params;
    const lks_tensor *x = call->in[0];
    int64_t n[2] = {p->n[0], p->n[1]};

    if (x->view.ndim != 4)
        return lks_fail(LKS_SHAPE, "%s: input %s: takes (N, C, H, W) or (C, H, W)",
                        p->window.adaptive ? "adaptive_avg_pool2d" : "avg_pool2d",
                        LKS_TEXT(x));
    if (p->window.adaptive && (x->view.sizes[2] < 1 || x->view.sizes[3] < 1))
        return lks_fail(LKS_SHAPE, "adaptive_avg_pool2d: input %s has nothing to average",
                        LKS_TEXT(x));
    if (!p->window.adaptive)
        LKS_TRY(count_windows(x, &p->window, n));
    *shape = LKS_SHAPE_OF(x->view.sizes[0], x->view.sizes[1], n[0], n[1]);
    *dtype = x->view.dtype;
    return LKS_OK;
}

static lks_status avg_pool2d_forward(lks_call *call)
{
    const avg_pool2d *p = call->params;

    return call->kernels->avg_pool2d(&call->in[0]->view, &p->window, &call->out->view);
}

static lks_status avg_pool2d_backward(lks_backprop *bp)
{
    const avg_pool2d *p = bp->params;
    lks_tensor *dy = lks_contiguous(bp->dy);
    lks_landing dx;

    if (!dy)
        return LKS_NOMEM;
    LKS_TRY(lks_land_open(bp, 0, false, &dx));
    return lks_land_close(
        bp, &dx, bp->kernels->avg_pool2d_backward(&dy->view, &p->window, &dx.view));
}

const lks_op lks_op_avg_pool2d = {
    .name = "avg_pool2d",
    .params_size = sizeof(avg_pool2d),
    .needs = {0},
    .infer = avg_pool2d_infer,
    .forward = avg_pool2d_forward,
    .backward = avg_pool2d_backward,
};

static lks_status fill_in(const lks_avg_pool2d_params *given, avg_pool2d *out)
{
    lks_avg_pool2d_params *p = &out->window;

    *p = *given;
    p->adaptive = false;
    for (int d = 0; d < 2; d++) {
        p->stride[d] = p->stride[d] ? p->stride[d] : p->kernel[d];
        if (p->kernel[d] < 1 || p->stride[d] < 0)
            return lks_fail(
                LKS_INVALID,
                "avg_pool2d: a window of %lld x %lld, stride %lld x %lld: all "
                "must be positive",
                (long long)p->kernel[0], (long long)p->kernel[1], (long long)p->stride[0],
                (long long)p->stride[1]);
        /* PyTorch's limit: more makes windows of padding only, whatever the input. */
        if (p->padding[d] < 0 || p->padding[d] > p->kernel[d] / 2)
            return lks_fail(LKS_INVALID,
                            "avg_pool2d: padding %lld is not between 0 and half the "
                            "window of %lld",
                            (long long)p->padding[d], (long long)p->kernel[d]);
    }
    return LKS_OK;
}

static lks_tensor *apply(lks_tensor *x, const avg_pool2d *p)
{
    lks_tensor *y;

    if (lks_scope_open() != LKS_OK)
        return NULL;
    const bool single = x->view.ndim == 3;
    x = lks_contiguous(single ? lks_unsqueeze(x, 0) : x);
    y = lks_op_apply(&lks_op_avg_pool2d, &x, 1, p);
    lks_scope_return(single ? (y = lks_squeeze(y, 0)) : y);
    lks_scope_close();
    return y;
}

lks_tensor *lks_avg_pool2d(lks_tensor *x, const lks_avg_pool2d_params *params)
{
    avg_pool2d p = {0};

    return x && fill_in(params, &p) == LKS_OK ? apply(x, &p) : NULL;
}

lks_tensor *lks_adaptive_avg_pool2d(lks_tensor *x, const int64_t *size)
{
    avg_pool2d p = {.window.adaptive = true, .n = {size[0], size[1]}};

    if (!x)
        return NULL;
    for (int d = 0; d < 2; d++)
        if (p.n[d] == -1 && x->view.ndim >= 2) /* PyTorch's None */
            p.n[d] = x->view.sizes[x->view.ndim - 2 + d];
    if (p.n[0] < 0 || p.n[1] < 0) {
        lks_fail(LKS_INVALID, "adaptive_avg_pool2d: there is no output of %lld x %lld",
                 (long long)p.n[0], (long long)p.n[1]);
        return NULL;
    }
    return apply(x, &p);
}
