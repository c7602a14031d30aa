#include "cpu/kernels/gemm_nt.h"

#include "cpu/kernels/tile.h"
#include "cpu/parallel.h"

/* x is copied, transposed, in strips of so many of its rows as a vector has lanes:
 *
 *     strips[s][t][i] = x[s * STRIP + i][first + t]
 *
 * A tile is c transposed, ROWS rows of w by VECTORS strips, its sums in registers: each
 * step t takes one vector of each strip and one number of each row of w, where w lies.
 * Then it is turned and put into c. One block of DEPTH terms and BLOCK_ROWS rows of x is
 * in the second cache at a time, and w is read past it once. */
enum {
    ROWS = LKS_TILE_ROWS,
    VECTORS = LKS_TILE_VECTORS,
    WIDTH = VECTORS * LKS_LANES,
    STRIP = LKS_LANES < 8 ? 8 : LKS_LANES, /* what transposes eight wide can fill */
    DEPTH = 1024,
    BLOCK_ROWS = 128,
    UNROLL = 4,
    MIN_PART_TERMS = 65536, /* multiplications worth a thread */
};

/* One block: terms [first, first + depth) of rows [row, row + n_rows) of x. */
typedef struct block {
    const lks_gemm_nt *gemm;
    int64_t first, depth, row, n_rows;
    float *strips; /* [strip][depth][STRIP] */
} block;

static int64_t at_most(int64_t n, int64_t limit)
{
    return n < limit ? n : limit;
}

static int64_t strips_in(int64_t n_rows)
{
    return (n_rows + STRIP - 1) / STRIP;
}

/* What lies beyond the last row of x is packed as 0. */
static void pack_strips(int64_t begin, int64_t end, void *context)
{
    const block *b = context;
    const lks_gemm_nt *g = b->gemm;

    for (int64_t i = begin * STRIP; i < end * STRIP; i += STRIP)
        for (int64_t t = 0; t < b->depth; t += 8)
            for (int64_t half = 0; half < STRIP; half += 8) {
                const int64_t left = b->n_rows - i - half, n = at_most(b->depth - t, 8);
                const int64_t row = b->row + (left > 0 ? i + half : 0);

                lks_transpose_rows(left, n, g->x + row * g->x_stride + b->first + t,
                                   g->x_stride,
                                   b->strips + i * b->depth + t * STRIP + half, STRIP);
            }
}

/* Inlined with constants for n_rows and n_vectors, so that the sums stay in registers. */
LKS_INLINE void sum_tile(int n_rows, int n_vectors, int64_t depth, const float *w,
                         int64_t w_stride, const float *strips, float *tile)
{
    lks_vec sums[ROWS][VECTORS];
    int64_t t = 0;

    for (int r = 0; r < n_rows; r++)
        for (int v = 0; v < n_vectors; v++)
            sums[r][v] = (lks_vec){0};

#define LKS_STEP(u)                                                                      \
    for (int r = 0; r < n_rows; r++) {                                                   \
        lks_vec factor = lks_vec_all(w[r * w_stride + t + u]);                           \
                                                                                         \
        for (int v = 0; v < n_vectors; v++)                                              \
            sums[r][v] +=                                                                \
                factor * lks_vec_load(strips + v * LKS_LANES / STRIP * STRIP * depth +   \
                                      (t + u) * STRIP + v * LKS_LANES % STRIP);          \
    }
    for (; t + UNROLL <= depth; t += UNROLL) {
        LKS_STEP(0)
        LKS_STEP(1)
        LKS_STEP(2)
        LKS_STEP(3)
    }
    for (; t < depth; t++)
        LKS_STEP(0)
#undef LKS_STEP
    for (int r = 0; r < n_rows; r++)
        for (int v = 0; v < n_vectors; v++)
            lks_vec_store(tile + r * WIDTH + v * LKS_LANES, sums[r][v]);
}

typedef void (*sum_fn)(int64_t depth, const float *w, int64_t w_stride,
                       const float *strips, float *tile);

#define SUM_FN(r, v)                                                                     \
    static void sum_##r##_##v(int64_t depth, const float *w, int64_t w_stride,           \
                              const float *strips, float *tile)                          \
    {                                                                                    \
        sum_tile(r, v, depth, w, w_stride, strips, tile);                                \
    }
