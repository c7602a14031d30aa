#include "base/rng.h"

void lks_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
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

static void block_at(const lks_rng *rng, uint64_t block, uint32_t out[4])
{
    /* Streams beyond 2^32 blocks take the key's high word along, so none repeats. */
    const uint32_t counter[4] = {(uint32_t)block, rng->step, rng->lane, rng->layer};
    const uint32_t key[2] = {(uint32_t)rng->seed,
                             (uint32_t)(rng->seed >> 32) ^ (uint32_t)(block >> 32)};

    lks_philox(counter, key, out);
}

uint32_t lks_rng_bits(const lks_rng *rng, uint64_t i)
{
    uint32_t block[4];

    block_at(rng, i / 4, block);
    return block[i % 4];
}

void lks_rng_uniform_f32(const lks_rng *rng, uint64_t first, size_t n, float *out)
{
    uint32_t block[4];

    for (size_t i = 0; i < n; i++) {
        uint64_t at = first + i;

        if (i == 0 || at % 4 == 0)
            block_at(rng, at / 4, block);
        out[i] = (float)(block[at % 4] >> 8) * 0x1p-24f;
    }
}

void lks_rng_uniform_f64(const lks_rng *rng, uint64_t first, size_t n, double *out)
{
    uint32_t block[4];

    for (size_t i = 0; i < n; i++) {
        uint64_t at = first + i;
        uint64_t bits;

        if (i == 0 || at % 2 == 0)
            block_at(rng, at / 2, block);
        bits = (uint64_t)block[at % 2 * 2] << 32 | block[at % 2 * 2 + 1];
        out[i] = (double)(bits >> 11) * 0x1p-53;
    }
}
