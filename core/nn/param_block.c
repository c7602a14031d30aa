#include "nn/param_block.h"

#include <string.h>

#include "autograd/backward.h"
#include "base/alloc.h"
#include "base/try.h"
#include "kernels.h"
#include "nn/flat.h"
#include "tensor/scope.h"

/* Parameters start on 64-byte boundaries: whole cache lines, whole vectors. */
enum { ALIGN = 64 / sizeof(float) };

typedef struct slot {
    lks_param param;
    char *name;
    lks_param_block *block; /* for the ready callback */
} slot;

struct lks_param_block {
    lks_device device;
    slot *slots;
    size_t n_slots;
    size_t numel; /* gaps included */
    lks_view values;
    lks_grad_block *grads;
    lks_grad_block *landing; /* where gradients land: grads, or the caller's */
    lks_param_ready ready;
    void *ready_context;
};

static size_t padded(size_t numel)
{
    return (numel + ALIGN - 1) / ALIGN * ALIGN;
}

/* Names, sizes and offsets. */
static lks_status lay_out(lks_param_block *block, const lks_param_spec *specs, size_t n)
{
    size_t most = (size_t)PTRDIFF_MAX / sizeof(float) - ALIGN;

    block->slots = lks_calloc(n, sizeof *block->slots);
    if (!block->slots)
        return LKS_NOMEM;
    for (size_t i = 0; i < n; i++) {
        slot *s = &block->slots[i];
        int64_t numel;

        LKS_TRY(lks_shape_numel(&specs[i].shape, &numel));
        if ((uint64_t)numel > most - block->numel)
            return lks_fail(LKS_NOMEM, "%s: the parameters exceed the address space",
                            specs[i].name);
        s->name = lks_strdup(specs[i].name);
        if (!s->name)
            return LKS_NOMEM;
        s->block = block;
        s->param =
            (lks_param){.name = s->name, .offset = block->numel, .numel = (size_t)numel};
        block->numel += padded((size_t)numel);
        block->n_slots++;
    }
    return LKS_OK;
}

static lks_status make_tensor(lks_param_block *block, slot *s, const lks_shape *shape)
{
    void *at = lks_view_at(&block->values, (int64_t)s->param.offset);
    lks_tensor *t;

    LKS_TRY(lks_scope_open());
    t = lks_from_blob(*shape, LKS_F32, at, block->device);
    s->param.tensor = lks_keep(t ? lks_requires_grad_(t) : NULL);
    lks_scope_close();
    return s->param.tensor ? LKS_OK : lks_error_status();
}

lks_status lks_param_block_create(const lks_param_spec *specs, size_t n,
                                  lks_device device, lks_param_block **out)
{
    lks_param_block *block = lks_calloc(1, sizeof *block);
    lks_status st;

    if (!block)
        return LKS_NOMEM;
    block->device = device;
    LKS_GO(lay_out(block, specs, n));
    LKS_GO(lks_flat_create(device, block->numel, &block->values));
    for (size_t i = 0; i < n; i++)
        LKS_GO(make_tensor(block, &block->slots[i], &specs[i].shape));
    LKS_GO(lks_param_block_create_grads(block, &block->grads));
    lks_param_block_land_in(block, NULL);
    *out = block;
    block = NULL;
cleanup:
    lks_param_block_destroy(block);
    return st;
}

void lks_param_block_destroy(lks_param_block *block)
{
    if (!block)
        return;
    for (size_t i = 0; i < block->n_slots; i++) {
        lks_unref(block->slots[i].param.tensor);
        lks_free(block->slots[i].name);
    }
    lks_grad_block_destroy(block->grads);
    lks_flat_release(&block->values);
    lks_free(block->slots);
    lks_free(block);
}

size_t lks_param_block_count(const lks_param_block *block)
{
    return block->n_slots;
}

const lks_param *lks_param_block_at(const lks_param_block *block, size_t i)
{
    return &block->slots[i].param;
}

size_t lks_param_block_numel(const lks_param_block *block)
{
    return block->numel;
}

lks_device lks_param_block_device(const lks_param_block *block)
{
    return block->device;
}

const lks_view *lks_param_block_values(const lks_param_block *block)
{
    return &block->values;
}

const lks_view *lks_param_block_grads(const lks_param_block *block)
{
    return lks_grad_block_view(block->grads);
}

