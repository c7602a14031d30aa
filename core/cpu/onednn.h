/* What we take from oneDNN, behind one small adapter that its versions 2 and 3 both fit.
 */
#ifndef LKS_CPU_ONEDNN_H
#define LKS_CPU_ONEDNN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* c = a b + beta c, all f32: a [m, k], b [k, n], c [m, n], row-major with leading
 * dimensions; a transposed operand is stored as [k, m] or [n, k]. */
typedef struct lks_sgemm {
    int64_t m, n, k;
    const float *a, *b;
    int64_t lda, ldb, ldc;
    bool transpose_a, transpose_b;
    float beta;
    float *c;
} lks_sgemm;

lks_status lks_onednn_sgemm(const lks_sgemm *gemm);

#endif
