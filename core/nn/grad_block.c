#include "nn/grad_block.h"

#include "base/alloc.h"
#include "base/try.h"
#include "nn/flat.h"
#include "tensor/scope.h"

struct lks_grad_block {
    lks_view flat;
    size_t n;
    lks_tensor **tensors; /* [n] */
};

static lks_status make_tensor(lks_grad_block *grads, const lks_grad_place *place)
{
    void *at = lks_view_at(&grads->flat, (int64_t)place->offset);
    lks_tensor *t;

    LKS_TRY(lks_scope_open());
    t = lks_from_blob(place->shape, grads->flat.dtype, at, grads->flat.device);
    grads->tensors[grads->n] = t ? lks_keep(t) : NULL;
    lks_scope_close();
    if (!t)
        return lks_error_status();
    grads->n++;
    return LKS_OK;
}

lks_status lks_grad_block_create(const lks_grad_place *places, size_t n, lks_dtype dtype,
                                 size_t numel, lks_device device, lks_grad_block **out)
{
    lks_grad_block *grads = lks_calloc(1, sizeof *grads);
    lks_status st;

    if (!grads)
        return LKS_NOMEM;
    LKS_GO(lks_flat_create(device, dtype, numel, &grads->flat));
    if (!(grads->tensors = lks_calloc(n, sizeof *grads->tensors)))
        LKS_GO(LKS_NOMEM);
    for (size_t i = 0; i < n; i++)
        LKS_GO(make_tensor(grads, &places[i]));
    *out = grads;
    grads = NULL;
cleanup:
    lks_grad_block_destroy(grads);
    return st;
}

void lks_grad_block_destroy(lks_grad_block *grads)
{
    if (!grads)
        return;
    for (size_t i = 0; i < grads->n; i++)
        lks_unref(grads->tensors[i]);
    lks_free(grads->tensors);
    lks_flat_release(&grads->flat);
    lks_free(grads);
}

const lks_view *lks_grad_block_view(const lks_grad_block *grads)
{
    return &grads->flat;
}

lks_tensor *const *lks_grad_block_tensors(const lks_grad_block *grads)
{
    return grads->tensors;
}

lks_tensor *lks_grad_block_at(const lks_grad_block *grads, size_t i)
{
    return grads->tensors[i];
}
