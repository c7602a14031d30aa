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
 * A block is DEPTH terms at most of as many rows of b as BLOCK holds. Past it goes a, a
 * group of parts at a time, which stays in the second cache, each a tile's rows; a chunk
 * of a tile's rows of b stays in the first meanwhile. So that neither is walked down a
 * column more than once, rows of a whose terms do not lie side by side are copied. */
enum {
    ROWS = LKS_TILE_ROWS,
    WIDTH = LKS_TILE_VECTORS * LKS_LANES,
    STRIP = LKS_LANES < 8 ? 8 : LKS_LANES, /* what transposes eight wide can fill */
    DEPTH = LKS_PRODUCT_DEPTH,
    BLOCK = LKS_PRODUCT_BLOCK,
    GROUP = 8,                              /* parts of a that go past the same of b */
    NEAR_ROWS = GROUP * ROWS * (DEPTH + 8), /* f32 of a that are copied for a group */
    FEW_ROWS = 16,                          /* of a, */
    FEW_TILES = 2,  /* of b: too few to pay for a copy of the other */
    AT_ONCE = 4,    /* terms of a that are copied */
    AHEAD = 16,     /* asked for so many terms before */
    CROWDED = 64,   /* f32 apart share a quarter of the first cache's sets, or less, */
    MANY_ROWS = 96, /* of a, which pay for a copy of b for that */
    MIN_PART_TERMS = 65536, /* multiplications worth a thread */
};

