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
    float *scratch; /* [n_parts][LKS_PRODUCT_SCRATCH] */
} products;

static lks_product product_of(const products *batch, int64_t i)
{
    const lks_view *a = batch->a, *b = batch->b, *c = batch->c;
    const int d = c->ndim - 2;

    return (lks_product){
        .device_index = c->device.index,
        .a = {lks_view_matrix_data(a, i), a->sizes[d], a->strides[d], a->strides[d + 1]},
        .b = {lks_view_matrix_data(b, i), b->sizes[d + 1], b->strides[d + 1],
              b->strides[d]},
        .n_terms = a->sizes[d + 1],
        .c = lks_view_matrix_data(c, i),
        .c_stride_a = c->strides[d],
        .c_stride_b = c->strides[d + 1],
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

            LKS_CPU(product)(&product, batch->scratch + part * LKS_PRODUCT_SCRATCH);
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
    size_t n_bytes;

    batch->n_parts =
        matrices_per_part > 1
            ? lks_parallel_parts(batch->c->device.index, batch->n, matrices_per_part)
            : 1;
    n_bytes = (size_t)(batch->n_parts * LKS_PRODUCT_SCRATCH) * sizeof(float);
    batch->scratch = lks_cpu_alloc(batch->c->device.index, n_bytes);
    if (!batch->scratch)
        return LKS_NOMEM;
    lks_parallel_for(batch->c->device.index, batch->n_parts, 1, multiply_f32, batch);
    lks_cpu_free(batch->c->device.index, batch->scratch, n_bytes);
    return LKS_OK;
}

/* Matrices that are a thread's worth; one where threads rather share each. */
static int64_t matrices_per_part(const products *batch, const lks_view *a,
                                 const lks_view *c)
{
    const int64_t m = c->sizes[c->ndim - 2], n = c->sizes[c->ndim - 1];
    const int64_t k = a->sizes[a->ndim - 1];

    return batch->n == 1 ? 1 : MIN_PART_TERMS / m / n / (k > 0 ? k : 1) + 1;
}

lks_status LKS_CPU(gemm)(const lks_view *a, const lks_view *b, const lks_view *bias,
                         bool accumulate, const lks_view *c)
{
    products batch = {a, b, bias, c, accumulate, .n = lks_view_n_matrices(c)};

    if (c->dtype != LKS_F32 && c->dtype != LKS_F64)
        return lks_cpu_no_dtype("gemm", c->dtype);
    if (batch.n == 0)
        return LKS_OK;
    if (c->dtype == LKS_F32)
        return multiply_in_parts(&batch, matrices_per_part(&batch, a, c));
    lks_parallel_for(c->device.index, batch.n, matrices_per_part(&batch, a, c),
                     multiply_f64, &batch);
    return LKS_OK;
}
