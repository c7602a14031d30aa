#include "nn/buffer_block.h"

#include "base/alloc.h"
#include "base/try.h"
#include "kernels.h"
#include "nn/flat.h"
#include "ops/ops.h"
#include "tensor/scope.h"

enum { WORD = sizeof(float), ALIGN = 64 / WORD };

struct lks_buffer_block {
    lks_device device;
    lks_view words;
    size_t n_words;
    size_t n;
    lks_buffer *buffers;  /* [n] */
    char **names;         /* [n] */
    lks_tensor **tensors; /* [n] */
};

/* The words of a buffer, the gap behind it included. */
static lks_status measure(const lks_buffer_spec *spec, size_t *out)
{
    const size_t most = (size_t)PTRDIFF_MAX / 64;
    int64_t numel;

    LKS_TRY(lks_shape_numel(&spec->shape, &numel));
    if ((uint64_t)numel > most)
        return lks_fail(LKS_NOMEM, "%s: the buffers exceed the address space",
                        spec->name);
    *out = (size_t)numel * lks_dtype_size_bytes(spec->dtype) / WORD;
    *out = (*out + ALIGN - 1) / ALIGN * ALIGN;
    return LKS_OK;
}

static lks_status lay_out(lks_buffer_block *block, const lks_buffer_spec *specs, size_t n)
{
    block->buffers = lks_calloc(n, sizeof *block->buffers);
    block->names = lks_calloc(n, sizeof *block->names);
    block->tensors = lks_calloc(n, sizeof *block->tensors);
    if (!block->buffers || !block->names || !block->tensors)
        return LKS_NOMEM;
    for (size_t i = 0; i < n; i++) {
        size_t n_words = 0;

        LKS_TRY(measure(&specs[i], &n_words));
        if (!(block->names[i] = lks_strdup(specs[i].name)))
            return LKS_NOMEM;
        block->buffers[i] =
            (lks_buffer){.name = block->names[i], .offset = block->n_words};
        block->n_words += n_words;
        block->n++;
    }
    return LKS_OK;
}

static lks_status make_tensor(lks_buffer_block *block, size_t i,
                              const lks_buffer_spec *spec)
{
    void *at = lks_view_at(&block->words, (int64_t)block->buffers[i].offset);
    lks_tensor *t;

    LKS_TRY(lks_scope_open());
    t = lks_from_blob(spec->shape, spec->dtype, at, block->device);
    block->tensors[i] = lks_keep(spec->value != 0 ? lks_fill_(t, spec->value) : t);
    block->buffers[i].tensor = block->tensors[i];
    lks_scope_close();
    return block->tensors[i] ? LKS_OK : lks_error_status();
}

lks_status lks_buffer_block_create(const lks_buffer_spec *specs, size_t n,
                                   lks_device device, lks_buffer_block **out)
{
    lks_buffer_block *block = lks_calloc(1, sizeof *block);
    lks_status st;

    if (!block)
        return LKS_NOMEM;
    block->device = device;
    LKS_GO(lay_out(block, specs, n));
    if (block->n_words > 0)
        LKS_GO(lks_flat_create(device, LKS_F32, block->n_words, &block->words));
    for (size_t i = 0; i < n; i++)
        LKS_GO(make_tensor(block, i, &specs[i]));
    *out = block;
    block = NULL;
cleanup:
    lks_buffer_block_destroy(block);
    return st;
}

lks_status lks_buffer_block_copy(const lks_buffer_block *from, lks_device device,
                                 lks_buffer_block **out)
{
    lks_buffer_spec *specs = lks_calloc(from->n, sizeof *specs);
    lks_buffer_block *copy = NULL;
    lks_status st = specs ? LKS_OK : LKS_NOMEM;

    for (size_t i = 0; specs && i < from->n; i++)
        specs[i] = (lks_buffer_spec){.name = from->names[i],
                                     .shape = lks_sizes(from->tensors[i]),
                                     .dtype = lks_tensor_dtype(from->tensors[i])};
    if (st == LKS_OK)
        st = lks_buffer_block_create(specs, from->n, device, &copy);
    if (st == LKS_OK && from->n_words > 0)
        st = lks_device_kernels(device)->copy_across(device.index, copy->words.data,
                                                     from->device.index, from->words.data,
                                                     from->n_words * WORD);
    lks_free(specs);
    if (st == LKS_OK)
        *out = copy;
    else
        lks_buffer_block_destroy(copy);
    return st;
}

void lks_buffer_block_destroy(lks_buffer_block *block)
{
    if (!block)
        return;
    for (size_t i = 0; i < block->n; i++) {
        lks_unref(block->tensors[i]);
        lks_free(block->names[i]);
    }
    lks_free(block->tensors);
    lks_free(block->names);
    lks_free(block->buffers);
    lks_flat_release(&block->words);
    lks_free(block);
}

size_t lks_buffer_block_count(const lks_buffer_block *block)
{
    return block->n;
}

const lks_buffer *lks_buffer_block_at(const lks_buffer_block *block, size_t i)
{
    return &block->buffers[i];
}

lks_tensor *const *lks_buffer_block_tensors(const lks_buffer_block *block)
{
    return block->tensors;
}

size_t lks_buffer_block_n_words(const lks_buffer_block *block)
{
    return block->n_words;
}

lks_status lks_buffer_block_read(const lks_buffer_block *block, float *out)
{
    return block->n_words > 0 ? lks_flat_read(&block->words, out) : LKS_OK;
}

lks_status lks_buffer_block_hash(const lks_buffer_block *block, uint64_t *out)
{
    *out = 0;
    return block->n_words > 0 ? lks_flat_hash(&block->words, out) : LKS_OK;
}
