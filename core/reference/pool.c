#include "reference/reference.h"

#include "geometry.h"

#define T float
#include "reference/pool_of.h"
#undef T
#define T double
#include "reference/pool_of.h"
#undef T

lks_status lks_reference_max_pool2d(const lks_view *x, const lks_pool2d_params *params,
                                    const lks_view *y, const lks_view *index)
{
    const pooling p = pooling_of(x, y, params);

    if (x->dtype != LKS_F32 && x->dtype != LKS_F64)
        return lks_reference_no_dtype("max_pool2d", x->dtype);
    if (lks_view_count(x) == 0) /* a plane may be beyond all products */
        return LKS_OK;
    for (int64_t i = 0; i < x->sizes[0] * x->sizes[1]; i++) {
        const int64_t in = i * p.h * p.w, out = i * p.oh * p.ow;
        int32_t *places = (int32_t *)index->data + out;

        if (x->dtype == LKS_F32)
            max_pool_float(&p, (const float *)x->data + in, (float *)y->data + out,
                           places);
        else
            max_pool_double(&p, (const double *)x->data + in, (double *)y->data + out,
                            places);
    }
    return LKS_OK;
}

lks_status lks_reference_max_pool2d_backward(const lks_view *dy, const lks_view *index,
                                             const lks_pool2d_params *params,
                                             const lks_view *dx)
{
    const pooling p = pooling_of(dx, dy, params);

    if (dy->dtype != LKS_F32 && dy->dtype != LKS_F64)
        return lks_reference_no_dtype("max_pool2d", dy->dtype);
    if (lks_view_count(dy) == 0)
        return LKS_OK;
    for (int64_t i = 0; i < dx->sizes[0] * dx->sizes[1]; i++) {
        const int64_t in = i * p.oh * p.ow, out = i * p.h * p.w;
        const int32_t *places = (const int32_t *)index->data + in;

        if (dy->dtype == LKS_F32)
            max_pool_backward_float(&p, (const float *)dy->data + in, places,
                                    (float *)dx->data + out);
        else
            max_pool_backward_double(&p, (const double *)dy->data + in, places,
                                     (double *)dx->data + out);
    }
    return LKS_OK;
}
