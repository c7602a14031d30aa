#include "nn/param_block.h"

#include "autograd/backward.h"
#include "base/alloc.h"
#include "base/try.h"
#include "kernels.h"
#include "nn/flat.h"
#include "tensor/scope.h"

/* Elements; parameters start on 64-byte boundaries: whole cache lines, whole vectors. */
enum { ALIGN = 64 / sizeof(float) };

typedef struct slot {
    lks_param param;
    char *name;
    lks_param_block *block; /* for the ready callback */
} slot;

struct lks_param_block {
    lks_device device;
    lks_dtype dtype;
    slot *slots;
    size_t n_slots;
    size_t numel;        /* gaps included */
    lks_shape *observed; /* [n_observed] */
    size_t n_observed;
    size_t n_sums; /* elements of a block of gradients: observed sums come behind them */
    bool observed_is_void;
    lks_view values;
    lks_view grads_view; /* of grads, without what is observed */
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
    size_t most = (size_t)PTRDIFF_MAX / lks_dtype_size_bytes(block->dtype) - ALIGN;

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

static lks_status lay_out_observed(lks_param_block *block, const lks_shape *observed,
                                   size_t n)
{
    block->n_sums = block->numel;
    if (n == 0)
        return LKS_OK;
    if (!(block->observed = lks_calloc(n, sizeof *block->observed)))
        return LKS_NOMEM;
    for (size_t i = 0; i < n; i++) {
        int64_t numel;

        LKS_TRY(lks_shape_numel(&observed[i], &numel));
        block->observed[i] = observed[i];
        block->n_sums += padded((size_t)numel);
    }
    block->n_observed = n;
    return LKS_OK;
}

static lks_status make_tensor(lks_param_block *block, slot *s, const lks_shape *shape)
{
    void *at = lks_view_at(&block->values, (int64_t)s->param.offset);
    lks_tensor *t;

    LKS_TRY(lks_scope_open());
    t = lks_from_blob(*shape, block->dtype, at, block->device);
    s->param.tensor = lks_keep(t ? lks_requires_grad_(t) : NULL);
    lks_scope_close();
    return s->param.tensor ? LKS_OK : lks_error_status();
}

static lks_status create(const lks_param_spec *specs, size_t n, const lks_shape *observed,
                         size_t n_observed, lks_dtype dtype, lks_device device,
                         lks_param_block **out)
{
    lks_param_block *block;
    lks_status st;

    if (dtype != LKS_F32 && dtype != LKS_F64)
        return lks_fail(LKS_DTYPE, "parameters are float32 or float64, not %s",
                        lks_dtype_name(dtype));
    if (!(block = lks_calloc(1, sizeof *block)))
        return LKS_NOMEM;
    block->device = device;
    block->dtype = dtype;
    LKS_GO(lay_out(block, specs, n));
    LKS_GO(lay_out_observed(block, observed, n_observed));
    LKS_GO(lks_flat_create(device, dtype, block->numel, &block->values));
    for (size_t i = 0; i < n; i++)
        LKS_GO(make_tensor(block, &block->slots[i], &specs[i].shape));
    LKS_GO(lks_param_block_create_grads(block, &block->grads));
    block->grads_view = lks_view_part(lks_grad_block_view(block->grads), 0, block->numel);
    lks_param_block_land_in(block, NULL);
    *out = block;
    block = NULL;
cleanup:
    lks_param_block_destroy(block);
    return st;
}

lks_status lks_param_block_create(const lks_param_spec *specs, size_t n,
                                  lks_device device, lks_param_block **out)
{
    return create(specs, n, NULL, 0, LKS_F32, device, out);
}

lks_status lks_param_block_create_typed(const lks_param_spec *specs, size_t n,
                                        lks_dtype dtype, lks_device device,
                                        lks_param_block **out)
{
    return create(specs, n, NULL, 0, dtype, device, out);
}

lks_status lks_param_block_create_observing(const lks_param_spec *specs, size_t n,
                                            const lks_shape *observed, size_t n_observed,
                                            lks_device device, lks_param_block **out)
{
    return create(specs, n, observed, n_observed, LKS_F32, device, out);
}

lks_status lks_param_block_create_like(const lks_param_block *like, lks_device device,
                                       lks_param_block **out)
{
    lks_param_spec *specs = lks_calloc(like->n_slots, sizeof *specs);
    lks_status st;

    if (!specs)
        return LKS_NOMEM;
    for (size_t i = 0; i < like->n_slots; i++)
        specs[i] = (lks_param_spec){like->slots[i].param.name,
                                    lks_sizes(like->slots[i].param.tensor)};
    st = create(specs, like->n_slots, like->observed, like->n_observed, like->dtype,
                device, out);
    lks_free(specs);
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
    lks_free(block->observed);
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
    return &block->grads_view;
}

const lks_view *lks_param_block_sums(const lks_param_block *block)
{
    return lks_grad_block_view(block->grads);
}

lks_status lks_param_block_read(const lks_param_block *block, void *out)
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
    const size_t n = block->n_slots + block->n_observed;
    lks_grad_place *places = lks_calloc(n, sizeof *places);
    size_t offset = block->numel;
    lks_status st;

