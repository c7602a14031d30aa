/* Memory of the host that a device's numbers go through on their way to a transport:
 * pinned for GPUs, which then copy at the full speed of their link. A block is kept for
 * the next one who asks for about as much, because pinning takes long. Any thread. */
#ifndef LKS_WORKER_COMM_HOST_BLOCK_H
#define LKS_WORKER_COMM_HOST_BLOCK_H

#include <stddef.h>

#include "layout/view.h"

/* 64-byte aligned; NULL: LKS_NOMEM is recorded. */
void *lks_host_block_take(lks_device device, size_t n_bytes);
void lks_host_block_give(void *block); /* NULL is fine */

/* What lies under it; one of pinned_cuda.c and pinned_none.c is built. NULL: none to be
 * had, and nothing is recorded. */
void *lks_pinned_alloc(size_t n_bytes);

#endif
