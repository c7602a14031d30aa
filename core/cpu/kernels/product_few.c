#include "cpu/kernels/product.h"

#include "cpu/kernels/vector.h"
#include "cpu/parallel.h"

/* Few rows by many, the terms of both side by side. A vector of rows would be mostly
 * empty: here vectors hold terms. A tile is ROWS_A by ROWS_B vectors of partial sums in
 * registers, each added up at the end. */
enum {
    ROWS_A = LKS_TILE_ROWS,
    ROWS_B = LKS_TILE_VECTORS,
    N_SUMS = (ROWS_A * ROWS_B + 7) / 8 * 8, /* they are added up eight at a time */
    MIN_PART_TERMS = 65536,                 /* multiplications worth a thread */
};

typedef int32_t int_vec
    __attribute__((vector_size(LKS_LANES * sizeof(int32_t)), aligned(4), may_alias));

/* The vector that ends at `end`, 0 but for the last n. */
LKS_INLINE lks_vec load_last(const float *end, int64_t n)
{
    int_vec lane;

    for (int i = 0; i < LKS_LANES; i++)
        lane[i] = i;
    return (lks_vec)((int_vec)lks_vec_load(end - LKS_LANES) &
                     (lane >= LKS_LANES - (int32_t)n));
}

/* The lanes of eight sums. */
LKS_INLINE void add_up(const lks_vec sums[8], float out[8])
{
    lks_vec8 r[8], total = {0};

    for (int i = 0; i < 8; i++)
        r[i] = LKS_FOLD(sums[i]);
    lks_transpose_8x8(r);
    for (int i = 0; i < 8; i++)
        total += r[i];
    *(lks_vec8 *)out = total;
}

/* out[i * n_b + j] for rows i of a and j of b; inlined with constants for their numbers,
 * so that the sums stay in registers. */
LKS_INLINE void sum_tile(int n_a, int n_b, int64_t n_terms, const float *a,
                         int64_t a_stride, const float *b, int64_t b_stride,
                         float out[N_SUMS])
{
    lks_vec sums[ROWS_A][ROWS_B], all[N_SUMS] = {{0}};
    int64_t t = 0;

    LKS_UNROLL
    for (int i = 0; i < n_a; i++)
        for (int j = 0; j < n_b; j++)
            sums[i][j] = (lks_vec){0};
#define LKS_ADD(load_a, load_b)                                                          \
    {                                                                                    \
        lks_vec bs[ROWS_B];                                                              \
                                                                                         \
        for (int j = 0; j < n_b; j++)                                                    \
            bs[j] = load_b;                                                              \
        LKS_UNROLL                                                                       \
        for (int i = 0; i < n_a; i++) {                                                  \
            lks_vec x = load_a;                                                          \
                                                                                         \
            for (int j = 0; j < n_b; j++)                                                \
                sums[i][j] += x * bs[j];                                                 \
        }                                                                                \
    }
    for (; t + LKS_LANES <= n_terms; t += LKS_LANES)
        LKS_ADD(lks_vec_load(a + i * a_stride + t), lks_vec_load(b + j * b_stride + t))
    if (t < n_terms)
        LKS_ADD(load_last(a + i * a_stride + n_terms, n_terms - t),
                load_last(b + j * b_stride + n_terms, n_terms - t))
#undef LKS_ADD
    LKS_UNROLL
    for (int i = 0; i < n_a; i++)
        for (int j = 0; j < n_b; j++)
            all[i * n_b + j] = sums[i][j];
    for (int k = 0; k < n_a * n_b; k += 8)
        add_up(all + k, out + k);
}

typedef void (*sum_fn)(int64_t n_terms, const float *a, int64_t a_stride, const float *b,
                       int64_t b_stride, float out[N_SUMS]);

#define SUM_FN(n_a, n_b)                                                                 \
    static void sum_##n_a##_##n_b(int64_t n_terms, const float *a, int64_t a_stride,     \
                                  const float *b, int64_t b_stride, float out[N_SUMS])   \
    {                                                                                    \
        sum_tile(n_a, n_b, n_terms, a, a_stride, b, b_stride, out);                      \
    }
#define SUM_ENTRY(n_a, n_b) [n_a - 1][n_b - 1] = sum_##n_a##_##n_b,

LKS_FOR_TILES(SUM_FN)

static const sum_fn sum_fns[ROWS_A][ROWS_B] = {LKS_FOR_TILES(SUM_ENTRY)};

/* Rows [i, i + n_a) of a with rows [j, j + n_b) of b, into c. */
static void multiply_tile(const lks_product *p, int64_t i, int64_t n_a, int64_t j,
                          int64_t n_b)
{
    float sums[N_SUMS];

    sum_fns[n_a - 1][n_b - 1](p->n_terms, p->a.data + i * p->a.stride, p->a.stride,
                              p->b.data + j * p->b.stride, p->b.stride, sums);
    for (int64_t r = 0; r < n_a; r++)
        for (int64_t k = 0; k < n_b; k++) {
            const int64_t bias = (i + r) * p->bias_stride_a + (j + k) * p->bias_stride_b;
            float *c = p->c + (i + r) * p->c_stride_a + (j + k) * p->c_stride_b;
            float sum = sums[r * n_b + k];

            if (p->bias)
                sum += p->bias[bias];
            *c = p->accumulate ? sum + *c : sum;
        }
}

/* Columns [begin, end) of tiles. */
static void multiply_columns(int64_t begin, int64_t end, void *context)
{
    const lks_product *p = context;

    for (int64_t j = begin * ROWS_B; j < end * ROWS_B && j < p->b.n; j += ROWS_B)
        for (int64_t i = 0; i < p->a.n; i += ROWS_A)
            multiply_tile(p, i, p->a.n - i < ROWS_A ? p->a.n - i : ROWS_A, j,
                          p->b.n - j < ROWS_B ? p->b.n - j : ROWS_B);
}

bool LKS_CPU(product_is_few)(const lks_product *p)
{
    return p->a.n <= LKS_LANES / 2 && p->n_terms >= LKS_LANES && p->a.term_stride == 1 &&
           p->b.term_stride == 1;
}

void LKS_CPU(product_few)(lks_product *p)
{
    lks_parallel_for((p->b.n + ROWS_B - 1) / ROWS_B,
                     MIN_PART_TERMS / (ROWS_B * p->a.n * p->n_terms) + 1,
                     multiply_columns, p);
}
