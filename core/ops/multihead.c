/* Attention of several heads, torch.nn.functional.multi_head_attention_forward: projections
 * around scaled_dot_product_attention.
 * source: Vaswani et al. 2017, section 3.2.2 */
#include <math.h>

#include "base/try.h"
#include "ops/op.h"

typedef lks_multihead_attention_params params;

/* Queries, keys and values. */
enum { Q, K, V, N_ROLES };

/* ---- projections ---- */

/* Rows first … first + n of t, each of e; NULL of NULL. */
static lks_tensor *stretch(lks_tensor *t, int first, int n, int64_t e)
{
    return t ? lks_narrow(t, 0, first * e, n * e) : NULL;
}

/* x (N, L, ·) by n roles' weights, from `first` on, to out[first …], (N, L, E) each. */
static void project(lks_tensor *x, const params *p, int first, int n, lks_tensor **out)
{
    lks_tensor *const own[N_ROLES] = {p->q_weight, p->k_weight, p->v_weight};
    const int64_t e = p->out_weight->view.sizes[1];
    lks_tensor *weight = p->in_weight ? stretch(p->in_weight, first, n, e) : own[first];
    lks_tensor *bias = stretch(p->in_bias, first, n, e), *y = NULL;

    if (weight && (bias || !p->in_bias))
        y = lks_linear(x, weight, bias);
    for (int i = 0; i < n; i++)
        out[first + i] = n == 1 ? y : lks_narrow(y, -1, i * e, e);
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

/* ---- masks ---- */

/* The scores (N, H, L, S), of whose columns the last `more` were appended: these have no
 * mask. */
typedef struct scores {
    int64_t n, l, s, more;
    lks_dtype dtype;
    lks_device device;
} scores;

/* A mask (…, S), where true is left out, as what is added to scores. */
static lks_tensor *added(const scores *to, lks_tensor *mask)
{
    lks_shape shape;

    mask = lks_added_mask(mask, false, to->dtype);
    if (!mask || to->more == 0)
        return mask;
    shape = lks_sizes(mask);
    shape.sizes[shape.ndim - 1] = to->more;
    return lks_cat((lks_tensor *const[]){mask, lks_zeros(shape, to->dtype, to->device)},
                   2, -1);
}

/* *sum and one more mask, as `shape`; NULL is none. */
static lks_status join(lks_tensor **sum, lks_tensor *mask, lks_shape shape)
{
    mask = mask ? lks_reshape(mask, shape) : NULL;
    if (!mask)
        return lks_error_status();
    *sum = *sum ? lks_add(*sum, mask) : mask;
    return *sum ? LKS_OK : lks_error_status();
}

/* All masks as one: NULL in *out where there is none. */
static lks_status join_masks(const params *p, const scores *to, lks_tensor **out)
{
    const int64_t s = to->s + to->more;
    const bool is_of_heads = p->attn_mask && p->attn_mask->view.ndim == 3;

    *out = NULL;
    if (p->attn_mask)
        LKS_TRY(join(out, added(to, p->attn_mask),
                     is_of_heads ? LKS_SHAPE_OF(to->n, p->n_heads, to->l, s)
                                 : LKS_SHAPE_OF(to->l, s)));
    if (p->key_padding_mask)
        LKS_TRY(join(out, added(to, p->key_padding_mask), LKS_SHAPE_OF(to->n, 1, 1, s)));
    if (p->is_causal)
        LKS_TRY(join(out, added(to, lks_causal_mask(to->l, to->s, to->dtype, to->device)),
                     LKS_SHAPE_OF(to->l, s)));
    return LKS_OK;
}

/* ---- attention ---- */

/* Projected q, k, v (N, L, E) to (N, L, E); *weights (N, H, L, S). */
static lks_tensor *attend(lks_tensor *const *qkv, const params *p, lks_tensor **weights)
{
    lks_attention_options options = {.dropout_p = p->dropout_p, .rng = p->rng};
    lks_tensor *q, *k, *v, *y;
    scores to;

    if (!qkv[Q] || !qkv[K] || !qkv[V])
        return NULL;
    to = (scores){.n = lks_size(qkv[Q], 0),
                  .l = lks_size(qkv[Q], 1),
                  .s = lks_size(qkv[K], 1),
                  .more = (p->bias_k ? 1 : 0) + (p->add_zero_attn ? 1 : 0),
                  .dtype = lks_tensor_dtype(qkv[Q]),
                  .device = lks_tensor_device(qkv[Q])};
    q = heads_of(qkv[Q], p->n_heads);
    k = append_zero(heads_of(append(qkv[K], p->bias_k), p->n_heads), p->add_zero_attn);
    v = append_zero(heads_of(append(qkv[V], p->bias_v), p->n_heads), p->add_zero_attn);
    if (!q || !k || !v || join_masks(p, &to, &options.mask) != LKS_OK)
        return NULL;
    y = lks_scaled_dot_product_attention(q, k, v, &options, weights);
    y = y ? lks_reshape(lks_transpose(y, 1, 2), lks_sizes(qkv[Q])) : NULL;
    return lks_linear(y, p->out_weight, p->out_bias);
}

/* ---- what comes in ---- */

/* Whether w, which may be missing, is (rows, x's features). */
static bool projects(const lks_tensor *w, const lks_tensor *x, int64_t rows)
{
    return w && w->view.ndim == 2 && w->view.sizes[0] == rows &&
           w->view.sizes[1] == x->view.sizes[x->view.ndim - 1];
}

static lks_status check_weights(const lks_tensor *q, const lks_tensor *k,
                                const lks_tensor *v, const params *p)
{
    const int64_t e = q->view.sizes[q->view.ndim - 1];

    if (p->in_weight && projects(p->in_weight, q, 3 * e) &&
        projects(p->in_weight, k, 3 * e) && projects(p->in_weight, v, 3 * e))
        return LKS_OK;
    if (p->in_weight)
        return lks_fail(LKS_SHAPE,
                        "multihead_attention: takes (N, L, E), (N, S, E) twice and a "
                        "weight (3 E, E), not %s, %s, %s and %s",
                        LKS_TEXT(q), LKS_TEXT(k), LKS_TEXT(v), LKS_TEXT(p->in_weight));
    if (projects(p->q_weight, q, e) && projects(p->k_weight, k, e) &&
        projects(p->v_weight, v, e))
        return LKS_OK;
    return lks_fail(LKS_SHAPE,
                    "multihead_attention: takes (N, L, E), (N, S, kdim) and (N, S, vdim) "
                    "with weights (3 E, E), or (E, E), (E, kdim) and (E, vdim); these do "
                    "not go with %s, %s and %s",
                    LKS_TEXT(q), LKS_TEXT(k), LKS_TEXT(v));
}

static lks_status check(const lks_tensor *q, const lks_tensor *k, const lks_tensor *v,
                        const params *p)
{
    const int ndim = q->view.ndim;
    int64_t e;

    if (ndim != k->view.ndim || ndim != v->view.ndim || (ndim != 2 && ndim != 3))
        return lks_fail(LKS_SHAPE,
                        "multihead_attention: takes (N, L, E), (N, S, kdim) and (N, S, "
                        "vdim), or all without N, not %s, %s and %s",
                        LKS_TEXT(q), LKS_TEXT(k), LKS_TEXT(v));
    LKS_TRY(check_weights(q, k, v, p));
    e = q->view.sizes[ndim - 1];
    if (!projects(p->out_weight, q, e))
        return lks_fail(LKS_SHAPE,
                        "multihead_attention: takes an out_weight (E, E), not %s",
                        LKS_TEXT(p->out_weight));
    if (p->n_heads < 1 || e % p->n_heads != 0)
        return lks_fail(LKS_INVALID,
                        "multihead_attention: %lld features do not split into %lld heads",
                        (long long)e, (long long)p->n_heads);
    if (!p->bias_k != !p->bias_v)
        return lks_fail(LKS_INVALID,
                        "multihead_attention: bias_k and bias_v come both or neither");
    return LKS_OK;
}

/* Whether an operand that may be absent is so because its own expression failed. */
static bool any_failed(const params *p)
{
    return (!p->in_weight || !p->in_bias || !p->out_bias || !p->bias_k || !p->bias_v ||
            !p->attn_mask || !p->key_padding_mask) &&
           lks_error_status() != LKS_OK;
}

/* As (N, L, E): of one sample (L, E), or of (L, N, E). */
static lks_tensor *by_sample(lks_tensor *x, const params *p)
{
    return lks_ndim(x) == 2    ? lks_unsqueeze(x, 0)
           : p->sequence_first ? lks_transpose(x, 0, 1)
                               : x;
}

/* All three at once where they are one tensor, keys and values where these are. */
static void project_all(lks_tensor *q, lks_tensor *k, lks_tensor *v, const params *p,
                        lks_tensor **out)
{
    const bool k_is_v = p->in_weight && k == v, q_is_k = k_is_v && q == k;

    project(by_sample(q, p), p, Q, q_is_k ? 3 : 1, out);
    if (!q_is_k)
        project(by_sample(k, p), p, K, k_is_v ? 2 : 1, out);
    if (!k_is_v)
        project(by_sample(v, p), p, V, 1, out);
}

lks_tensor *lks_multihead_attention(lks_tensor *q, lks_tensor *k, lks_tensor *v,
                                    const lks_multihead_attention_params *p,
                                    lks_tensor **weights)
{
    const lks_status before = lks_error_status();
    lks_tensor *qkv[N_ROLES], *y, *w = NULL;
    bool is_one;

    if (weights)
        *weights = NULL;
    if (!q || !k || !v || !p->out_weight || any_failed(p) ||
        check(q, k, v, p) != LKS_OK || lks_scope_open() != LKS_OK)
        return NULL;
    is_one = q->view.ndim == 2;
    project_all(q, k, v, p, qkv);
    y = attend(qkv, p, &w);
    if (y)
        y = is_one ? lks_squeeze(y, 0) : p->sequence_first ? lks_transpose(y, 0, 1) : y;
    w = y && weights && !p->weights_of_heads ? lks_mean(w, (const int[]){1}, 1, false)
                                             : w;
    if (weights && y)
        *weights = lks_scope_return(is_one ? lks_squeeze(w, 0) : w);
    y = lks_scope_return(y);
    lks_scope_close();
    return lks_named("multihead_attention", before, y);
}
