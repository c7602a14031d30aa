/* Tiles of a product that could not be summed where they belong, into c: those that c has
 * the other way round, those that do not fill their vectors, those that wait for two things
 * of bias, c before and the sums of other terms. */
#ifndef LKS_CPU_KERNELS_PRODUCT_PUT_H
#define LKS_CPU_KERNELS_PRODUCT_PUT_H

#include "cpu/kernels/product.h"
#include "cpu/kernels/vector.h"

enum {
    LKS_PLACE_STRIDE = LKS_TILE_VECTORS * LKS_LANES,
    LKS_PLACE_TILE = LKS_TILE_ROWS * LKS_PLACE_STRIDE,
};

/* c = tile + bias + c, what of it counts. */
typedef struct lks_place {
    const lks_product *product; /* for the strides of c and bias */
    const float *tile;          /* [LKS_PLACE_TILE], n_a rows of n_b numbers */
    int64_t n_a, n_b;
    const float *bias; /* of the tile's first number, or NULL */
    float *c;          /* the same */
    bool add;
} lks_place;

void LKS_CPU(product_put)(const lks_place *p);

#endif
