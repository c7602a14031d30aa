#include "reference/reference.h"

lks_status lks_reference_dropout(const lks_view *x, double p, const lks_rng *rng,
                                 const lks_view *y)
{
    const double scale = 1 / (1 - p);

    if (x->dtype != LKS_F32 && x->dtype != LKS_F64)
        return lks_reference_no_dtype("dropout", x->dtype);
    for (int64_t i = 0; i < lks_view_count(x); i++) {
        float u;

        lks_rng_uniform_f32(rng, (uint64_t)i, 1, &u);
        if (x->dtype == LKS_F32)
            ((float *)y->data)[i] =
                u >= (float)p ? ((const float *)x->data)[i] * (float)scale : 0;
        else
            ((double *)y->data)[i] =
                u >= (float)p ? ((const double *)x->data)[i] * scale : 0;
    }
    return LKS_OK;
}
