#include "cpu/kernels/conv.h"

#include "base/try.h"
#include "numerics.h"
#include "geometry.h"

/* The definition. */
#define T float
#include "reference/conv_of.h"
#undef T
#define T double
#include "reference/conv_of.h"
#undef T

static lks_conv conv_of(const lks_view *x, const lks_view *w, const lks_view *y,
                        const lks_conv2d_params *params)
{
    lks_conv conv = {
        .device_index = x->device.index,
        .n = x->sizes[0],
        .groups = params->groups,
        .c = w->sizes[1],
        .o = w->sizes[0] / params->groups,
        .h = x->sizes[2],
        .w = x->sizes[3],
        .kh = w->sizes[2],
        .kw = w->sizes[3],
        .oh = y->sizes[2],
        .ow = y->sizes[3],
    };

    for (int d = 0; d < 2; d++) {
        /* to a single place no step is taken, however wide, and rows need no thinning */
        conv.stride[d] = y->sizes[2 + d] > 1 ? params->stride[d] : 1;
        conv.padding[d] = params->padding[d];
        conv.dilation[d] = params->dilation[d];
    }
    return conv;
}

/* f32 has the fast kernels, unless there is nothing to add up; f64 the definition, for
 * gradient checks: nobody trains in it. */
static bool is_fast(const lks_view *x, const lks_view *w, const lks_view *y)
{
    const lks_view *const views[] = {x, w, y};

    for (int i = 0; i < 3; i++)
        for (int d = 0; d < 4; d++)
            if (views[i]->sizes[d] == 0)
                return false;
    return x->dtype == LKS_F32;
}

static lks_status check_dtype(const char *kernel, const lks_view *x)
{
    return x->dtype == LKS_F32 || x->dtype == LKS_F64
               ? LKS_OK
               : lks_cpu_no_dtype(kernel, x->dtype);
}

lks_status LKS_CPU(conv2d)(const lks_view *x, const lks_view *w, const lks_view *bias,
                           const lks_conv2d_params *params, const lks_view *y)
{
    lks_conv conv;

    LKS_TRY(check_dtype("conv2d", x));
    if (!is_fast(x, w, y)) {
        const geometry g = geometry_of(x, w, y, params);

        if (x->dtype == LKS_F32)
            conv2d_float(&g, x->data, w->data, bias ? bias->data : NULL, y->data);
        else
            conv2d_double(&g, x->data, w->data, bias ? bias->data : NULL, y->data);
        return LKS_OK;
    }
    conv = conv_of(x, w, y, params);
    return LKS_CPU(conv_forward)(&conv, x->data, w->data, bias ? bias->data : NULL,
                                 y->data);
}

lks_status LKS_CPU(conv2d_backward_data)(const lks_view *dy, const lks_view *w,
                                         const lks_conv2d_params *params,
                                         const lks_view *dx)
{
    lks_conv conv;

    LKS_TRY(check_dtype("conv2d_backward_data", dy));
    if (!is_fast(dx, w, dy)) {
        const geometry g = geometry_of(dx, w, dy, params);

        if (dy->dtype == LKS_F32)
            conv2d_backward_data_float(&g, dy->data, w->data, dx->data);
        else
            conv2d_backward_data_double(&g, dy->data, w->data, dx->data);
        return LKS_OK;
    }
    conv = conv_of(dx, w, dy, params);
    return LKS_CPU(conv_backward_data)(&conv, dy->data, w->data, dx->data);
}

lks_status LKS_CPU(conv2d_backward_weight)(const lks_view *x, const lks_view *dy,
                                           const lks_conv2d_params *params,
                                           bool accumulate, const lks_view *dw,
                                           const lks_view *dbias)
{
    lks_conv conv;

    LKS_TRY(check_dtype("conv2d_backward_weight", dy));
    if (!is_fast(x, dw, dy)) {
        const geometry g = geometry_of(x, dw, dy, params);

        if (dy->dtype == LKS_F32)
            conv2d_backward_weight_float(&g, x->data, dy->data, accumulate, dw->data,
                                         dbias ? dbias->data : NULL);
        else
            conv2d_backward_weight_double(&g, x->data, dy->data, accumulate, dw->data,
                                          dbias ? dbias->data : NULL);
        return LKS_OK;
    }
    conv = conv_of(x, dw, dy, params);
    return LKS_CPU(conv_backward_weight)(&conv, x->data, dy->data, accumulate, dw->data,
                                         dbias ? dbias->data : NULL);
}
