/* The Transformer's layers and stacks, in terms of attention, linear and layer_norm.
 * source: Vaswani et al. 2017, section 3.1; torch.nn.TransformerEncoderLayer and
 * TransformerDecoderLayer */
#include "ops/op.h"

typedef lks_transformer_layer layer;
typedef lks_transformer_options options;
typedef lks_transformer_masks masks;

/* What draws in a layer, each from a part of the stream of its own. */
enum { SELF_WEIGHTS, SELF_OUT, MEMORY_WEIGHTS, MEMORY_OUT, HIDDEN, FORWARD_OUT };
enum { PARTS_A_LAYER = 8 };

/* One layer on its way: where its own parts of the stream begin. */
typedef struct call {
    const layer *layer;
    const options *options;
    uint32_t first_part;
} call;

static const masks no_masks;

static lks_rng part_of(const call *c, uint32_t part)
{
    return c->options->rng ? lks_rng_part(c->options->rng, c->first_part + part)
                           : (lks_rng){0};
}

static lks_tensor *drop(const call *c, lks_tensor *x, uint32_t part)
{
    const lks_rng rng = part_of(c, part);

    return c->options->rng && c->options->dropout_p > 0
               ? lks_dropout(x, c->options->dropout_p, &rng)
               : x;
}

static lks_tensor *normalised(const options *o, const lks_affine *norm, lks_tensor *x)
{
    return x ? lks_layer_norm(x, LKS_SHAPE_OF(lks_size(x, -1)), norm->weight, norm->bias,
                              o->eps > 0 ? o->eps : 1e-5)
             : NULL;
}

/* ---- the blocks ---- */

/* From x to `source`, which are of one layer both or not. */
static lks_tensor *attention(const call *c, lks_tensor *x, lks_tensor *source,
                             lks_transformer_part in, const masks *m, uint32_t part)
{
    const lks_affine *parts = c->layer->parts;
    const lks_rng rng = part_of(c, part);
    const lks_multihead_attention_params p = {
        .n_heads = c->options->n_heads,
        .in_weight = parts[in].weight,
        .in_bias = parts[in].bias,
        .out_weight = parts[in + 1].weight,
        .out_bias = parts[in + 1].bias,
        .sequence_first = c->options->sequence_first,
        .attn_mask = m->attn_mask,
        .key_padding_mask = m->key_padding_mask,
        .is_causal = m->is_causal,
        .dropout_p = c->options->dropout_p,
        .rng = c->options->rng ? &rng : NULL,
    };

    return drop(c, lks_multihead_attention(x, source, source, &p, NULL), part + 1);
}

/* What attends to what in a step of a layer. */
typedef struct block {
    const call *call;
    lks_tensor *memory; /* NULL: to itself */
    const masks *masks;
} block;

static lks_tensor *self_block(const block *b, lks_tensor *x)
{
    return attention(b->call, x, x, LKS_TRANSFORMER_SELF_ATTN_IN, b->masks, SELF_WEIGHTS);
}

static lks_tensor *memory_block(const block *b, lks_tensor *x)
{
    return attention(b->call, x, b->memory, LKS_TRANSFORMER_MULTIHEAD_ATTN_IN, b->masks,
                     MEMORY_WEIGHTS);
}

static lks_tensor *forward_block(const block *b, lks_tensor *x)
{
    const lks_affine *parts = b->call->layer->parts;
    const lks_affine *one = &parts[LKS_TRANSFORMER_LINEAR1];
    const lks_affine *two = &parts[LKS_TRANSFORMER_LINEAR2];
    lks_tensor *(*activation)(lks_tensor *) = b->call->options->activation;

    x = lks_linear(x, one->weight, one->bias);
    x = activation ? activation(x) : lks_relu(x);
    x = lks_linear(drop(b->call, x, HIDDEN), two->weight, two->bias);
    return drop(b->call, x, FORWARD_OUT);
}

/* x and what the block makes of it, the norm being before the block or behind both. */
static lks_tensor *residual(const block *b, lks_tensor *x, lks_transformer_part norm,
                            lks_tensor *(*f)(const block *, lks_tensor *))
{
    const options *o = b->call->options;
    const lks_affine *by = &b->call->layer->parts[norm];

    if (!x)
        return NULL;
    if (o->norm_first)
        return lks_add(x, f(b, normalised(o, by, x)));
    return normalised(o, by, lks_add(x, f(b, x)));
}

/* ---- layers, in an open scope ---- */

