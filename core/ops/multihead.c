/* Attention of several heads, torch.nn.functional.multi_head_attention_forward: projections
 * around scaled_dot_product_attention.
 * source: Vaswani et al. 2017, section 3.2.2 */
#include <math.h>

#include "base/try.h"
#include "ops/op.h"

typedef lks_multihead_attention_params params;

/* x (N, L, E) by rows first … first + E of the joint weight and bias. */
static lks_tensor *project(lks_tensor *x, const params *p, int which)
{
    const int64_t e = lks_size(p->in_weight, 1);
    lks_tensor *weight = lks_narrow(p->in_weight, 0, which * e, e);
    lks_tensor *bias = p->in_bias ? lks_narrow(p->in_bias, 0, which * e, e) : NULL;

    if (!x || !weight || (p->in_bias && !bias))
        return NULL;
    return lks_linear(x, weight, bias);
}

/* (N, L, E) and behind it one more position, `bias` (1, 1, E), which may be NULL. */
static lks_tensor *append(lks_tensor *x, lks_tensor *bias)
{
    if (!x || !bias)
        return x;
    bias = lks_expand(bias, LKS_SHAPE_OF(lks_size(x, 0), 1, lks_size(x, 2)));
    return lks_cat((lks_tensor *const[]){x, bias}, 2, 1);
}

/* (N, L, E) to (N, H, L, E / H). */
static lks_tensor *heads_of(lks_tensor *x, int64_t n_heads)
{
    if (!x)
        return NULL;
    x = lks_reshape(x, LKS_SHAPE_OF(lks_size(x, 0), lks_size(x, 1), n_heads,
                                    lks_size(x, 2) / n_heads));
    return lks_transpose(x, 1, 2);
}

/* One more position of zeros. */
static lks_tensor *append_zero(lks_tensor *x, bool wanted)
{
    lks_shape shape;

    if (!x || !wanted)
        return x;
    shape = lks_sizes(x);
    shape.sizes[2] = 1;
    return lks_cat((lks_tensor *const[]){x, lks_zeros(shape, lks_tensor_dtype(x),
                                                      lks_tensor_device(x))},
                   2, 2);
}

/* A mask as what is added to scores, of which there are `more` columns unmasked behind
 * it: true is -inf. */
static lks_tensor *added(lks_tensor *mask, lks_dtype dtype, int64_t more)
{
    const lks_dtype given = lks_tensor_dtype(mask);
    lks_shape shape = lks_sizes(mask);
    lks_tensor *zeros = lks_zeros(shape, dtype, lks_tensor_device(mask));

    mask = given == LKS_BOOL ? lks_masked_fill_scalar(zeros, mask, -INFINITY)
                             : lks_to(mask, dtype);
    if (!mask || more == 0)
        return mask;
    shape.sizes[shape.ndim - 1] = more;
    zeros = lks_zeros(shape, dtype, lks_tensor_device(mask));
    return lks_cat((lks_tensor *const[]){mask, zeros}, 2, -1);
}

/* Both masks, as added to (N, H, L, S): NULL in *out where there is none. */
static lks_status join_masks(const params *p, const lks_tensor *q, int64_t more,
                             lks_tensor **out)
{
    const lks_dtype dtype = lks_tensor_dtype(q);
    lks_tensor *attn = NULL, *padding = NULL;

    *out = NULL;
    if (p->attn_mask && (attn = added(p->attn_mask, dtype, more)) && lks_ndim(attn) == 3)
        attn = lks_reshape(attn, LKS_SHAPE_OF(lks_size(q, 0), lks_size(q, 1),
                                              lks_size(attn, 1), lks_size(attn, 2)));
    if (p->key_padding_mask && (padding = added(p->key_padding_mask, dtype, more)))
        padding = lks_reshape(padding,
                              LKS_SHAPE_OF(lks_size(q, 0), 1, 1, lks_size(padding, -1)));
    if ((p->attn_mask && !attn) || (p->key_padding_mask && !padding))
        return lks_error_status();
    *out = attn && padding ? lks_add(attn, padding) : attn ? attn : padding;
    return *out || !(attn || padding) ? LKS_OK : lks_error_status();
}

