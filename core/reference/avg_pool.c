#include "reference/reference.h"

#include "geometry.h"

#define T float
#include "reference/avg_pool_of.h"
#undef T
#define T double
#include "reference/avg_pool_of.h"
#undef T

lks_status lks_reference_avg_pool2d(const lks_view *x,
                                    const lks_avg_pool2d_params *params,
                                    const lks_view *y)
{
    const averaging p = averaging_of(x, y, params);

    if (x->dtype != LKS_F32 && x->dtype != LKS_F64)
        return lks_reference_no_dtype("avg_pool2d", x->dtype);
    if (lks_view_count(x) == 0) /* a plane may be beyond all products */
        return LKS_OK;
    for (int64_t i = 0; i < x->sizes[0] * x->sizes[1]; i++) {
        const int64_t in = i * p.in[0] * p.in[1], out = i * p.out[0] * p.out[1];

        if (x->dtype == LKS_F32)
            avg_pool_float(&p, (const float *)x->data + in, (float *)y->data + out);
        else
            avg_pool_double(&p, (const double *)x->data + in, (double *)y->data + out);
    }
    return LKS_OK;
}

lks_status lks_reference_avg_pool2d_backward(const lks_view *dy,
                                             const lks_avg_pool2d_params *params,
                                             const lks_view *dx)
{
    const averaging p = averaging_of(dx, dy, params);

    if (dy->dtype != LKS_F32 && dy->dtype != LKS_F64)
        return lks_reference_no_dtype("avg_pool2d_backward", dy->dtype);
    if (lks_view_count(dx) == 0)
        return LKS_OK;
    for (int64_t i = 0; i < dx->sizes[0] * dx->sizes[1]; i++) {
        const int64_t in = i * p.out[0] * p.out[1], out = i * p.in[0] * p.in[1];

        if (dy->dtype == LKS_F32)
            avg_pool_backward_float(&p, (const float *)dy->data + in,
                                    (float *)dx->data + out);
        else
            avg_pool_backward_double(&p, (const double *)dy->data + in,
                                     (double *)dx->data + out);
    }
    return LKS_OK;
}
