#include "reference/reference.h"

#include "base/alloc.h"

static void *alloc(int device_index, size_t n_bytes)
{
    (void)device_index;
    if (n_bytes >= PTRDIFF_MAX) { /* sanitizers abort where malloc would refuse */
        lks_fail(LKS_NOMEM, "cannot allocate %zu bytes", n_bytes);
        return NULL;
    }
    return lks_malloc_aligned(n_bytes);
}

static void free_block(int device_index, void *block, size_t n_bytes)
{
    (void)device_index, (void)n_bytes;
    lks_free(block);
}

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
    static const lks_kernels table = {
        .name = "reference",
        .alloc = alloc,
        .free = free_block,
#define KERNEL(name) .name = lks_reference_##name
        KERNEL(fill),
        KERNEL(copy),
        KERNEL(unary),
        KERNEL(unary_backward),
        KERNEL(binary),
        KERNEL(binary_backward),
        KERNEL(reduce),
        KERNEL(argmax),
        KERNEL(index_select),
        KERNEL(index_add),
        KERNEL(gemm),
        KERNEL(conv2d),
        KERNEL(conv2d_backward_data),
        KERNEL(conv2d_backward_weight),
        KERNEL(max_pool2d),
        KERNEL(max_pool2d_backward),
        KERNEL(softmax),
        KERNEL(softmax_backward),
        KERNEL(cross_entropy),
        KERNEL(cross_entropy_backward),
        KERNEL(dropout),
        KERNEL(sgd),
        KERNEL(adam),
        KERNEL(add_flat),
        KERNEL(sum_squares_flat),
    };

    return &table;
}
