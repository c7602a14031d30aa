#include "cpu/kernels/product.h"

#include "cpu/kernels/product_put.h"
#include "cpu/kernels/product_sums.h"
#include "cpu/kernels/tile.h"
#include "cpu/parallel.h"

/* Tiles (product_sums.h) take vectors of rows of b. Where those lie side by side they are
 * read where they lie, or else from strips: copies, in which they do.
 *
 *     strips[s][t][i] = b[s * STRIP + i][first + t]
 *
 * A block is DEPTH terms at most of as many rows of b as BLOCK holds: it stays in the
 * second cache while a is read past it once. */
enum {
    ROWS = LKS_TILE_ROWS,
    WIDTH = LKS_TILE_VECTORS * LKS_LANES,
    STRIP = LKS_LANES < 8 ? 8 : LKS_LANES, /* what transposes eight wide can fill */
    DEPTH = LKS_PRODUCT_DEPTH,
    BLOCK = LKS_PRODUCT_BLOCK,
    NEAR_BLOCK = 6144,      /* f32: three quarters of a first cache of 32 KiB */
    MIN_PART_TERMS = 65536, /* multiplications worth a thread */
};

/* Terms [first, first + depth) of rows [row, row + n_rows) of b. */
typedef struct block {
    const lks_product *product;
    int64_t first, depth, row, n_rows;
    int64_t n_in_place; /* rows that are read where they lie, the others from strips */
    int64_t n_near;     /* tiles of which the first cache holds b while a goes past */
    float *strips;
} block;

static int64_t at_most(int64_t n, int64_t limit)
{
    return n < limit ? n : limit;
}

static int64_t in_steps(int64_t n, int64_t step)
{
    return (n + step - 1) / step;
}

/* ---- strips ---- */

/* One term more than it has, lest strips begin a power of two apart and share few cache
 * sets. */
static int64_t strip_length(int64_t depth)
{
    return (depth + 1) * STRIP;
}

static void copy_strip(int64_t depth, const float *from, int64_t term_stride,
                       float *strip)
{
    for (int64_t t = 0; t < depth; t++)
        for (int64_t i = 0; i < STRIP; i += LKS_LANES)
            lks_vec_store(strip + t * STRIP + i,
                          lks_vec_load(from + t * term_stride + i));
}

static void turn_strip(int64_t depth, int64_t n, const float *from, int64_t stride,
                       float *strip)
{
    for (int64_t t = 0; t < depth; t += 8)
        for (int64_t i = 0; i < STRIP; i += 8)
            lks_transpose_rows(n - i, at_most(depth - t, 8),
                               from + (i < n ? i : 0) * stride + t, stride,
                               strip + t * STRIP + i, STRIP);
}

static void gather_strip(int64_t depth, int64_t n, const float *from, int64_t stride,
                         int64_t term_stride, float *strip)
{
    for (int64_t t = 0; t < depth; t++)
        for (int64_t i = 0; i < STRIP; i++)
            strip[t * STRIP + i] = i < n ? from[i * stride + t * term_stride] : 0;
}

/* What lies beyond the last row of b is packed as 0. */
static void pack_strips(int64_t begin, int64_t end, void *context)
{
    const block *b = context;
    const lks_factor *f = &b->product->b;

    for (int64_t s = begin; s < end; s++) {
        const int64_t i = s * STRIP, n = at_most(b->n_rows - i, STRIP);
        const float *from =
            f->data + (b->row + i) * f->stride + b->first * f->term_stride;
        float *strip = b->strips + s * strip_length(b->depth);

        if (i + n <= b->n_in_place)
            continue;
        if (f->stride == 1 && n == STRIP)
            copy_strip(b->depth, from, f->term_stride, strip);
        else if (f->term_stride == 1)
            turn_strip(b->depth, n, from, f->stride, strip);
        else
            gather_strip(b->depth, n, from, f->stride, f->term_stride, strip);
    }
}

/* ---- blocks ---- */