/* Terms [first, first + depth) of rows [row, row + n_rows) of b. */
typedef struct block {
    const lks_product *product;
    int64_t first, depth, row, n_rows;
    int64_t n_in_place; /* rows that are read where they lie, the others from strips */
    float *strips;
} block;

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
            lks_transpose_rows(n - i, lks_at_most(depth - t, 8),
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
        const int64_t i = s * STRIP, n = lks_at_most(b->n_rows - i, STRIP);
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

/* Whether some of its terms share a page. */
static bool is_narrow(const lks_factor *f)
{
    return f->term_stride <= 256;
}

/* Some parts of a in turn, what the tiles take of each, and their sums until all terms of
 * the block are in. */
typedef struct group {
    int64_t n, rows[GROUP + 1]; /* part q is rows [rows[q], rows[q + 1]) of a */
    lks_operands operands[GROUP];
    _Alignas(64) float sums[GROUP][LKS_PLACE_TILE];
    _Alignas(64) float near[NEAR_ROWS];
} group;

/* f32 of a part: not a multiple of a power of two for any depth that is one. */
static int64_t near_length(int64_t depth)
{
    return (depth + 8) * ROWS;
}

/* near[t][r] = a[r][t] for some terms of a part's n rows. */
LKS_INLINE void copy_terms(const lks_factor *a, const float *from, int64_t n_terms,
                           int64_t n, float *near)
{
    if (a->stride == 1 && n == ROWS) {
        for (int64_t t = 0; t < n_terms; t++)
            memcpy(near + t * ROWS, from + t * a->term_stride, ROWS * sizeof *near);
        return;
    }
    for (int64_t t = 0; t < n_terms; t++)
        for (int64_t r = 0; r < n; r++)
            near[t * n + r] = from[r * a->stride + t * a->term_stride];
}

/* Rows whose terms do not lie side by side, copied part by part, a few terms of all parts
 * at a time: each line of a is met once, and asked for before. */
static void copy_rows(const block *b, const float *from, group *g)
{
    const lks_factor *a = &b->product->a;
    const int64_t n_rows = g->rows[g->n] - g->rows[0];

    for (int64_t t = 0; t < b->depth; t += AT_ONCE) {
        const int64_t n_terms = lks_at_most(b->depth - t, AT_ONCE);
        const float *terms = from + t * a->term_stride;

        for (int64_t k = AHEAD; k < AHEAD + AT_ONCE && t + k < b->depth; k++)
            for (int64_t i = 0; i < n_rows + 15 && a->stride == 1; i += 16)
                __builtin_prefetch(terms + k * a->term_stride + i, 0, 2);
        for (int64_t q = 0; q < g->n; q++) {
            const int64_t i = g->rows[q] - g->rows[0], n = g->rows[q + 1] - g->rows[q];

            copy_terms(a, terms + i * a->stride, n_terms, n,
                       g->near + q * near_length(b->depth) + t * n);
        }
    }
}

/* n_tiles: what goes past each part. */
static void take_rows(const block *b, int64_t part, int64_t n_parts, int64_t n_tiles,
                      group *g)
{
    const lks_factor *a = &b->product->a;
    const bool terms_lie = a->term_stride == 1;
    const bool in_place =
        terms_lie || (a->stride == 1 && (n_tiles <= FEW_TILES || is_narrow(a)));
    const float *from;

    g->n = n_parts;
    for (int64_t q = 0; q <= n_parts; q++)
        g->rows[q] = lks_row_block(a->n, part + q);
    from = a->data + g->rows[0] * a->stride + b->first * a->term_stride;
    if (!in_place)
        copy_rows(b, from, g);
    for (int64_t q = 0; q < n_parts; q++) {
        const int64_t i = g->rows[q] - g->rows[0], n = g->rows[q + 1] - g->rows[q];

        g->operands[q] = (lks_operands){
            .a = in_place ? from + i * a->stride : g->near + q * near_length(b->depth),
            .terms_lie = terms_lie,
            .a_stride = terms_lie  ? a->stride
                        : in_place ? a->term_stride
                                   : n,
        };
    }
}

/* And of the block's rows of b from j on, terms from t on. */
static void take_vectors(const block *b, int64_t j, int64_t t, lks_operands *o)
{
    const lks_factor *f = &b->product->b;

    if (j < b->n_in_place) {
        o->b = f->data + b->row + j + (b->first + t) * f->term_stride;
        o->b_stride = LKS_LANES;
        o->b_term_stride = f->term_stride;
    } else {
        o->b = b->strips + j / STRIP * strip_length(b->depth) + t * STRIP;
        o->b_stride = LKS_LANES % STRIP == 0 ? strip_length(b->depth) : LKS_LANES;
        o->b_term_stride = STRIP;
    }
}

/* Of c, which is read and written after so many terms. */
static void ask_for(const lks_place *to)
{
    for (int64_t i = 0; i < to->n_a && to->product->c_stride_b == 1; i++)
        for (int64_t j = 0; j < to->n_b; j += 16)
            __builtin_prefetch(to->c + i * to->product->c_stride_a + j, 1);
}

/* The tile of c that is wanted, where its sums may go there at once: at most one thing is
 * left to add to them, bias, c before or the sums of other terms. */
static bool goes_straight(const lks_place *to, bool has_others, lks_operands *o)
{
    const lks_product *p = to->product;
    const int n_addends = (to->bias != NULL) + to->add + has_others;

    if (p->c_stride_b != 1 || to->n_b % LKS_LANES != 0 || n_addends > 1 ||
        (to->bias && p->bias_stride_b != 1))
        return false;
    o->out = to->c;
    o->out_stride = p->c_stride_a;
    o->add = to->bias ? to->bias : to->add ? to->c : has_others ? to->tile : NULL;
    o->add_stride = to->bias ? p->bias_stride_a : to->add ? p->c_stride_a : WIDTH;
    return true;
}

/* The tile beside part q of the group and rows of b from j on: terms [t, t + o->n_terms)
 * of the block. Beside c until all terms are in. */
static void multiply_tile(const block *b, group *g, int64_t q, int64_t j, int64_t t,
                          lks_operands *o)
{
    const lks_product *p = b->product;
    const int64_t i = g->rows[q], row = b->row + j;
    const bool is_last = t + o->n_terms == b->depth;
    lks_place to = {
        .product = p,
        .tile = g->sums[q],
        .n_a = g->rows[q + 1] - i,
        .n_b = lks_at_most(b->n_rows - j, WIDTH),
        .c = p->c + i * p->c_stride_a + row * p->c_stride_b,
        .add = p->accumulate || b->first > 0,
    };

    if (p->bias && b->first == 0)
        to.bias = p->bias + i * p->bias_stride_a + row * p->bias_stride_b;
    o->a = g->operands[q].a + t * (g->operands[q].terms_lie ? 1 : o->a_stride);
    if (is_last)
        ask_for(&to);
    if (is_last && goes_straight(&to, t > 0, o)) {
        LKS_CPU(product_sums)(to.n_a, to.n_b / LKS_LANES, o);
        return;
    }
    o->out = g->sums[q];
    o->out_stride = o->add_stride = WIDTH;
    o->add = t > 0 ? o->out : NULL;
    LKS_CPU(product_sums)(to.n_a, in_steps(to.n_b, LKS_LANES), o);
    if (is_last)
        LKS_CPU(product_put)(&to);
}

/* Tiles [begin, end) of those beside a group, a chunk of terms at a time: that of b stays
 * in the first cache while the group goes past. */
static void multiply_tiles(const block *b, group *g, int64_t begin, int64_t end)
{
    for (int64_t j = begin * WIDTH; j < lks_at_most(end * WIDTH, b->n_rows); j += WIDTH) {
        int64_t t = 0;

        do {
            const int64_t n_terms = lks_at_most(b->depth - t, LKS_PRODUCT_CHUNK);

            for (int64_t q = 0; q < g->n; q++) {
                lks_operands o = g->operands[q];

                o.n_terms = n_terms;
                take_vectors(b, j, t, &o);
                multiply_tile(b, g, q, j, t, &o);
            }
            t += n_terms;
        } while (t < b->depth);
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
    const int64_t most = n == 1 ? GROUP : 1;
    group g;

    for (int64_t part = begin; part < end; part += g.n) {
        take_rows(b, part / n, lks_at_most(end - part, most), n_tiles / n, &g);
        multiply_tiles(b, &g, part % n * n_tiles / n, (part % n + 1) * n_tiles / n);
    }
}

/* Rows of b that are read where they lie: whole vectors of them, unless each term is on a
 * page of its own, or drives others out of the first cache, and is met often. */
static int64_t n_in_place(const block *b)
{
    const lks_factor *f = &b->product->b;
    const int64_t n_met = b->product->a.n;

    if (f->stride != 1 || (n_met > FEW_ROWS && !is_narrow(f)) ||
        (n_met >= MANY_ROWS && f->term_stride % CROWDED == 0))
        return 0;
    return b->n_rows % LKS_LANES == 0 ? b->n_rows : b->n_rows / WIDTH * WIDTH;
}

static void multiply_block(block *b)
{
    const int64_t n = n_shares(b);
    const int64_t depth = b->depth > 0 ? b->depth : 1;

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
    return p->n_terms > 0 ? lks_at_most(p->n_terms, DEPTH) : 1;
}

static int64_t block_rows(const lks_product *p)
{
    return lks_at_most(p->b.n, BLOCK / block_depth(p) / WIDTH * WIDTH);
}

static void multiply(const lks_product *product, float *strips)
{
    const int64_t depth = block_depth(product), rows = block_rows(product);
    block b = {.product = product, .strips = strips};

    do {
        b.depth = lks_at_most(product->n_terms - b.first, depth);
        for (b.row = 0; b.row < product->b.n; b.row += rows) {
            b.n_rows = lks_at_most(product->b.n - b.row, rows);
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