lks_status lks_param_block_read(const lks_param_block *block, float *out)
{
    return lks_flat_read(&block->values, out);
}

void lks_param_block_touch(lks_param_block *block)
{
    for (size_t i = 0; i < block->n_slots; i++)
        lks_bump_version(block->slots[i].param.tensor);
}

lks_status lks_param_block_create_grads(const lks_param_block *block,
                                        lks_grad_block **out)
{
    lks_grad_place *places = lks_calloc(block->n_slots, sizeof *places);
    lks_status st;

    if (!places)
        return LKS_NOMEM;
    for (size_t i = 0; i < block->n_slots; i++) {
        const lks_param *param = &block->slots[i].param;

        places[i] = (lks_grad_place){lks_sizes(param->tensor), param->offset};
    }
    st = lks_grad_block_create(places, block->n_slots, block->numel, block->device, out);
    lks_free(places);
    return st;
}

void lks_param_block_land_in(lks_param_block *block, lks_grad_block *grads)
{
    lks_grad_block *landing = grads ? grads : block->grads;

    if (landing == block->landing) {
        lks_param_block_zero_grad(block);
        return;
    }
    block->landing = landing;
    for (size_t i = 0; i < block->n_slots; i++) /* it fits, being of the same layout */
        lks_set_grad(block->slots[i].param.tensor, lks_grad_block_at(landing, i));
}

void lks_param_block_zero_grad(lks_param_block *block)
{
    for (size_t i = 0; i < block->n_slots; i++)
        lks_zero_grad(block->slots[i].param.tensor);
}

lks_status lks_param_block_fill_missing_grads(lks_param_block *block)
{
    for (size_t i = 0; i < block->n_slots; i++) {
        const lks_param *param = &block->slots[i].param;

        if (!lks_has_grad(param->tensor))
            LKS_TRY(lks_flat_clear(lks_grad_block_view(block->landing), param->offset,
                                   param->numel));
    }
    return LKS_OK;
}

static void tell_ready(void *context, lks_tensor *leaf)
{
    const slot *s = context;

    (void)leaf;
    s->block->ready(s->block->ready_context, (size_t)(s - s->block->slots));
}

void lks_param_block_on_ready(lks_param_block *block, lks_param_ready ready,
                              void *context)
{
    block->ready = ready;
    block->ready_context = context;
    for (size_t i = 0; i < block->n_slots; i++) {
        slot *s = &block->slots[i];

        lks_on_grad_ready(s->param.tensor, ready ? tell_ready : NULL, s);
    }
}

/* Multiply and xor-shift, 64 bits at a time, in chains side by side so that the
 * multiplications overlap; each step is a bijection of its chain, so one changed word
 * always shows. The constants are the odd numbers nearest 2^64 over the golden ratio and
 * its square. */
static inline uint64_t mix(uint64_t chain, uint64_t word)
{
    chain = (chain ^ word) * 0x9E3779B97F4A7C15u;
    return chain ^ chain >> 32;
}

static uint64_t hash_values(const float *values, size_t n)
{
    enum { N_CHAINS = ALIGN * sizeof(float) / sizeof(uint64_t) };
    uint64_t chain[N_CHAINS], words[N_CHAINS], hash = 0x61C8864680B583EBu;

    for (int lane = 0; lane < N_CHAINS; lane++)
        chain[lane] = (uint64_t)lane + 1;
    for (size_t i = 0; i < n; i += ALIGN) {
        memcpy(words, values + i, sizeof words);
        for (int lane = 0; lane < N_CHAINS; lane++)
            chain[lane] = mix(chain[lane], words[lane]);
    }
    for (int lane = 0; lane < N_CHAINS; lane++)
        hash = mix(hash, chain[lane]);
    return hash;
}

lks_status lks_param_block_hash(const lks_param_block *block, uint64_t *out)
{
    float *host;
    lks_status st;

    if (lks_device_kernels(block->device)->host_reads) {
        *out = hash_values(block->values.data, block->numel);
        return LKS_OK;
    }
    if (!(host = lks_malloc(block->numel * sizeof *host)))
        return LKS_NOMEM;
    LKS_GO(lks_flat_read(&block->values, host));
    *out = hash_values(host, block->numel);
cleanup:
    lks_free(host);
    return st;
}
