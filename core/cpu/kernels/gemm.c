#include "cpu/cpu.h"

#include "base/try.h"
#include "cpu/kernels/gemm_nt.h"
#include "cpu/kernels/vector.h"
#include "cpu/onednn.h"

/* A matrix in memory as a BLAS wants it: rows of stride `ld`, or columns if transposed.
 */
typedef struct matrix {
    const void *data;
    int64_t ld;
    bool transposed;
} matrix;

/* Whether the view is such a matrix, row-major or transposed. */
static bool as_matrix(const lks_view *x, matrix *out)
{
    int64_t rows = x->sizes[0], cols = x->sizes[1];
    bool rows_dense = x->strides[1] == 1 || cols == 1;
    bool cols_dense = x->strides[0] == 1 || rows == 1;

    if (rows_dense && (x->strides[0] >= cols || rows == 1)) {
        *out = (matrix){x->data, rows == 1 ? cols : x->strides[0], false};
        return true;
    }
    if (cols_dense && (x->strides[1] >= rows || cols == 1)) {
        *out = (matrix){x->data, cols == 1 ? rows : x->strides[1], true};
        return true;
    }
    return false;
}

/* A dense copy of x in `copy`, whose data is to be freed. */
static lks_status make_dense(const lks_view *x, lks_view *copy)
{
    size_t n_bytes = (size_t)(x->sizes[0] * x->sizes[1]) * lks_dtype_size_bytes(x->dtype);
    void *data = lks_cpu_alloc(0, n_bytes);

    if (!data)
        return LKS_NOMEM;
    *copy = *x;
    copy->data = data;
    copy->strides[0] = x->sizes[1];
    copy->strides[1] = 1;
    return LKS_CPU(copy)(x, copy);
}

static void free_dense(const lks_view *copy)
{
    if (copy->data)
        lks_cpu_free(0, copy->data,
                     (size_t)(copy->sizes[0] * copy->sizes[1]) *
                         lks_dtype_size_bytes(copy->dtype));
}

/* x as a matrix, through a dense copy if it must. */
static lks_status to_matrix(const lks_view *x, lks_view *copy, matrix *out)
{
    if (as_matrix(x, out))
        return LKS_OK;
    LKS_TRY(make_dense(x, copy));
    as_matrix(copy, out);
    return LKS_OK;
}

static lks_status multiply_f32(const lks_view *a, const lks_view *b, bool accumulate,
                               const lks_view *c)
{
    lks_view copy_a = {0}, copy_b = {0}, copy_c = {0};
    matrix ma = {0}, mb = {0}, mc = {0};
    lks_sgemm gemm;
    lks_status st;

    LKS_GO(to_matrix(a, &copy_a, &ma));
    LKS_GO(to_matrix(b, &copy_b, &mb));
    if (!as_matrix(c, &mc) || mc.transposed)
        LKS_GO(make_dense(c, &copy_c));
    gemm = (lks_sgemm){
        .m = c->sizes[0],
        .n = c->sizes[1],
        .k = a->sizes[1],
        .a = ma.data,
        .b = mb.data,
        .lda = ma.ld,
        .ldb = mb.ld,
        .ldc = copy_c.data ? copy_c.strides[0] : mc.ld,
        .transpose_a = ma.transposed,
        .transpose_b = mb.transposed,
        .beta = accumulate ? 1.0f : 0.0f,
        .c = copy_c.data ? copy_c.data : c->data,
    };
    LKS_GO(lks_onednn_sgemm(&gemm));
    if (copy_c.data)
        LKS_GO(LKS_CPU(copy)(&copy_c, c));
cleanup:
    free_dense(&copy_a);
    free_dense(&copy_b);
    free_dense(&copy_c);
    return st;
}

static double at_f64(const lks_view *x, int64_t i, int64_t j)
{
    return ((const double *)x->data)[i * x->strides[0] + j * x->strides[1]];
}

/* For gradient checks; nobody trains in f64. */
static void multiply_f64(const lks_view *a, const lks_view *b, bool accumulate,
                         const lks_view *c)
{
    for (int64_t i = 0; i < c->sizes[0]; i++)
        for (int64_t j = 0; j < c->sizes[1]; j++) {
            double *out = (double *)c->data + i * c->strides[0] + j * c->strides[1];
            double sum = accumulate ? *out : 0;

            for (int64_t k = 0; k < a->sizes[1]; k++)
                sum += at_f64(a, i, k) * at_f64(b, k, j);
            *out = sum;
        }
}

/* c = bias in every row, or c += bias. */
static lks_status put_bias(const lks_view *bias, bool accumulate, const lks_view *c)
{
    lks_view rows = *c;

    rows.data = bias->data;
    rows.strides[0] = 0;
    rows.strides[1] = bias->strides[0];
    return accumulate ? LKS_CPU(binary)(LKS_BINARY_add, c, &rows, c)
                      : LKS_CPU(copy)(&rows, c);
}

/* Whether gemm_nt takes it: rows with rows, and enough of the first to fill vectors. With
 * vectors of four, oneDNN's is three times as fast. */
static bool as_nt(const lks_view *a, const lks_view *b, const lks_view *bias,
                  const lks_view *c, bool accumulate, lks_gemm_nt *out)
{
    matrix ma, mb, mc;

    if (LKS_LANES < 8 || c->dtype != LKS_F32 || c->sizes[0] < LKS_LANES ||
        (bias && bias->strides[0] != 1))
        return false;
    if (!as_matrix(a, &ma) || !as_matrix(b, &mb) || !as_matrix(c, &mc) || ma.transposed ||
        !mb.transposed || mc.transposed)
        return false;
    *out = (lks_gemm_nt){
        .m = c->sizes[0],
        .n = c->sizes[1],
        .k = a->sizes[1],
        .x = ma.data,
        .w = mb.data,
        .c = c->data,
        .x_stride = ma.ld,
        .w_stride = mb.ld,
        .c_stride = mc.ld,
        .bias = bias ? bias->data : NULL,
        .accumulate = accumulate,
    };
    return true;
}

lks_status LKS_CPU(gemm)(const lks_view *a, const lks_view *b, const lks_view *bias,
                         bool accumulate, const lks_view *c)
{
    lks_gemm_nt nt;

    if (c->dtype != LKS_F32 && c->dtype != LKS_F64)
        return lks_cpu_no_dtype("gemm", c->dtype);
    if (c->sizes[0] == 0 || c->sizes[1] == 0)
        return LKS_OK;
    if (a->sizes[1] > 0 && as_nt(a, b, bias, c, accumulate, &nt))
        return LKS_CPU(gemm_nt)(&nt);
    if (bias) {
        LKS_TRY(put_bias(bias, accumulate, c));
        accumulate = true;
    }
    if (a->sizes[1] == 0)
        return accumulate ? LKS_OK : LKS_CPU(fill)(c, 0);
    if (c->dtype == LKS_F32)
        return multiply_f32(a, b, accumulate, c);
    multiply_f64(a, b, accumulate, c);
    return LKS_OK;
}
