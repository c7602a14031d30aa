#include "cuda/entries.h"

#include "cuda/blas.h"
#include "cuda/queue.h"

const lks_kernels *lks_cuda_kernels(void)
{
    /* clang-format off */
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
#define KERNEL(name) .name = lks_cuda_##name,
        LKS_KERNEL_LIST(KERNEL)
    };
    /* clang-format on */

    return &table;
}
