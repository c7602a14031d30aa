/* A model's buffers (running statistics) in one flat block of 4-byte words of a device's
 * memory: whatever stands in a state dict and is no parameter.
 *
 *     buffer i:  begins at word offset[i], on a 64-byte boundary; the gaps are zero
 *
 * An i64 takes two words an element. The block owns the tensors, which record nothing. */
#ifndef LKS_NN_BUFFER_BLOCK_H
#define LKS_NN_BUFFER_BLOCK_H

#include "tensor/tensor.h"

typedef struct lks_buffer_block lks_buffer_block;

/* One buffer of a block. */
typedef struct lks_buffer {
    const char *name;   /* PyTorch's: "1.running_mean" */
    lks_tensor *tensor; /* a view of the block */
    size_t offset;      /* in words */
} lks_buffer;

/* What a buffer is to be. */
typedef struct lks_buffer_spec {
    const char *name;
    lks_shape shape;
    lks_dtype dtype; /* f32 or i64 */
    double value;    /* at first, all elements */
} lks_buffer_spec;

/* LKS_NOMEM; LKS_DEVICE. */
lks_status lks_buffer_block_create(const lks_buffer_spec *specs, size_t n,
                                   lks_device device, lks_buffer_block **out);
/* Another one with the same names and values, on a device of the same type. The values
 * are read in this thread's queue there. */
lks_status lks_buffer_block_copy(const lks_buffer_block *from, lks_device device,
                                 lks_buffer_block **out);
void lks_buffer_block_destroy(lks_buffer_block *block); /* NULL is fine */

/* How many buffers, and the i-th of them. */
size_t lks_buffer_block_count(const lks_buffer_block *block);
const lks_buffer *lks_buffer_block_at(const lks_buffer_block *block, size_t i);
/* [count] */
lks_tensor *const *lks_buffer_block_tensors(const lks_buffer_block *block);

/* Words, gaps included; 0 without buffers. */
size_t lks_buffer_block_n_words(const lks_buffer_block *block);
/* To the host's memory [n_words], whose elements are the tensors'. Waits. */
lks_status lks_buffer_block_read(const lks_buffer_block *block, float *out);

/* 64 bits of the values, as lks_param_block_hash's; 0 without buffers. */
lks_status lks_buffer_block_hash(const lks_buffer_block *block, uint64_t *out);

#endif
