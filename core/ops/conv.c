/* Two-dimensional convolution, as torch.nn.functional.conv2d. */
#include "ops/conv.h"

#include "base/try.h"
#include "ops/window.h"

static lks_status check_channels(const lks_call *call)
{
    const lks_conv2d_params *p = call->params;
    const lks_tensor *x = call->in[0], *w = call->in[1], *b = call->in[2];
    int64_t channels;

    if (x->view.ndim != 4 || w->view.ndim != 4)
        return lks_fail(LKS_SHAPE,
                        "conv2d: input %s with weight %s: takes (N, C, H, W) "
                        "or (C, H, W) and (O, C/groups, KH, KW)",
                        LKS_TEXT(x), LKS_TEXT(w));
    if (__builtin_mul_overflow(w->view.sizes[1], p->groups, &channels))
        channels = INT64_MAX;
    if (x->view.sizes[1] != channels || w->view.sizes[0] % p->groups != 0)
        return lks_fail(LKS_SHAPE,
                        "conv2d: input %s does not go with weight %s in %lld group%s: "
                        "%lld channels against %lld",
                        LKS_TEXT(x), LKS_TEXT(w), (long long)p->groups,
                        p->groups == 1 ? "" : "s", (long long)x->view.sizes[1],
                        (long long)channels);
    if (b && (b->view.ndim != 1 || b->view.sizes[0] != w->view.sizes[0]))
        return lks_fail(LKS_SHAPE, "conv2d: bias %s does not go with weight %s",
                        LKS_TEXT(b), LKS_TEXT(w));
    if (x->view.dtype != w->view.dtype || (b && b->view.dtype != x->view.dtype))
        return lks_fail(LKS_DTYPE, "conv2d: %s input, %s weight%s%s",
                        lks_dtype_name(x->view.dtype), lks_dtype_name(w->view.dtype),
                        b ? ", bias " : "", b ? lks_dtype_name(b->view.dtype) : "");
    return LKS_OK;
}

static lks_status conv2d_infer(const lks_call *call, lks_shape *shape, lks_dtype *dtype)
{
    const lks_conv2d_params *p = call->params;
    const lks_tensor *x = call->in[0], *w = call->in[1];

    LKS_TRY(check_channels(call));
    *dtype = x->view.dtype;
    *shape = LKS_SHAPE_OF(x->view.sizes[0], w->view.sizes[0], 0, 0);
    for (int i = 0; i < 2; i++) {
        int64_t n = lks_window_count(x->view.sizes[2 + i], w->view.sizes[2 + i],
                                     p->stride[i], p->padding[i], p->dilation[i]);
        if (n < 0)
            return lks_fail(LKS_SHAPE,
                            "conv2d: input %s with padding %lld x %lld has no room for "
                            "weight %s",
                            LKS_TEXT(x), (long long)p->padding[0],
                            (long long)p->padding[1], LKS_TEXT(w));
        shape->sizes[2 + i] = n;
    }
    return LKS_OK;
}

static lks_status conv2d_forward(lks_call *call)
{
    const lks_tensor *b = call->in[2];

    return call->kernels->conv2d(&call->in[0]->view, &call->in[1]->view,
                                 b ? &b->view : NULL, call->params, &call->out->view);
}

/* Weight and bias by one kernel call with one wish: add, or overwrite. */
static lks_status weight_gradients(lks_backprop *bp, const lks_view *dy)
{
    bool bias = lks_wants(bp, 2);
    bool add = lks_lands_on_more(bp, 1) && (!bias || lks_lands_on_more(bp, 2));
    lks_landing dw, db;
    lks_status st;

    LKS_TRY(lks_land_open(bp, 1, add, &dw));
    if (bias && (st = lks_land_open(bp, 2, add, &db)) != LKS_OK)
        return lks_land_close(bp, &dw, st);
    st =
        bp->kernels->conv2d_backward_weight(lks_saved_view(bp, LKS_IN(0)), dy, bp->params,
                                            add, &dw.view, bias ? &db.view : NULL);
    if (bias) {
        lks_status closed = lks_land_close(bp, &db, st);
        st = st == LKS_OK ? closed : st;
    }
    return lks_land_close(bp, &dw, st);
}

lks_status lks_conv2d_give_bias(lks_backprop *bp, lks_tensor *dy)
{
    static const int all_but_channels[] = {0, 2, 3};

    return lks_give(bp, 2, lks_sum(dy, all_but_channels, 3, false));
}

static lks_status conv2d_backward(lks_backprop *bp)
{
    lks_tensor *dy = lks_contiguous(bp->dy);
    lks_landing dx;

    if (!dy)
        return LKS_NOMEM;
    if (lks_wants(bp, 1))
        LKS_TRY(weight_gradients(bp, &dy->view));
    else if (lks_wants(bp, 2))
        LKS_TRY(lks_conv2d_give_bias(bp, dy)); /* it alone wants one */
    if (!lks_wants(bp, 0))
        return LKS_OK;
    LKS_TRY(lks_land_open(bp, 0, false, &dx));
    return lks_land_close(bp, &dx,
                          bp->kernels->conv2d_backward_data(&dy->view,
                                                            lks_saved_view(bp, LKS_IN(1)),
                                                            bp->params, &dx.view));
}

const lks_op lks_op_conv2d = {
    .name = "conv2d",
    .optional = LKS_IN(2),
    .params_size = sizeof(lks_conv2d_params),
    .needs = {LKS_IN(1), LKS_IN(0), 0},
    .infer = conv2d_infer,
    .forward = conv2d_forward,
    .backward = conv2d_backward,
};

lks_status lks_conv2d_complete(const char *name, const lks_conv2d_params *given,
                               lks_conv2d_params *out)
{
    *out = given ? *given : (lks_conv2d_params){.groups = 1};
    out->groups = out->groups ? out->groups : 1;
    for (int i = 0; i < 2; i++) {
        out->stride[i] = out->stride[i] ? out->stride[i] : 1;
        out->dilation[i] = out->dilation[i] ? out->dilation[i] : 1;
        if (out->stride[i] < 0 || out->dilation[i] < 0 || out->padding[i] < 0 ||
            out->groups < 0)
            return lks_fail(
                LKS_INVALID,
                "%s: a negative stride, padding, dilation or number of groups", name);
    }
    return LKS_OK;
}

lks_tensor *lks_conv2d(lks_tensor *x, lks_tensor *w, lks_tensor *b,
                       const lks_conv2d_params *params)
{
    lks_conv2d_params p;
    lks_tensor *y;

    if (!x || !w || lks_conv2d_complete("conv2d", params, &p) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    bool single = x->view.ndim == 3;
    lks_tensor *in[3] = {lks_contiguous(single ? lks_unsqueeze(x, 0) : x),
                         lks_contiguous(w), b ? lks_contiguous(b) : NULL};
    y = lks_op_apply(&lks_op_conv2d, in, 3, &p);
    lks_scope_return(single ? (y = lks_squeeze(y, 0)) : y);
    lks_scope_close();
    return y;
}