static lks_tensor *encode(lks_tensor *x, const call *c, const masks *m)
{
    const block self = {c, NULL, m ? m : &no_masks};

    x = residual(&self, x, LKS_TRANSFORMER_NORM1, self_block);
    return residual(&self, x, LKS_TRANSFORMER_NORM2, forward_block);
}

static lks_tensor *decode(lks_tensor *x, lks_tensor *memory, const call *c,
                          const masks *m, const masks *memory_masks)
{
    const block self = {c, NULL, m ? m : &no_masks};
    const block cross = {c, memory, memory_masks ? memory_masks : &no_masks};

    x = residual(&self, x, LKS_TRANSFORMER_NORM1, self_block);
    x = residual(&cross, x, LKS_TRANSFORMER_NORM2, memory_block);
    return residual(&self, x, LKS_TRANSFORMER_NORM3, forward_block);
}

/* All layers of a stack; memory NULL: an encoder's. */
static lks_tensor *run_stack(lks_tensor *x, lks_tensor *memory,
                             const lks_transformer_stack *stack, const options *o,
                             const masks *m, const masks *memory_masks,
                             int64_t first_layer)
{
    for (int64_t i = 0; i < stack->n_layers; i++) {
        const call c = {&stack->layers[i], o,
                        (uint32_t)(first_layer + i) * PARTS_A_LAYER};

        x = memory ? decode(x, memory, &c, m, memory_masks) : encode(x, &c, m);
    }
    return stack->norm.weight ? normalised(o, &stack->norm, x) : x;
}

/* ---- the operations ---- */

/* Their scope, which `y` leaves. */
static lks_tensor *leave(const char *name, lks_status before, lks_tensor *y)
{
    lks_scope_return(y);
    lks_scope_close();
    return lks_named(name, before, y);
}

lks_tensor *lks_transformer_encoder(lks_tensor *src, const lks_transformer_stack *stack,
                                    const lks_transformer_options *o,
                                    const lks_transformer_masks *m)
{
    const lks_status before = lks_error_status();

    if (!src || lks_scope_open() != LKS_OK)
        return NULL;
    return leave("transformer_encoder", before,
                 run_stack(src, NULL, stack, o, m, NULL, 0));
}

lks_tensor *lks_transformer_decoder(lks_tensor *tgt, lks_tensor *memory,
                                    const lks_transformer_stack *stack,
                                    const lks_transformer_options *o,
                                    const lks_transformer_masks *m,
                                    const lks_transformer_masks *memory_masks)
{
    const lks_status before = lks_error_status();

    if (!tgt || !memory || lks_scope_open() != LKS_OK)
        return NULL;
    return leave("transformer_decoder", before,
                 run_stack(tgt, memory, stack, o, m, memory_masks, 0));
}

lks_tensor *lks_transformer_encoder_layer(lks_tensor *src,
                                          const lks_transformer_layer *layer_,
                                          const lks_transformer_options *o,
                                          const lks_transformer_masks *m)
{
    const call c = {layer_, o, 0};
    const lks_status before = lks_error_status();

    if (!src || lks_scope_open() != LKS_OK)
        return NULL;
    return leave("transformer_encoder_layer", before, encode(src, &c, m));
}

lks_tensor *lks_transformer_decoder_layer(lks_tensor *tgt, lks_tensor *memory,
                                          const lks_transformer_layer *layer_,
                                          const lks_transformer_options *o,
                                          const lks_transformer_masks *m,
                                          const lks_transformer_masks *memory_masks)
{
    const call c = {layer_, o, 0};
    const lks_status before = lks_error_status();

    if (!tgt || !memory || lks_scope_open() != LKS_OK)
        return NULL;
    return leave("transformer_decoder_layer", before,
                 decode(tgt, memory, &c, m, memory_masks));
}

lks_tensor *lks_transformer(lks_tensor *src, lks_tensor *tgt,
                            const lks_transformer_params *p,
                            const lks_transformer_options *o)
{
    const lks_status before = lks_error_status();
    lks_tensor *memory, *y;

    if (!src || !tgt || lks_scope_open() != LKS_OK)
        return NULL;
    memory = run_stack(src, NULL, &p->encoder, o, &p->src_masks, NULL, 0);
    y = memory ? run_stack(tgt, memory, &p->decoder, o, &p->tgt_masks, &p->memory_masks,
                           p->encoder.n_layers)
               : NULL;
    return leave("transformer", before, y);
}
