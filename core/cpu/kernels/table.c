#include "cpu/cpu.h"

#include "host_queue.h"

/* clang-format off */
const lks_kernels LKS_CPU(table) = {
    .name = "cpu",
    .count = lks_cpu_count,
    .alloc = lks_cpu_alloc,
    .free = lks_cpu_free,
    LKS_HOST_QUEUE,
#define KERNEL(name) .name = LKS_CPU(name),
    LKS_KERNEL_LIST(KERNEL)
};
