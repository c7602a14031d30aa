/* Flat blocks of a device's memory: parameters, gradients, an optimiser's states. */
#ifndef LKS_NN_FLAT_H
#define LKS_NN_FLAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "layout/view.h"

/* n elements of zero. On failure nothing is held. LKS_NOMEM; LKS_DEVICE. */
lks_status lks_flat_create(lks_device device, lks_dtype dtype, size_t n, lks_view *out);
/* A view of no memory is fine. */
void lks_flat_release(lks_view *flat);

/* Set elements [first, first + n) to zero. */
lks_status lks_flat_clear(const lks_view *flat, size_t first, size_t n);

/* To the host's memory, elements of the block's dtype: waits. */
lks_status lks_flat_read(const lks_view *flat, void *out);

/* 64 bits of n elements, a multiple of 16: any one changed bit changes them. Reads the
 * block once, on the host: waits. LKS_NOMEM; LKS_DEVICE. */
lks_status lks_flat_hash(const lks_view *flat, uint64_t *out);

#endif
