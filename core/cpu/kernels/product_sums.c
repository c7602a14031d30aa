#include "cpu/kernels/product_sums.h"

/* Inlined with constants for n_rows and n_vectors, so that the sums stay in registers, and
 * for asks. */
LKS_INLINE void sum_chunk(int n_rows, int n_vectors, const lks_operands *o,
                          int64_t a_stride, int64_t a_term_stride, int64_t first,
                          int64_t n_terms, const float *add, int64_t add_stride,
                          bool asks)
{
    const int64_t b_stride = o->b_stride, b_term_stride = o->b_term_stride;
    const int64_t out_stride = o->out_stride, ahead_stride = o->ahead_stride;
    const float *a = o->a + first * a_term_stride, *b = o->b + first * b_term_stride;
    const float *ahead = o->ahead;
    float *out = o->out;
    lks_vec sums[LKS_TILE_ROWS][LKS_TILE_VECTORS];

    LKS_UNROLL
    for (int r = 0; r < n_rows; r++)
        for (int v = 0; v < n_vectors; v++)
            sums[r][v] = (lks_vec){0};
    for (int64_t t = n_terms; t > 0; t--, a += a_term_stride, b += b_term_stride) {
        lks_vec vectors[LKS_TILE_VECTORS];

        if (asks) {
            __builtin_prefetch(ahead, 0, 2);
            ahead += ahead_stride;
        }
        for (int v = 0; v < n_vectors; v++)
            vectors[v] = lks_vec_load(b + v * b_stride);
        LKS_UNROLL
        for (int r = 0; r < n_rows; r++) {
            lks_vec number = lks_vec_all(a[r * a_stride]);

            for (int v = 0; v < n_vectors; v++)
                sums[r][v] = lks_vec_fma(number, vectors[v], sums[r][v]);
        }
    }
    if (add) {
        LKS_UNROLL
        for (int r = 0; r < n_rows; r++)
            for (int v = 0; v < n_vectors; v++)
                sums[r][v] += lks_vec_load(add + r * add_stride + v * LKS_LANES);
    }
    LKS_UNROLL
    for (int r = 0; r < n_rows; r++)
        for (int v = 0; v < n_vectors; v++)
            lks_vec_store(out + r * out_stride + v * LKS_LANES, sums[r][v]);
}

LKS_INLINE void sum_tile(int n_rows, int n_vectors, const lks_operands *o,
                         int64_t a_stride, int64_t a_term_stride)
{
    const int64_t chunk = LKS_PRODUCT_CHUNK;

    if (o->ahead) {
        sum_chunk(n_rows, n_vectors, o, a_stride, a_term_stride, 0, o->n_terms, o->add,
                  o->add_stride, true);
        return;
    }
    if (o->n_terms <= chunk) { /* as a rule: without what counts chunks */
        sum_chunk(n_rows, n_vectors, o, a_stride, a_term_stride, 0, o->n_terms, o->add,
                  o->add_stride, false);
        return;
    }
    for (int64_t t = 0; t < o->n_terms; t += chunk)
        sum_chunk(n_rows, n_vectors, o, a_stride, a_term_stride, t,
                  o->n_terms - t < chunk ? o->n_terms - t : chunk, t > 0 ? o->out : NULL,
                  o->out_stride, false);
}

typedef void (*sum_fn)(const lks_operands *o);

#define SUM_FNS(r, v)                                                                    \
    static void sum_terms_##r##_##v(const lks_operands *o)                               \
    {                                                                                    \
        sum_tile(r, v, o, o->a_stride, 1);                                               \
    }                                                                                    \
    static void sum_rows_##r##_##v(const lks_operands *o)                                \
    {                                                                                    \
        sum_tile(r, v, o, 1, o->a_stride);                                               \
    }
#define TERMS_ENTRY(r, v) [r - 1][v - 1] = sum_terms_##r##_##v,
#define ROWS_ENTRY(r, v)  [r - 1][v - 1] = sum_rows_##r##_##v,

LKS_FOR_TILES(SUM_FNS)

static const sum_fn sum_terms[LKS_TILE_ROWS][LKS_TILE_VECTORS] = {
    LKS_FOR_TILES(TERMS_ENTRY)};
static const sum_fn sum_rows[LKS_TILE_ROWS][LKS_TILE_VECTORS] = {
    LKS_FOR_TILES(ROWS_ENTRY)};

void LKS_CPU(product_sums)(int64_t n_rows, int64_t n_vectors, const lks_operands *o)
{
    const sum_fn(*fns)[LKS_TILE_VECTORS] = o->terms_lie ? sum_terms : sum_rows;

    fns[n_rows - 1][n_vectors - 1](o);
}
