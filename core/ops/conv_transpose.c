/* Transposed convolution, as torch.nn.functional.conv_transpose2d: the convolution whose
 * output is x, backwards. So its forward is that one's backward_data, and the gradient of
 * its input that one's forward. */
#include "base/try.h"
#include "ops/conv.h"
#include "ops/window.h"

typedef struct conv_transpose2d {
    lks_conv2d_params conv; /* first: kernels take a pointer to it */
    int64_t output_padding[2];
} conv_transpose2d;

static lks_status check_channels(const lks_call *call)
{
    const conv_transpose2d *p = call->params;
    const lks_tensor *x = call->in[0], *w = call->in[1], *b = call->in[2];

    if (x->view.ndim != 4 || w->view.ndim != 4)
        return lks_fail(
            LKS_SHAPE,
            "conv_transpose2d: input %s with weight %s: takes (N, C, H, W) or "
            "(C, H, W) and (C, O/groups, KH, KW)",
            LKS_TEXT(x), LKS_TEXT(w));
    if (x->view.sizes[1] != w->view.sizes[0] || w->view.sizes[0] % p->conv.groups != 0)
        return lks_fail(LKS_SHAPE,
                        "conv_transpose2d: input %s does not go with weight %s in %lld "
                        "group%s",
                        LKS_TEXT(x), LKS_TEXT(w), (long long)p->conv.groups,
                        p->conv.groups == 1 ? "" : "s");
    if (b &&
        (b->view.ndim != 1 || b->view.sizes[0] / p->conv.groups != w->view.sizes[1] ||
         b->view.sizes[0] % p->conv.groups != 0))
        return lks_fail(LKS_SHAPE, "conv_transpose2d: bias %s does not go with weight %s",
                        LKS_TEXT(b), LKS_TEXT(w));
    if (x->view.dtype != w->view.dtype || (b && b->view.dtype != x->view.dtype))
        return lks_fail(LKS_DTYPE, "conv_transpose2d: %s input, %s weight%s%s",
                        lks_dtype_name(x->view.dtype), lks_dtype_name(w->view.dtype),
                        b ? ", bias " : "", b ? lks_dtype_name(b->view.dtype) : "");
    return LKS_OK;
}

static lks_status conv_transpose2d_infer(const lks_call *call, lks_shape *shape,
                                         lks_dtype *dtype)
{
    const conv_transpose2d *p = call->params;
    const lks_view *x = &call->in[0]->view, *w = &call->in[1]->view;

    LKS_TRY(check_channels(call));
    *dtype = x->dtype;
    *shape = LKS_SHAPE_OF(x->sizes[0], 0, 0, 0);
    if (__builtin_mul_overflow(w->sizes[1], p->conv.groups, &shape->sizes[1]))
        return lks_fail(LKS_SHAPE, "conv_transpose2d: %lld groups of weight %s",
                        (long long)p->conv.groups, LKS_TEXT(call->in[1]));
    for (int i = 0; i < 2; i++) {
        shape->sizes[2 + i] = lks_conv_transpose_size(
            x->sizes[2 + i], w->sizes[2 + i], p->conv.stride[i], p->conv.padding[i],
            p->conv.dilation[i], p->output_padding[i]);
        if (shape->sizes[2 + i] < 0)
            return lks_fail(LKS_SHAPE,
                            "conv_transpose2d: of input %s with weight %s and padding "
                            "%lld x %lld nothing is left, or more than there can be",
                            LKS_TEXT(call->in[0]), LKS_TEXT(call->in[1]),
                            (long long)p->conv.padding[0], (long long)p->conv.padding[1]);
    }
    return LKS_OK;
}

static lks_status add_bias(const lks_call *call)
{
    const lks_view *y = &call->out->view;
    const lks_shape shape = lks_view_shape(y);
    lks_view bias = call->in[2]->view;

    /* (O) as (O, 1, 1), which broadcasts to y */
    bias.ndim = 3;
    bias.sizes[1] = bias.sizes[2] = 1;
    bias.strides[1] = bias.strides[2] = 0;
    bias = lks_view_expand(&bias, &shape);
    return call->kernels->binary(LKS_BINARY_add, y, &bias, y);
}

