/* Small blocks that come and go all the time, tensors and nodes: what a thread frees, it
 * keeps for its next request of that size. So a loop that does the same over and over
 * asks the system for nothing. Safe from any thread; a block may be freed by another than
 * took it. Where a sanitizer watches memory nothing is kept. */
#ifndef LKS_BASE_SMALL_H
#define LKS_BASE_SMALL_H

#include <stddef.h>

/* As lks_malloc. */
void *lks_small_alloc(size_t n_bytes);

/* A larger block with what stood in `block`, which is freed; or NULL, and it stays. */
void *lks_small_grow(void *block, size_t n_bytes, size_t new_bytes);

/* n_bytes: as it was asked for. NULL is fine. */
void lks_small_free(void *block, size_t n_bytes);

#endif
