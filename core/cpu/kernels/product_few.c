#include "cpu/kernels/product.h"

#include "cpu/kernels/vector.h"
#include "cpu/parallel.h"

/* Few rows by many, the terms of both side by side. Copying b to strips would cost more
 * than the sums: here eight terms of a vector of its rows are turned in registers, used
 * for all rows of a, and forgotten. Each sum is in one lane, term after term. */
enum {
    ROWS_A = 8,
    MAX_VECTORS = 2,
    TERMS = 8,
    LINE = 16, /* terms in a cache line, used at once: rows a power of two apart share
                  few sets of the first cache */
    /* eight rows the processor reads ahead by itself; of more, lines are asked for */
    N_AHEAD = LKS_LANES > 8 ? LKS_LANES : 0,
    AHEAD = 4,
    MIN_PART_TERMS = 65536, /* multiplications worth a thread */
};

#if defined(__AVX512F__)
/* turned[t] has term t of sixteen rows: eight by eight in each half. */
LKS_INLINE void turn(const float *b, int64_t stride, lks_vec turned[TERMS])
{
    lks_vec r[8], pairs[8], quads[8];

    for (int i = 0; i < 8; i++) {
        lks_vec8 low = *(const lks_vec8 *)(b + i * stride);
        lks_vec8 high = *(const lks_vec8 *)(b + (i + 8) * stride);

        r[i] = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
                                       12, 13, 14, 15);
    }
    for (int i = 0; i < 4; i++) {
        pairs[i] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 0, 16, 1, 17, 4, 20, 5,
                                           21, 8, 24, 9, 25, 12, 28, 13, 29);
        pairs[i + 4] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 2, 18, 3, 19, 6,
                                               22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    }
    for (int i = 0; i < 4; i++) {
        const int from = i / 2 * 4 + i % 2 * 2; /* pairs 0 1, 2 3, 4 5, 6 7 */

        quads[2 * i] =
            __builtin_shufflevector(pairs[from], pairs[from + 1], 0, 1, 16, 17, 4, 5, 20,
                                    21, 8, 9, 24, 25, 12, 13, 28, 29);
        quads[2 * i + 1] =
            __builtin_shufflevector(pairs[from], pairs[from + 1], 2, 3, 18, 19, 6, 7, 22,
                                    23, 10, 11, 26, 27, 14, 15, 30, 31);
    }
    for (int i = 0; i < 4; i++) {
        const int from = i / 2 * 4 + i % 2;

        turned[i] = __builtin_shufflevector(quads[from], quads[from + 2], 0, 1, 2, 3, 16,
                                            17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
        turned[i + 4] =
            __builtin_shufflevector(quads[from], quads[from + 2], 4, 5, 6, 7, 20, 21, 22,
                                    23, 12, 13, 14, 15, 28, 29, 30, 31);
    }
}
#else
LKS_INLINE void turn(const float *b, int64_t stride, lks_vec turned[TERMS])
{
    lks_vec8 r[8];

    for (int i = 0; i < 8; i++)
        r[i] = *(const lks_vec8 *)(b + i * stride);
    lks_transpose_8x8(r);
    memcpy(turned, r, TERMS * sizeof *turned);
}
#endif

/* One term of a vector of rows. */
LKS_INLINE lks_vec gather(const float *b, int64_t stride)
{
    float lanes[LKS_LANES];

    for (int i = 0; i < LKS_LANES; i++)
        lanes[i] = b[i * stride];
    return lks_vec_load(lanes);
}

/* out[i][j] for n_a rows of a and n_b vectors of rows of b; inlined with constants for
 * both, so that the sums stay in registers. */
LKS_INLINE void sum_tile(int n_a, int n_b, int64_t n_terms, const float *a,
                         int64_t a_stride, const float *b, int64_t b_stride, float *out)
{
    lks_vec sums[ROWS_A][MAX_VECTORS];
    int64_t t = 0;

    LKS_UNROLL
    for (int i = 0; i < n_a; i++)
        for (int j = 0; j < n_b; j++)
            sums[i][j] = (lks_vec){0};
    for (; t + LINE <= n_terms; t += LINE)
        for (int j = 0; j < n_b; j++) {
            const float *rows = b + j * LKS_LANES * b_stride + t;

            for (int i = 0; i < N_AHEAD; i++)
                __builtin_prefetch(rows + i * b_stride + AHEAD * LINE, 0, 2);
            for (int half = 0; half < LINE; half += TERMS) {
                lks_vec turned[TERMS];

                turn(rows + half, b_stride, turned);
                LKS_UNROLL
                for (int s = 0; s < TERMS; s++) {
                    LKS_UNROLL
                    for (int i = 0; i < n_a; i++)
                        sums[i][j] =
                            lks_vec_fma(lks_vec_all(a[i * a_stride + t + half + s]),
                                        turned[s], sums[i][j]);
                }
            }
        }
    for (; t < n_terms; t++)
        for (int j = 0; j < n_b; j++) {
            lks_vec term = gather(b + j * LKS_LANES * b_stride + t, b_stride);

            LKS_UNROLL
            for (int i = 0; i < n_a; i++)
                sums[i][j] =
                    lks_vec_fma(lks_vec_all(a[i * a_stride + t]), term, sums[i][j]);
        }
    LKS_UNROLL
    for (int i = 0; i < n_a; i++)
        for (int j = 0; j < n_b; j++)
            lks_vec_store(out + (i * n_b + j) * LKS_LANES, sums[i][j]);
}

