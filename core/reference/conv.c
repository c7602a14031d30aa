#include "reference/reference.h"

#include "geometry.h"
#include "numerics.h"

#define T float
#include "reference/conv_of.h"
#undef T
#define T double
#include "reference/conv_of.h"
#undef T

static bool has_dtype(const lks_view *x)
{
    return x->dtype == LKS_F32 || x->dtype == LKS_F64;
}

lks_status lks_reference_conv2d(const lks_view *x, const lks_view *w,
                                const lks_view *bias, const lks_conv2d_params *params,
                                const lks_view *y)
{
    const geometry g = geometry_of(x, w, y, params);

    if (!has_dtype(x))
        return lks_reference_no_dtype("conv2d", x->dtype);
    if (x->dtype == LKS_F32)
        conv2d_float(&g, x->data, w->data, bias ? bias->data : NULL, y->data);
    else
        conv2d_double(&g, x->data, w->data, bias ? bias->data : NULL, y->data);
    return LKS_OK;
}

lks_status lks_reference_conv2d_backward_data(const lks_view *dy, const lks_view *w,
                                              const lks_conv2d_params *params,
                                              const lks_view *dx)
{
    const geometry g = geometry_of(dx, w, dy, params);

    if (!has_dtype(dy))
        return lks_reference_no_dtype("conv2d_backward_data", dy->dtype);
    if (dy->dtype == LKS_F32)
        conv2d_backward_data_float(&g, dy->data, w->data, dx->data);
    else
        conv2d_backward_data_double(&g, dy->data, w->data, dx->data);
    return LKS_OK;
}

lks_status lks_reference_conv2d_backward_weight(const lks_view *x, const lks_view *dy,
                                                const lks_conv2d_params *params,
                                                bool accumulate, const lks_view *dw,
                                                const lks_view *dbias)
{
    const geometry g = geometry_of(x, dw, dy, params);

    if (!has_dtype(dy))
        return lks_reference_no_dtype("conv2d_backward_weight", dy->dtype);
    if (dy->dtype == LKS_F32)
        conv2d_backward_weight_float(&g, x->data, dy->data, accumulate, dw->data,
                                     dbias ? dbias->data : NULL);
    else
        conv2d_backward_weight_double(&g, x->data, dy->data, accumulate, dw->data,
                                      dbias ? dbias->data : NULL);
    return LKS_OK;
}