static lks_status conv_transpose2d_forward(lks_call *call)
{
    const conv_transpose2d *p = call->params;

    LKS_TRY(call->kernels->conv2d_backward_data(&call->in[0]->view, &call->in[1]->view,
                                                &p->conv, &call->out->view));
    return call->in[2] ? add_bias(call) : LKS_OK;
}

static lks_status weight_gradient(lks_backprop *bp, const lks_view *dy)
{
    const conv_transpose2d *p = bp->params;
    lks_landing dw;

    LKS_TRY(lks_land_open(bp, 1, true, &dw));
    return lks_land_close(
        bp, &dw,
        bp->kernels->conv2d_backward_weight(dy, lks_saved_view(bp, LKS_IN(0)), &p->conv,
                                            dw.add, &dw.view, NULL));
}

static lks_status conv_transpose2d_backward(lks_backprop *bp)
{
    const conv_transpose2d *p = bp->params;
    lks_tensor *dy = lks_contiguous(bp->dy);
    lks_landing dx;

    if (!dy)
        return LKS_NOMEM;
    if (lks_wants(bp, 1))
        LKS_TRY(weight_gradient(bp, &dy->view));
    if (lks_wants(bp, 2))
        LKS_TRY(lks_conv2d_give_bias(bp, dy));
    if (!lks_wants(bp, 0))
        return LKS_OK;
    LKS_TRY(lks_land_open(bp, 0, false, &dx));
    return lks_land_close(bp, &dx,
                          bp->kernels->conv2d(&dy->view, lks_saved_view(bp, LKS_IN(1)),
                                              NULL, &p->conv, &dx.view));
}

const lks_op lks_op_conv_transpose2d = {
    .name = "conv_transpose2d",
    .optional = LKS_IN(2),
    .params_size = sizeof(conv_transpose2d),
    .needs = {LKS_IN(1), LKS_IN(0), 0},
    .infer = conv_transpose2d_infer,
    .forward = conv_transpose2d_forward,
    .backward = conv_transpose2d_backward,
};

/* source: torch.nn.functional.conv_transpose2d: more would be rows that nothing meets */
static lks_status complete(const lks_conv2d_params *given, const int64_t *output_padding,
                           conv_transpose2d *out)
{
    LKS_TRY(lks_conv2d_complete("conv_transpose2d", given, &out->conv));
    for (int i = 0; i < 2; i++) {
        const int64_t stride = out->conv.stride[i], dilation = out->conv.dilation[i];

        out->output_padding[i] = output_padding ? output_padding[i] : 0;
        if (out->output_padding[i] < 0 ||
            (out->output_padding[i] >= stride && out->output_padding[i] >= dilation))
            return lks_fail(LKS_INVALID,
                            "conv_transpose2d: output_padding %lld is not below the "
                            "stride, %lld, or the dilation, %lld",
                            (long long)out->output_padding[i], (long long)stride,
                            (long long)dilation);
    }
    return LKS_OK;
}

lks_tensor *lks_conv_transpose2d(lks_tensor *x, lks_tensor *w, lks_tensor *b,
                                 const lks_conv2d_params *params,
                                 const int64_t *output_padding)
{
    conv_transpose2d p;
    lks_tensor *y;

    if (!x || !w || complete(params, output_padding, &p) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    bool single = x->view.ndim == 3;
    lks_tensor *in[3] = {lks_contiguous(single ? lks_unsqueeze(x, 0) : x),
                         lks_contiguous(w), b ? lks_contiguous(b) : NULL};
    y = lks_op_apply(&lks_op_conv_transpose2d, in, 3, &p);
    lks_scope_return(single ? (y = lks_squeeze(y, 0)) : y);
    lks_scope_close();
    return y;
}