typedef void (*sum_fn)(int64_t n_terms, const float *a, int64_t a_stride, const float *b,
                       int64_t b_stride, float *out);

/* As many vectors as give the additions something to do while one finishes. */
#define FOR_FEW(X) X(1, 2) X(2, 2) X(3, 2) X(4, 2) X(5, 1) X(6, 1) X(7, 1) X(8, 1)
#define SUM_FN(n_a, n_b)                                                                 \
    static void sum_##n_a(int64_t n_terms, const float *a, int64_t a_stride,             \
                          const float *b, int64_t b_stride, float *out)                  \
    {                                                                                    \
        sum_tile(n_a, n_b, n_terms, a, a_stride, b, b_stride, out);                      \
    }                                                                                    \
    static void sum_##n_a##_narrow(int64_t n_terms, const float *a, int64_t a_stride,    \
                                   const float *b, int64_t b_stride, float *out)         \
    {                                                                                    \
        sum_tile(n_a, 1, n_terms, a, a_stride, b, b_stride, out);                        \
    }
#define SUM_ENTRY(n_a, n_b) [n_a - 1] = {n_b, sum_##n_a, sum_##n_a##_narrow},

FOR_FEW(SUM_FN)

static const struct {
    int n_vectors;
    sum_fn wide, narrow; /* that many vectors, one */
} sum_fns[ROWS_A] = {FOR_FEW(SUM_ENTRY)};

/* Rows [j + skip, j + n) of b with all of a, a chunk of terms after the other, into c. */
static void multiply_rows(const lks_product *p, int64_t j, int64_t skip, int64_t n)
{
    const sum_fn sum =
        n == LKS_LANES ? sum_fns[p->a.n - 1].narrow : sum_fns[p->a.n - 1].wide;
    float sums[ROWS_A * MAX_VECTORS * LKS_LANES];

    for (int64_t t = 0; t < p->n_terms; t += LKS_PRODUCT_DEPTH) {
        const int64_t left = p->n_terms - t;

        sum(left < LKS_PRODUCT_DEPTH ? left : LKS_PRODUCT_DEPTH, p->a.data + t,
            p->a.stride, p->b.data + j * p->b.stride + t, p->b.stride, sums);
        for (int64_t i = 0; i < p->a.n; i++)
            for (int64_t k = skip; k < n; k++) {
                const int64_t bias = i * p->bias_stride_a + (j + k) * p->bias_stride_b;
                float *c = p->c + i * p->c_stride_a + (j + k) * p->c_stride_b;
                float total = sums[i * n + k];

                if (p->bias && t == 0)
                    total += p->bias[bias];
                *c = p->accumulate || t > 0 ? total + *c : total;
            }
    }
}

/* Vectors [begin, end) of rows of b; the last has some of the one before it again. */
static void multiply_vectors(int64_t begin, int64_t end, void *context)
{
    const lks_product *p = context;
    const int64_t n_vectors = sum_fns[p->a.n - 1].n_vectors;

    for (int64_t v = begin; v < end;) {
        const int64_t j = v * LKS_LANES;
        const bool is_wide = v + n_vectors <= end && j + n_vectors * LKS_LANES <= p->b.n;

        if (is_wide)
            multiply_rows(p, j, 0, n_vectors * LKS_LANES);
        else if (j + LKS_LANES <= p->b.n)
            multiply_rows(p, j, 0, LKS_LANES);
        else
            multiply_rows(p, p->b.n - LKS_LANES, j + LKS_LANES - p->b.n, LKS_LANES);
        v += is_wide ? n_vectors : 1;
    }
}

bool LKS_CPU(product_is_few)(const lks_product *p)
{
    return LKS_LANES >= 8 && p->a.n <= ROWS_A && p->b.n >= LKS_LANES &&
           p->n_terms >= LINE && p->a.term_stride == 1 && p->b.term_stride == 1;
}

void LKS_CPU(product_few)(const lks_product *p)
{
    lks_parallel_for(p->device_index, (p->b.n + LKS_LANES - 1) / LKS_LANES,
                     MIN_PART_TERMS / (LKS_LANES * p->a.n * p->n_terms) + 1,
                     multiply_vectors, (void *)(uintptr_t)p);
}
