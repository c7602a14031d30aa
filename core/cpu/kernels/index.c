#include "cpu/cpu.h"

#include "base/try.h"
#include "layout/index.h"

/* One place along `dim`: a view without that dimension. */
static lks_view select_at(const lks_view *x, int dim, int64_t i)
{
    lks_view slice = *x;

    slice.data =
        (char *)x->data + i * x->strides[dim] * (int64_t)lks_dtype_size_bytes(x->dtype);
    slice.sizes[dim] = 1;
    return slice;
}

lks_status LKS_CPU(index_select)(const lks_view *x, int dim, const lks_view *index,
                                 const lks_view *out)
{
    LKS_TRY(lks_index_check("index_select", index, x, dim));
    for (int64_t i = 0; i < index->sizes[0]; i++) {
        lks_view from = select_at(x, dim, lks_index_at(index, i));
        lks_view to = select_at(out, dim, i);

        LKS_TRY(LKS_CPU(copy)(&from, &to));
    }
    return LKS_OK;
}

lks_status LKS_CPU(index_add)(const lks_view *x, int dim, const lks_view *index,
                              const lks_view *out)
{
    if (x->dtype != LKS_F32 && x->dtype != LKS_F64)
        return lks_cpu_no_dtype("index_add", x->dtype);
    LKS_TRY(lks_index_check("index_add", index, out, dim));
    for (int64_t i = 0; i < index->sizes[0]; i++) {
        lks_view from = select_at(x, dim, i);
        lks_view to = select_at(out, dim, lks_index_at(index, i));

        LKS_TRY(LKS_CPU(binary)(LKS_BINARY_add, &to, &from, &to));
    }
    return LKS_OK;
}
