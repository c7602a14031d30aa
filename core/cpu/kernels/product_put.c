#include "cpu/kernels/product_put.h"

/* b lies side by side in c, as in the tile. */
static void put_straight(const lks_place *p)
{
    for (int64_t i = 0; i < p->n_a; i++) {
        const float *tile = p->tile + i * LKS_PLACE_STRIDE;
        float *c = p->c + i * p->product->c_stride_a;

        for (int64_t j = 0; j < p->n_b; j++) {
            float sum = p->bias ? tile[j] + p->bias[j] : tile[j];

            c[j] = p->add ? sum + c[j] : sum;
        }
    }
}

/* The first LKS_TILE_ROWS of eight numbers side by side. */
LKS_INLINE lks_vec8 load_rows(const float *at)
{
    lks_vec8 v = {0};

    memcpy(&v, at, LKS_TILE_ROWS * sizeof *at);
    return v;
}

/* a lies side by side in c, a whole tile of it: the tile is turned. */
static void put_turned(const lks_place *p)
{
    const lks_vec8 bias = p->bias ? load_rows(p->bias) : (lks_vec8){0};

    for (int64_t j = 0; j < p->n_b; j += 8) {
        lks_vec8 r[8] = {{0}};

        for (int i = 0; i < LKS_TILE_ROWS; i++)
            r[i] = *(const lks_vec8 *)(p->tile + i * LKS_PLACE_STRIDE + j);
        lks_transpose_8x8(r);
        for (int64_t k = 0; k < 8 && j + k < p->n_b; k++) {
            float *c = p->c + (j + k) * p->product->c_stride_b;

            r[k] = r[k] + bias + (p->add ? load_rows(c) : (lks_vec8){0});
            memcpy(c, &r[k], LKS_TILE_ROWS * sizeof *c);
        }
    }
}

static void put_anywhere(const lks_place *p)
{
    const lks_product *product = p->product;

    for (int64_t i = 0; i < p->n_a; i++)
        for (int64_t j = 0; j < p->n_b; j++) {
            float *c = p->c + i * product->c_stride_a + j * product->c_stride_b;
            float sum = p->tile[i * LKS_PLACE_STRIDE + j];

            if (p->bias)
                sum += p->bias[i * product->bias_stride_a + j * product->bias_stride_b];
            *c = p->add ? sum + *c : sum;
        }
}

void LKS_CPU(product_put)(const lks_place *p)
{
    const lks_product *product = p->product;

    if (product->c_stride_b == 1 && (!p->bias || product->bias_stride_b == 1))
        put_straight(p);
    else if (product->c_stride_a == 1 && p->n_a == LKS_TILE_ROWS &&
             (!p->bias || product->bias_stride_a == 1))
        put_turned(p);
    else
        put_anywhere(p);
}
