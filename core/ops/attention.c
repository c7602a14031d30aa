/* What is written in terms of matmul, softmax and index_select: attention, bilinear forms,
 * embeddings. */
#include <math.h>

#include "base/alloc.h"
#include "base/try.h"
#include "ops/op.h"

/* (rows, columns): -inf where the column is behind the row, else 0. */
static lks_tensor *causal_mask(int64_t rows, int64_t columns, lks_dtype dtype,
                               lks_device device)
{
    const lks_shape shape = LKS_SHAPE_OF(rows, columns);
    lks_tensor *mask;
    float *values;
    int64_t n;

    if (!lks_sizes_product(shape.sizes, 2, &n) ||
        !(values = lks_calloc((size_t)(n ? n : 1), sizeof *values)))
        return NULL;
    for (int64_t i = 0; i < n; i++)
        values[i] = i % columns > i / columns ? -INFINITY : 0;
    mask = lks_to(lks_from_data(shape, LKS_F32, values, device), dtype);
    lks_free(values);
    return mask;
}

static lks_status check_attention(const lks_tensor *q, const lks_tensor *k,
                                  const lks_tensor *v)
{
    if (q->view.ndim < 2 || k->view.ndim < 2 || v->view.ndim < 2)
        return lks_fail(LKS_SHAPE,
                        "scaled_dot_product_attention: takes (…, L, E), (…, S, E) and "
                        "(…, S, V), not %s, %s and %s",
                        LKS_TEXT(q), LKS_TEXT(k), LKS_TEXT(v));
    return LKS_OK;
}

lks_tensor *lks_scaled_dot_product_attention(lks_tensor *q, lks_tensor *k, lks_tensor *v,
                                             lks_tensor *mask, bool is_causal,
                                             lks_tensor **weights)
{
    lks_tensor *y, *p;

    if (weights)
        *weights = NULL;
    if (!q || !k || !v || (!mask && lks_error_status() != LKS_OK) ||
        check_attention(q, k, v) != LKS_OK || lks_scope_open() != LKS_OK)
        return NULL;
    q = lks_mul_scalar(q, 1 / sqrt((double)lks_size(q, -1)));
    p = lks_matmul(q, lks_transpose(k, -1, -2));
    if (mask)
        p = lks_add(p, mask);
    if (is_causal && p)
        p = lks_add(p, causal_mask(lks_size(p, -2), lks_size(p, -1), p->view.dtype,
                                   p->storage->device));
    p = lks_softmax(p, -1);
    y = lks_scope_return(lks_matmul(p, v));
    if (weights && y)
        *weights = lks_scope_return(p);
    lks_scope_close();
    return y;
}

static lks_status check_bilinear(const lks_tensor *a, const lks_tensor *b,
                                 const lks_tensor *w, const lks_tensor *bias)
{
    bool fits = w->view.ndim == 3 && a->view.ndim >= 1 && a->view.ndim == b->view.ndim;

    for (int i = 0; fits && i < a->view.ndim - 1; i++)
        fits = a->view.sizes[i] == b->view.sizes[i];
    fits = fits && a->view.sizes[a->view.ndim - 1] == w->view.sizes[1] &&
           b->view.sizes[b->view.ndim - 1] == w->view.sizes[2];
    if (!fits)
        return lks_fail(LKS_SHAPE,
                        "bilinear: inputs %s and %s do not go with weight %s: takes (…, "
                        "I), (…, J) and (O, I, J)",
                        LKS_TEXT(a), LKS_TEXT(b), LKS_TEXT(w));
    if (bias && (bias->view.ndim != 1 || bias->view.sizes[0] != w->view.sizes[0]))
        return lks_fail(LKS_SHAPE, "bilinear: bias %s does not go with weight %s",
                        LKS_TEXT(bias), LKS_TEXT(w));
    return LKS_OK;
}

/* a (n, I), b (n, J): a w as (n, O, J), times b. */
static lks_tensor *bilinear(lks_tensor *a, lks_tensor *b, lks_tensor *w)
{
    const int64_t o = lks_size(w, 0), i = lks_size(w, 1), j = lks_size(w, 2);
    lks_tensor *wide = lks_reshape(lks_transpose(w, 0, 1), LKS_SHAPE_OF(i, o * j));

    if (!a || !b)
        return NULL;
    a = lks_reshape(lks_matmul(a, wide), LKS_SHAPE_OF(lks_size(a, 0), o, j));
    return lks_squeeze(lks_matmul(a, lks_unsqueeze(b, 2)), 2);
}

lks_tensor *lks_bilinear(lks_tensor *a, lks_tensor *b, lks_tensor *w, lks_tensor *bias)
{
    lks_shape shape;
    int64_t rows;
    lks_tensor *y;

    if (!a || !b || !w || (!bias && lks_error_status() != LKS_OK) ||
        check_bilinear(a, b, w, bias) != LKS_OK || lks_scope_open() != LKS_OK)
        return NULL;
    shape = lks_sizes(a);
    shape.sizes[shape.ndim - 1] = lks_size(w, 0);
    rows = 1;
    for (int i = 0; i < shape.ndim - 1; i++)
        rows *= shape.sizes[i];
    y = bilinear(lks_reshape(a, LKS_SHAPE_OF(rows, lks_size(a, -1))),
                 lks_reshape(b, LKS_SHAPE_OF(rows, lks_size(b, -1))), w);
    if (bias)
        y = lks_add(y, bias);
    y = lks_scope_return(lks_reshape(y, shape));
    lks_scope_close();
    return y;
}
