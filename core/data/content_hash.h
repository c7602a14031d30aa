/* A fast 64-bit hash of memory, to see that ranks hold the same data. Not against
 * attackers. Hosts of one byte order agree. */
#ifndef LKS_DATA_CONTENT_HASH_H
#define LKS_DATA_CONTENT_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Mix bytes[0..n_bytes) into `state`: a hash of what came before, or any start. Many
 * GB/s: as fast as memory gives them. */
uint64_t lks_content_hash(uint64_t state, const void *bytes, size_t n_bytes);

#endif