/* q, k, v (N, L, E) to (N, L, E); *weights (N, H, L, S). */
static lks_tensor *attend(lks_tensor *q, lks_tensor *k, lks_tensor *v, const params *p,
                          lks_tensor **weights)
{
    const int64_t more = (p->bias_k ? 1 : 0) + (p->add_zero_attn ? 1 : 0);
    lks_shape shape;
    lks_tensor *mask, *y;

    if (!q || !k || !v)
        return NULL;
    shape = lks_sizes(q);
    q = heads_of(project(q, p, 0), p->n_heads);
    k = heads_of(append(project(k, p, 1), p->bias_k), p->n_heads);
    v = heads_of(append(project(v, p, 2), p->bias_v), p->n_heads);
    k = append_zero(k, p->add_zero_attn);
    v = append_zero(v, p->add_zero_attn);
    if (!q || !k || !v || join_masks(p, q, more, &mask) != LKS_OK)
        return NULL;
    y = lks_scaled_dot_product_attention(q, k, v, mask, false, weights);
    y = y ? lks_reshape(lks_transpose(y, 1, 2), shape) : NULL;
    return y ? lks_linear(y, p->out_weight, p->out_bias) : NULL;
}

static lks_status check(const lks_tensor *q, const lks_tensor *k, const lks_tensor *v,
                        const params *p)
{
    const lks_view *w = &p->in_weight->view;
    const bool fits = q->view.ndim == k->view.ndim && q->view.ndim == v->view.ndim &&
                      (q->view.ndim == 2 || q->view.ndim == 3) && w->ndim == 2 &&
                      w->sizes[0] == 3 * w->sizes[1] &&
                      q->view.sizes[q->view.ndim - 1] == w->sizes[1];

    if (!fits)
        return lks_fail(LKS_SHAPE,
                        "multihead_attention: takes (N, L, E), (N, S, E) twice and a "
                        "weight (3 E, E), not %s, %s, %s and %s",
                        LKS_TEXT(q), LKS_TEXT(k), LKS_TEXT(v), LKS_TEXT(p->in_weight));
    if (p->n_heads < 1 || w->sizes[1] % p->n_heads != 0)
        return lks_fail(LKS_INVALID,
                        "multihead_attention: %lld features do not split into %lld heads",
                        (long long)w->sizes[1], (long long)p->n_heads);
    if (!p->bias_k != !p->bias_v)
        return lks_fail(LKS_INVALID,
                        "multihead_attention: bias_k and bias_v come both or neither");
    return LKS_OK;
}

/* Whether an operand that may be absent is so because its own expression failed. */
static bool any_failed(const params *p)
{
    return (!p->in_bias || !p->out_bias || !p->bias_k || !p->bias_v || !p->attn_mask ||
            !p->key_padding_mask) &&
           lks_error_status() != LKS_OK;
}

/* As (N, L, E): of one sample (L, E), or of (L, N, E). */
static lks_tensor *by_sample(lks_tensor *x, const params *p)
{
    return lks_ndim(x) == 2    ? lks_unsqueeze(x, 0)
           : p->sequence_first ? lks_transpose(x, 0, 1)
                               : x;
}

lks_tensor *lks_multihead_attention(lks_tensor *q, lks_tensor *k, lks_tensor *v,
                                    const lks_multihead_attention_params *p,
                                    lks_tensor **weights)
{
    lks_tensor *y, *w = NULL;
    bool is_one;

    if (weights)
        *weights = NULL;
    if (!q || !k || !v || !p->in_weight || !p->out_weight || any_failed(p) ||
        check(q, k, v, p) != LKS_OK || lks_scope_open() != LKS_OK)
        return NULL;
    is_one = q->view.ndim == 2;
    y = attend(by_sample(q, p), by_sample(k, p), by_sample(v, p), p, &w);
    if (y)
        y = is_one ? lks_squeeze(y, 0) : p->sequence_first ? lks_transpose(y, 0, 1) : y;
    w = y && weights && !p->weights_of_heads ? lks_mean(w, (const int[]){1}, 1, false)
                                             : w;
    if (weights && y)
        *weights = lks_scope_return(is_one ? lks_squeeze(w, 0) : w);
    y = lks_scope_return(y);
    lks_scope_close();
    return y;
}
