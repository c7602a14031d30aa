/* Gathering and scattering along a dimension, one place after the other. */
#include "reference/reference.h"

#include "base/try.h"
#include "layout/index.h"

/* One place along `dim`: a view of size 1 there. */
static lks_view select_at(const lks_view *x, int dim, int64_t i)
{
    return lks_view_slice(x, dim, i, 1, 1);
}

lks_status lks_reference_index_select(const lks_view *x, int dim, const lks_view *index,
                                      const lks_view *out)
{
    LKS_TRY(lks_index_check("index_select", index, x, dim));
    for (int64_t i = 0; i < index->sizes[0]; i++) {
        const lks_view from = select_at(x, dim, lks_index_at(index, i));
        const lks_view to = select_at(out, dim, i);

        LKS_TRY(lks_reference_copy(&from, &to));
    }
    return LKS_OK;
}

/* In order of i: where an index occurs twice, the earlier is added first. */
lks_status lks_reference_index_add(const lks_view *x, int dim, const lks_view *index,
                                   const lks_view *out)
{
    if (x->dtype != LKS_F32 && x->dtype != LKS_F64)
        return lks_reference_no_dtype("index_add", x->dtype);
    LKS_TRY(lks_index_check("index_add", index, out, dim));
    for (int64_t i = 0; i < index->sizes[0]; i++) {
        const lks_view from = select_at(x, dim, i);
        const lks_view to = select_at(out, dim, lks_index_at(index, i));

        LKS_TRY(lks_reference_binary(LKS_BINARY_add, &to, &from, &to));
    }
    return LKS_OK;
}
