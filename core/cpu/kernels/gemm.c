#include "cpu/cpu.h"

#include "cpu/kernels/product.h"
#include "cpu/parallel.h"
#include "layout/view.h"
#include "numerics.h"

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

/* f64 is for gradient checks, nobody trains in it: no blocks, but some chains of a row of
 * c run beside each other. */
enum { CHAINS = 8 };

typedef struct factor_f64 {
    const double *data;
    int64_t stride, term_stride;
} factor_f64;

/* out[q] = the chain of a with row q of b. */
LKS_INLINE void sum_chains(int n, int64_t n_terms, const factor_f64 *a, const double *b,
                           int64_t b_stride, int64_t b_term_stride, double *out)
{
    double sums[CHAINS] = {0};

    for (int64_t t = 0; t < n_terms; t++)
        for (int q = 0; q < n; q++)
            sums[q] = LKS_FMA(a->data[t * a->term_stride],
                              b[t * b_term_stride + q * b_stride], sums[q]);
    for (int q = 0; q < n; q++)
        out[q] = sums[q];
}

static void sum_chunk(int64_t n, int64_t n_terms, const factor_f64 *a,
                      const factor_f64 *b, double *out)
{
    if (n == CHAINS && b->stride == 1)
        sum_chains(CHAINS, n_terms, a, b->data, 1, b->term_stride, out);
    else if (n == CHAINS)
        sum_chains(CHAINS, n_terms, a, b->data, b->stride, b->term_stride, out);
    else
        for (int64_t q = 0; q < n; q++)
            sum_chains(1, n_terms, a, b->data + q * b->stride, 0, b->term_stride,
                       out + q);
}

static void sum_block(int64_t n, int64_t n_terms, factor_f64 a, factor_f64 b, double *out)
{
    const int64_t chunk = LKS_PRODUCT_CHUNK;
    double more[CHAINS];

    sum_chunk(n, n_terms < chunk ? n_terms : chunk, &a, &b, out);
    for (int64_t t = chunk; t < n_terms; t += chunk) {
        a.data += chunk * a.term_stride;
        b.data += chunk * b.term_stride;
        sum_chunk(n, n_terms - t < chunk ? n_terms - t : chunk, &a, &b, more);
        for (int64_t q = 0; q < n; q++)
            out[q] += more[q];
    }
}

/* Row i of c. */
static void multiply_row_f64(const lks_view *a, const lks_view *b, const lks_view *bias,
                             bool accumulate, const lks_view *c, int64_t i)
{
    const int64_t n_terms = a->sizes[1], n = c->sizes[1];

    for (int64_t j = 0; j < n; j += CHAINS) {
        const int64_t count = n - j < CHAINS ? n - j : CHAINS;
        int64_t t = 0;

        do {
            const int64_t left = n_terms - t;
            const factor_f64 row = {(const double *)a->data + i * a->strides[0] +
                                        t * a->strides[1],
                                    a->strides[0], a->strides[1]};
            const factor_f64 rows = {(const double *)b->data + j * b->strides[1] +
                                         t * b->strides[0],
                                     b->strides[1], b->strides[0]};
            double sums[CHAINS];

            sum_block(count, left < LKS_PRODUCT_DEPTH ? left : LKS_PRODUCT_DEPTH, row,
                      rows, sums);
            for (int64_t q = 0; q < count; q++) {
                double *out =
                    (double *)c->data + i * c->strides[0] + (j + q) * c->strides[1];
                double sum = sums[q];

                if (t == 0 && bias)
                    sum += ((const double *)bias->data)[(j + q) * bias->strides[0]];
                *out = t > 0 || accumulate ? sum + *out : sum;
            }
            t += LKS_PRODUCT_DEPTH;
        } while (t < n_terms);
    }
}

static void multiply_f64(int64_t first, int64_t last, void *context)
{
    const products *batch = context;

    for (int64_t at = first; at < last; at++) {
        const lks_view a = lks_view_matrix_at(batch->a, at);
        const lks_view b = lks_view_matrix_at(batch->b, at);
        const lks_view c = lks_view_matrix_at(batch->c, at);

        for (int64_t i = 0; i < c.sizes[0]; i++)
            multiply_row_f64(&a, &b, batch->bias, batch->accumulate, &c, i);
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
