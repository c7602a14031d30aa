/* Philox blocks in bulk: the stream of base/rng.h, many blocks at a time. */
#ifndef LKS_CPU_KERNELS_PHILOX_H
#define LKS_CPU_KERNELS_PHILOX_H

#include "base/rng.h"
#include "cpu/kernels/simd.h"

enum { LKS_PHILOX_BLOCKS = 16, LKS_PHILOX_ELEMENTS = 4 * LKS_PHILOX_BLOCKS };

/* u[0 … 64) = uniform f32 elements 4 * first_block … of the stream, as
 * lks_rng_uniform_f32. */
LKS_INLINE void lks_philox_uniform(const lks_rng *rng, uint64_t first_block, float *u)
{
    LKS_SIMD_FOR(i, LKS_PHILOX_BLOCKS)
    {
        uint64_t block = first_block + (uint64_t)i;
        uint32_t c0 = (uint32_t)block, c1 = rng->step, c2 = rng->lane, c3 = rng->layer;
        uint32_t k0 = (uint32_t)rng->seed;
        uint32_t k1 = (uint32_t)(rng->seed >> 32) ^ (uint32_t)(block >> 32);

        for (int round = 0; round < 10; round++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;

            c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
            c1 = (uint32_t)p1;
            c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
            c3 = (uint32_t)p0;
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        u[4 * i] = (float)(int32_t)(c0 >> 8) * 0x1p-24f;
        u[4 * i + 1] = (float)(int32_t)(c1 >> 8) * 0x1p-24f;
        u[4 * i + 2] = (float)(int32_t)(c2 >> 8) * 0x1p-24f;
        u[4 * i + 3] = (float)(int32_t)(c3 >> 8) * 0x1p-24f;
    }
}

#endif
