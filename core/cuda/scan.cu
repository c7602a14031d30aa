/* Running sums along a dimension: ../reference/scan_of.h, a thread for a line. */
#include "cuda/lines.cuh"

#include "formulas.h"

#define PAGE "reference/scan_of.h"
#include "reference/for_sums.h"

#define BODY(dtype, stored, computed, load, store)                                       \
    struct scan_##dtype {                                                                \
        lks_reduce op;                                                                   \
                                                                                         \
        __device__ void operator()(int64_t n, char *const *data,                         \
                                   const int64_t *strides) const                         \
        {                                                                                \
            scan_line_##dtype(op, n, data, strides);                                     \
        }                                                                                \
    };
LKS_FLOAT_ELEMENTS(BODY)
LKS_INT_ELEMENTS(BODY)

lks_status lks_cuda_scan(lks_reduce op, const lks_view *x, int dim, const lks_view *out)
{
    const lks_view *const views[] = {out, x};

    switch (x->dtype) {
#define SCAN(dtype, stored, computed, load, store)                                       \
    case LKS_##dtype:                                                                    \
        return lks_cuda_lines(views, dim, scan_##dtype{op});
        LKS_FLOAT_ELEMENTS(SCAN)
        LKS_INT_ELEMENTS(SCAN)
    default:
        return lks_cuda_no_dtype("scan", x->dtype);
    }
}
