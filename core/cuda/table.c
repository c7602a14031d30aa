#include "cuda/entries.h"

#include "cuda/blas.h"
#include "cuda/queue.h"

const lks_kernels *lks_cuda_kernels(void)
{
    static const lks_kernels table = {
        .name = "cuda",
        .host_reads = false,
        .count = lks_cuda_count,
        .absence = lks_cuda_absence,
        .identity = lks_cuda_identity,
        .describe = lks_cuda_describe,
        .use = lks_cuda_use,
        .forget_peak = lks_cuda_forget_peak,
        .work = lks_cuda_work_of,
        .fast = lks_cuda_fast,
        .alloc = lks_cuda_alloc,
        .free = lks_cuda_free,
        .copy_in = lks_cuda_copy_in,
        .copy_out = lks_cuda_copy_out,
        .copy_across = lks_cuda_copy_across,
        .mark = lks_cuda_mark,
        .await = lks_cuda_await,
        .finish = lks_cuda_finish,
        .record = lks_cuda_record,
        .recorded = lks_cuda_recorded,
        .replay = lks_cuda_replay,
        .forget = lks_cuda_forget,
#define KERNEL(name) .name = lks_cuda_##name
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

    return &table;
}