/* Rows of which neither terms nor rows lie side by side: near[t][r] = a[r][t]. */
static void copy_rows(const lks_factor *a, const float *from, int64_t depth,
                      int64_t n_rows, float *near)
{
    for (int64_t t = 0; t < depth; t++)
        for (int64_t r = 0; r < n_rows; r++)
            near[t * n_rows + r] = from[r * a->stride + t * a->term_stride];
}

/* What a tile takes of rows [i, i + n) of a; `near` has room for them. */
static void take_rows(const block *b, int64_t i, int64_t n, float *near, lks_operands *o)
{
    const lks_factor *a = &b->product->a;

    o->a = a->data + i * a->stride + b->first * a->term_stride;
    o->terms_lie = a->term_stride == 1;
    o->a_stride = o->terms_lie ? a->stride : a->term_stride;
    if (o->terms_lie || a->stride == 1)
        return;
    copy_rows(a, o->a, b->depth, n, near);
    o->a = near;
    o->a_stride = n;
}

/* And of the block's rows of b from j on. */
static void take_vectors(const block *b, int64_t j, lks_operands *o)
{
    const lks_factor *f = &b->product->b;

    if (j < b->n_in_place) {
        o->b = f->data + b->row + j + b->first * f->term_stride;
        o->b_stride = LKS_LANES;
        o->b_term_stride = f->term_stride;
    } else {
        o->b = b->strips + j / STRIP * strip_length(b->depth);
        o->b_stride = LKS_LANES % STRIP == 0 ? strip_length(b->depth) : LKS_LANES;
        o->b_term_stride = STRIP;
    }
}

/* Straight into c, asked for in time: it is read and written after so many terms. */
static void sum_in_place(const lks_place *to, lks_operands *o)
{
    o->out = to->c;
    o->out_stride = to->product->c_stride_a;
    o->add = to->add;
    for (int64_t i = 0; i < to->n_a; i++)
        for (int64_t j = 0; j < to->n_b; j += 16)
            __builtin_prefetch(to->c + i * to->product->c_stride_a + j, 1);
    LKS_CPU(product_sums)(to->n_a, to->n_b / LKS_LANES, o);
}

static void sum_beside(lks_place *to, lks_operands *o)
{
    _Alignas(64) float tile[LKS_PLACE_TILE];

    o->out = tile;
    o->out_stride = WIDTH;
    o->add = false;
    LKS_CPU(product_sums)(to->n_a, in_steps(to->n_b, LKS_LANES), o);
    to->tile = tile;
    LKS_CPU(product_put)(to);
}

/* Tiles [begin, end) of those beside rows `part` of a. */
static void multiply_tiles(const block *b, int64_t part, int64_t begin, int64_t end)
{
    const lks_product *p = b->product;
    const int64_t i = lks_row_block(p->a.n, part);
    _Alignas(64) float near[ROWS * DEPTH];
    lks_operands o = {.n_terms = b->depth};
    lks_place to = {
        .product = p,
        .n_a = lks_row_block(p->a.n, part + 1) - i,
        .add = p->accumulate || b->first > 0,
    };

    take_rows(b, i, to.n_a, near, &o);
    for (int64_t j = begin * WIDTH; j < at_most(end * WIDTH, b->n_rows); j += WIDTH) {
        const int64_t row = b->row + j;

        take_vectors(b, j, &o);
        to.n_b = at_most(b->n_rows - j, WIDTH);
        to.c = p->c + i * p->c_stride_a + row * p->c_stride_b;
        if (p->bias && b->first == 0)
            to.bias = p->bias + i * p->bias_stride_a + row * p->bias_stride_b;
        if (p->c_stride_b == 1 && to.n_b % LKS_LANES == 0 && !to.bias)
            sum_in_place(&to, &o);
        else
            sum_beside(&to, &o);
    }
}

/* Where a has few rows, threads share the tiles beside each. */
static int64_t n_shares(const block *b)
{
    const int64_t few = 8;

    return lks_n_row_blocks(b->product->a.n) < few ? in_steps(b->n_rows, WIDTH) : 1;
}

