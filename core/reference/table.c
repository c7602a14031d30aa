#include "reference/reference.h"

#include "host_queue.h"

lks_status lks_reference_no_dtype(const char *kernel, lks_dtype dtype)
{
    return lks_fail(LKS_DTYPE, "the reference kernel %s does not take %s", kernel,
                    lks_dtype_name(dtype));
}

char *lks_reference_at(const lks_view *x, int64_t i)
{
    int64_t offset = 0;

    for (int d = x->ndim; d-- > 0; i /= x->sizes[d])
        offset += i % x->sizes[d] * x->strides[d];
    return lks_view_at(x, offset);
}

const lks_kernels *lks_reference_kernels(void)
{
    /* clang-format off */
    static const lks_kernels table = {
        .name = "reference",
        .count = lks_reference_count,
        .alloc = lks_reference_alloc,
        .free = lks_reference_free,
        LKS_HOST_QUEUE,
#define KERNEL(name) .name = lks_reference_##name,
        LKS_KERNEL_LIST(KERNEL)
    };
    /* clang-format on */

    return &table;
}
