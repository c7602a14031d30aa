#include "base/rng.h"

#include "base/philox.h"

void lks_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    lks_philox_rounds(counter, key, out);
}

lks_rng lks_rng_part(const lks_rng *rng, uint32_t i)
{
    lks_rng part = *rng;

    part.layer += i << 16;
    return part;
}

uint32_t lks_rng_bits(const lks_rng *rng, uint64_t i)
{
    uint32_t block[4];

    lks_philox_block(rng, i / 4, block);
    return block[i % 4];
}

void lks_rng_uniform_f32(const lks_rng *rng, uint64_t first, size_t n, float *out)
{
    uint32_t block[4];

    for (size_t i = 0; i < n; i++) {
        uint64_t at = first + i;

        if (i == 0 || at % 4 == 0)
            lks_philox_block(rng, at / 4, block);
        out[i] = lks_philox_uniform_f32(block[at % 4]);
    }
}

void lks_rng_uniform_f64(const lks_rng *rng, uint64_t first, size_t n, double *out)
{
    uint32_t block[4];

    for (size_t i = 0; i < n; i++) {
        uint64_t at = first + i;
        uint64_t bits;

        if (i == 0 || at % 2 == 0)
            lks_philox_block(rng, at / 2, block);
        bits = (uint64_t)block[at % 2 * 2] << 32 | block[at % 2 * 2 + 1];
        out[i] = (double)(bits >> 11) * 0x1p-53;
    }
}
