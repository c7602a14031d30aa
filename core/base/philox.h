/* The generator behind base/rng.h, for kernels that draw where they compute: ten rounds
 * turn a counter and a key into 128 random bits. source: as in rng.h. */
#ifndef LKS_BASE_PHILOX_H
#define LKS_BASE_PHILOX_H

#include <stdint.h>

#include "base/inline.h"
#include "base/rng.h"

LKS_INLINE void lks_philox_rounds(const uint32_t counter[4], const uint32_t key[2],
                                  uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];

    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;

        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* Block `block` of a stream: its elements 4 block to 4 block + 3. */
LKS_INLINE void lks_philox_block(const lks_rng *rng, uint64_t block, uint32_t out[4])
{
    /* Streams beyond 2^32 blocks take the key's high word along, so none repeats. */
    const uint32_t counter[4] = {(uint32_t)block, rng->step, rng->lane, rng->layer};
    const uint32_t key[2] = {(uint32_t)rng->seed,
                             (uint32_t)(rng->seed >> 32) ^ (uint32_t)(block >> 32)};

    lks_philox_rounds(counter, key, out);
}

/* Random bits as a number in [0, 1), a multiple of 2^-24. */
LKS_INLINE float lks_philox_uniform_f32(uint32_t bits)
{
    return (float)(bits >> 8) * 0x1p-24f;
}

#endif
