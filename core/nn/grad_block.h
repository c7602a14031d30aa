/* A flat block of device memory in which a model's gradients can land: laid out as the
 * parameter block is (param_block.h), observed sums behind them, zero at first, and the
 * gaps stay zero. A run that
 * adds up several gradients has several. */
#ifndef LKS_NN_GRAD_BLOCK_H
#define LKS_NN_GRAD_BLOCK_H

#include "tensor/tensor.h"

typedef struct lks_grad_block lks_grad_block;

/* The place of a parameter, or of observed sums, in flat blocks, in elements. */
typedef struct lks_grad_place {
    lks_shape shape;
    size_t offset;
} lks_grad_place;

/* For n places and numel elements, gaps included. LKS_NOMEM; LKS_DEVICE. */
lks_status lks_grad_block_create(const lks_grad_place *places, size_t n, lks_dtype dtype,
                                 size_t numel, lks_device device, lks_grad_block **out);
void lks_grad_block_destroy(lks_grad_block *grads); /* NULL is fine */

/* [numel], the block's own. */
const lks_view *lks_grad_block_view(const lks_grad_block *grads);

/* [n] tensors over the places, the block's own. */
lks_tensor *const *lks_grad_block_tensors(const lks_grad_block *grads);

/* Parameter i's gradient, one of them. */
lks_tensor *lks_grad_block_at(const lks_grad_block *grads, size_t i);

#endif
