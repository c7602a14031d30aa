/* Attention, by products and additive, and bilinear forms. */
#include <math.h>

#include "base/try.h"
#include "ops/op.h"

/* ---- masks and weights ---- */

lks_tensor *lks_added_mask(lks_tensor *mask, bool true_counts, lks_dtype dtype)
{
    if (!mask || mask->view.dtype != LKS_BOOL)
        return lks_to(mask, dtype);
    if (true_counts)
        mask = lks_logical_not(mask);
    return mask ? lks_masked_fill_scalar(
                      lks_zeros(lks_sizes(mask), dtype, mask->storage->device), mask,
                      -(double)INFINITY)
                : NULL;
}

lks_tensor *lks_causal_mask(int64_t rows, int64_t columns, lks_dtype dtype,
                            lks_device device)
{
    lks_tensor *row = lks_unsqueeze(lks_arange(rows, LKS_I64, device), 1);
    lks_tensor *column = lks_arange(columns, LKS_I64, device);

    return lks_added_mask(lks_le(column, row), true, dtype);
}

/* The options' masks as one that is added to scores; *out NULL: there is none. */
static lks_status mask_of(const lks_tensor *scores, const lks_attention_options *o,
                          lks_tensor **out)
{
    const lks_dtype dtype = scores->view.dtype;
    lks_tensor *mask = o->mask ? lks_added_mask(o->mask, true, dtype) : NULL, *causal;

    *out = mask;
    if (o->mask && !mask)
        return lks_error_status();
    if (!o->is_causal)
        return LKS_OK;
    causal = lks_causal_mask(lks_size(scores, -2), lks_size(scores, -1), dtype,
                             scores->storage->device);
    *out = mask ? lks_add(mask, causal) : causal;
    return *out ? LKS_OK : lks_error_status();
}

/* softmax(scores + mask), rows without a score 0: these are computed from no mask, since
 * the gradient of a softmax of nothing is NaN times 0. */
static lks_tensor *masked_softmax(lks_tensor *scores, lks_tensor *mask)
{
    lks_tensor *is_empty =
        lks_all(lks_eq_scalar(mask, -(double)INFINITY), (const int[]){-1}, 1, true);

    scores = lks_add(scores, lks_masked_fill_scalar(mask, is_empty, 0));
    return lks_masked_fill_scalar(lks_softmax(scores, -1), is_empty, 0);
}

/* The weights of scores (…, L, S), in an open scope. */
static lks_tensor *weigh(lks_tensor *scores, const lks_attention_options *o)
{
    lks_tensor *mask, *p;

    if (!scores || mask_of(scores, o, &mask) != LKS_OK)
        return NULL;
    if (mask)
        p = o->mask ? masked_softmax(scores, mask)
                    : lks_softmax(lks_add(scores, mask), -1);
    else
        p = lks_softmax(scores, -1);
    return o->rng && o->dropout_p > 0 ? lks_dropout(p, o->dropout_p, o->rng) : p;
}

/* What the weights make of the values, *weights beside it; closes the scope. */
static lks_tensor *close_attention(lks_tensor *p, lks_tensor *v, lks_tensor **weights)
{
    lks_tensor *y = lks_scope_return(lks_matmul(p, v));

    if (weights && y)
        *weights = lks_scope_return(p);
    lks_scope_close();
    return y;
}

static lks_attention_options options_or_none(const lks_attention_options *options)
{
    return options ? *options : (lks_attention_options){0};
}

/* Whether a mask may be missing because its own expression failed. */
static bool mask_failed(const lks_attention_options *options)
{
    return options && !options->mask && lks_error_status() != LKS_OK;
}

/* ---- by products ---- */

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
                                             const lks_attention_options *options,
                                             lks_tensor **weights)
{
    const lks_status before = lks_error_status();
    const lks_attention_options o = options_or_none(options);
    lks_tensor *y;

    if (weights)
        *weights = NULL;
    if (!q || !k || !v || mask_failed(options) || check_attention(q, k, v) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    q = lks_mul_scalar(q, o.scale != 0 ? o.scale : 1 / sqrt((double)lks_size(q, -1)));
    y = close_attention(weigh(lks_matmul(q, lks_transpose(k, -1, -2)), &o), v, weights);
    return lks_named("scaled_dot_product_attention", before, y);
}

/* ---- additive ---- */

static lks_status check_additive(const lks_tensor *q, const lks_tensor *k,
                                 const lks_tensor *v,
                                 const lks_additive_attention_params *p)
{
    if (q->view.ndim != 3 || k->view.ndim != 3 || v->view.ndim != 3 ||
        p->score_weight->view.ndim != 1)
        return lks_fail(LKS_SHAPE,
                        "additive_attention: takes (N, L, Q), (N, S, K), (N, S, V) and a "
                        "weight (A) of scores, not %s, %s, %s and %s",
                        LKS_TEXT(q), LKS_TEXT(k), LKS_TEXT(v), LKS_TEXT(p->score_weight));
    return LKS_OK;
}

/* (N, L, S), in an open scope. */
static lks_tensor *additive_scores(lks_tensor *q, lks_tensor *k,
                                   const lks_additive_attention_params *p)
{
    if (p->query_weight)
        q = lks_linear(q, p->query_weight, p->bias);
    else if (p->bias)
        q = lks_add(q, p->bias);
    if (p->key_weight)
        k = lks_linear(k, p->key_weight, NULL);
    return lks_matmul(lks_tanh(lks_add(lks_unsqueeze(q, 2), lks_unsqueeze(k, 1))),
                      p->score_weight);
}

lks_tensor *lks_additive_attention(lks_tensor *query, lks_tensor *keys,
                                   lks_tensor *values,
                                   const lks_additive_attention_params *params,
                                   const lks_attention_options *options,
                                   lks_tensor **weights)
{
    const lks_status before = lks_error_status();
    const lks_attention_options o = options_or_none(options);
    const bool lacks = !params->query_weight || !params->key_weight || !params->bias;
    lks_tensor *y;

    if (weights)
        *weights = NULL;
    if (!query || !keys || !values || !params->score_weight || mask_failed(options) ||
        (lacks && before != LKS_OK) ||
        check_additive(query, keys, values, params) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    y = close_attention(weigh(additive_scores(query, keys, params), &o), values, weights);
    return lks_named("additive_attention", before, y);
}

/* ---- bilinear ---- */

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
