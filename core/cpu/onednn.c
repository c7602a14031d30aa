#include "cpu/onednn.h"

#include <dnnl.h>

#include "cpu/parallel.h"

lks_status lks_onednn_sgemm(const lks_sgemm *gemm)
{
    dnnl_status_t st;

    lks_parallel_bound_openmp();
    st = dnnl_sgemm(gemm->transpose_a ? 'T' : 'N', gemm->transpose_b ? 'T' : 'N', gemm->m,
                    gemm->n, gemm->k, 1.0f, gemm->a, gemm->lda, gemm->b, gemm->ldb,
                    gemm->beta, gemm->c, gemm->ldc);
    if (st == dnnl_success)
        return LKS_OK;
    return lks_fail(st == dnnl_out_of_memory ? LKS_NOMEM : LKS_DEVICE,
                    "oneDNN's sgemm failed with status %d for (%lld, %lld, %lld)",
                    (int)st, (long long)gemm->m, (long long)gemm->n, (long long)gemm->k);
}
