/* Sizes and strides: arithmetic without memory. */
#ifndef LKS_LAYOUT_SHAPE_H
#define LKS_LAYOUT_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { LKS_MAX_DIMS = 8 };

typedef struct lks_shape { /* sizes beyond ndim do not matter */
    int ndim;
    int64_t sizes[LKS_MAX_DIMS];
} lks_shape;

/* LKS_SHAPE_OF(2, 3) is the literal (2, 3); LKS_SCALAR is (). */
#define LKS_SHAPE_OF(...)                                                                \
    ((lks_shape){(int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)),              \
                 {__VA_ARGS__}})
#define LKS_SCALAR ((lks_shape){0, {0}})

/* The number of elements, or LKS_SHAPE for a negative size or an overflow of int64. */
lks_status lks_shape_numel(const lks_shape *shape, int64_t *out);

bool lks_shape_equal(const lks_shape *a, const lks_shape *b); /* sizes and their number */

/* Row-major strides, in elements. */
void lks_shape_strides(const lks_shape *shape, int64_t *strides);

/* PyTorch's broadcasting of two shapes. LKS_SHAPE if they do not go together. */
lks_status lks_shape_broadcast(const lks_shape *a, const lks_shape *b, lks_shape *out);

/* "(2, 3)", or how many dimensions there are where that is too many, into text[0..size);
 * returns text. */
enum { LKS_SHAPE_TEXT = 192 };
char *lks_shape_text(const lks_shape *shape, char *text, size_t size);

#endif
