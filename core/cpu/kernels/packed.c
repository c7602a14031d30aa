#include "cpu/kernels/packed.h"

#include "cpu/kernels/product_sums.h"
#include "cpu/kernels/tile.h"

enum {
    WIDTH = LKS_PACKED_WIDTH,
    STRIP = LKS_PACKED_STRIP,
    CHUNK = LKS_PRODUCT_CHUNK,
    FEW_TILES = 6, /* of rows, beside which it takes long until a chunk is there */
};

static float *block_at(const lks_packed *w, int64_t block, int64_t *width)
{
    const int64_t first = lks_packed_block(w->n_columns, block);

    *width = lks_packed_block(w->n_columns, block + 1) - first;
    return w->data + first * w->n_terms;
}

/* Columns lie side by side: n of a block's width. */
static void copy_columns(const float *from, int64_t term_stride, int64_t n_terms,
                         int64_t n, int64_t width, float *to)
{
    for (int64_t t = 0; t < n_terms; t++)
        for (int64_t j = 0; j < width; j++)
            to[t * width + j] = j < n ? from[t * term_stride + j] : 0;
}

void LKS_CPU(pack)(const float *from, int64_t term_stride, int64_t stride, int64_t block,
                   const lks_packed *out)
{
    const int64_t first = lks_packed_block(out->n_columns, block);
    int64_t width;
    float *to = block_at(out, block, &width);
    const int64_t left = out->n_columns - first, n = left < width ? left : width;

    from += first * stride;
    if (stride == 1)
        copy_columns(from, term_stride, out->n_terms, n, width, to);
    for (int64_t j = 0; j < width && stride != 1; j += 8)
        lks_transpose_rows(n - j, out->n_terms, from + (j < n ? j : 0) * stride, stride,
                           to + j, width);
}

void LKS_CPU(packed_sums)(const lks_packed *w, int64_t block, int64_t first,
                          int64_t n_terms, const float *a, int64_t a_stride,
                          int64_t n_rows, float *sums)
{
    int64_t width;
    const float *b = block_at(w, block, &width);
    lks_operands o = {
        .terms_lie = true,
        .a_stride = a_stride,
        .b_stride = LKS_LANES,
        .b_term_stride = width,
        .out_stride = WIDTH,
        .add_stride = WIDTH,
    };
    const int64_t n_tiles = lks_n_row_blocks(n_rows);
    int64_t t = 0;

    if (n_tiles <= FEW_TILES)
        o.ahead_stride = width / n_tiles;
    do { /* a chunk of the block stays in the first cache while the rows go past it */
        o.n_terms = n_terms - t < CHUNK ? n_terms - t : CHUNK;
        o.b = b + (first + t) * width;
        for (int64_t tile = 0; tile < n_tiles; tile++) {
            const int64_t r = lks_row_block(n_rows, tile);

            o.a = a + r * a_stride + first + t;
            o.out = sums + r * WIDTH;
            o.add = t > 0 ? o.out : NULL;
            if (o.ahead_stride > 0) /* each tile asks for its share of the next chunk */
                o.ahead = o.b + (n_tiles + tile) * o.n_terms * o.ahead_stride;
            LKS_CPU(product_sums)
            (lks_row_block(n_rows, tile + 1) - r, width / LKS_LANES, &o);
        }
        t += CHUNK;
    } while (t < n_terms);
}