    if (!places)
        return LKS_NOMEM;
    for (size_t i = 0; i < block->n_slots; i++) {
        const lks_param *param = &block->slots[i].param;

        places[i] = (lks_grad_place){lks_sizes(param->tensor), param->offset};
    }
    for (size_t i = 0; i < block->n_observed; i++) {
        int64_t numel = 0;

        places[block->n_slots + i] = (lks_grad_place){block->observed[i], offset};
        (void)lks_shape_numel(&block->observed[i], &numel); /* as it was laid out */
        offset += padded((size_t)numel);
    }
    st =
        lks_grad_block_create(places, n, block->dtype, block->n_sums, block->device, out);
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
    block->observed_is_void = true;
    for (size_t i = 0; i < block->n_slots; i++) /* it fits, being of the same layout */
        lks_set_grad(block->slots[i].param.tensor, lks_grad_block_at(landing, i));
}

void lks_param_block_zero_grad(lks_param_block *block)
{
    for (size_t i = 0; i < block->n_slots; i++)
        lks_zero_grad(block->slots[i].param.tensor);
    block->observed_is_void = true;
}

static lks_status clear_void_observed(lks_param_block *block)
{
    if (!block->observed_is_void || block->n_observed == 0)
        return LKS_OK;
    LKS_TRY(lks_flat_clear(lks_grad_block_view(block->landing), block->numel,
                           block->n_sums - block->numel));
    block->observed_is_void = false;
    return LKS_OK;
}

lks_status lks_param_block_observe(lks_param_block *block, lks_tensor *const **out)
{
    *out = lks_grad_block_tensors(block->landing) + block->n_slots;
    return clear_void_observed(block);
}

lks_status lks_param_block_fill_missing_grads(lks_param_block *block)
{
    for (size_t i = 0; i < block->n_slots; i++) {
        const lks_param *param = &block->slots[i].param;

        if (!lks_has_grad(param->tensor))
            LKS_TRY(lks_flat_clear(lks_grad_block_view(block->landing), param->offset,
                                   param->numel));
    }
    return clear_void_observed(block);
}

static void tell_ready(void *context, lks_tensor *leaf)
{
    const slot *s = context;

    (void)leaf;
    s->block->ready(s->block->ready_context, (size_t)(s - s->block->slots));
}

static lks_view observed_of(const lks_param_block *block, const lks_grad_block *grads)
{
    return lks_view_part(lks_grad_block_view(grads), block->numel,
                         block->n_sums - block->numel);
}

lks_status lks_param_block_add_observed(lks_param_block *block,
                                        const lks_param_block *from)
{
    const lks_kernels *kernels = lks_device_kernels(block->device);
    const int index = block->device.index;
    const lks_view sum = observed_of(block, block->landing);
    const lks_view source = observed_of(from, from->grads);
    const size_t n_bytes = (size_t)sum.sizes[0] * lks_dtype_size_bytes(sum.dtype);
    lks_view scratch = sum;
    lks_status st;

    LKS_TRY(clear_void_observed(block));
    if (!(scratch.data = kernels->alloc(index, n_bytes)))
        return LKS_NOMEM;
    LKS_GO(kernels->copy_across(index, scratch.data, from->device.index, source.data,
                                n_bytes));
    LKS_GO(kernels->binary(LKS_BINARY_add, &sum, &scratch, &sum));
cleanup:
    kernels->free(index, scratch.data, n_bytes);
    return st;
}

void lks_param_block_forget_observed(lks_param_block *block)
{
    block->observed_is_void = true;
}

lks_tensor *const *lks_param_block_own_observed(const lks_param_block *block)
{
    return lks_grad_block_tensors(block->grads) + block->n_slots;
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

lks_status lks_param_block_hash(const lks_param_block *block, uint64_t *out)
{
    return lks_flat_hash(&block->values, out);
}