#define SUM_ENTRY(r, v) [r - 1][v - 1] = sum_##r##_##v,

LKS_FOR_TILES(SUM_FN)

static const sum_fn sum_fns[ROWS][VECTORS] = {LKS_FOR_TILES(SUM_ENTRY)};

/* Up to eight columns of a tile as rows of c at `to`: eight numbers of each, or n. */
static void put_whole(const float *tile, int64_t n_rows, const float *bias,
                      bool accumulate, float *to, int64_t stride)
{
    lks_vec8 r[8], first = bias ? *(const lks_vec8 *)bias : (lks_vec8){0};

    for (int i = 0; i < 8; i++)
        r[i] = *(const lks_vec8 *)(tile + i * WIDTH);
    lks_transpose_8x8(r);
    for (int64_t row = 0; row < n_rows; row++) {
        lks_vec8 *c = (lks_vec8 *)(to + row * stride);

        *c = r[row] + first + (accumulate ? *c : (lks_vec8){0});
    }
}

static void put_some(const float *tile, int64_t n_rows, int64_t n, const float *bias,
                     bool accumulate, float *to, int64_t stride)
{
    for (int64_t row = 0; row < n_rows; row++)
        for (int64_t j = 0; j < n; j++) {
            float *c = to + row * stride + j;

            *c = tile[j * WIDTH + row] + (bias ? bias[j] : 0) + (accumulate ? *c : 0);
        }
}

/* Rows [i, i + n_rows) of the block, columns [j, j + n) of c. */
static void put_tile(const block *b, const float *tile, int64_t i, int64_t n_rows,
                     int64_t j, int64_t n)
{
    const lks_gemm_nt *g = b->gemm;
    const float *bias = g->bias && b->first == 0 ? g->bias + j : NULL;
    const bool accumulate = g->accumulate || b->first > 0;
    float *c = g->c + (b->row + i) * g->c_stride + j;

    for (int64_t row = 0; row < n_rows; row += 8, tile += 8, c += 8 * g->c_stride) {
        const int64_t left = at_most(n_rows - row, 8);

        if (n == 8)
            put_whole(tile, left, bias, accumulate, c, g->c_stride);
        else
            put_some(tile, left, n, bias, accumulate, c, g->c_stride);
    }
}

static void multiply_rows(int64_t begin, int64_t end, void *context)
{
    const block *b = context;
    const lks_gemm_nt *g = b->gemm;
    float tile[ROWS * WIDTH];

    for (int64_t part = begin; part < end; part++) {
        int64_t j = lks_row_block(g->n, part), n = lks_row_block(g->n, part + 1) - j;

        for (int64_t i = 0; i < b->n_rows; i += WIDTH) {
            int64_t n_rows = at_most(b->n_rows - i, WIDTH);

            sum_fns[n - 1][(n_rows - 1) / LKS_LANES](
                b->depth, g->w + j * g->w_stride + b->first, g->w_stride,
                b->strips + i * b->depth, tile);
            put_tile(b, tile, i, n_rows, j, n);
        }
    }
}

lks_status LKS_CPU(gemm_nt)(const lks_gemm_nt *gemm)
{
    const int64_t depth = at_most(gemm->k, DEPTH), rows = at_most(gemm->m, BLOCK_ROWS);
    const size_t n_bytes = (size_t)(strips_in(rows) * STRIP * depth) * sizeof(float);
    block b = {.gemm = gemm, .strips = lks_cpu_alloc(0, n_bytes)};

    if (!b.strips)
        return LKS_NOMEM;
    for (b.first = 0; b.first < gemm->k; b.first += DEPTH) {
        b.depth = at_most(gemm->k - b.first, DEPTH);
        for (b.row = 0; b.row < gemm->m; b.row += BLOCK_ROWS) {
            b.n_rows = at_most(gemm->m - b.row, BLOCK_ROWS);
            lks_parallel_for(strips_in(b.n_rows), MIN_PART_TERMS / (STRIP * b.depth) + 1,
                             pack_strips, &b);
            lks_parallel_for(lks_n_row_blocks(gemm->n),
                             MIN_PART_TERMS / (ROWS * b.n_rows * b.depth) + 1,
                             multiply_rows, &b);
        }
    }
    lks_cpu_free(0, b.strips, n_bytes);
    return LKS_OK;
}
