#include "data/content_hash.h"

#include <string.h>

enum { N_LANES = 4, BLOCK = 16 * N_LANES };

/* Odd numbers without a pattern: the first 256 bits of the golden ratio's fraction. */
static const uint64_t keys[N_LANES] = {0x9e3779b97f4a7c15, 0xf39cc0605cedc835,
                                       0x1082276bf3a27251, 0xf86c6a11d0c18e95};

/* The halves of the 128-bit product folded together: every bit of a and b reaches every
 * bit of the result. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    const unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Independent lanes, so that their multiplications overlap. Adding keeps a lane's past
 * where a factor happens to be zero. */
static void mix_block(uint64_t lanes[N_LANES], const uint8_t *block)
{
    for (size_t i = 0; i < N_LANES; i++)
        lanes[i] += fold(word_at(block + 16 * i) ^ keys[i],
                         word_at(block + 16 * i + 8) ^ lanes[i]);
}

uint64_t lks_content_hash(uint64_t state, const void *bytes, size_t n_bytes)
{
    const uint8_t *at = bytes;
    uint8_t last[BLOCK] = {0};
    uint64_t lanes[N_LANES];
    size_t left = n_bytes;

    for (int i = 0; i < N_LANES; i++)
        lanes[i] = state ^ keys[N_LANES - 1 - i];
    for (; left >= BLOCK; left -= BLOCK, at += BLOCK)
        mix_block(lanes, at);
    if (left > 0)
        memcpy(last, at, left);
    mix_block(lanes, last);
    state = fold(state ^ keys[0], n_bytes ^ keys[1]);
    for (int i = 0; i < N_LANES; i++)
        state = fold(state ^ lanes[i], keys[i]) + state;
    return state;
}
