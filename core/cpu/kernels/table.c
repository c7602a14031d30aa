#include "cpu/cpu.h"

#include "host_queue.h"

const lks_kernels LKS_CPU(table) = {
    .name = "cpu",
    .count = lks_cpu_count,
    .alloc = lks_cpu_alloc,
    .free = lks_cpu_free,
    LKS_HOST_QUEUE,
#define KERNEL(name) .name = LKS_CPU(name)
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
};
