#include "cpu/kernels/product_put.h"

/* b lies side by side in c, as in the tile. */
static void put_straight(const lks_place *p)
{
    for (int64_t i = 0; i < p->n_a; i++) {
        const float *tile = p->tile + i * LKS_PLACE_STRIDE;
        float *c = p->c + i * p->product->c_stride_a;

        int64_t j = 0;

        for (; j + LKS_LANES <= p->n_b; j += LKS_LANES) {
            lks_vec sums = lks_vec_load(tile + j);

            if (p->bias)
                sums += lks_vec_load(p->bias + j);
            if (p->add)
                sums += lks_vec_load(c + j);
            lks_vec_store(c + j, sums);
        }
        for (; j < p->n_b; j++) {
            float sum = p->bias ? tile[j] + p->bias[j] : tile[j];

            c[j] = p->add ? sum + c[j] : sum;
        }
    }
}

/* a lies side by side in c, a whole tile of it: the tile is turned. */
static void put_turned(const lks_place *p)
{
    const size_t n_bytes = LKS_TILE_ROWS * sizeof(float); /* of the eight in a vector */
    lks_vec8 bias = {0};

    if (p->bias)
        memcpy(&bias, p->bias, n_bytes);
    for (int64_t j = 0; j < p->n_b; j += 8) {
        lks_vec8 r[8] = {{0}};

        for (int i = 0; i < LKS_TILE_ROWS; i++)
            r[i] = *(const lks_vec8 *)(p->tile + i * LKS_PLACE_STRIDE + j);
        lks_transpose_8x8(r);
        for (int64_t k = 0; k < 8 && j + k < p->n_b; k++) {
            float *c = p->c + (j + k) * p->product->c_stride_b;
            lks_vec8 before = {0};

            if (p->bias) /* for -0 + 0 is not -0 */
                r[k] += bias;
            if (p->add) {
                memcpy(&before, c, n_bytes);
                r[k] += before;
            }
            memcpy(c, &r[k], n_bytes);
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
