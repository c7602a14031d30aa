/* A model's parameters in one flat block, f32 or f64, their gradients in another of the
 * same layout, behind which stands what a forward observes for buffers (layer.h): lanes add
 * that up as they do gradients.
 *
 *     param i:  [offset[i], offset[i] + numel[i])    in definition order, each start on a
 *                                                    64-byte boundary, the gaps zero
 *
 * So a communicator reduces slices of one block in place, an optimiser is one pass over
 * it, and a checkpoint is one write. The block owns the parameter tensors (leaves that
 * require gradients). */
#ifndef LKS_NN_PARAM_BLOCK_H
#define LKS_NN_PARAM_BLOCK_H

#include "nn/grad_block.h"
#include "tensor/tensor.h"

typedef struct lks_param_block lks_param_block;

/* One parameter of a block. */
typedef struct lks_param {
    const char *name;   /* PyTorch's: "0.weight" */
    lks_tensor *tensor; /* a view of the values */
    size_t offset;      /* in elements, of both blocks */
    size_t numel;
} lks_param;

/* What a parameter is to be called, and its shape. */
typedef struct lks_param_spec {
    const char *name;
    lks_shape shape;
} lks_param_spec;

/* Of f32. Values are zero until something initialises them. LKS_SHAPE: a shape that is
 * none; LKS_NOMEM. */
lks_status lks_param_block_create(const lks_param_spec *specs, size_t n,
                                  lks_device device, lks_param_block **out);
/* The same of f64, or f32. */
lks_status lks_param_block_create_typed(const lks_param_spec *specs, size_t n,
                                        lks_dtype dtype, lks_device device,
                                        lks_param_block **out);
/* The same with room for n_observed sums of these shapes behind the gradients. */
lks_status lks_param_block_create_observing(const lks_param_spec *specs, size_t n,
                                            const lks_shape *observed, size_t n_observed,
                                            lks_device device, lks_param_block **out);
/* Like another one, on another device, but for its values, which are zero. */
lks_status lks_param_block_create_like(const lks_param_block *like, lks_device device,
                                       lks_param_block **out);
/* NULL is fine. */
void lks_param_block_destroy(lks_param_block *block);

/* How many parameters, and the i-th of them. */
size_t lks_param_block_count(const lks_param_block *block);
const lks_param *lks_param_block_at(const lks_param_block *block, size_t i);

/* Elements of either flat block, gaps included. */
size_t lks_param_block_numel(const lks_param_block *block);
lks_device lks_param_block_device(const lks_param_block *block);

/* The flat blocks, the block's own: [numel]. After writing the values:
 * lks_param_block_touch. The optimiser and lks_grad_norm read these gradients, wherever
 * contributions land. */
const lks_view *lks_param_block_values(const lks_param_block *block);
const lks_view *lks_param_block_grads(const lks_param_block *block);
void lks_param_block_touch(lks_param_block *block);

/* The block's own gradients and, behind them, its own observed sums: what is added up
 * over lanes. */
const lks_view *lks_param_block_sums(const lks_param_block *block);

/* Where observed sums land now, [n_observed] tensors, the block's. The first call since
 * what stood there counts as nothing zeroes them. LKS_DEVICE. */
lks_status lks_param_block_observe(lks_param_block *block, lks_tensor *const **out);

/* Add what another such block, on a device of the same type, has of its own. Reads that
 * in this thread's queue on the block's device. LKS_NOMEM; LKS_DEVICE. */
lks_status lks_param_block_add_observed(lks_param_block *block,
                                        const lks_param_block *from);

/* What stands in the observed sums counts as nothing. */
void lks_param_block_forget_observed(lks_param_block *block);

/* The block's own, wherever observed sums land. */
lks_tensor *const *lks_param_block_own_observed(const lks_param_block *block);

/* The values to the host's memory [numel], of their dtype, which waits for what was
 * queued. */
lks_status lks_param_block_read(const lks_param_block *block, void *out);

/* One more block for gradients, the caller's; destroyed after the parameters stop landing
 * in it. */
lks_status lks_param_block_create_grads(const lks_param_block *block,
                                        lks_grad_block **out);

/* Let gradients and observed sums land in `grads` (NULL: the block's own again) and count
 * what stands there as nothing. The caller brings the sum to lks_param_block_grads before
 * an optimiser's step. */
void lks_param_block_land_in(lks_param_block *block, lks_grad_block *grads);

/* Count what stands in the gradients and observed sums as nothing: the next contribution
 * overwrites it. */
void lks_param_block_zero_grad(lks_param_block *block);

/* Where gradients land now, zero those no contribution reached (an unused parameter), and
 * observed sums that nobody asked for.
 * After backward, before anybody reads the whole block. LKS_DEVICE: the device failed;
 * never a CPU. */
lks_status lks_param_block_fill_missing_grads(lks_param_block *block);

/* Called in backward, from its thread, as the gradient of parameter `i` is complete. NULL
 * ends it. */
typedef void (*lks_param_ready)(void *context, size_t i);
void lks_param_block_on_ready(lks_param_block *block, lks_param_ready ready,
                              void *context);

/* 64 bits of the values, gaps included: equal on ranks that are in step. Any one changed
 * bit changes it; it is no defence against an adversary. Reads the block once, at the
 * speed of memory, on the host: waits for what was queued. LKS_NOMEM; LKS_DEVICE. */
lks_status lks_param_block_hash(const lks_param_block *block, uint64_t *out);

#endif
