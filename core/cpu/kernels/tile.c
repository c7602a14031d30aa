#include "cpu/kernels/tile.h"

/* Inlined with constants for n_rows and n_vectors, so that the sums stay in registers.
 * `n_last` is the number of lanes that count in the last vector. */
LKS_INLINE void sum_vectors(int n_rows, int n_vectors, const lks_tile *tile, int64_t p,
                            int64_t n_last)
{
    lks_vec sums[LKS_TILE_ROWS][LKS_TILE_VECTORS];
    float *y = tile->y + p;
    const float *x = tile->x + p, *w = tile->w;
    const int last = n_vectors - 1;

    for (int m = 0; m < n_rows; m++)
        for (int v = 0; v < n_vectors; v++) {
            const float *at = y + m * tile->y_stride + v * LKS_LANES;

            sums[m][v] = tile->bias ? lks_vec_all(tile->bias[m])
                         : v < last || n_last == LKS_LANES
                             ? lks_vec_load(at)
                             : lks_vec_load_first(at, n_last);
        }
    for (int64_t t = 0; t < tile->n_terms; t++, w += n_rows) {
        const float *xt = x + tile->offsets[t];
        lks_vec xs[LKS_TILE_VECTORS];

        for (int v = 0; v < n_vectors; v++)
            xs[v] = lks_vec_load(xt + v * LKS_LANES);
        for (int m = 0; m < n_rows; m++) {
            lks_vec factor = lks_vec_all(w[m]);

            for (int v = 0; v < n_vectors; v++)
                sums[m][v] += factor * xs[v];
        }
    }
    for (int m = 0; m < n_rows; m++)
        for (int v = 0; v < n_vectors; v++) {
            float *at = y + m * tile->y_stride + v * LKS_LANES;

            if (v < last || n_last == LKS_LANES)
                lks_vec_store(at, sums[m][v]);
            else
                lks_vec_store_first(at, sums[m][v], n_last);
        }
}

typedef void (*sum_fn)(const lks_tile *tile, int64_t p, int64_t n_last);

#define SUM_FN(m, v)                                                                     \
    static void sum_##m##_##v(const lks_tile *tile, int64_t p, int64_t n_last)           \
    {                                                                                    \
        sum_vectors(m, v, tile, p, n_last);                                              \
    }
#define SUM_FNS(X, v)   X(1, v) X(2, v) X(3, v) X(4, v) X(5, v) X(6, v)
#define SUM_ENTRY(m, v) [m - 1][v - 1] = sum_##m##_##v,

SUM_FNS(SUM_FN, 1)
SUM_FNS(SUM_FN, 2)
#if defined(__AVX512F__)
SUM_FNS(SUM_FN, 3)
SUM_FN(7, 1)
SUM_FN(7, 2)
SUM_FN(7, 3)
SUM_FN(8, 1)
SUM_FN(8, 2)
SUM_FN(8, 3)
#endif

static const sum_fn sum_fns[LKS_TILE_ROWS][LKS_TILE_VECTORS] = {
    SUM_FNS(SUM_ENTRY, 1) SUM_FNS(SUM_ENTRY, 2)
#if defined(__AVX512F__)
        SUM_FNS(SUM_ENTRY, 3) SUM_ENTRY(7, 1) SUM_ENTRY(7, 2) SUM_ENTRY(7, 3)
            SUM_ENTRY(8, 1) SUM_ENTRY(8, 2) SUM_ENTRY(8, 3)
#endif
};

void LKS_CPU(tile)(const lks_tile *tile)
{
    int64_t n_vectors = (tile->n + LKS_LANES - 1) / LKS_LANES;

    for (int64_t v = 0; v < n_vectors;) {
        int64_t left = n_vectors - v, n = left;

        if (left > LKS_TILE_VECTORS) /* the last two alike: 2 + 2 is better than 3 + 1 */
            n = left < 2 * LKS_TILE_VECTORS ? (left + 1) / 2 : LKS_TILE_VECTORS;
        sum_fns[tile->n_rows - 1][n - 1](
            tile, v * LKS_LANES,
            n < left ? LKS_LANES : tile->n - (n_vectors - 1) * LKS_LANES);
        v += n;
    }
}
