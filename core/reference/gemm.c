#include "reference/reference.h"

#include "numerics.h"

#define T float
#include "reference/gemm_of.h"
#undef T
#define T double
#include "reference/gemm_of.h"
#undef T

lks_status lks_reference_gemm(const lks_view *a, const lks_view *b, const lks_view *bias,
                              bool accumulate, const lks_view *c)
{
    if (c->dtype != LKS_F32 && c->dtype != LKS_F64)
        return lks_reference_no_dtype("gemm", c->dtype);
    for (int64_t i = 0; i < lks_view_n_matrices(c); i++) {
        const lks_view a_i = lks_view_matrix_at(a, i), b_i = lks_view_matrix_at(b, i);
        const lks_view c_i = lks_view_matrix_at(c, i);

        if (c->dtype == LKS_F32)
            gemm_float(&a_i, &b_i, bias, accumulate, &c_i);
        else
            gemm_double(&a_i, &b_i, bias, accumulate, &c_i);
    }
    return LKS_OK;
}
