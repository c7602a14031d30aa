#include "cpu/cpu.h"

#include "base/try.h"
#include "cpu/kernels/product.h"

static lks_status multiply_f32(const lks_view *a, const lks_view *b, const lks_view *bias,
                               bool accumulate, const lks_view *c)
{
    return LKS_CPU(product)(&(lks_product){
        .a = {a->data, a->sizes[0], a->strides[0], a->strides[1]},
        .b = {b->data, b->sizes[1], b->strides[1], b->strides[0]},
        .n_terms = a->sizes[1],
        .c = c->data,
        .c_stride_a = c->strides[0],
        .c_stride_b = c->strides[1],
        .bias = bias ? bias->data : NULL,
        .bias_stride_b = bias ? bias->strides[0] : 0,
        .accumulate = accumulate,
    });
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

lks_status LKS_CPU(gemm)(const lks_view *a, const lks_view *b, const lks_view *bias,
                         bool accumulate, const lks_view *c)
{
    if (c->dtype != LKS_F32 && c->dtype != LKS_F64)
        return lks_cpu_no_dtype("gemm", c->dtype);
    if (c->sizes[0] == 0 || c->sizes[1] == 0)
        return LKS_OK;
    if (c->dtype == LKS_F32 && a->sizes[1] > 0)
        return multiply_f32(a, b, bias, accumulate, c);
    if (bias) {
        LKS_TRY(put_bias(bias, accumulate, c));
        accumulate = true;
    }
    if (a->sizes[1] == 0)
        return accumulate ? LKS_OK : LKS_CPU(fill)(c, 0);
    multiply_f64(a, b, accumulate, c);
    return LKS_OK;
}
