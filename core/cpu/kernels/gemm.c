#include "cpu/cpu.h"

#include "cpu/kernels/product.h"
#include "cpu/parallel.h"
#include "layout/view.h"
#include "numerics.h"

/* For gradient checks; nobody trains in f64. */
#define T double
#include "reference/gemm_of.h"
#undef T

/* A part's share of a batch must be worth a thread: multiplications. */
enum { MIN_PART_TERMS = 65536 };

/* One call. Where a matrix is too small for several threads they share the batch; else
 * each matrix is shared. */
typedef struct products {
    const lks_view *a, *b, *bias, *c;
    bool accumulate;
    int64_t n, n_parts;
    float *scratch; /* [n_parts][scratch_numel] */
    int64_t scratch_numel;
} products;

static lks_product product_of(const products *batch, int64_t i)
{
    const lks_view a = lks_view_matrix_at(batch->a, i);
    const lks_view b = lks_view_matrix_at(batch->b, i);
    const lks_view c = lks_view_matrix_at(batch->c, i);

    return (lks_product){
        .a = {a.data, a.sizes[0], a.strides[0], a.strides[1]},
        .b = {b.data, b.sizes[1], b.strides[1], b.strides[0]},
        .n_terms = a.sizes[1],
        .c = c.data,
        .c_stride_a = c.strides[0],
        .c_stride_b = c.strides[1],
        .bias = batch->bias ? batch->bias->data : NULL,
        .bias_stride_b = batch->bias ? batch->bias->strides[0] : 0,
        .accumulate = batch->accumulate,
    };
}

static void multiply_f32(int64_t first, int64_t last, void *context)
{
    const products *batch = context;

    for (int64_t part = first; part < last; part++)
        for (int64_t i = batch->n * part / batch->n_parts;
             i < batch->n * (part + 1) / batch->n_parts; i++) {
            const lks_product product = product_of(batch, i);

            LKS_CPU(product)(&product, batch->scratch + part * batch->scratch_numel);
        }
}

static void multiply_f64(int64_t first, int64_t last, void *context)
{
    const products *batch = context;

    for (int64_t i = first; i < last; i++) {
        const lks_view a = lks_view_matrix_at(batch->a, i);
        const lks_view b = lks_view_matrix_at(batch->b, i);
        const lks_view c = lks_view_matrix_at(batch->c, i);

        gemm_double(&a, &b, batch->bias, batch->accumulate, &c);
    }
}

static lks_status multiply_in_parts(products *batch, int64_t matrices_per_part)
{
    const lks_product product = product_of(batch, 0);
    size_t n_bytes;

    batch->n_parts = matrices_per_part > 1
                         ? lks_parallel_parts(batch->n, matrices_per_part)
                         : 1;
    batch->scratch_numel = LKS_CPU(product_scratch)(&product);
    n_bytes = (size_t)(batch->n_parts * batch->scratch_numel) * sizeof(float);
    batch->scratch = lks_cpu_alloc(0, n_bytes);
    if (!batch->scratch)
        return LKS_NOMEM;
    lks_parallel_for(batch->n_parts, 1, multiply_f32, batch);
    lks_cpu_free(0, batch->scratch, n_bytes);
    return LKS_OK;
}

lks_status LKS_CPU(gemm)(const lks_view *a, const lks_view *b, const lks_view *bias,
                         bool accumulate, const lks_view *c)
{
    const int64_t m = c->sizes[c->ndim - 2], n = c->sizes[c->ndim - 1];
    const int64_t k = a->sizes[a->ndim - 1];
    products batch = {a, b, bias, c, accumulate, .n = lks_view_n_matrices(c)};
    int64_t matrices_per_part;

    if (c->dtype != LKS_F32 && c->dtype != LKS_F64)
        return lks_cpu_no_dtype("gemm", c->dtype);
    if (batch.n == 0)
        return LKS_OK;
    matrices_per_part = MIN_PART_TERMS / m / n / (k > 0 ? k : 1) + 1;
    if (c->dtype == LKS_F32)
        return multiply_in_parts(&batch, matrices_per_part);
    lks_parallel_for(batch.n, matrices_per_part, multiply_f64, &batch);
    return LKS_OK;
}