static void multiply_parts(int64_t begin, int64_t end, void *context)
{
    const block *b = context;
    const int64_t n = n_shares(b), n_tiles = in_steps(b->n_rows, WIDTH);

    if (b->n_near > 0 && n == 1) {
        for (int64_t j = 0; j < n_tiles; j += b->n_near)
            for (int64_t part = begin; part < end; part++)
                multiply_tiles(b, part, j, j + b->n_near);
        return;
    }
    for (int64_t part = begin; part < end; part++)
        multiply_tiles(b, part / n, part % n * n_tiles / n, (part % n + 1) * n_tiles / n);
}

/* Rows of b that are read where they lie: whole vectors of them, unless terms stand so
 * far apart that they would share few sets of the second cache. */
static int64_t n_in_place(const block *b)
{
    const lks_factor *f = &b->product->b;

    if (f->stride != 1 || (b->n_near == 0 && f->term_stride % 1024 == 0))
        return 0;
    return b->n_rows % LKS_LANES == 0 ? b->n_rows : b->n_rows / WIDTH * WIDTH;
}

static void multiply_block(block *b)
{
    const int64_t n = n_shares(b);
    const int64_t depth = b->depth > 0 ? b->depth : 1;

    b->n_near = NEAR_BLOCK / (depth * WIDTH);
    b->n_in_place = n_in_place(b);
    if (b->n_in_place < b->n_rows)
        lks_parallel_for(b->product->device_index, in_steps(b->n_rows, STRIP),
                         MIN_PART_TERMS / (STRIP * depth) + 1, pack_strips, b);
    lks_parallel_for(b->product->device_index, lks_n_row_blocks(b->product->a.n) * n,
                     MIN_PART_TERMS * n / (ROWS * b->n_rows * depth) + 1, multiply_parts,
                     b);
}

/* A block's terms, one at least, and its rows. */
static int64_t block_depth(const lks_product *p)
{
    return p->n_terms > 0 ? at_most(p->n_terms, DEPTH) : 1;
}

static int64_t block_rows(const lks_product *p)
{
    return at_most(p->b.n, BLOCK / block_depth(p) / WIDTH * WIDTH);
}

static void multiply(const lks_product *product, float *strips)
{
    const int64_t depth = block_depth(product), rows = block_rows(product);
    block b = {.product = product, .strips = strips};

    do {
        b.depth = at_most(product->n_terms - b.first, depth);
        for (b.row = 0; b.row < product->b.n; b.row += rows) {
            b.n_rows = at_most(product->b.n - b.row, rows);
            multiply_block(&b);
        }
        b.first += depth;
    } while (b.first < product->n_terms);
}

/* ---- which factor is a ---- */

/* Clock cycles, about: vectors multiplied, strips filled, tiles turned. */
static double cost(const lks_factor *a, const lks_factor *b, int64_t n_terms,
                   int64_t c_stride_b)
{
    const double copied = b->stride == 1 ? 0.1 : 0.75, turned = c_stride_b == 1 ? 0 : 0.5;

    return (double)(in_steps(b->n, LKS_LANES) * a->n * n_terms) +
           (double)(b->n * n_terms) * copied + (double)(a->n * b->n) * turned;
}

static lks_product swapped(const lks_product *p)
{
    lks_product out = *p;

    out.a = p->b, out.b = p->a;
    out.c_stride_a = p->c_stride_b, out.c_stride_b = p->c_stride_a;
    out.bias_stride_a = p->bias_stride_b, out.bias_stride_b = p->bias_stride_a;
    return out;
}

void LKS_CPU(product)(const lks_product *product, float *scratch)
{
    const lks_product *p = product, other = swapped(p);

    if (LKS_CPU(product_is_few)(&other))
        p = &other;
    if (LKS_CPU(product_is_few)(p)) {
        LKS_CPU(product_few)(p);
        return;
    }
    if (cost(&p->a, &p->b, p->n_terms, p->c_stride_b) >
        cost(&other.a, &other.b, other.n_terms, other.c_stride_b))
        p = &other;
    multiply(p, scratch);
}
