#include "cpu/cpu.h"
#include "cpu/ref_conv.h"

static lks_status check_dtype(const lks_view *x)
{
    return x->dtype == LKS_F32 || x->dtype == LKS_F64
               ? LKS_OK
               : lks_cpu_no_dtype("conv2d", x->dtype);
}

lks_status LKS_CPU(conv2d)(const lks_view *x, const lks_view *w, const lks_view *bias,
                           const lks_conv2d_params *params, const lks_view *y)
{
    if (check_dtype(x) != LKS_OK)
        return LKS_DTYPE;
    lks_ref_conv2d(x, w, bias, params, y);
    return LKS_OK;
}

lks_status LKS_CPU(conv2d_backward_data)(const lks_view *dy, const lks_view *w,
                                         const lks_conv2d_params *params,
                                         const lks_view *dx)
{
    if (check_dtype(dy) != LKS_OK)
        return LKS_DTYPE;
    lks_ref_conv2d_backward_data(dy, w, params, dx);
    return LKS_OK;
}

lks_status LKS_CPU(conv2d_backward_weight)(const lks_view *x, const lks_view *dy,
                                           const lks_conv2d_params *params,
                                           bool accumulate, const lks_view *dw,
                                           const lks_view *dbias)
{
    if (check_dtype(dy) != LKS_OK)
        return LKS_DTYPE;
    lks_ref_conv2d_backward_weight(x, dy, params, accumulate, dw, dbias);
    return LKS_OK;
}
