/* Counter-based random numbers: Philox 4x32-10. A value is a pure function of where it
 * is used, never of who asks or when; so it is the same on any rank and after any
 * restart. source: Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1,
 * 2, 3", SC 2011. */
#ifndef LKS_BASE_RNG_H
#define LKS_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* One block: 128 random bits from a counter and a key. */
void lks_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Where a stream of random numbers stands. Element i of the stream is word i % 4 of the
 * block with counter {i / 4, step, lane, layer} under the key `seed`. */
typedef struct lks_rng {
    uint64_t seed;
    uint32_t step;
    uint32_t lane;
    uint32_t layer; /* or any other use: see LKS_RNG_* */
} lks_rng;

/* `layer` values that are no layer. */
enum {
    LKS_RNG_INIT = 0xffffff00u,  /* + nothing: parameters use step = parameter's index */
    LKS_RNG_ORDER = 0xffffff01u, /* keys of the sample order */
    LKS_RNG_SPLIT = 0xffffff02u, /* samples held out */
    LKS_RNG_TOKEN = 0xffffff03u, /* tokens that are drawn: sample.h */
    LKS_RNG_VISIT = 0xffffff10u, /* + 0: a dataset's own; + 1 …: transform 0 … */
};

/* Stream i of those of one layer that draws several times in a step; 0 is rng itself. i is
 * below 2^16 - 256, as is the number of layers. */
lks_rng lks_rng_part(const lks_rng *rng, uint32_t i);

/* 32 random bits: element i of the stream. */
uint32_t lks_rng_bits(const lks_rng *rng, uint64_t i);

/* out[0..n): elements first .. first+n of the stream, uniform in [0, 1), multiples of
 * 2^-24. */
void lks_rng_uniform_f32(const lks_rng *rng, uint64_t first, size_t n, float *out);

/* The same, uniform in [0, 1), multiples of 2^-53; element i takes half of one block. */
void lks_rng_uniform_f64(const lks_rng *rng, uint64_t first, size_t n, double *out);

#endif
