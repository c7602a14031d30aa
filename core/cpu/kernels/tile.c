#include "cpu/kernels/tile.h"

/* Inlined with constants for n_rows and n_vectors, so that the sums stay in registers. */
LKS_INLINE void sum_vectors(int n_rows, int n_vectors, const lks_tile *tile, int64_t p)
{
    lks_vec sums[LKS_TILE_ROWS][LKS_TILE_VECTORS];
    const float *x = tile->x + p, *w = tile->w;
    float *y = tile->y + p;

    LKS_UNROLL
    for (int m = 0; m < n_rows; m++)
        for (int v = 0; v < n_vectors; v++)
            sums[m][v] = tile->bias
                             ? lks_vec_all(tile->bias[m])
                             : lks_vec_load(y + m * tile->y_stride + v * LKS_LANES);
    for (int64_t t = 0; t < tile->n_terms; t++, w += n_rows) {
        const float *xt = x + tile->offsets[t];
        lks_vec xs[LKS_TILE_VECTORS];

        for (int v = 0; v < n_vectors; v++)
            xs[v] = lks_vec_load(xt + v * LKS_LANES);
        for (int m = 0; m < n_rows; m++) {
            lks_vec factor = lks_vec_all(w[m]);

            for (int v = 0; v < n_vectors; v++)
                sums[m][v] = lks_vec_fma(factor, xs[v], sums[m][v]);
        }
    }
    LKS_UNROLL
    for (int m = 0; m < n_rows; m++)
        for (int v = 0; v < n_vectors; v++)
            lks_vec_store(y + m * tile->y_stride + v * LKS_LANES, sums[m][v]);
}

typedef void (*sum_fn)(const lks_tile *tile, int64_t p);

#define SUM_FN(m, v)                                                                     \
    static void sum_##m##_##v(const lks_tile *tile, int64_t p)                           \
    {                                                                                    \
        sum_vectors(m, v, tile, p);                                                      \
    }
#define SUM_ENTRY(m, v) [m - 1][v - 1] = sum_##m##_##v,

LKS_FOR_TILES(SUM_FN)

static const sum_fn sum_fns[LKS_TILE_ROWS][LKS_TILE_VECTORS] = {LKS_FOR_TILES(SUM_ENTRY)};

/* The last vectors, of which only some lanes are ours: summed beside y. */
static void sum_rest(sum_fn sum, const lks_tile *tile, int64_t p)
{
    enum { WIDTH = LKS_TILE_VECTORS * LKS_LANES };
    float beside[LKS_TILE_ROWS * WIDTH] = {0};
    size_t n_bytes = (size_t)(tile->n - p) * sizeof(float);
    lks_tile rest = *tile;

    rest.x += p;
    rest.y = beside;
    rest.y_stride = WIDTH;
    for (int64_t m = 0; m < tile->n_rows && !tile->bias; m++)
        memcpy(beside + m * WIDTH, tile->y + m * tile->y_stride + p, n_bytes);
    sum(&rest, 0);
    for (int64_t m = 0; m < tile->n_rows; m++)
        memcpy(tile->y + m * tile->y_stride + p, beside + m * WIDTH, n_bytes);
}

void LKS_CPU(tile)(const lks_tile *tile)
{
    const sum_fn *sums = sum_fns[tile->n_rows - 1];

    for (int64_t p = 0; p < tile->n;) {
        int64_t left = (tile->n - p + LKS_LANES - 1) / LKS_LANES, n = left;

        if (left > LKS_TILE_VECTORS) /* the last two alike: 2 + 2 is better than 3 + 1 */
            n = left < 2 * LKS_TILE_VECTORS ? (left + 1) / 2 : LKS_TILE_VECTORS;
        if (p + n * LKS_LANES <= tile->n)
            sums[n - 1](tile, p);
        else
            sum_rest(sums[n - 1], tile, p);
        p += n * LKS_LANES;
    }
}
